//! Completion codes (table 5-2): the first byte of every response.

use std::fmt;

/// A completion code. The constants are the generic ones; 01h to 7Eh are an OEM's, 80h to BEh a
/// command's own.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Completion(pub u8);

impl Completion {
    /// Completed normally.
    pub const OK: Self = Self(0x00);
    /// Node busy: resend later.
    pub const NODE_BUSY: Self = Self(0xC0);
    /// The command is unknown.
    pub const INVALID_COMMAND: Self = Self(0xC1);
    /// The command is unknown for this LUN.
    pub const INVALID_FOR_LUN: Self = Self(0xC2);
    /// Took too long.
    pub const TIMEOUT: Self = Self(0xC3);
    /// No space left.
    pub const OUT_OF_SPACE: Self = Self(0xC4);
    /// The reservation was cancelled, or is none.
    pub const RESERVATION_LOST: Self = Self(0xC5);
    /// The request has more data than the command takes.
    pub const TRUNCATED: Self = Self(0xC6);
    /// The length of the request's data is wrong.
    pub const LENGTH: Self = Self(0xC7);
    /// A field's limit was exceeded.
    pub const FIELD_LENGTH: Self = Self(0xC8);
    /// A parameter is out of range.
    pub const OUT_OF_RANGE: Self = Self(0xC9);
    /// So many bytes can't be returned.
    pub const TOO_MANY_BYTES: Self = Self(0xCA);
    /// The sensor, record or data isn't there.
    pub const NOT_PRESENT: Self = Self(0xCB);
    /// A field of the request is invalid.
    pub const INVALID_FIELD: Self = Self(0xCC);
    /// The command makes no sense for this sensor or record.
    pub const ILLEGAL_FOR_RECORD: Self = Self(0xCD);
    /// No response can be given.
    pub const NO_RESPONSE: Self = Self(0xCE);
    /// The same request twice.
    pub const DUPLICATE: Self = Self(0xCF);
    /// The SDR repository is being updated.
    pub const SDR_UPDATING: Self = Self(0xD0);
    /// The device is being updated.
    pub const FIRMWARE_UPDATING: Self = Self(0xD1);
    /// The BMC is starting.
    pub const STARTING: Self = Self(0xD2);
    /// The destination can't be reached.
    pub const UNREACHABLE: Self = Self(0xD3);
    /// The privilege level, or another security rule, forbids it.
    pub const PRIVILEGE: Self = Self(0xD4);
    /// Not possible in the present state.
    pub const STATE: Self = Self(0xD5);
    /// A sub-function is disabled or absent.
    pub const DISABLED: Self = Self(0xD6);
    /// Something else went wrong.
    pub const UNSPECIFIED: Self = Self(0xFF);
}

impl fmt::Debug for Completion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Completion({self})")
    }
}

/// As the specification writes it: `D4h`.
impl fmt::Display for Completion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02X}h", self.0)
    }
}
