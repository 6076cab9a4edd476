//! Keys and pointer (RFC 6143 sections 7.5.4 and 7.5.5; QEMU's extended key event and pointer type).

use super::Client;
use crate::{
    hid::{Buttons, HeldKeys, Pointer, Usage},
    rfb::keys,
};

/// What stands for no movement in a message of a relative pointer.
const REST: i32 = 0x7FFF;

/// The masks of the wheel's two directions, which are buttons here.
const WHEEL_UP: u8 = 8;
const WHEEL_DOWN: u8 = 16;

impl Client {
    /// Makes exactly these keys held: lets go what is no longer held, other keys before modifiers,
    /// and presses what is new, modifiers first. Keys that RFB has no number for are passed over.
    pub fn hold(&mut self, keys: HeldKeys) {
        let before = std::mem::replace(&mut self.held, keys);
        let released: Vec<_> = before.newly_held(&keys).collect();
        let pressed: Vec<_> = keys.newly_held(&before).collect();
        // Modifiers have the highest usages.
        for key in released {
            self.key(key, false);
        }
        let (modifiers, others): (Vec<_>, Vec<_>) =
            pressed.into_iter().partition(|key| key.is_modifier());
        for key in modifiers.into_iter().chain(others) {
            self.key(key, true);
        }
    }

    fn key(&mut self, usage: Usage, down: bool) {
        let Some(key) = keys::of(usage) else { return };
        let down = u8::from(down);
        if self.extended_keys {
            self.outgoing.extend([255, 0, 0, down]);
            self.outgoing.extend(key.keysym.to_be_bytes());
            self.outgoing.extend(u32::from(key.xt).to_be_bytes());
        } else {
            self.outgoing.extend([4, down, 0, 0]);
            self.outgoing.extend(key.keysym.to_be_bytes());
        }
    }

    /// Moves the pointer. A position is turned into a movement, or the other way round, where the
    /// server's pointing device is of the other kind.
    pub fn point(&mut self, pointer: Pointer) {
        let (to, moved, buttons, wheel) = match pointer {
            Pointer::Absolute {
                x,
                y,
                buttons,
                wheel,
            } => {
                let size = self.picture.size();
                let to = (scale(x, size.width), scale(y, size.height));
                let moved = (
                    i32::from(to.0) - i32::from(self.pointer.0),
                    i32::from(to.1) - i32::from(self.pointer.1),
                );
                (to, moved, buttons, wheel)
            }
            Pointer::Relative {
                dx,
                dy,
                buttons,
                wheel,
            } => {
                let size = self.picture.size();
                let to = (
                    shift(self.pointer.0, dx, size.width),
                    shift(self.pointer.1, dy, size.height),
                );
                (to, (i32::from(dx), i32::from(dy)), buttons, wheel)
            }
        };
        self.pointer = to;
        let buttons = mask(buttons);
        self.pointer_event(buttons, to, moved);
        let turn = if wheel > 0 { WHEEL_UP } else { WHEEL_DOWN };
        for _ in 0..wheel.unsigned_abs() {
            self.pointer_event(buttons | turn, to, (0, 0));
            self.pointer_event(buttons, to, (0, 0));
        }
    }

    fn pointer_event(&mut self, buttons: u8, to: (u16, u16), moved: (i32, i32)) {
        let around_rest = |count: i32| u16::try_from(REST + count).unwrap_or(REST as u16);
        let (x, y) = if self.absolute {
            to
        } else {
            (around_rest(moved.0), around_rest(moved.1))
        };
        self.outgoing.extend([5, buttons]);
        self.outgoing.extend(x.to_be_bytes());
        self.outgoing.extend(y.to_be_bytes());
    }
}

/// The pixel at a place of `0..=32767` on a side.
fn scale(place: u16, side: u16) -> u16 {
    let place = u32::from(place.min(32767));
    let pixel = (place * u32::from(side.saturating_sub(1)) + 16383) / 32767;
    u16::try_from(pixel).unwrap_or(side)
}

fn shift(from: u16, by: i8, side: u16) -> u16 {
    from.saturating_add_signed(by.into())
        .min(side.saturating_sub(1))
}

fn mask(buttons: Buttons) -> u8 {
    u8::from(buttons.left) | u8::from(buttons.middle) << 1 | u8::from(buttons.right) << 2
}
