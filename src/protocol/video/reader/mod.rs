//! The viewer's end: makes a picture of rectangles as they come over the wire.
//!
//! It reads what [`super::body`] writes and, of the encoding Tight, what else has no loss but for
//! the gradient filter; other servers' bodies too, which go on with a stream where ours reset it.

mod input;

use std::fmt;

use zlib_rs::{Inflate, InflateFlush};

use self::input::{compact, piece, take};
use super::{PixelFormat, Rect, SIDE_MAX, Size};
use crate::rfb::{
    encoding,
    rect::{HEAD, RectHead},
};

/// Bytes of a pixel.
const PIXEL: usize = PixelFormat::Bgrx8888.bytes_per_pixel();
/// Data of fewer bytes goes as it is, without a length.
const PACKED_MIN: usize = 12;

/// Why a rectangle can't be read. What it left of the picture is of no more use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The bytes end before the rectangle does.
    #[error("a rectangle that is cut short")]
    Short,
    /// It reaches outside the picture.
    #[error("a rectangle outside the picture: {0:?}")]
    Outside(Rect),
    /// Its encoding isn't read here.
    #[error("an encoding that isn't read: {0}")]
    Encoding(i32),
    /// Its first byte asks for a form that isn't read here.
    #[error("a form that isn't read: {0:#04x}")]
    Form(u8),
    /// Its filter isn't read here.
    #[error("a filter that isn't read: {0}")]
    Filter(u8),
    /// A pixel has a colour that the palette doesn't.
    #[error("a palette of {0} colours that lacks one")]
    Palette(usize),
    /// The packed data aren't what they should be.
    #[error("packed data that don't make {0} bytes")]
    Packed(usize),
    /// No picture has this size.
    #[error("a picture of {} by {}", .0.width, .0.height)]
    Size(Size),
}

/// A viewer's picture in [`PixelFormat::Bgrx8888`].
#[derive(Default)]
pub struct Reader {
    size: Size,
    bytes: Vec<u8>,
    streams: [Option<Inflate>; 4],
    data: Vec<u8>,
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Reader");
        debug.field("size", &self.size).finish_non_exhaustive()
    }
}

impl Reader {
    /// A viewer without a picture.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Its picture, line after line without gaps; the unused bytes are 0.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Begins a black picture of a size.
    ///
    /// # Errors
    /// [`Unreadable::Size`].
    pub fn resize(&mut self, size: Size) -> Result<(), Unreadable> {
        if size.width > SIDE_MAX || size.height > SIDE_MAX {
            return Err(Unreadable::Size(size));
        }
        self.size = size;
        self.bytes.clear();
        let pixels = usize::from(size.width) * usize::from(size.height);
        self.bytes.resize(pixels * PIXEL, 0);
        Ok(())
    }

    /// Takes a rectangle, head and body, from the front of the bytes; says where it lies.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn rectangle(&mut self, bytes: &mut &[u8]) -> Result<Rect, Unreadable> {
        let (head, rest) = bytes.split_first_chunk::<HEAD>().ok_or(Unreadable::Short)?;
        *bytes = rest;
        let RectHead { rect, encoding } = RectHead::read(head);
        if encoding != encoding::TIGHT {
            return Err(Unreadable::Encoding(encoding));
        }
        let within = |start: u16, length: u16, end: u16| {
            usize::from(start) + usize::from(length) <= usize::from(end)
        };
        let inside = within(rect.x, rect.width, self.size.width)
            && within(rect.y, rect.height, self.size.height);
        if !inside {
            return Err(Unreadable::Outside(rect));
        }
        self.body(rect, bytes)?;
        Ok(rect)
    }

    fn body(&mut self, rect: Rect, bytes: &mut &[u8]) -> Result<(), Unreadable> {
        let [form] = take(bytes)?;
        for (at, stream) in self.streams.iter_mut().enumerate() {
            if form & 1 << at != 0 {
                *stream = None;
            }
        }
        let filter = match form >> 4 {
            8 => {
                let colour: [u8; 3] = take(bytes)?;
                self.paint(rect, std::iter::repeat_n(colour, rect.pixels()));
                return Ok(());
            }
            0..4 => 0,
            4..8 => take::<1>(bytes)?[0],
            _ => return Err(Unreadable::Form(form)),
        };
        let stream = usize::from(form >> 4 & 3);
        match filter {
            0 => {
                self.unpack(stream, rect.pixels() * 3, bytes)?;
                let data = std::mem::take(&mut self.data);
                let (pixels, _) = data.as_chunks::<3>();
                self.paint(rect, pixels.iter().copied());
                self.data = data;
            }
            1 => self.by_palette(stream, rect, bytes)?,
            other => return Err(Unreadable::Filter(other)),
        }
        Ok(())
    }

    fn by_palette(
        &mut self,
        stream: usize,
        rect: Rect,
        bytes: &mut &[u8],
    ) -> Result<(), Unreadable> {
        let colours = usize::from(take::<1>(bytes)?[0]) + 1;
        let mut palette = [[0; 3]; 256];
        for colour in palette.iter_mut().take(colours) {
            *colour = take(bytes)?;
        }
        let (width, height) = (usize::from(rect.width), usize::from(rect.height));
        let line = if colours == 2 {
            width.div_ceil(8)
        } else {
            width
        };
        self.unpack(stream, line * height, bytes)?;
        let data = std::mem::take(&mut self.data);
        if colours == 2 {
            let bits = data.chunks(line.max(1)).flat_map(|line| {
                let bit = |at: usize| line.get(at / 8).map_or(0, |byte| byte >> (7 - at % 8) & 1);
                (0..width).map(bit)
            });
            self.paint(rect, bits.map(|bit| palette[usize::from(bit)]));
        } else if data.iter().any(|index| usize::from(*index) >= colours) {
            return Err(Unreadable::Palette(colours));
        } else {
            self.paint(rect, data.iter().map(|index| palette[usize::from(*index)]));
        }
        self.data = data;
        Ok(())
    }

    /// Takes so many bytes of data, packed or not, into `self.data`.
    fn unpack(
        &mut self,
        stream: usize,
        length: usize,
        bytes: &mut &[u8],
    ) -> Result<(), Unreadable> {
        self.data.clear();
        if length < PACKED_MIN {
            self.data.extend_from_slice(piece(bytes, length)?);
            return Ok(());
        }
        let packed = compact(bytes)?;
        let mut packed = piece(bytes, packed)?;
        self.data.resize(length, 0);
        let slot = self.streams.get_mut(stream).ok_or(Unreadable::Short)?;
        let zlib = slot.get_or_insert_with(|| Inflate::new(true, 15));
        let (read, written) = (zlib.total_in(), zlib.total_out());
        zlib.decompress(packed, &mut self.data, InflateFlush::SyncFlush)
            .map_err(|_| Unreadable::Packed(length))?;
        let read = usize::try_from(zlib.total_in() - read).unwrap_or(usize::MAX);
        let written = usize::try_from(zlib.total_out() - written).unwrap_or(usize::MAX);
        packed = packed.get(read..).unwrap_or_default();
        // The end of a flush may be left, which makes no data; anything more is too much.
        packed = packed.get(read..).unwrap_or_default();
        let before = zlib.total_out();
        zlib.decompress(packed, &mut [0], InflateFlush::SyncFlush)
            .map_err(|_| Unreadable::Packed(length))?;
        if written != length || zlib.total_out() != before {
            return Err(Unreadable::Packed(length));
        }
        Ok(())
    }

    /// Paints a rectangle, line by line, with colours red, green, blue.
    fn paint(&mut self, rect: Rect, mut colours: impl Iterator<Item = [u8; 3]>) {
        let stride = usize::from(self.size.width) * PIXEL;
        let from = usize::from(rect.x) * PIXEL;
        let to = from + usize::from(rect.width) * PIXEL;
        let lines = self.bytes.chunks_exact_mut(stride.max(1));
        for line in lines.skip(rect.y.into()).take(rect.height.into()) {
            let (pixels, _) = line.get_mut(from..to).unwrap_or_default().as_chunks_mut();
            for (pixel, [red, green, blue]) in pixels.iter_mut().zip(&mut colours) {
                *pixel = [blue, green, red, 0];
            }
        }
    }
}

#[cfg(test)]
mod tests;
