//! What a server is told about itself.

use std::fmt;

use super::Key;
use crate::ipmi::{Privilege, rakp::Bytes16};

/// The most sessions that a channel can have: Get Session Info counts them in 6 bits.
pub const SESSIONS_MAX: u8 = 63;

/// What a server is told about itself. It may change while sessions stand.
#[derive(Clone)]
pub struct Config {
    /// The number of the LAN channel, 1 to 11.
    pub channel: u8,
    /// The system's GUID, in the bytes and order that clients get.
    pub guid: Bytes16,
    /// The BMC's key, where logins need two keys.
    pub bmc_key: Option<Key>,
    /// Whether cipher suite 3 (SHA-1) is taken beside 17.
    pub sha1: bool,
    /// The highest privilege level of the channel.
    pub limit: Privilege,
    /// The OEM's number (3 bytes, low byte first) and auxiliary data in the answer to Get Channel
    /// Authentication Capabilities.
    pub oem: [u8; 4],
    /// The most sessions at a time, up to [`SESSIONS_MAX`].
    pub sessions: u8,
    /// The most sessions of one user at a time.
    pub sessions_of_user: u8,
}

impl Config {
    /// Channel 1, both suites, one key, 63 sessions and 32 of one user, up to Administrator.
    #[must_use]
    pub fn new(guid: Bytes16) -> Self {
        Self {
            channel: 1,
            guid,
            bmc_key: None,
            sha1: true,
            limit: Privilege::Administrator,
            oem: [0; 4],
            sessions: SESSIONS_MAX,
            sessions_of_user: 32,
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("channel", &self.channel)
            .field("guid", &self.guid)
            .field("bmc_key", &self.bmc_key.is_some())
            .field("sha1", &self.sha1)
            .field("limit", &self.limit)
            .field("oem", &self.oem)
            .field("sessions", &self.sessions)
            .field("sessions_of_user", &self.sessions_of_user)
            .finish()
    }
}
