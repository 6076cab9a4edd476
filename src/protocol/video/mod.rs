//! Pictures as bytes: sizes, pixel formats, rectangles.

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
