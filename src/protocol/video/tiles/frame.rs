//! A captured frame as it is handed over, and what can be wrong with one.

use crate::video::{PixelFormat, Rect, SIDE_MAX, Size};

/// A captured frame.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// Its size.
    pub size: Size,
    /// How its bytes make pixels.
    pub format: PixelFormat,
    /// Bytes from one line to the next.
    pub stride: usize,
    /// The bytes, at least `stride * height` of them.
    pub bytes: &'a [u8],
    /// What may differ from the frame that was taken last, where that is known: the tiles that these
    /// rectangles touch are compared, others are not. What lies outside the picture is passed over.
    /// Whoever left out a frame in between no longer knows it and gives `None`.
    pub damage: Option<&'a [Rect]>,
}

/// A frame that can't be shown. Nothing was changed by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadFrame {
    /// It has no pixels, or more than are taken.
    #[error("a frame of {} by {}; 1 to {SIDE_MAX} each way are taken", .0.width, .0.height)]
    Size(Size),
    /// A line is longer than the way to the next.
    #[error("lines of {line} bytes, {stride} apart")]
    Stride {
        /// Bytes of a line's pixels.
        line: usize,
        /// Bytes from one line to the next.
        stride: usize,
    },
    /// It has fewer bytes than its size says.
    #[error("{bytes} bytes where the size and the stride need {needed}")]
    Short {
        /// Bytes that there are.
        bytes: usize,
        /// Bytes that there should be.
        needed: usize,
    },
}

impl<'a> Frame<'a> {
    /// The frame's lines, each no longer than its pixels.
    pub(super) fn lines(
        &self,
    ) -> Result<impl Iterator<Item = &'a [u8]> + Clone + use<'a>, BadFrame> {
        let Size { width, height } = self.size;
        if !(1..=SIDE_MAX).contains(&width) || !(1..=SIDE_MAX).contains(&height) {
            return Err(BadFrame::Size(self.size));
        }
        let (line, stride) = (
            usize::from(width) * self.format.bytes_per_pixel(),
            self.stride,
        );
        if stride < line {
            return Err(BadFrame::Stride { line, stride });
        }
        let needed = stride.saturating_mul(height.into());
        let short = BadFrame::Short {
            bytes: self.bytes.len(),
            needed,
        };
        let bytes = self.bytes.get(..needed).ok_or(short)?;
        Ok(bytes
            .chunks_exact(stride)
            .filter_map(move |bytes| bytes.get(..line)))
    }
}
