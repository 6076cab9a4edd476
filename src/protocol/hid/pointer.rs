//! Pointer reports: where the pointer is or how far it moved, its buttons, its wheel.

/// The buttons that are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Buttons {
    /// Button 1, primary.
    pub left: bool,
    /// Button 2, secondary.
    pub right: bool,
    /// Button 3, the wheel's.
    pub middle: bool,
}

impl Buttons {
    /// No button held.
    pub const NONE: Self = Self {
        left: false,
        right: false,
        middle: false,
    };

    /// The buttons that are held here and there.
    #[must_use]
    pub fn in_common(self, other: Self) -> Self {
        Self {
            left: self.left && other.left,
            right: self.right && other.right,
            middle: self.middle && other.middle,
        }
    }

    /// The buttons that are held here and not there.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self {
            left: self.left && !other.left,
            right: self.right && !other.right,
            middle: self.middle && !other.middle,
        }
    }
}

/// One report of a pointing device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pointer {
    /// An absolute position; both axes run over `0..=32767`, the whole picture.
    Absolute {
        /// From the left edge.
        x: u16,
        /// From the top edge.
        y: u16,
        /// The buttons held.
        buttons: Buttons,
        /// Wheel clicks since the last report, positive away from the user.
        wheel: i8,
    },
    /// A movement since the last report, in counts.
    Relative {
        /// To the right.
        dx: i8,
        /// Downwards.
        dy: i8,
        /// The buttons held.
        buttons: Buttons,
        /// Wheel clicks since the last report, positive away from the user.
        wheel: i8,
    },
}

impl Pointer {
    /// The buttons that it states to be held.
    #[must_use]
    pub fn buttons(&self) -> Buttons {
        match self {
            Self::Absolute { buttons, .. } | Self::Relative { buttons, .. } => *buttons,
        }
    }

    /// Whether it does more than to move the pointer: it holds a button or turns the wheel.
    #[must_use]
    pub fn acts(&self) -> bool {
        let (Self::Absolute { buttons, wheel, .. } | Self::Relative { buttons, wheel, .. }) = self;
        *buttons != Buttons::NONE || *wheel != 0
    }

    /// The same report with other buttons held.
    #[must_use]
    pub fn with_buttons(mut self, held: Buttons) -> Self {
        match &mut self {
            Self::Absolute { buttons, .. } | Self::Relative { buttons, .. } => *buttons = held,
        }
        self
    }

    /// The report that lets every button go where this one left the pointer.
    #[must_use]
    pub fn let_go(self) -> Self {
        let buttons = Buttons::NONE;
        match self {
            Self::Absolute { x, y, .. } => Self::Absolute {
                x,
                y,
                buttons,
                wheel: 0,
            },
            Self::Relative { .. } => Self::Relative {
                dx: 0,
                dy: 0,
                buttons,
                wheel: 0,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEFT: Buttons = Buttons {
        left: true,
        ..Buttons::NONE
    };
    const BOTH: Buttons = Buttons {
        right: true,
        ..LEFT
    };

    #[test]
    fn buttons_are_a_set() {
        assert_eq!(BOTH.in_common(LEFT), LEFT);
        assert_eq!(LEFT.without(BOTH), Buttons::NONE);
        assert_eq!(BOTH.without(LEFT).without(BOTH), Buttons::NONE);
    }

    #[test]
    fn buttons_are_let_go_where_the_pointer_is() {
        let at = |buttons, wheel| Pointer::Absolute {
            x: 7,
            y: 9,
            buttons,
            wheel,
        };
        assert_eq!(at(BOTH, 3).let_go(), at(Buttons::NONE, 0));
        assert_eq!(at(BOTH, 3).with_buttons(LEFT), at(LEFT, 3));
        let moved = |dx, buttons| Pointer::Relative {
            dx,
            dy: dx,
            buttons,
            wheel: 0,
        };
        assert_eq!(moved(5, LEFT).let_go(), moved(0, Buttons::NONE));
        assert_eq!(moved(5, LEFT).buttons(), LEFT);
        assert!(moved(5, LEFT).acts() && at(Buttons::NONE, -1).acts());
        assert!(!moved(5, Buttons::NONE).acts());
    }
}
