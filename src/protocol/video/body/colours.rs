//! The colours of a rectangle: which there are, in order of first appearance, and where.

/// The most colours that a palette holds.
pub(super) const COLOURS_MAX: usize = 256;
/// Places of the hash table, four for each colour; a power of two.
const SLOTS: usize = 1024;
/// How far a colour may lie from its place. A table a quarter full hardly ever needs half of it;
/// a picture that was made to need more counts as one of many colours, so that it costs no more.
const REACH: usize = 32;

/// The colours that were found last.
#[derive(Debug)]
pub(super) struct Colours {
    /// The place of a colour in the palette, plus 1; 0 is a free slot.
    slots: Box<[u16; SLOTS]>,
    palette: Vec<u32>,
    indices: Vec<u8>,
    turns: usize,
    counted: usize,
}

impl Colours {
    pub(super) fn new() -> Self {
        Self {
            slots: Box::new([0; SLOTS]),
            palette: Vec::with_capacity(COLOURS_MAX),
            indices: Vec::new(),
            turns: 0,
            counted: 0,
        }
    }

    /// The colours, `0x00RRGGBB`, in order of first appearance.
    pub(super) fn palette(&self) -> &[u32] {
        &self.palette
    }

    /// The place in the palette of each pixel's colour, line after line.
    pub(super) fn indices(&self) -> &[u8] {
        &self.indices
    }

    /// How often a pixel had another colour than the one before it, the first counted too.
    pub(super) const fn turns(&self) -> usize {
        self.turns
    }

    /// Whether more than every fourth pixel had another colour than the one before it.
    pub(super) const fn is_busy(&self) -> bool {
        self.turns > self.counted / 4
    }

    /// Counts the colours of lines in [`crate::video::PixelFormat::Bgrx8888`] whose unused bytes are 0.
    /// `false` means that there are too many for a palette: then counting ended there.
    pub(super) fn count<'a>(&mut self, lines: impl Iterator<Item = &'a [u8]>) -> bool {
        self.slots.fill(0);
        self.palette.clear();
        self.indices.clear();
        (self.turns, self.counted) = (0, 0);
        // No colour is this one.
        let mut last = (u32::MAX, 0);
        for line in lines {
            let (pixels, _) = line.as_chunks::<4>();
            let (eights, rest) = pixels.as_chunks::<8>();
            for pixels in eights.iter().map(<[_; 8]>::as_slice).chain([rest]) {
                let differing = pixels
                    .iter()
                    .fold(0, |all, pixel| all | (u32::from_le_bytes(*pixel) ^ last.0));
                if differing == 0 && pixels.len() == 8 {
                    self.indices.extend_from_slice(&[last.1; 8]);
                    continue;
                }
                for pixel in pixels {
                    let colour = u32::from_le_bytes(*pixel);
                    if colour != last.0 {
                        self.turns += 1;
                        let Some(place) = self.place(colour) else {
                            self.counted = self.indices.len();
                            return false;
                        };
                        last = (colour, place);
                    }
                    self.indices.push(last.1);
                }
            }
        }
        self.counted = self.indices.len();
        true
    }

    /// A colour's place in the palette, which it gets now if it is new and there is room.
    fn place(&mut self, colour: u32) -> Option<u8> {
        // Fibonacci hashing: the highest ten bits of the product.
        let first = (colour.wrapping_mul(0x9E37_79B1) >> 22) as usize;
        for slot in first..first + REACH {
            let slot = self.slots.get_mut(slot % SLOTS)?;
            let Some(place) = slot.checked_sub(1) else {
                let place = u8::try_from(self.palette.len()).ok()?;
                *slot = u16::from(place) + 1;
                self.palette.push(colour);
                return Some(place);
            };
            if self.palette.get(usize::from(place)) == Some(&colour) {
                return u8::try_from(place).ok();
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(colours: &mut Colours, pixels: &[u32]) -> bool {
        let bytes: Vec<u8> = pixels
            .iter()
            .flat_map(|pixel| pixel.to_le_bytes())
            .collect();
        colours.count(bytes.chunks(12))
    }

    #[test]
    fn colours_stand_in_order_of_first_appearance() {
        let mut colours = Colours::new();
        assert!(count(&mut colours, &[7, 7, 0, 0xFF_FFFF, 7, 0, 0]));
        assert_eq!(colours.palette(), [7, 0, 0xFF_FFFF]);
        assert_eq!(colours.indices(), [0, 0, 1, 2, 0, 1, 1]);
        assert_eq!(colours.turns(), 5);
        assert!(count(&mut colours, &[1]), "nothing is left of before");
        assert_eq!((colours.palette(), colours.indices()), (&[1][..], &[0][..]));
    }

    #[test]
    fn a_palette_holds_256_colours_and_no_more() {
        let mut colours = Colours::new();
        let pixels: Vec<u32> = (0..256).chain([5]).collect();
        assert!(count(&mut colours, &pixels));
        assert_eq!(colours.palette(), &pixels[..256]);
        assert_eq!(colours.indices().last(), Some(&5));
        let pixels: Vec<u32> = (0..257).collect();
        assert!(!count(&mut colours, &pixels));
    }

    #[test]
    fn colours_that_were_made_to_collide_cost_no_more_than_others() {
        let same = |colour: &u32| colour.wrapping_mul(0x9E37_79B1) >> 22 == 77;
        let pixels: Vec<u32> = (0..1 << 24).filter(same).take(REACH + 1).collect();
        let mut colours = Colours::new();
        assert!(count(&mut colours, &pixels[..REACH]));
        assert!(!count(&mut colours, &pixels));
    }
}
