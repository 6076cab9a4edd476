//! A screen's characters, as a graphics adapter's text memory holds them: a code and its colours.

/// The characters of code page 437 from 80h on: those of a PC's text screen.
const UPPER_HALF: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

/// The code of a character, `?` where the code page has none.
fn code_of(letter: char) -> u8 {
    if matches!(letter, ' '..='~') {
        return u8::try_from(letter).unwrap_or(b'?');
    }
    UPPER_HALF
        .chars()
        .position(|known| known == letter)
        .and_then(|at| u8::try_from(at + 0x80).ok())
        .unwrap_or(b'?')
}

/// The character of a code.
pub(crate) fn letter_of(code: u8) -> char {
    match code {
        b' '..=b'~' => char::from(code),
        0x80.. => UPPER_HALF
            .chars()
            .nth(usize::from(code - 0x80))
            .unwrap_or('?'),
        _ => ' ',
    }
}

/// Colours of the classic text palette; the low four bits of an attribute.
pub(crate) mod colour {
    #![allow(dead_code, missing_docs)]
    pub(crate) const BLACK: u8 = 0;
    pub(crate) const BLUE: u8 = 1;
    pub(crate) const GREEN: u8 = 2;
    pub(crate) const CYAN: u8 = 3;
    pub(crate) const RED: u8 = 4;
    pub(crate) const MAGENTA: u8 = 5;
    pub(crate) const BROWN: u8 = 6;
    pub(crate) const GREY: u8 = 7;
    pub(crate) const DARK_GREY: u8 = 8;
    pub(crate) const BRIGHT_BLUE: u8 = 9;
    pub(crate) const BRIGHT_GREEN: u8 = 10;
    pub(crate) const BRIGHT_CYAN: u8 = 11;
    pub(crate) const BRIGHT_RED: u8 = 12;
    pub(crate) const BRIGHT_MAGENTA: u8 = 13;
    pub(crate) const YELLOW: u8 = 14;
    pub(crate) const WHITE: u8 = 15;
}

/// A character's colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ink(u8);

impl Ink {
    /// What a screen begins with.
    pub(crate) const PLAIN: Self = Self::new(colour::GREY, colour::BLACK);

    /// A colour of [`colour`] on another.
    pub(crate) const fn new(ink: u8, paper: u8) -> Self {
        Self((paper << 4) | (ink & 15))
    }

    /// The colour of the strokes, `0..16`.
    pub(crate) const fn ink(self) -> u8 {
        self.0 & 15
    }

    /// The colour between them, `0..16`.
    pub(crate) const fn paper(self) -> u8 {
        self.0 >> 4
    }
}

/// One character of a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cell {
    /// Its code.
    pub(crate) code: u8,
    /// Its colours.
    pub(crate) ink: Ink,
}

/// A screen full of characters. Rows take memory once something was written to them or below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grid {
    rows: u16,
    /// A row that nothing was written to.
    blank: Box<[Cell]>,
    /// The rows in use, from the top.
    cells: Vec<Cell>,
}

impl Grid {
    /// An empty screen of at least one character.
    pub(crate) fn new(columns: u16, rows: u16, ink: Ink) -> Self {
        let blank = Cell { code: b' ', ink };
        Self {
            rows: rows.max(1),
            blank: vec![blank; usize::from(columns.max(1))].into_boxed_slice(),
            cells: Vec::new(),
        }
    }

    /// Its columns.
    pub(crate) fn columns(&self) -> u16 {
        // It was made from a `u16`.
        u16::try_from(self.blank.len()).unwrap_or(u16::MAX)
    }

    /// Its rows.
    pub(crate) const fn rows(&self) -> u16 {
        self.rows
    }

    /// Its rows' characters, from the top.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &[Cell]> {
        let used = self.cells.chunks(self.blank.len());
        used.chain(std::iter::repeat(&*self.blank))
            .take(usize::from(self.rows))
    }

    /// A row as text, without the blanks at its end.
    #[cfg(test)]
    pub(crate) fn line_text(&self, row: u16) -> String {
        let line = self.lines().nth(usize::from(row)).unwrap_or_default();
        let text: String = line.iter().map(|cell| letter_of(cell.code)).collect();
        text.trim_end().to_owned()
    }

    /// Puts one code; outside the screen nothing happens.
    pub(super) fn set(&mut self, column: u16, row: u16, code: u8, ink: Ink) {
        if column >= self.columns() || row >= self.rows {
            return;
        }
        let start = usize::from(row) * self.blank.len();
        let at = start + usize::from(column);
        if self.cells.len() <= at {
            self.cells
                .reserve_exact(start + self.blank.len() - self.cells.len());
            while self.cells.len() <= at {
                self.cells.extend_from_slice(&self.blank);
            }
        }
        if let Some(cell) = self.cells.get_mut(at) {
            *cell = Cell { code, ink };
        }
    }

    /// Writes text from a place on; what does not fit into the row is cut off.
    pub(crate) fn put(&mut self, column: u16, row: u16, text: &str, ink: Ink) {
        for (column, letter) in (column..self.columns()).zip(text.chars()) {
            self.set(column, row, code_of(letter), ink);
        }
    }

    /// Writes text into the middle of a row.
    pub(super) fn put_middle(&mut self, row: u16, text: &str, ink: Ink) {
        let length = u16::try_from(text.chars().count()).unwrap_or(u16::MAX);
        self.put(self.columns().saturating_sub(length) / 2, row, text, ink);
    }

    /// Fills an area with a character.
    pub(super) fn fill(&mut self, area: Area, letter: char, ink: Ink) {
        let code = code_of(letter);
        for row in area.row..area.row.saturating_add(area.rows) {
            for column in area.column..area.column.saturating_add(area.columns) {
                self.set(column, row, code, ink);
            }
        }
    }

    /// Draws a frame along the edge of an area: eight characters, the corners and edges clockwise
    /// from the upper left corner.
    pub(super) fn frame(&mut self, area: Area, border: Border, ink: Ink) {
        let [nw, n, ne, e, se, s, sw, w] = border.0;
        let right = (area.column + area.columns).saturating_sub(1);
        let bottom = (area.row + area.rows).saturating_sub(1);
        let mut put = |column, row, letter| self.set(column, row, code_of(letter), ink);
        for column in area.column..right {
            put(column, area.row, n);
            put(column, bottom, s);
        }
        for row in area.row..bottom {
            put(area.column, row, w);
            put(right, row, e);
        }
        put(area.column, area.row, nw);
        put(right, area.row, ne);
        put(right, bottom, se);
        put(area.column, bottom, sw);
    }

    /// Moves everything up by a row and blanks the last.
    pub(super) fn scroll(&mut self) {
        let first = self.blank.len().min(self.cells.len());
        self.cells.drain(..first);
    }
}

/// An area of a screen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Area {
    pub(super) column: u16,
    pub(super) row: u16,
    pub(super) columns: u16,
    pub(super) rows: u16,
}

/// The characters of a frame, clockwise from the upper left corner.
#[derive(Debug, Clone, Copy)]
pub(super) struct Border([char; 8]);

impl Border {
    pub(super) const SINGLE: Self = Self(['┌', '─', '┐', '│', '┘', '─', '└', '│']);
    pub(super) const DOUBLE: Self = Self(['╔', '═', '╗', '║', '╝', '═', '╚', '║']);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_page_is_its_characters_code() {
        assert_eq!(UPPER_HALF.chars().count(), 128);
        for code in (b' '..=b'~').chain(0x80..=0xFF) {
            assert_eq!(code_of(letter_of(code)), code);
        }
        assert_eq!(code_of('\u{4e2d}'), b'?');
    }

    #[test]
    fn what_does_not_fit_is_cut_off() {
        let mut grid = Grid::new(4, 2, Ink::PLAIN);
        grid.put(2, 0, "abcdef", Ink::PLAIN);
        grid.put(0, 7, "below", Ink::PLAIN);
        assert_eq!(grid.line_text(0), "  ab");
        assert_eq!(grid.line_text(1), "");
        assert_eq!((grid.columns(), grid.rows()), (4, 2));
    }

    #[test]
    fn scrolling_moves_all_rows_up_by_one() {
        let mut grid = Grid::new(3, 2, Ink::PLAIN);
        grid.put(0, 0, "one", Ink::PLAIN);
        grid.put(0, 1, "two", Ink::PLAIN);
        grid.scroll();
        assert_eq!(
            (grid.line_text(0).as_str(), grid.line_text(1).as_str()),
            ("two", "")
        );
    }
}
