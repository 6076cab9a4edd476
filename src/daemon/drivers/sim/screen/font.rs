//! The bitmap fonts: Spleen, by Frederic Cambus (BSD-2-Clause), in three sizes.
//!
//! The crate that carries them reads PSF version 2; its file of the smallest size is of version 1,
//! so both headers are read here. Fonts are read once, when the first screen is drawn.

use std::sync::OnceLock;

use crate::{drivers::sim::machine::letter_of, settings::profile::FontSize};

/// A font with the glyphs of the code page that the machine's screens use.
#[derive(Debug)]
pub(super) struct Font {
    /// Pixels of a glyph's height.
    pub(super) height: u16,
    /// Bytes of a glyph's line.
    line: usize,
    glyphs: &'static [u8],
    /// Where each code's glyph begins.
    places: [usize; 256],
}

/// A font file's header and tables, taken apart.
struct File {
    height: u16,
    /// Bytes of a line.
    line: usize,
    glyphs: &'static [u8],
    /// The characters of each glyph.
    letters: Vec<(char, usize)>,
}

impl Font {
    /// The font of a size.
    pub(super) fn of(size: FontSize) -> &'static Self {
        static SMALL: OnceLock<Font> = OnceLock::new();
        static MEDIUM: OnceLock<Font> = OnceLock::new();
        static LARGE: OnceLock<Font> = OnceLock::new();
        match size {
            FontSize::Small => SMALL.get_or_init(|| Self::read(spleen_font::FONT_8X16)),
            FontSize::Medium => MEDIUM.get_or_init(|| Self::read(spleen_font::FONT_12X24)),
            FontSize::Large => LARGE.get_or_init(|| Self::read(spleen_font::FONT_16X32)),
        }
    }

    /// A glyph's lines from the top; each begins with its leftmost pixel in the highest bit.
    pub(super) fn glyph(&self, code: u8) -> impl Iterator<Item = &'static [u8]> {
        let start = self.places.get(usize::from(code)).copied().unwrap_or(0);
        let bytes = self.line * usize::from(self.height);
        let glyph = self.glyphs.get(start..start + bytes).unwrap_or_default();
        glyph.chunks_exact(self.line.max(1))
    }

    /// The fonts are part of the program: one that could not be read would have no glyphs, and a
    /// test would say so.
    fn read(bytes: &'static [u8]) -> Self {
        let file = psf2(bytes).or_else(|| psf1(bytes)).unwrap_or(File {
            height: 16,
            line: 1,
            glyphs: &[],
            letters: Vec::new(),
        });
        let size = file.line * usize::from(file.height);
        let place = |wanted: char| {
            let found = file.letters.iter().find(|(letter, _)| *letter == wanted);
            found.map(|(_, index)| index * size)
        };
        let unknown = place('?').unwrap_or(0);
        let mut places = [unknown; 256];
        for (code, at) in (0..=u8::MAX).zip(&mut places) {
            *at = place(letter_of(code)).unwrap_or(unknown);
        }
        Self {
            height: file.height,
            line: file.line,
            glyphs: file.glyphs,
            places,
        }
    }
}

/// PC Screen Font, version 2: a header of 32 bytes, glyphs, UTF-8 ended by FFh for each glyph.
fn psf2(bytes: &'static [u8]) -> Option<File> {
    let word = |at: usize| {
        let bytes: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    };
    if word(0)? != 0x864a_b572 {
        return None;
    }
    let (header, count, size) = (word(8)?, word(16)?, word(20)?);
    let height = u16::try_from(word(24)?).ok()?;
    let end = header + count * size;
    let mut letters = Vec::new();
    let table = bytes.get(end..)?.split(|byte| *byte == 0xFF).take(count);
    for (index, of_glyph) in table.enumerate() {
        // FEh begins sequences of several characters, which are not of interest.
        let single = of_glyph.split(|byte| *byte == 0xFE).next()?;
        let single = std::str::from_utf8(single).ok()?;
        letters.extend(single.chars().map(|letter| (letter, index)));
    }
    Some(File {
        height,
        line: word(28)?.div_ceil(8),
        glyphs: bytes.get(header..end)?,
        letters,
    })
}

/// PC Screen Font, version 1: four bytes, glyphs of eight pixels width, UTF-16 ended by FFFFh for
/// each glyph.
fn psf1(bytes: &'static [u8]) -> Option<File> {
    let [0x36, 0x04, mode, height, body @ ..] = bytes else {
        return None;
    };
    let count: usize = if mode & 1 == 0 { 256 } else { 512 };
    let (glyphs, table) = body.split_at_checked(count * usize::from(*height))?;
    let mut letters = Vec::new();
    let mut index = 0;
    for pair in table.chunks_exact(2) {
        match u16::from_le_bytes(pair.try_into().ok()?) {
            0xFFFF => index += 1,
            unit => letters.extend(char::from_u32(unit.into()).map(|letter| (letter, index))),
        }
    }
    Some(File {
        height: u16::from(*height),
        line: 1,
        glyphs,
        letters,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(size: FontSize, code: u8) -> String {
        let (width, _) = size.cell();
        let mut picture = String::new();
        for line in Font::of(size).glyph(code) {
            for x in 0..usize::from(width) {
                let lit = line[x / 8] & (0x80 >> (x % 8)) != 0;
                picture.push(if lit { '#' } else { '.' });
            }
            picture.push('\n');
        }
        picture
    }

    #[test]
    fn the_letter_l_is_a_long_stroke_on_a_short_one() {
        let shape = picture(FontSize::Small, b'L');
        let rows: Vec<_> = shape.lines().map(|row| row.matches('#').count()).collect();
        let foot = rows.iter().rposition(|lit| *lit > 0).unwrap();
        let above = rows[..foot - 1].iter().filter(|lit| **lit > 0);
        assert!(above.clone().count() >= 8, "{shape}");
        assert!(above.max().unwrap() < &rows[foot], "{shape}");
    }

    #[test]
    fn every_size_has_every_letter_and_each_letter_is_another() {
        for size in [FontSize::Small, FontSize::Medium, FontSize::Large] {
            let (_, height) = size.cell();
            assert_eq!(Font::of(size).height, height);
            let mut seen = std::collections::BTreeSet::new();
            for code in b'!'..=b'~' {
                let shape = picture(size, code);
                assert!(shape.contains('#'), "{}", char::from(code));
                assert!(seen.insert(shape), "{} twice", char::from(code));
            }
            assert!(!picture(size, b' ').contains('#'));
        }
    }

    #[test]
    fn frames_and_blocks_are_there() {
        for size in [FontSize::Small, FontSize::Medium, FontSize::Large] {
            let unknown = picture(size, b'?');
            // Those that the screens draw: ─ │ ┌ ┐ └ ┘ ═ ║ ╔ ╗ ╚ ╝ ┬ ┴ █ ▄ ▀.
            for code in [
                0xC4, 0xB3, 0xDA, 0xBF, 0xC0, 0xD9, 0xCD, 0xBA, 0xC9, 0xBB, 0xC8, 0xBC, 0xC2, 0xC1,
                0xDB, 0xDC, 0xDF,
            ] {
                assert_ne!(picture(size, code), unknown, "{code:x}");
            }
            assert!(!picture(size, 0xDB).contains('.'), "a full block is full");
        }
    }
}
