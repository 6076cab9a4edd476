//! A screen that text is printed on: it wraps, scrolls and knows colours.

use super::text::{Grid, Ink, colour};

/// A terminal. It understands line feed, carriage return, backspace, tab, `ESC [ ... m` with the
/// sixteen colours, `ESC [ 2 J` and `ESC [ H`; of other sequences it swallows the letters.
#[derive(Debug, Clone)]
pub(super) struct Terminal {
    grid: Grid,
    column: u16,
    row: u16,
    ink: u8,
    paper: u8,
    bright: bool,
    escape: Escape,
}

/// How far into an escape sequence the text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Escape {
    None,
    Begun,
    /// Inside `ESC [`, with the number that is being written; the ones before it are carried out.
    Number(u16),
}

/// The escape sequences' order of the eight colours.
const ANSI: [u8; 8] = [
    colour::BLACK,
    colour::RED,
    colour::GREEN,
    colour::BROWN,
    colour::BLUE,
    colour::MAGENTA,
    colour::CYAN,
    colour::GREY,
];

impl Terminal {
    pub(super) fn new(columns: u16, rows: u16) -> Self {
        Self {
            grid: Grid::new(columns, rows, Ink::PLAIN),
            column: 0,
            row: 0,
            ink: colour::GREY,
            paper: colour::BLACK,
            bright: false,
            escape: Escape::None,
        }
    }

    pub(super) const fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Where the next character goes: column and row.
    pub(super) fn cursor(&self) -> (u16, u16) {
        (self.column.min(self.grid.columns() - 1), self.row)
    }

    pub(super) fn print(&mut self, text: &str) {
        for letter in text.chars() {
            match self.escape {
                Escape::None => self.letter(letter),
                Escape::Begun if letter == '[' => self.escape = Escape::Number(0),
                Escape::Begun => self.escape = Escape::None,
                Escape::Number(number) => self.sequence(number, letter),
            }
        }
    }

    fn letter(&mut self, letter: char) {
        match letter {
            '\n' => {
                self.column = 0;
                self.line_feed();
            }
            '\r' => self.column = 0,
            '\x08' => self.column = self.column.saturating_sub(1),
            '\t' => self.column = (self.column / 8 + 1) * 8,
            '\x1b' => self.escape = Escape::Begun,
            letter if letter.is_control() => {}
            letter => {
                if self.column >= self.grid.columns() {
                    self.column = 0;
                    self.line_feed();
                }
                let mut bytes = [0; 4];
                let text = letter.encode_utf8(&mut bytes);
                self.grid.put(self.column, self.row, text, self.colours());
                self.column += 1;
            }
        }
    }

    fn line_feed(&mut self) {
        if self.row + 1 < self.grid.rows() {
            self.row += 1;
        } else {
            self.grid.scroll();
        }
    }

    fn sequence(&mut self, number: u16, letter: char) {
        self.escape = Escape::None;
        match letter {
            '0'..='9' => {
                let digit = u16::try_from(u32::from(letter) - u32::from('0')).unwrap_or(0);
                self.escape = Escape::Number(number.saturating_mul(10).saturating_add(digit));
            }
            ';' => {
                self.select(number);
                self.escape = Escape::Number(0);
            }
            'm' => self.select(number),
            'J' => self.grid = Grid::new(self.grid.columns(), self.grid.rows(), Ink::PLAIN),
            'H' => (self.column, self.row) = (0, 0),
            _ => {}
        }
    }

    /// Select Graphic Rendition (ECMA-48 section 8.3.117).
    fn select(&mut self, number: u16) {
        let ansi = |number: u16| ANSI.get(usize::from(number % 10)).copied();
        match number {
            0 => {
                (self.ink, self.paper) = (colour::GREY, colour::BLACK);
                self.bright = false;
            }
            1 => self.bright = true,
            30..=37 => self.ink = ansi(number).unwrap_or(self.ink),
            40..=47 => self.paper = ansi(number).unwrap_or(self.paper),
            _ => {}
        }
    }

    const fn colours(&self) -> Ink {
        let ink = if self.bright { self.ink | 8 } else { self.ink };
        Ink::new(ink, self.paper)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(terminal: &Terminal) -> Vec<String> {
        (0..terminal.grid().rows())
            .map(|row| terminal.grid().line_text(row))
            .collect()
    }

    #[test]
    fn long_lines_wrap_and_a_full_screen_scrolls() {
        let mut terminal = Terminal::new(4, 2);
        terminal.print("abcdef\nx");
        assert_eq!(lines(&terminal), ["ef", "x"]);
        assert_eq!(terminal.cursor(), (1, 1));
    }

    #[test]
    fn colours_last_until_they_are_reset() {
        let mut terminal = Terminal::new(8, 1);
        terminal.print("\x1b[1;32mA\x1b[0mB");
        let line = terminal.grid().lines().next().unwrap();
        assert_eq!(line[0].ink, Ink::new(colour::BRIGHT_GREEN, colour::BLACK));
        assert_eq!(line[1].ink, Ink::PLAIN);
        assert_eq!(lines(&terminal), ["AB"]);
    }

    #[test]
    fn clearing_and_going_home_starts_anew() {
        let mut terminal = Terminal::new(8, 2);
        terminal.print("old\nold\x1b[2J\x1b[Hnew");
        assert_eq!(lines(&terminal), ["new", ""]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_leaves_the_cursor_on_the_screen(text in "(\\PC|[\\x08\\n\\t\\r\\x1b\\[0-9;mJH])*") {
            let mut terminal = Terminal::new(5, 3);
            terminal.print(&text);
            let (column, row) = terminal.cursor();
            proptest::prop_assert!(column < 5 && row < 3);
        }
    }
}
