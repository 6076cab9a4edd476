//! Strokes: a bounded list of keys to press, release and tap, checked as a whole before any of it is
//! typed.

use std::time::Duration;

use outband_protocol::hid::{HeldKeys, Usage};

/// One thing that a batch does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stroke {
    /// Presses a key and keeps it down.
    Press(Usage),
    /// Lets a key go.
    Release(Usage),
    /// Presses these keys together and lets them go.
    Tap(Vec<Usage>),
    /// Waits.
    Wait(Duration),
}

/// What is wrong with a batch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadStroke {
    /// It does nothing.
    #[error("nothing is to be typed")]
    Empty,
    /// It is too long.
    #[error("at most {} are taken at once", Batch::STROKES_MAX)]
    TooMany,
    /// It waits too long altogether.
    #[error("a batch waits at most {} s altogether", Batch::WAIT_MAX.as_secs())]
    TooSlow,
    /// A tap without a key.
    #[error("no key is named")]
    NoKey,
    /// The keyboard lacks the key.
    #[error("this server's keyboard has no key {}", .0.get())]
    Unknown(Usage),
    /// A key is pressed a second time.
    #[error("key {} is down already", .0.get())]
    Down(Usage),
    /// A key is released that is not held.
    #[error("key {} is not down", .0.get())]
    Up(Usage),
    /// More keys are down at once than a keyboard can report.
    #[error(
        "at most {} keys beside the modifiers can be down at once",
        Batch::KEYS_MAX
    )]
    Rollover,
    /// A key is never released.
    #[error("key {} is never released: a key is held no longer than its batch", .0.get())]
    Left(Usage),
}

/// A list of strokes that can be typed as it is. Whatever it presses it releases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch(Vec<Stroke>);

impl Batch {
    /// The most strokes of a batch.
    pub const STROKES_MAX: usize = 256;
    /// The longest time that a batch waits altogether.
    pub const WAIT_MAX: Duration = Duration::from_secs(10);
    /// How many keys beside the modifiers can be down at once: what the report of a boot keyboard
    /// has room for (HID 1.11 appendix B.1).
    pub const KEYS_MAX: usize = 6;

    /// Checks strokes for a keyboard that has these keys.
    ///
    /// # Errors
    /// [`BadStroke`] with the place of the stroke that is wrong; `None` where it is the whole.
    pub(super) fn new(
        strokes: Vec<Stroke>,
        has_key: impl Fn(Usage) -> bool,
    ) -> Result<Self, (Option<usize>, BadStroke)> {
        if strokes.is_empty() {
            return Err((None, BadStroke::Empty));
        }
        if strokes.len() > Self::STROKES_MAX {
            return Err((None, BadStroke::TooMany));
        }
        let mut check = Check {
            has_key,
            held: HeldKeys::NONE,
            waited: Duration::ZERO,
        };
        // Where each key that is still down was pressed.
        let mut pressed = Vec::new();
        for (at, stroke) in strokes.iter().enumerate() {
            check.stroke(stroke).map_err(|bad| (Some(at), bad))?;
            match stroke {
                Stroke::Press(key) => pressed.push((at, *key)),
                Stroke::Release(key) => pressed.retain(|(_, down)| down != key),
                Stroke::Tap(_) | Stroke::Wait(_) => {}
            }
        }
        match pressed.first() {
            Some((at, key)) => Err((Some(*at), BadStroke::Left(*key))),
            None => Ok(Self(strokes)),
        }
    }

    /// What it does, in order.
    #[must_use]
    pub fn strokes(&self) -> &[Stroke] {
        &self.0
    }
}

/// What is known half-way through a batch.
struct Check<F> {
    has_key: F,
    held: HeldKeys,
    waited: Duration,
}

impl<F: Fn(Usage) -> bool> Check<F> {
    fn stroke(&mut self, stroke: &Stroke) -> Result<(), BadStroke> {
        match stroke {
            Stroke::Press(key) => self.held = self.pressed(self.held, *key)?,
            Stroke::Release(key) if self.held.holds(*key) => self.held.release(*key),
            Stroke::Release(key) => return Err(BadStroke::Up(*key)),
            Stroke::Tap(keys) if keys.is_empty() => return Err(BadStroke::NoKey),
            Stroke::Tap(keys) => {
                let mut together = keys.iter();
                together.try_fold(self.held, |held, key| self.pressed(held, *key))?;
            }
            Stroke::Wait(time) => {
                self.waited = self.waited.saturating_add(*time);
                if self.waited > Batch::WAIT_MAX {
                    return Err(BadStroke::TooSlow);
                }
            }
        }
        Ok(())
    }

    /// These keys and one more.
    fn pressed(&self, mut held: HeldKeys, key: Usage) -> Result<HeldKeys, BadStroke> {
        if !(self.has_key)(key) {
            return Err(BadStroke::Unknown(key));
        }
        if held.holds(key) {
            return Err(BadStroke::Down(key));
        }
        held.press(key);
        let keys = held.iter().filter(|key| !key.is_modifier()).count();
        if keys > Batch::KEYS_MAX {
            return Err(BadStroke::Rollover);
        }
        Ok(held)
    }
}

#[cfg(test)]
mod tests {
    use super::{Stroke::*, *};

    fn check(strokes: &[Stroke]) -> Result<Batch, (Option<usize>, BadStroke)> {
        Batch::new(strokes.to_vec(), |key| key != Usage::F12)
    }

    #[test]
    fn what_is_pressed_and_released_can_be_typed() {
        let strokes = [
            Press(Usage::LEFT_SHIFT),
            Tap(vec![Usage::A]),
            Wait(Batch::WAIT_MAX),
            Release(Usage::LEFT_SHIFT),
            Tap(vec![Usage::LEFT_CONTROL, Usage::LEFT_ALT, Usage::DELETE]),
        ];
        assert_eq!(check(&strokes).unwrap().strokes(), strokes);
    }

    #[test]
    fn what_can_not_be_typed_is_named_with_its_place() {
        let seven: Vec<Usage> = (0x04..0x0B).filter_map(Usage::new).collect();
        let (a, z) = (Usage::A, Usage::Z);
        for (strokes, at, bad) in [
            (vec![], None, BadStroke::Empty),
            (vec![Tap(vec![a]); 257], None, BadStroke::TooMany),
            (vec![Tap(vec![])], Some(0), BadStroke::NoKey),
            (vec![Tap(vec![a, a])], Some(0), BadStroke::Down(a)),
            (vec![Tap(seven)], Some(0), BadStroke::Rollover),
            (vec![Tap(vec![a]), Release(z)], Some(1), BadStroke::Up(z)),
            (vec![Press(z), Press(a)], Some(0), BadStroke::Left(z)),
            (vec![Press(a), Press(a)], Some(1), BadStroke::Down(a)),
            (vec![Press(a), Tap(vec![a])], Some(1), BadStroke::Down(a)),
            (
                vec![Press(Usage::F12)],
                Some(0),
                BadStroke::Unknown(Usage::F12),
            ),
            (
                vec![Wait(Batch::WAIT_MAX), Wait(Duration::from_millis(1))],
                Some(1),
                BadStroke::TooSlow,
            ),
        ] {
            assert_eq!(check(&strokes), Err((at, bad)), "{strokes:?}");
        }
    }

    #[test]
    fn the_modifiers_do_not_count_among_the_keys() {
        let keys = (0x04..0x0A).chain(0xE0..=0xE7).filter_map(Usage::new);
        assert!(check(&[Tap(keys.collect())]).is_ok());
    }
}
