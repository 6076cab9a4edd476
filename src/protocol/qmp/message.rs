//! What the server sends, as it stands on the wire.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use super::Timestamp;

/// QEMU's version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub struct QemuVersion {
    /// The first number.
    pub major: u32,
    /// The second.
    pub minor: u32,
    /// The third.
    pub micro: u32,
}

impl fmt::Display for QemuVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.micro)
    }
}

/// What the server says first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Greeting {
    /// Its version.
    pub version: QemuVersion,
    /// What a distribution calls the build.
    pub package: Box<str>,
    /// The capabilities that it offers: `oob`.
    pub capabilities: Vec<Box<str>>,
}

/// A command was answered with an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{description}")]
pub struct Refusal {
    /// QEMU's class of it: `GenericError`, `DeviceNotFound`, ...
    pub class: Box<str>,
    /// For people.
    pub description: Box<str>,
}

/// Any message of the server.
#[derive(Deserialize)]
pub(super) struct Message {
    #[serde(rename = "QMP")]
    pub(super) qmp: Option<Qmp>,
    pub(super) event: Option<Box<str>>,
    #[serde(default)]
    pub(super) data: Value,
    pub(super) timestamp: Option<Stamp>,
    pub(super) id: Option<Value>,
    pub(super) error: Option<WireError>,
    /// `Some(Null)` for a `null` that is there.
    #[serde(rename = "return", default, deserialize_with = "present")]
    pub(super) returned: Option<Value>,
}

fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

#[derive(Deserialize)]
pub(super) struct Qmp {
    version: Versions,
    #[serde(default)]
    capabilities: Vec<Value>,
}

#[derive(Deserialize)]
struct Versions {
    qemu: QemuVersion,
    #[serde(default)]
    package: Box<str>,
}

impl Qmp {
    pub(super) fn greeting(self) -> Greeting {
        // Capabilities are names; whatever else a later server lists is not for this client.
        let names = self.capabilities.iter().filter_map(Value::as_str);
        Greeting {
            version: self.version.qemu,
            capabilities: names.map(Box::from).collect(),
            package: self.version.package,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct WireError {
    class: Box<str>,
    #[serde(rename = "desc")]
    description: Box<str>,
}

impl WireError {
    pub(super) fn refusal(self) -> Refusal {
        Refusal {
            class: self.class,
            description: self.description,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Stamp {
    seconds: i64,
    microseconds: i64,
}

impl Stamp {
    /// Both are -1 when QEMU could not read the clock.
    pub(super) fn known(self) -> Option<Timestamp> {
        let microseconds = u32::try_from(self.microseconds).ok()?;
        (self.seconds >= 0 && microseconds < 1_000_000).then_some(Timestamp {
            seconds: self.seconds,
            microseconds,
        })
    }
}
