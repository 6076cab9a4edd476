//! How a datagram is changed.

use crate::dice::Dice;

/// The longest that a changed one gets: longer than any that a BMC looks at.
const LONGEST: usize = 1400;
/// Numbers at which code goes wrong.
const EDGES: [u8; 8] = [0x00, 0x01, 0x0F, 0x10, 0x3F, 0x7F, 0x80, 0xFF];

/// Changes bytes in one to four places; `other` is one to take pieces from.
pub(super) fn mutate(dice: &mut Dice, bytes: &mut Vec<u8>, other: &[u8]) {
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len());
        let end = at + dice.below(bytes.len() - at + 1);
        match dice.below(8) {
            0 => change(bytes, at, |byte| byte ^ 1 << dice.below(8)),
            1 => change(bytes, at, |_| dice.byte()),
            2 => change(bytes, at, |_| edge(dice)),
            3 => bytes.truncate(at),
            4 => bytes.insert(at, dice.byte()),
            5 => drop(bytes.drain(at..end)),
            6 => {
                let piece = other.get(dice.below(other.len())..).unwrap_or_default();
                bytes.splice(at..end, piece.iter().copied());
            }
            _ => {
                let length = bytes.len() + dice.below(LONGEST);
                bytes.resize(length, edge(dice));
            }
        }
    }
    bytes.truncate(LONGEST);
}

fn edge(dice: &mut Dice) -> u8 {
    EDGES.get(dice.below(EDGES.len())).copied().unwrap_or(0)
}

fn change(bytes: &mut [u8], at: usize, to: impl FnOnce(u8) -> u8) {
    if let Some(byte) = bytes.get_mut(at) {
        *byte = to(*byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_changes() {
        let run = |seed| {
            let mut dice = Dice::new(seed);
            let changed = |_| {
                let mut bytes = (0..60).collect();
                mutate(&mut dice, &mut bytes, &[1, 2, 3]);
                bytes
            };
            (0..100).map(changed).collect::<Vec<Vec<u8>>>()
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }

    #[test]
    fn anything_can_be_changed_and_nothing_gets_too_long() {
        let mut dice = Dice::new(3);
        let mut bytes = Vec::new();
        for _ in 0..100_000 {
            mutate(&mut dice, &mut bytes, &[]);
            assert!(bytes.len() <= LONGEST);
        }
    }
}
