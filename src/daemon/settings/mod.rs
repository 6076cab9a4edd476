//! Typed settings, their defaults, and where each value came from.
//!
//! [`layers`] reads TOML files and remembers where each key stood; [`load`] puts defaults, the
//! main file, `conf.d/*.toml` and flags above one another and makes [`Settings`] of them; [`check`]
//! looks at what no single value shows; [`show`] says what is in force and why. Every key stands in
//! the commented default file `config/outband.toml`, and a test of the house proves it.
//!
//! Secrets never stand in the settings: at most the name of a file that holds one.

mod address;
mod check;
mod diff;
mod duration;
mod key;
pub mod layers;
pub mod load;
mod problem;
pub mod profile;
mod qemu;
mod server;
mod service;
mod show;
mod size;
mod unit;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use address::{Address, BadAddress};
pub use diff::{changed_keys, changes_of};
pub use duration::{BadTime, Time};
pub use key::{KeyPath, Step};
pub use load::{Loaded, load, load_layers};
pub use problem::{Problem, Problems, Source};
pub use server::{DriverName, FaultSetting, Part, Server, ServerListen, Sim, Start};
pub use service::{Http, Https, Ipmi, PlainHttp, Service, Switch};
pub use show::show;
pub use size::{BadSize, Bytes};

/// Where the settings stand unless `--config` says otherwise.
pub const DEFAULT_FILE: &str = "/etc/outband/outband.toml";

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Accounts and sessions.
    pub access: Access,
    /// What is kept, and where.
    pub state: State,
    /// The ways in.
    pub service: Service,
    /// How much may be asked at once.
    pub limits: Limits,
    /// The managed servers.
    pub server: Vec<Server>,
}

/// `[access]`: accounts and sessions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Access {
    /// Whether accounts are asked for at all; off makes every visitor an Administrator over HTTPS.
    pub enabled: bool,
    /// A session ends after so long without a request: 30 s to 24 h (DSP0266 section 13.3.3).
    pub session_idle: Time,
    /// A session ends after so long in any case.
    pub session_absolute: Time,
    /// How many sessions there may be at once.
    pub sessions_max: u16,
    /// A file with the first Administrator's password, for unattended set-up.
    pub first_password_file: Option<PathBuf>,
}

impl Default for Access {
    fn default() -> Self {
        Self {
            enabled: true,
            session_idle: Time::seconds(30 * 60),
            session_absolute: Time::seconds(24 * 60 * 60),
            sessions_max: 1024,
            first_password_file: None,
        }
    }
}

/// `[state]`: what is kept, and where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct State {
    /// The folder; `None`, written `"memory"`, keeps nothing once the daemon ends.
    #[serde(with = "folder")]
    pub dir: Option<PathBuf>,
    /// How many bytes of events are kept; the oldest go.
    pub events_max: Bytes,
}

impl Default for State {
    fn default() -> Self {
        Self {
            dir: Some("/var/lib/outband".into()),
            events_max: Bytes::mib(16),
        }
    }
}

/// `[limits]`: how much may be asked at once. A connection too many is closed at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Connections in total.
    pub connections: u32,
    /// Connections from one address.
    pub connections_per_address: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1024,
            connections_per_address: 128,
        }
    }
}

/// `"memory"` or a path, for [`State::dir`].
mod folder {
    use std::path::PathBuf;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(
        dir: &Option<PathBuf>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match dir {
            Some(path) => serializer.collect_str(&path.display()),
            None => serializer.serialize_str("memory"),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<PathBuf>, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.as_str() {
            "memory" => Ok(None),
            "" => Err(D::Error::custom("empty; write a folder or \"memory\"")),
            _ => Ok(Some(text.into())),
        }
    }
}
