//! RMCP+ and RAKP status codes (table 13-15).

/// How a step of the setup went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Status(pub u8);

impl Status {
    /// No errors.
    pub const OK: Self = Self(0x00);
    /// Insufficient resources to create a session: try again later.
    pub const RESOURCES: Self = Self(0x01);
    /// The session id is none.
    pub const INVALID_SESSION: Self = Self(0x02);
    /// The role is none.
    pub const INVALID_ROLE: Self = Self(0x09);
    /// The role or privilege level that was asked for is more than the user has.
    pub const UNAUTHORIZED_ROLE: Self = Self(0x0A);
    /// The name is longer than it may be, or than its message.
    pub const NAME_LENGTH: Self = Self(0x0C);
    /// No such user may log in.
    pub const UNAUTHORIZED_NAME: Self = Self(0x0D);
    /// The integrity check value is wrong.
    pub const INTEGRITY: Self = Self(0x0F);
    /// No cipher suite has these algorithms.
    pub const NO_SUITE: Self = Self(0x11);
    /// A parameter makes no sense.
    pub const PARAMETER: Self = Self(0x12);
}
