//! The machine's graphics adapter and monitor cable: scenes become frames.
//!
//! A [`Painter`] exists only while someone looks; it holds the frame buffer and knows what it drew
//! last, so that each frame says what differs from the one before.

mod canvas;
mod font;
mod splash;

use outband_protocol::video::{Rect, Size};

use self::{canvas::Canvas, font::Font};
use super::machine::{Cell, Grid, Scene, TextMode};
use crate::settings::profile::{FontSize, Profile};

/// Draws scenes.
#[derive(Debug)]
pub(super) struct Painter {
    canvas: Canvas,
    drawn: Drawn,
}

/// What is on the canvas.
#[derive(Debug, PartialEq, Eq)]
enum Drawn {
    Nothing,
    Splash {
        percent: u8,
        hint: &'static str,
    },
    Text {
        mode: TextMode,
        grid: Grid,
        cursor: Option<(u16, u16)>,
    },
}

impl Painter {
    pub(super) fn new() -> Self {
        Self {
            canvas: Canvas::new(Size::default()),
            drawn: Drawn::Nothing,
        }
    }

    /// Draws a scene; gives what changed, nothing when it is what was drawn before. A picture of
    /// another size is changed altogether.
    pub(super) fn paint(&mut self, scene: Scene, profile: &Profile, cursor_lit: bool) -> Vec<Rect> {
        match scene {
            Scene::Dark => {
                *self = Self::new();
                Vec::new()
            }
            Scene::Splash { percent, hint } => self.paint_splash(percent, hint, profile),
            Scene::Text { mode, grid, cursor } => {
                self.paint_text(mode, grid, cursor.filter(|_| cursor_lit))
            }
        }
    }

    /// The picture's size.
    pub(super) const fn size(&self) -> Size {
        self.canvas.size()
    }

    /// The picture's bytes, four a pixel, without gaps between the lines.
    pub(super) fn bytes(&self) -> &[u8] {
        self.canvas.bytes()
    }

    fn paint_splash(&mut self, percent: u8, hint: &'static str, profile: &Profile) -> Vec<Rect> {
        let wanted = Drawn::Splash { percent, hint };
        if self.drawn == wanted {
            return Vec::new();
        }
        let changed = match &self.drawn {
            Drawn::Splash { hint: shown, .. } => {
                let mut changed = vec![splash::paint_bar(&mut self.canvas, percent)];
                if *shown != hint {
                    changed.push(splash::paint_hint(&mut self.canvas, hint));
                }
                changed
            }
            _ => {
                self.canvas = Canvas::new(splash::SIZE);
                splash::paint_all(&mut self.canvas, percent, hint, profile);
                vec![self.canvas.whole()]
            }
        };
        self.drawn = wanted;
        changed
    }

    fn paint_text(&mut self, mode: TextMode, grid: Grid, cursor: Option<(u16, u16)>) -> Vec<Rect> {
        let layout = Layout::of(mode);
        let before = match &self.drawn {
            Drawn::Text {
                mode: drawn_mode,
                grid,
                cursor,
            } if *drawn_mode == mode => Some((grid, *cursor)),
            _ => None,
        };
        let mut changed = Vec::new();
        match before {
            Some((drawn, drawn_cursor)) => {
                for (row, (line, drawn)) in (0..).zip(grid.lines().zip(drawn.lines())) {
                    let in_row = |at: Option<(u16, u16)>| at.filter(|(_, at)| *at == row);
                    let cursors = [in_row(cursor), in_row(drawn_cursor)];
                    let touched = |column: u16, new: &Cell, old: &Cell| {
                        let moved = cursor != drawn_cursor;
                        let marked = cursors.iter().flatten().any(|(at, _)| *at == column);
                        new != old || (moved && marked)
                    };
                    let mut differing = (0..)
                        .zip(line.iter().zip(drawn))
                        .filter(|(column, (new, old))| touched(*column, new, old))
                        .map(|(column, _): (u16, _)| column);
                    let Some(first) = differing.next() else {
                        continue;
                    };
                    let last = differing.last().unwrap_or(first);
                    layout.draw(&mut self.canvas, line, row, first..=last, cursor);
                    changed.push(layout.area(row, first, last));
                }
            }
            None => {
                self.canvas = Canvas::new(layout.size);
                let last = grid.columns() - 1;
                for (row, line) in (0..).zip(grid.lines()) {
                    layout.draw(&mut self.canvas, line, row, 0..=last, cursor);
                }
                changed.push(self.canvas.whole());
            }
        }
        self.drawn = Drawn::Text { mode, grid, cursor };
        changed
    }
}

/// Where characters stand in a mode.
struct Layout {
    size: Size,
    font: &'static Font,
    /// Pixels from one character to the next.
    advance: u16,
}

impl Layout {
    fn of(mode: TextMode) -> Self {
        let (width, height, size, advance) = match mode {
            TextMode::SelfTest => (640, 480, FontSize::Small, 8),
            TextMode::Vga => (720, 400, FontSize::Small, 9),
            TextMode::Console {
                width,
                height,
                font,
            } => (width, height, font, font.cell().0),
        };
        Self {
            size: Size { width, height },
            font: Font::of(size),
            advance,
        }
    }

    /// The rectangle of some characters of a row.
    fn area(&self, row: u16, first: u16, last: u16) -> Rect {
        Rect {
            x: first * self.advance,
            y: row * self.font.height,
            width: (last - first + 1) * self.advance,
            height: self.font.height,
        }
    }

    fn draw(
        &self,
        canvas: &mut Canvas,
        line: &[Cell],
        row: u16,
        columns: std::ops::RangeInclusive<u16>,
        cursor: Option<(u16, u16)>,
    ) {
        for (column, cell) in (0..).zip(line) {
            if !columns.contains(&column) {
                continue;
            }
            let area = self.area(row, column, column);
            canvas.glyph(area, self.font, cell);
            if cursor == Some((column, row)) {
                canvas.cursor(area, cell);
            }
        }
    }
}

#[cfg(test)]
mod gallery;
#[cfg(test)]
mod tests;
