//! Bytes as a zlib stream of their own (RFC 1950), and the length before them.

use std::fmt;

use zlib_rs::{Deflate, DeflateFlush, compress_bound};

/// Data of fewer bytes goes as it is, without a length.
pub(super) const PACKED_MIN: usize = 12;
/// Data of fewer bytes is packed without a look whether it is worth it.
const PROBED_MIN: usize = 8 << 10;
/// The most bytes of a stored block (RFC 1951 section 3.2.4).
const BLOCK_MAX: usize = 0xFFFF;
/// The first two bytes of a stream: a window of 32 KiB, the quickest level.
const STREAM: [u8; 2] = [0x78, 0x01];

/// Packs data.
pub(super) struct Packer {
    zlib: Deflate,
    packed: Vec<u8>,
}

impl fmt::Debug for Packer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Packer").finish_non_exhaustive()
    }
}

impl Packer {
    pub(super) fn new() -> Self {
        Self {
            zlib: Deflate::new(1, true, 15),
            packed: Vec::new(),
        }
    }

    /// Appends data, as it is where it is short, else packed behind its length. What looks busy is
    /// first tried in part: noise is not worth the time that it takes.
    pub(super) fn pack(&mut self, data: &[u8], busy: bool, out: &mut Vec<u8>) {
        if data.len() < PACKED_MIN {
            out.extend_from_slice(data);
            return;
        }
        let probed = busy && data.len() >= PROBED_MIN;
        let worth_it = !probed || self.deflate(strips(data)) < data.len() / 8 * 15 / 16;
        let stored = STREAM.len() + data.len() + data.len().div_ceil(BLOCK_MAX) * 5;
        if worth_it && self.deflate([data]) < stored {
            length(self.packed.len(), out);
            out.extend_from_slice(&self.packed);
        } else {
            length(stored, out);
            store(data, out);
        }
    }

    /// Packs pieces in one stream; gives how long it is, or the greatest number where it came to no
    /// good.
    ///
    /// It ends by a sync flush and not as a stream does, with a checksum: viewers go on with the
    /// stream or reset it as the next rectangle says, and some take its end for a fault.
    fn deflate<'a>(
        &mut self,
        pieces: impl IntoIterator<Item = &'a [u8], IntoIter: Clone>,
    ) -> usize {
        let pieces = pieces.into_iter();
        let length: usize = pieces.clone().map(<[u8]>::len).sum();
        self.zlib.reset();
        self.packed.clear();
        self.packed.resize(compress_bound(length) + 16, 0);
        let mut written = 0;
        for piece in pieces.map(Some).chain([None]) {
            let (mut piece, flush) = match piece {
                Some(piece) => (piece, DeflateFlush::NoFlush),
                None => (&[][..], DeflateFlush::SyncFlush),
            };
            loop {
                let (read, room) = (self.zlib.total_in(), self.packed.len() - written);
                let space = self.packed.get_mut(written..).unwrap_or_default();
                if self.zlib.compress(piece, space, flush).is_err() {
                    return usize::MAX;
                }
                let read = usize::try_from(self.zlib.total_in() - read).unwrap_or(usize::MAX);
                piece = piece.get(read..).unwrap_or_default();
                written = usize::try_from(self.zlib.total_out()).unwrap_or(usize::MAX);
                // Room left over means that nothing waits inside.
                if written < self.packed.len() && piece.is_empty() {
                    break;
                }
                if self.packed.len() - written == room {
                    return usize::MAX; // It neither reads nor writes.
                }
                self.packed.resize(self.packed.len() + PROBED_MIN, 0);
            }
        }
        self.packed.truncate(written);
        written
    }
}

/// Four pieces of data from all over it, an eighth of it together.
fn strips(data: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    let piece = data.len() / 32;
    data.chunks(data.len() / 4)
        .take(4)
        .filter_map(move |quarter| {
            // From its middle: there the most differs from the other quarters.
            let from = quarter.len() / 2;
            quarter.get(from..from + piece)
        })
}

/// Appends data as a stream that isn't packed, ended by the end of a block.
fn store(data: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&STREAM);
    for block in data.chunks(BLOCK_MAX) {
        let length = block.len() as u16;
        out.push(0);
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&(!length).to_le_bytes());
        out.extend_from_slice(block);
    }
}

/// Appends a length in the compact form: seven bits, seven bits, eight bits from the lowest, the
/// highest bit of the first two says that more follows.
fn length(length: usize, out: &mut Vec<u8>) {
    let low = (length & 0x7F) as u8;
    let middle = (length >> 7 & 0x7F) as u8;
    match length {
        0..0x80 => out.push(low),
        0x80..0x4000 => out.extend_from_slice(&[low | 0x80, middle]),
        _ => out.extend_from_slice(&[low | 0x80, middle | 0x80, (length >> 14) as u8]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zlib_rs::{Inflate, InflateFlush};

    fn compact(bytes: usize) -> Vec<u8> {
        let mut out = Vec::new();
        length(bytes, &mut out);
        out
    }

    fn unpack(packed: &[u8], length: usize) -> Vec<u8> {
        let mut data = vec![0; length];
        let mut zlib = Inflate::new(true, 15);
        zlib.decompress(packed, &mut data, InflateFlush::SyncFlush)
            .unwrap();
        assert_eq!(zlib.total_in() as usize, packed.len(), "all is read");
        assert_eq!(zlib.total_out() as usize, length);
        data
    }

    #[test]
    fn a_length_is_one_to_three_bytes() {
        assert_eq!(compact(0), [0]);
        assert_eq!(compact(127), [0x7F]);
        assert_eq!(compact(128), [0x80, 1]);
        assert_eq!(compact(10_000), [0x90, 0x4E]); // The protocol's own example.
        assert_eq!(compact(16_383), [0xFF, 0x7F]);
        assert_eq!(compact(16_384), [0x80, 0x80, 1]);
        assert_eq!(compact((1 << 22) - 1), [0xFF, 0xFF, 0xFF]);
    }

    #[test]
    fn short_data_goes_as_it_is_and_longer_data_packed() {
        let mut packer = Packer::new();
        let mut out = vec![0xAA];
        packer.pack(&[7; 11], false, &mut out);
        assert_eq!(out, [&[0xAA][..], &[7; 11]].concat());
        out.clear();
        packer.pack(&[7; 120], false, &mut out);
        let (length, packed) = out.split_first().unwrap();
        assert_eq!(usize::from(*length), packed.len());
        assert!(packed.len() < 24 && packed.starts_with(&STREAM));
        assert!(packed.ends_with(&[0, 0, 0xFF, 0xFF]), "a sync flush");
        assert_eq!(unpack(packed, 120), [7; 120]);
    }

    /// Noise of so many values.
    fn noise(length: usize, values: u32) -> Vec<u8> {
        let mut state = 1_u32;
        let mut byte = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 16) % values) as u8
        };
        (0..length).map(|_| byte()).collect()
    }

    #[test]
    fn noise_is_stored_and_grows_by_next_to_nothing() {
        for length in [12, 1000, 0xFFFF, 0x10000, 256 * 128 * 3] {
            let data = noise(length, 256);
            for busy in [false, true] {
                let mut out = Vec::new();
                Packer::new().pack(&data, busy, &mut out);
                assert!(out.len() <= length + 15, "{} of {length}", out.len());
                let head = compact(out.len()).len();
                assert_eq!(unpack(&out[head..], length), data);
            }
        }
    }

    #[test]
    fn noise_is_not_tried_in_full() {
        // What is no noise lies where nobody looks for it.
        let mut data = noise(32 << 10, 256);
        data[..4 << 10].fill(0);
        let length_of = |busy: bool| {
            let mut out = Vec::new();
            Packer::new().pack(&data, busy, &mut out);
            out.len()
        };
        assert_eq!(length_of(true), 3 + 2 + 5 + data.len());
        assert!(length_of(false) < data.len());
    }

    #[test]
    fn what_repeats_is_packed_however_busy_it_looks() {
        let data: Vec<u8> = noise(256, 256).repeat(128);
        let mut out = Vec::new();
        Packer::new().pack(&data, true, &mut out);
        assert!(out.len() < data.len() / 20, "{}", out.len());
    }

    #[test]
    fn a_stream_knows_nothing_of_the_one_before() {
        let mut packer = Packer::new();
        let data = noise(3000, 9);
        let packed = |packer: &mut Packer| {
            let mut out = Vec::new();
            packer.pack(&data, false, &mut out);
            out
        };
        let first = packed(&mut packer);
        packer.pack(&noise(30_000, 200), true, &mut Vec::new());
        assert_eq!(packed(&mut packer), first);
    }
}
