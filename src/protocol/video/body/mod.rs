//! Rectangles of the published picture as bodies of the encoding Tight
//! ([`crate::rfb::encoding::TIGHT`]), without loss.
//!
//! Tight is in no RFC; it is described in the community's text of the protocol. Of its forms three
//! are made here: one colour; a palette of up to 256 colours, with a bit a pixel for two and a byte
//! for more; and pixels of three bytes, red, green, blue. The viewer's pixel format must have eight
//! bits a colour in 32, as nearly all have.
//!
//! Every packed body resets the stream that it is packed in, so it depends on nothing that went
//! before: the same bytes do for each viewer, at any time.

mod colours;
mod pack;

use self::{
    colours::Colours,
    pack::{PACKED_MIN, Packer},
};
use super::{
    Rect,
    tiles::{Published, RECT_MAX},
};

/// The first byte of a body: one colour, which follows.
const FILL: u8 = 0x80;
/// The first byte of a body: pixels, by stream 0, as long as no other bit is set.
const COPY: u8 = 0;
/// A bit of the first byte: stream 0 begins anew.
const RESET: u8 = 1;
/// A bit of the first byte: the number of a filter follows.
const FILTERED: u8 = 0x40;
/// The number of the filter that makes pixels of a palette.
const PALETTE: u8 = 1;

/// There is no such rectangle, or it is larger than [`RECT_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no rectangle of the picture: {0:?}")]
pub struct Misplaced(pub Rect);

/// Makes bodies. It keeps what it works with, about half a megabyte, so that only what it writes into
/// grows.
#[derive(Debug)]
pub struct Encoder {
    colours: Colours,
    packer: Packer,
    data: Vec<u8>,
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Encoder {
    /// An encoder.
    #[must_use]
    pub fn new() -> Self {
        Self {
            colours: Colours::new(),
            packer: Packer::new(),
            data: Vec::new(),
        }
    }

    /// Appends the body of a rectangle.
    ///
    /// # Errors
    /// [`Misplaced`] where it is empty, too large or not within the picture.
    pub fn body(
        &mut self,
        published: &Published,
        rect: Rect,
        out: &mut Vec<u8>,
    ) -> Result<(), Misplaced> {
        let pixels = rect.pixels();
        let fits = rect.width <= RECT_MAX.width && rect.height <= RECT_MAX.height;
        if pixels == 0 || !fits || published.lines(rect).count() != usize::from(rect.height) {
            return Err(Misplaced(rect));
        }
        let few = self.colours.count(published.lines(rect));
        match self.colours.palette() {
            [colour] if few => {
                out.push(FILL);
                out.extend_from_slice(&rgb(*colour));
            }
            palette if few && self.palette_is_smaller(rect, palette.len()) => {
                self.by_palette(rect, out);
            }
            _ => self.by_pixels(published.lines(rect), out),
        }
        Ok(())
    }

    /// Whether a palette is likely to take fewer bytes than the pixels themselves.
    ///
    /// What is packed takes a few bytes at any rate. Each turn to another colour costs what names the
    /// colour and how often it comes; a run costs a little more for each 258 bytes that it goes on
    /// for. Noise costs what it is long.
    fn palette_is_smaller(&self, rect: Rect, colours: usize) -> bool {
        let packed = |length: usize, turn: usize| {
            let runs = 8 + length / 100 + turn * self.colours.turns();
            length.min(if length < PACKED_MIN { length } else { runs })
        };
        let indices = match colours {
            2 => rect.pixels().div_ceil(8),
            _ => rect.pixels(),
        };
        colours * 3 + 2 + packed(indices, 2) <= packed(rect.pixels() * 3, 4)
    }

    fn by_palette(&mut self, rect: Rect, out: &mut Vec<u8>) {
        let (palette, indices) = (self.colours.palette(), self.colours.indices());
        let data = if palette.len() == 2 {
            bits(indices, rect.width.into(), &mut self.data);
            &self.data
        } else {
            indices
        };
        out.extend_from_slice(&[first_byte(FILTERED, data), PALETTE]);
        // One less than there are: 256 is 255.
        out.push(palette.len().wrapping_sub(1) as u8);
        out.extend(palette.iter().flat_map(|colour| rgb(*colour)));
        self.packer.pack(data, self.colours.is_busy(), out);
    }

    fn by_pixels<'a>(&mut self, lines: impl Iterator<Item = &'a [u8]>, out: &mut Vec<u8>) {
        self.data.clear();
        for line in lines {
            let (pixels, _) = line.as_chunks::<4>();
            let colours = pixels
                .iter()
                .map(|[blue, green, red, _]| [*red, *green, *blue]);
            self.data.extend(colours.flatten());
        }
        out.push(first_byte(COPY, &self.data));
        self.packer.pack(&self.data, self.colours.is_busy(), out);
    }
}

/// The first byte of a body: what it is, and whether it has a stream, which then begins anew.
const fn first_byte(kind: u8, data: &[u8]) -> u8 {
    if data.len() < PACKED_MIN {
        kind
    } else {
        kind | RESET
    }
}

/// A colour as the protocol has it.
const fn rgb(colour: u32) -> [u8; 3] {
    let [blue, green, red, _] = colour.to_le_bytes();
    [red, green, blue]
}

/// Indices of 0 and 1 as bits, the first in the highest; a line begins with a byte of its own.
fn bits(indices: &[u8], width: usize, out: &mut Vec<u8>) {
    out.clear();
    for line in indices.chunks(width) {
        let (whole, rest) = line.as_chunks::<8>();
        let byte = |some: &[u8]| {
            let placed = some.iter().zip((0..8).rev());
            placed.fold(0, |byte, (index, shift)| byte | index << shift)
        };
        out.extend(whole.iter().map(|eight| byte(eight)));
        if !rest.is_empty() {
            out.push(byte(rest));
        }
    }
}

#[cfg(test)]
mod tests;
