//! A rectangle's head (RFC 6143 section 7.6.1): what stands before its pixels.

use super::wire;
use crate::video::{Rect, Size};

/// Bytes of a head.
pub const HEAD: usize = 12;

/// Where a rectangle lies, and what its body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RectHead {
    /// Its place; pseudo-encodings use the four numbers as they like.
    pub rect: Rect,
    /// One of [`super::encoding`], or another.
    pub encoding: i32,
}

impl RectHead {
    /// A head that was received.
    #[must_use]
    pub fn read(head: &[u8; HEAD]) -> Self {
        Self {
            rect: Rect {
                x: wire::u16(head, 0),
                y: wire::u16(head, 2),
                width: wire::u16(head, 4),
                height: wire::u16(head, 6),
            },
            encoding: wire::i32(head, 8),
        }
    }

    /// A head to be sent.
    #[must_use]
    pub fn bytes(self) -> [u8; HEAD] {
        let Rect {
            x,
            y,
            width,
            height,
        } = self.rect;
        let mut bytes = [0; HEAD];
        let (place, encoding) = bytes.split_at_mut(8);
        for (pair, number) in place.chunks_exact_mut(2).zip([x, y, width, height]) {
            pair.copy_from_slice(&number.to_be_bytes());
        }
        encoding.copy_from_slice(&self.encoding.to_be_bytes());
        bytes
    }

    /// The rectangle's size, which pseudo-encodings use for the screen's.
    #[must_use]
    pub const fn size(self) -> Size {
        Size {
            width: self.rect.width,
            height: self.rect.height,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rfb::encoding;

    #[test]
    fn a_head_is_four_numbers_and_an_encoding() {
        let head = RectHead {
            rect: Rect {
                x: 0x0102,
                y: 0x0304,
                width: 0x0506,
                height: 0x0708,
            },
            encoding: encoding::DESKTOP_SIZE,
        };
        let bytes = [1, 2, 3, 4, 5, 6, 7, 8, 0xFF, 0xFF, 0xFF, 0x21];
        assert_eq!(head.bytes(), bytes);
        assert_eq!(RectHead::read(&bytes), head);
    }
}
