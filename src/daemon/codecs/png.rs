//! A frame as a PNG file (W3C PNG, third edition), without loss.
//!
//! Screens of text have few colours: up to 256 are written by palette, which makes the file several
//! times smaller.

use std::collections::HashMap;

use outband_core::driver::Frame;
use outband_protocol::video::PixelFormat;
use png::{BitDepth, ColorType, Compression, Encoder, EncodingError};

/// The most colours of a palette (PNG section 11.2.2).
const COLOURS: usize = 256;

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum NoPng {
    /// The frame has fewer bytes than its size says, or no pixel at all.
    #[error("the frame is cut short")]
    Short,
    /// The encoder's own reason.
    #[error(transparent)]
    Encoder(#[from] EncodingError),
}

/// A frame as a file. It takes some ten milliseconds of processor time, and four bytes a pixel while it
/// works: call it where nothing waits.
///
/// # Errors
/// [`NoPng`].
pub fn encode(frame: &Frame) -> Result<Vec<u8>, NoPng> {
    let lines = lines(frame)?;
    let (width, height) = (frame.size.width.into(), frame.size.height.into());
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, width, height);
    encoder.set_compression(Compression::Fast);
    let data = match Indexed::new(&lines) {
        Some(Indexed { palette, indices }) => {
            let depth = depth(palette.len());
            encoder.set_color(ColorType::Indexed);
            encoder.set_depth(depth);
            encoder.set_palette(palette.concat());
            // Bits of neighbouring pixels share bytes: only whole bytes can be foreseen by a filter.
            encoder.set_filter(png::Filter::NoFilter);
            pack(&indices, frame.size.width.into(), depth)
        }
        None => {
            encoder.set_color(ColorType::Rgb);
            encoder.set_depth(BitDepth::Eight);
            lines
                .iter()
                .flat_map(|line| pixels(line))
                .flatten()
                .collect()
        }
    };
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&data)?;
    writer.finish()?;
    Ok(file)
}

/// The bytes of each line, without what lies between the lines.
fn lines(frame: &Frame) -> Result<Vec<&[u8]>, NoPng> {
    let length = usize::from(frame.size.width) * frame.format.bytes_per_pixel();
    let line = |at: u16| {
        let start = usize::from(at).checked_mul(frame.stride)?;
        frame.bytes.get(start..start.checked_add(length)?)
    };
    let lines: Option<Vec<_>> = (0..frame.size.height).map(line).collect();
    let lines = lines.filter(|lines| !lines.is_empty() && length > 0);
    match frame.format {
        PixelFormat::Bgrx8888 => lines.ok_or(NoPng::Short),
    }
}

/// The pixels of a line: red, green, blue.
fn pixels(line: &[u8]) -> impl Iterator<Item = [u8; 3]> {
    let (pixels, _) = line.as_chunks::<4>();
    pixels
        .iter()
        .map(|[blue, green, red, _]| [*red, *green, *blue])
}

/// A picture of few colours.
struct Indexed {
    palette: Vec<[u8; 3]>,
    /// A byte a pixel.
    indices: Vec<u8>,
}

impl Indexed {
    /// The picture by palette; `None` when it has too many colours.
    fn new(lines: &[&[u8]]) -> Option<Self> {
        let mut palette = Vec::new();
        let mut places = HashMap::new();
        let count = lines.iter().map(|line| line.len() / 4).sum();
        let mut indices = Vec::with_capacity(count);
        let mut last: Option<([u8; 3], u8)> = None;
        for colour in lines.iter().flat_map(|line| pixels(line)) {
            let place = match last {
                Some((same, place)) if same == colour => place,
                _ => *places.entry(colour).or_insert_with(|| {
                    palette.push(colour);
                    palette.len().wrapping_sub(1) as u8
                }),
            };
            if palette.len() > COLOURS {
                return None;
            }
            last = Some((colour, place));
            indices.push(place);
        }
        Some(Self { palette, indices })
    }
}

/// The fewest bits a pixel that so many colours can be told apart by.
const fn depth(colours: usize) -> BitDepth {
    match colours {
        0..=2 => BitDepth::One,
        3..=4 => BitDepth::Two,
        5..=16 => BitDepth::Four,
        _ => BitDepth::Eight,
    }
}

/// Indices of so many bits each, the first in the highest; a line begins with a byte of its own
/// (PNG section 7.2).
fn pack(indices: &[u8], width: usize, depth: BitDepth) -> Vec<u8> {
    let bits = depth as usize;
    let byte = |some: &[u8]| {
        let placed = some.iter().enumerate();
        placed.fold(0, |byte, (at, index)| byte | index << (8 - bits * (at + 1)))
    };
    let lines = indices.chunks(width);
    lines
        .flat_map(|line| line.chunks(8 / bits).map(byte))
        .collect()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use outband_protocol::video::Size;
    use png::{Decoder, Transformations};
    use proptest::prelude::*;
    use tokio::time::Instant;

    use super::*;

    fn frame(width: u16, height: u16, stride: usize, bytes: Vec<u8>) -> Frame {
        Frame {
            sequence: 0,
            at: Instant::now(),
            size: Size { width, height },
            format: PixelFormat::Bgrx8888,
            stride,
            bytes: Bytes::from(bytes),
            damage: None,
        }
    }

    /// What a reader makes of a file: red, green, blue of each pixel.
    fn decode(file: &[u8]) -> Vec<u8> {
        let mut decoder = Decoder::new(std::io::Cursor::new(file));
        decoder.set_transformations(Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!(info.color_type, ColorType::Rgb);
        pixels.truncate(info.buffer_size());
        pixels
    }

    proptest! {
        #[test]
        fn every_pixel_comes_back(
            width in 1u16..40, height in 1u16..20, gap in 0usize..9,
            colours in 1u32..400, seed in any::<u32>(),
        ) {
            let stride = usize::from(width) * 4 + gap;
            let mut bytes = vec![0xEE; stride * usize::from(height)];
            let mut wanted = Vec::new();
            let mut state = seed;
            for line in bytes.chunks_mut(stride) {
                for pixel in line[..usize::from(width) * 4].chunks_mut(4) {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let colour = (state >> 8) % colours;
                    let [red, green, blue, _] = colour.wrapping_mul(0x00C0_FFEE).to_be_bytes();
                    pixel.copy_from_slice(&[blue, green, red, 0x55]);
                    wanted.extend([red, green, blue]);
                }
            }
            let file = encode(&frame(width, height, stride, bytes)).unwrap();
            prop_assert_eq!(decode(&file), wanted);
        }
    }

    #[test]
    fn as_many_colours_as_a_palette_holds_come_back_and_one_more_too() {
        for colours in [2, 4, 16, 255, 256, 257] {
            let bytes: Vec<u8> = (0..colours).flat_map(|at: u32| at.to_le_bytes()).collect();
            let wanted: Vec<u8> = (0..colours)
                .flat_map(|at| [0, (at >> 8) as u8, at as u8])
                .collect();
            let file = encode(&frame(colours as u16, 1, bytes.len(), bytes)).unwrap();
            assert_eq!(decode(&file), wanted, "{colours}");
        }
    }

    #[test]
    fn a_frame_that_is_cut_short_makes_no_file() {
        for (width, height, length) in [(2, 2, 15), (0, 2, 16), (2, 0, 16)] {
            let refused = encode(&frame(width, height, 8, vec![0; length]));
            assert!(matches!(refused, Err(NoPng::Short)), "{width}x{height}");
        }
    }
}
