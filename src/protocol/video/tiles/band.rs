//! A row of tiles: comparing it with a frame's lines, and taking over what differs.

use super::TILE;
use crate::video::PixelFormat;

/// Bytes of a pixel.
const PIXEL: usize = PixelFormat::Bgrx8888.bytes_per_pixel();
/// Bytes of a tile's line.
const TILE_LINE: usize = TILE.width as usize * PIXEL;
/// The bits of a pixel that are seen.
const SEEN: u32 = u32::from_ne_bytes([0xFF, 0xFF, 0xFF, 0]);

/// The published side of a row of tiles.
pub(super) struct Band<'a> {
    /// Its lines, without gaps; unused bytes are 0.
    pub(super) bytes: &'a mut [u8],
    /// Bytes of a line.
    pub(super) line: usize,
    /// Which of its tiles are to be compared.
    pub(super) due: &'a [bool],
    /// The version of each of its tiles.
    pub(super) versions: &'a mut [u64],
}

impl Band<'_> {
    /// Compares with a frame's lines what is due. Tiles that differ, and those that had the next
    /// version before, are taken over and have it then; says whether there were any.
    pub(super) fn take<'a>(
        &mut self,
        lines: impl Iterator<Item = &'a [u8]> + Clone,
        next: u64,
    ) -> bool {
        let places = (
            self.due.iter().position(|due| *due),
            self.due.iter().rposition(|due| *due),
        );
        let (Some(first), Some(last)) = places else {
            return false;
        };
        let span = first * TILE_LINE..((last + 1) * TILE_LINE).min(self.line);
        for (old, new) in self.bytes.chunks_exact(self.line).zip(lines.clone()) {
            // Most lines of most frames are the same in one piece, which is the quickest to see.
            if old.get(span.clone()) == new.get(span.clone()) {
                continue;
            }
            let tiles = old.chunks(TILE_LINE).zip(new.chunks(TILE_LINE));
            let states = self.due.iter().zip(self.versions.iter_mut());
            for ((old, new), (due, version)) in tiles.zip(states) {
                if *due && *version != next && differ(old, new) {
                    *version = next;
                }
            }
        }
        let changed = self.versions.contains(&next);
        if changed {
            self.copy(lines, next);
        }
        changed
    }

    /// Copies the tiles with a version.
    fn copy<'a>(&mut self, lines: impl Iterator<Item = &'a [u8]>, version: u64) {
        for (old, new) in self.bytes.chunks_exact_mut(self.line).zip(lines) {
            let tiles = old.chunks_mut(TILE_LINE).zip(new.chunks(TILE_LINE));
            for ((old, new), of_tile) in tiles.zip(self.versions.iter()) {
                if *of_tile == version {
                    let (old, _) = old.as_chunks_mut::<PIXEL>();
                    let (new, _) = new.as_chunks::<PIXEL>();
                    for (old, new) in old.iter_mut().zip(new) {
                        *old = (u32::from_ne_bytes(*new) & SEEN).to_ne_bytes();
                    }
                }
            }
        }
    }
}

/// Whether pixels differ in what is seen of them. No early end: this becomes a few wide
/// instructions.
fn differ(old: &[u8], new: &[u8]) -> bool {
    let (old, _) = old.as_chunks::<PIXEL>();
    let (new, _) = new.as_chunks::<PIXEL>();
    let difference = old.iter().zip(new).fold(0, |all, (old, new)| {
        all | (u32::from_ne_bytes(*old) ^ u32::from_ne_bytes(*new))
    });
    difference & SEEN != 0
}
