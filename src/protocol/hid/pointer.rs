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
