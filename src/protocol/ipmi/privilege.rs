//! Privilege levels (section 6.8): what a session may ask for.

/// A privilege level. A higher one may all that a lower one may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Privilege {
    /// May ask to be called back, and little else.
    Callback = 1,
    /// May read.
    User = 2,
    /// May control the server, but not the BMC.
    Operator = 3,
    /// May everything.
    Administrator = 4,
    /// Above all: an OEM's own. No session here reaches it.
    Oem = 5,
}

impl Privilege {
    /// The level with this number on the wire.
    #[must_use]
    pub const fn from_wire(level: u8) -> Option<Self> {
        match level {
            1 => Some(Self::Callback),
            2 => Some(Self::User),
            3 => Some(Self::Operator),
            4 => Some(Self::Administrator),
            5 => Some(Self::Oem),
            _ => None,
        }
    }

    /// Its number on the wire.
    #[must_use]
    pub const fn to_wire(self) -> u8 {
        self as u8
    }
}
