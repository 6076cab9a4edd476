//! Keyboard usages, the set of keys that are held, and the LEDs a host switches.

/// A usage of the Keyboard/Keypad page (07h), `0x04..=0xE7`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Usage(u8);

macro_rules! usages {
    ($($name:ident = $value:expr, $doc:literal;)*) => {
        impl Usage { $(#[doc = $doc] pub const $name: Self = Self($value);)* }
    };
}

usages! {
    A = 0x04, "Keyboard a and A; the letters follow in order.";
    Z = 0x1D, "Keyboard z and Z.";
    DIGIT_1 = 0x1E, "Keyboard 1 and !; the digits follow in order, 0 last.";
    DIGIT_0 = 0x27, "Keyboard 0 and ).";
    ENTER = 0x28, "Keyboard Return.";
    ESCAPE = 0x29, "Keyboard Escape.";
    BACKSPACE = 0x2A, "Keyboard Delete (Backspace).";
    TAB = 0x2B, "Keyboard Tab.";
    SPACE = 0x2C, "Keyboard space bar.";
    CAPS_LOCK = 0x39, "Keyboard Caps Lock.";
    F1 = 0x3A, "Keyboard F1; F2 to F12 follow in order.";
    F12 = 0x45, "Keyboard F12.";
    SCROLL_LOCK = 0x47, "Keyboard Scroll Lock.";
    HOME = 0x4A, "Keyboard Home.";
    PAGE_UP = 0x4B, "Keyboard Page Up.";
    DELETE = 0x4C, "Keyboard Delete (Forward).";
    END = 0x4D, "Keyboard End.";
    PAGE_DOWN = 0x4E, "Keyboard Page Down.";
    RIGHT = 0x4F, "Keyboard right arrow.";
    LEFT = 0x50, "Keyboard left arrow.";
    DOWN = 0x51, "Keyboard down arrow.";
    UP = 0x52, "Keyboard up arrow.";
    NUM_LOCK = 0x53, "Keypad Num Lock and Clear.";
    LEFT_CONTROL = 0xE0, "Keyboard left Control; the other modifiers follow in order.";
    LEFT_SHIFT = 0xE1, "Keyboard left Shift.";
    LEFT_ALT = 0xE2, "Keyboard left Alt.";
    LEFT_GUI = 0xE3, "Keyboard left GUI.";
    RIGHT_CONTROL = 0xE4, "Keyboard right Control.";
    RIGHT_SHIFT = 0xE5, "Keyboard right Shift.";
    RIGHT_ALT = 0xE6, "Keyboard right Alt.";
    RIGHT_GUI = 0xE7, "Keyboard right GUI.";
}

impl Usage {
    /// The usage with this number, or `None` outside `0x04..=0xE7`.
    #[must_use]
    pub const fn new(usage: u8) -> Option<Self> {
        if usage >= 0x04 && usage <= 0xE7 {
            Some(Self(usage))
        } else {
            None
        }
    }

    /// The number of the usage.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }

    /// Whether this is one of the eight modifier keys (E0h to E7h).
    #[must_use]
    pub const fn is_modifier(self) -> bool {
        self.0 >= 0xE0
    }
}

/// The set of keys that are held, as a viewer states it and a driver carries it out.
///
/// A whole set rather than press and release events: a lost message can't leave a key stuck.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HeldKeys([u64; 4]);

impl HeldKeys {
    /// No key held.
    pub const NONE: Self = Self([0; 4]);

    /// Adds a key to the set.
    pub const fn press(&mut self, key: Usage) {
        self.0[(key.0 >> 6) as usize] |= 1 << (key.0 & 63);
    }

    /// Takes a key out of the set.
    pub const fn release(&mut self, key: Usage) {
        self.0[(key.0 >> 6) as usize] &= !(1 << (key.0 & 63));
    }

    /// Whether a key is held.
    #[must_use]
    pub const fn holds(&self, key: Usage) -> bool {
        self.0[(key.0 >> 6) as usize] & (1 << (key.0 & 63)) != 0
    }

    /// Whether nothing is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0 == [0; 4]
    }

    /// The keys that are held here or there.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] | other.0[at]))
    }

    /// The keys that are held here and there.
    #[must_use]
    pub fn in_common(self, other: Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] & other.0[at]))
    }

    /// The keys that are held here and not there.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] & !other.0[at]))
    }

    /// The held keys in ascending order of usage.
    pub fn iter(&self) -> impl Iterator<Item = Usage> + '_ {
        (0x04..=0xE7u8).map(Usage).filter(|key| self.holds(*key))
    }

    /// The keys that are held here and were not held in `before`, in ascending order.
    pub fn newly_held(&self, before: &Self) -> impl Iterator<Item = Usage> {
        let (now, before) = (*self, *before);
        (0x04..=0xE7u8)
            .map(Usage)
            .filter(move |key| now.holds(*key) && !before.holds(*key))
    }
}

impl FromIterator<Usage> for HeldKeys {
    fn from_iter<T: IntoIterator<Item = Usage>>(keys: T) -> Self {
        let mut held = Self::NONE;
        for key in keys {
            held.press(key);
        }
        held
    }
}

/// The keyboard LEDs that a host switches (HID 1.11 appendix B.1, output report).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Leds {
    /// Num Lock (bit 0 of the report).
    pub num_lock: bool,
    /// Caps Lock (bit 1).
    pub caps_lock: bool,
    /// Scroll Lock (bit 2).
    pub scroll_lock: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_pressed_until_it_is_released() {
        let mut held: HeldKeys = [Usage::A, Usage::RIGHT_GUI].into_iter().collect();
        assert!(held.holds(Usage::A) && held.holds(Usage::RIGHT_GUI) && !held.holds(Usage::Z));
        held.release(Usage::A);
        assert_eq!(held.iter().collect::<Vec<_>>(), [Usage::RIGHT_GUI]);
    }

    #[test]
    fn sets_are_joined_met_and_taken_from_each_other() {
        let set = |keys: &[Usage]| keys.iter().copied().collect::<HeldKeys>();
        let left = set(&[Usage::A, Usage::LEFT_SHIFT]);
        let right = set(&[Usage::LEFT_SHIFT, Usage::Z]);
        let all = set(&[Usage::A, Usage::Z, Usage::LEFT_SHIFT]);
        assert_eq!(left.with(right), all);
        assert_eq!(left.in_common(right), set(&[Usage::LEFT_SHIFT]));
        assert_eq!(left.without(right), set(&[Usage::A]));
    }

    #[test]
    fn only_what_was_not_held_before_is_newly_held() {
        let before: HeldKeys = [Usage::LEFT_SHIFT].into_iter().collect();
        let now: HeldKeys = [Usage::LEFT_SHIFT, Usage::A].into_iter().collect();
        assert_eq!(now.newly_held(&before).collect::<Vec<_>>(), [Usage::A]);
    }

    #[test]
    fn usages_outside_the_page_are_refused() {
        assert_eq!(Usage::new(0x03), None);
        assert_eq!(Usage::new(0xE8), None);
        assert_eq!(Usage::new(0xE7), Some(Usage::RIGHT_GUI));
    }
}
