//! Pixels, and the strokes that put them there.

use outband_protocol::video::{PixelFormat, Rect, Size};

use super::font::Font;
use crate::drivers::sim::machine::Cell;

/// Bytes of a pixel.
const PIXEL: usize = PixelFormat::Bgrx8888.bytes_per_pixel();

/// A colour as a pixel holds it: blue, green, red, nothing.
pub(super) type Colour = [u8; PIXEL];

/// A colour from its usual notation, `0xRRGGBB`.
pub(super) const fn rgb(colour: u32) -> Colour {
    let [blue, green, red, _] = colour.to_le_bytes();
    [blue, green, red, 0]
}

/// The sixteen colours of text, in the order of their codes.
const PALETTE: [Colour; 16] = [
    rgb(0x00_00_00),
    rgb(0x1f_3f_a8),
    rgb(0x2e_9e_44),
    rgb(0x1f_97_a8),
    rgb(0xb4_2b_2b),
    rgb(0x97_3a_a6),
    rgb(0xb0_74_1e),
    rgb(0xbe_c3_c9),
    rgb(0x5c_63_6b),
    rgb(0x5a_82_f2),
    rgb(0x5f_d8_6e),
    rgb(0x56_d0_e0),
    rgb(0xf0_62_5a),
    rgb(0xdc_7d_ea),
    rgb(0xf2_d3_5b),
    rgb(0xff_ff_ff),
];

/// A colour of text; only the four low bits of its code count.
pub(super) fn text_colour(code: u8) -> Colour {
    PALETTE
        .get(usize::from(code & 15))
        .copied()
        .unwrap_or_default()
}

/// A picture that is being drawn.
#[derive(Debug)]
pub(super) struct Canvas {
    size: Size,
    bytes: Vec<u8>,
}

impl Canvas {
    /// A black picture.
    pub(super) fn new(size: Size) -> Self {
        let pixels = usize::from(size.width) * usize::from(size.height);
        Self {
            size,
            bytes: vec![0; pixels * PIXEL],
        }
    }

    pub(super) const fn size(&self) -> Size {
        self.size
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// All of it.
    pub(super) const fn whole(&self) -> Rect {
        Rect {
            x: 0,
            y: 0,
            width: self.size.width,
            height: self.size.height,
        }
    }

    /// A part of a line; empty outside the picture.
    fn line(&mut self, x: u16, y: u16, width: u16) -> &mut [u8] {
        if y >= self.size.height || x >= self.size.width {
            return &mut [];
        }
        let width = usize::from(width.min(self.size.width - x));
        let start = usize::from(y) * usize::from(self.size.width) + usize::from(x);
        self.bytes
            .get_mut(start * PIXEL..(start + width) * PIXEL)
            .unwrap_or_default()
    }

    /// Fills a rectangle.
    pub(super) fn fill(&mut self, area: Rect, colour: Colour) {
        for y in area.y..area.y.saturating_add(area.height) {
            for pixel in self.line(area.x, y, area.width).chunks_exact_mut(PIXEL) {
                pixel.copy_from_slice(&colour);
            }
        }
    }

    /// Mixes a colour into a pixel; `part` runs from 0, nothing, to 1, all of it.
    pub(super) fn mix(&mut self, x: u16, y: u16, colour: Colour, part: f32) {
        if part <= 0.0 {
            return;
        }
        for (old, new) in self.line(x, y, 1).iter_mut().zip(colour) {
            let mixed = f32::from(*old) + (f32::from(new) - f32::from(*old)) * part.min(1.0);
            // Between two bytes.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            {
                *old = mixed.round() as u8;
            }
        }
    }

    /// Draws a character into its area. Where the area is wider than the glyph the last column is
    /// repeated for frames and blank for all else, as VGA's nine-pixel text does.
    pub(super) fn glyph(&mut self, area: Rect, font: &Font, cell: &Cell) {
        let (ink, paper) = (text_colour(cell.ink.ink()), text_colour(cell.ink.paper()));
        let joins = (0xC0..=0xDF).contains(&cell.code);
        for (y, bits) in (area.y..).zip(font.glyph(cell.code)) {
            let width = bits.len() * 8;
            for (x, pixel) in self
                .line(area.x, y, area.width)
                .chunks_exact_mut(PIXEL)
                .enumerate()
            {
                let x = if joins { x.min(width - 1) } else { x };
                let byte = bits.get(x / 8).copied().unwrap_or(0);
                let lit = byte & (0x80 >> (x % 8)) != 0;
                pixel.copy_from_slice(if lit { &ink } else { &paper });
            }
        }
    }

    /// Draws a cursor: a bar at the foot of a character's area.
    pub(super) fn cursor(&mut self, area: Rect, cell: &Cell) {
        let height = (area.height / 8).max(2);
        let foot = Rect {
            y: area.y + area.height - height,
            height,
            ..area
        };
        self.fill(foot, text_colour(cell.ink.ink()));
    }
}
