//! Pictures as bytes: sizes, pixel formats, rectangles; how a picture goes to many viewers.
//!
//! [`tiles`] keeps what is shown and knows, for each viewer, what it has not seen yet. [`body`] packs
//! a rectangle of it without loss, [`shared`] does so once for all viewers, and [`reader`] is the
//! viewer's end: it makes a picture of such rectangles again.

pub mod body;
pub mod reader;
pub mod shared;
pub mod tiles;

/// The greatest width and height that are taken from anybody.
pub const SIDE_MAX: u16 = 8192;

/// A picture's size in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Size {
    /// Pixels in a line.
    pub width: u16,
    /// Lines.
    pub height: u16,
}

/// How a frame's bytes make pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PixelFormat {
    /// Four bytes a pixel in memory order blue, green, red, unused (V4L2's `XR24`, QEMU's x8r8g8b8).
    Bgrx8888,
}

impl PixelFormat {
    /// Bytes that one pixel takes.
    #[must_use]
    pub const fn bytes_per_pixel(self) -> usize {
        match self {
            Self::Bgrx8888 => 4,
        }
    }
}

/// A rectangle of a picture, in pixels from its upper left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Rect {
    /// Left edge.
    pub x: u16,
    /// Upper edge.
    pub y: u16,
    /// Width; 0 is an empty rectangle.
    pub width: u16,
    /// Height; 0 is an empty rectangle.
    pub height: u16,
}

impl Rect {
    /// How many pixels it has.
    #[must_use]
    pub fn pixels(self) -> usize {
        usize::from(self.width) * usize::from(self.height)
    }
}

#[cfg(test)]
mod tests;
