//! The picture that updates are written into, and what of it changed.

use super::{DAMAGE_MAX, Fault, SIDE_MAX};
use crate::{
    rfb::wire,
    video::{PixelFormat, Rect, Size},
};

/// Bytes of a pixel in the format that the client asks for.
const PIXEL: usize = PixelFormat::Bgrx8888.bytes_per_pixel();

/// A picture in [`PixelFormat::Bgrx8888`], line after line without gaps.
#[derive(Debug, Default)]
pub struct Picture {
    size: Size,
    bytes: Vec<u8>,
}

impl Picture {
    /// Its size.
    #[must_use]
    pub const fn size(&self) -> Size {
        self.size
    }

    /// Bytes from one line to the next.
    #[must_use]
    pub fn stride(&self) -> usize {
        usize::from(self.size.width) * PIXEL
    }

    /// Its bytes, `stride * height` of them.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many bytes a rectangle's pixels take.
    pub(super) fn bytes_of(rect: Rect) -> usize {
        usize::from(rect.width) * usize::from(rect.height) * PIXEL
    }

    /// Gives the picture another size and makes it black.
    pub(super) fn resize(&mut self, size: Size) -> Result<(), Fault> {
        if size.width > SIDE_MAX || size.height > SIDE_MAX {
            return Err(Fault::TooLarge(size));
        }
        let length = usize::from(size.width) * usize::from(size.height) * PIXEL;
        self.size = size;
        self.bytes.clear();
        self.bytes.resize(length, 0);
        self.bytes.shrink_to(length);
        Ok(())
    }

    /// Whether a rectangle lies within the picture.
    pub(super) fn holds(&self, rect: Rect) -> bool {
        let within = |start: u16, length: u16, end: u16| {
            start
                .checked_add(length)
                .is_some_and(|reached| reached <= end)
        };
        within(rect.x, rect.width, self.size.width) && within(rect.y, rect.height, self.size.height)
    }

    /// Writes a rectangle's pixels from byte `done` of it on, as far as the bytes reach.
    pub(super) fn write(&mut self, rect: Rect, done: &mut usize, bytes: &mut &[u8]) {
        let row = usize::from(rect.width) * PIXEL;
        let left = Self::bytes_of(rect).saturating_sub(*done);
        let mut source = wire::advance(bytes, left.min(bytes.len()));
        while !source.is_empty() {
            let (line, column) = (*done / row, *done % row);
            let piece = wire::advance(&mut source, row - column);
            let start = self.offset(rect, line) + column;
            if let Some(target) = self.bytes.get_mut(start..start + piece.len()) {
                target.copy_from_slice(piece);
            }
            *done += piece.len();
        }
    }

    /// Copies pixels from another place of the picture (RFC 6143 section 7.7.2).
    pub(super) fn copy(&mut self, from: (u16, u16), to: Rect) -> Result<(), Fault> {
        let source = Rect {
            x: from.0,
            y: from.1,
            ..to
        };
        if !self.holds(source) {
            return Err(Fault::Outside(source));
        }
        let row = usize::from(to.width) * PIXEL;
        let height = usize::from(to.height);
        for line in 0..height {
            // From the far end when moving down, so that no line is read after it was written.
            let line = if source.y < to.y {
                height - 1 - line
            } else {
                line
            };
            let start = self.offset(source, line);
            let target = self.offset(to, line);
            if start.max(target) + row <= self.bytes.len() {
                self.bytes.copy_within(start..start + row, target);
            }
        }
        Ok(())
    }

    /// Where a line of a rectangle begins.
    fn offset(&self, rect: Rect, line: usize) -> usize {
        (usize::from(rect.y) + line) * self.stride() + usize::from(rect.x) * PIXEL
    }
}

/// The rectangles that an update has changed so far.
#[derive(Debug, Default)]
pub(super) struct Damage(Vec<Rect>);

impl Damage {
    pub(super) fn add(&mut self, rect: Rect) {
        if rect.width == 0 || rect.height == 0 {
            return;
        }
        if self.0.len() == DAMAGE_MAX {
            let all = self.0.drain(..).reduce(around);
            self.0.extend(all);
        }
        self.0.push(rect);
    }

    pub(super) fn take(&mut self) -> Vec<Rect> {
        std::mem::take(&mut self.0)
    }
}

/// The smallest rectangle that holds both. Both lie within a picture, so nothing overflows.
fn around(a: Rect, b: Rect) -> Rect {
    let (x, y) = (a.x.min(b.x), a.y.min(b.y));
    let right = (a.x + a.width).max(b.x + b.width);
    let bottom = (a.y + a.height).max(b.y + b.height);
    Rect {
        x,
        y,
        width: right - x,
        height: bottom - y,
    }
}
