//! Faults that can be set on a simulated server: named, scoped, repeatable.
//!
//! Each server has one board. Drivers ask it about the faults they carry out (a deaf power button);
//! services ask it about those of their door (answer 503 for a while). Whether a fault may be set
//! stands in [`crate::driver::Abilities::faults`].

mod board;
mod form;

pub use board::FaultBoard;

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

/// A fault's kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// The operating system ignores the power button's short press.
    DeafSoftOff,
    /// The firmware takes much longer than the profile says.
    SlowPost,
    /// The power light stays dark while the server runs.
    DeadPowerLed,
    /// The screen's output carries nothing.
    NoSignal,
    /// The reset line does nothing.
    StuckReset,
    /// A sensor reads a given value.
    SensorValue,
    /// An entry appears in the system event log.
    SelEntry,
    /// IPMI datagrams are answered late.
    LateDatagrams,
    /// IPMI datagrams are lost.
    LostDatagrams,
    /// HTTP requests for this server are answered with 503.
    HttpUnavailable,
}

impl FaultKind {
    /// The kinds that the services carry out for a simulated server, which only its driver knows to be
    /// one. A kind stands here once its service does it.
    pub const AT_THE_DOORS: [Self; 3] = [
        Self::HttpUnavailable,
        Self::LateDatagrams,
        Self::LostDatagrams,
    ];

    /// Its name, as settings, command line and native API spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DeafSoftOff => "deaf-soft-off",
            Self::SlowPost => "slow-post",
            Self::DeadPowerLed => "dead-power-led",
            Self::NoSignal => "no-signal",
            Self::StuckReset => "stuck-reset",
            Self::SensorValue => "sensor-value",
            Self::SelEntry => "sel-entry",
            Self::LateDatagrams => "late-datagrams",
            Self::LostDatagrams => "lost-datagrams",
            Self::HttpUnavailable => "http-unavailable",
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A fault, as it is set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", from = "form::Form")]
pub enum Fault {
    /// [`FaultKind::DeafSoftOff`].
    DeafSoftOff,
    /// [`FaultKind::SlowPost`]: how many times as long, 2 to 1000.
    SlowPost {
        /// The factor.
        factor: u32,
    },
    /// [`FaultKind::DeadPowerLed`].
    DeadPowerLed,
    /// [`FaultKind::NoSignal`].
    NoSignal,
    /// [`FaultKind::StuckReset`].
    StuckReset,
    /// [`FaultKind::SensorValue`].
    SensorValue {
        /// The sensor's id, 1 to 64 bytes.
        sensor: String,
        /// What it reads, in its unit, finite; `null` for unknown.
        value: Option<f64>,
    },
    /// [`FaultKind::SelEntry`]: happens once, at once; a scope means nothing for it.
    SelEntry {
        /// The sensor's type (IPMI 2.0 table 42-3).
        sensor_type: u8,
        /// The sensor's number.
        sensor_number: u8,
        /// The event/reading type, 7 bits (table 42-1).
        event_type: u8,
        /// Event data 1 to 3.
        data: [u8; 3],
    },
    /// [`FaultKind::LateDatagrams`].
    LateDatagrams {
        /// By how many milliseconds at most, 1 to 60,000.
        by_ms: u32,
    },
    /// [`FaultKind::LostDatagrams`].
    LostDatagrams,
    /// [`FaultKind::HttpUnavailable`].
    HttpUnavailable,
}

/// How often and how long a fault strikes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FaultScope {
    /// Ends by itself after so many seconds (1 to 86,400).
    pub seconds: Option<u32>,
    /// Ends by itself after it struck so many times (1 to 1,000,000).
    pub times: Option<u32>,
    /// Strikes on so many of a hundred occasions (1 to 100).
    pub percent: u8,
    /// Makes which occasions those are the same each time.
    pub seed: u64,
}

impl Default for FaultScope {
    fn default() -> Self {
        Self {
            seconds: None,
            times: None,
            percent: 100,
            seed: 0,
        }
    }
}

impl FaultScope {
    /// How long the fault lasts.
    #[must_use]
    pub fn duration(&self) -> Option<Duration> {
        self.seconds
            .map(|seconds| Duration::from_secs(seconds.into()))
    }
}

impl Fault {
    /// The fault's kind.
    #[must_use]
    pub const fn kind(&self) -> FaultKind {
        match self {
            Self::DeafSoftOff => FaultKind::DeafSoftOff,
            Self::SlowPost { .. } => FaultKind::SlowPost,
            Self::DeadPowerLed => FaultKind::DeadPowerLed,
            Self::NoSignal => FaultKind::NoSignal,
            Self::StuckReset => FaultKind::StuckReset,
            Self::SensorValue { .. } => FaultKind::SensorValue,
            Self::SelEntry { .. } => FaultKind::SelEntry,
            Self::LateDatagrams { .. } => FaultKind::LateDatagrams,
            Self::LostDatagrams => FaultKind::LostDatagrams,
            Self::HttpUnavailable => FaultKind::HttpUnavailable,
        }
    }

    /// Whether its values and those of its scope are what they may be.
    ///
    /// # Errors
    /// [`FaultRefused::Invalid`] with the first that is not.
    pub fn check(&self, scope: &FaultScope) -> Result<(), FaultRefused> {
        let invalid = |what, why| Err(FaultRefused::Invalid { what, why });
        match self {
            Self::SlowPost { factor } if !(2..=1000).contains(factor) => {
                return invalid("factor", "must be 2 to 1000");
            }
            Self::SensorValue { sensor, .. } if !(1..=64).contains(&sensor.len()) => {
                return invalid("sensor", "must be 1 to 64 bytes long");
            }
            Self::SensorValue { value, .. } if value.is_some_and(|value| !value.is_finite()) => {
                return invalid("value", "must be a finite number or null");
            }
            Self::SelEntry { event_type, .. } if *event_type > 0x7F => {
                return invalid("event_type", "must be 0 to 127");
            }
            Self::SelEntry { .. } if *scope != FaultScope::default() => {
                return invalid("scope", "means nothing for an entry, which happens once");
            }
            Self::LateDatagrams { by_ms } if !(1..=60_000).contains(by_ms) => {
                return invalid("by_ms", "must be 1 to 60,000");
            }
            _ => {}
        }
        if !(1..=100).contains(&scope.percent) {
            return invalid("percent", "must be 1 to 100");
        }
        if scope.seconds.is_some_and(|s| !(1..=86_400).contains(&s)) {
            return invalid("seconds", "must be 1 to 86,400");
        }
        if scope.times.is_some_and(|n| !(1..=1_000_000).contains(&n)) {
            return invalid("times", "must be 1 to 1,000,000");
        }
        Ok(())
    }
}

/// A fault on the board.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ActiveFault {
    /// Its number, for clearing it.
    pub id: u64,
    /// What it is.
    #[serde(flatten)]
    pub fault: Fault,
    /// How often and how long it strikes.
    pub scope: FaultScope,
    /// How many times it struck.
    pub struck: u64,
}

/// Why a fault was not set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultRefused {
    /// The driver can't carry it out.
    #[error("this server can't have the fault `{0}`")]
    Unsupported(FaultKind),
    /// The server has no sensor of this id.
    #[error("sensor: this server has no sensor `{0}`")]
    NoSensor(Box<str>),
    /// A value is outside what it may be.
    #[error("{what}: {why}")]
    Invalid {
        /// Which.
        what: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// There are as many faults as there may be.
    #[error("there are as many faults as there may be ({0})")]
    Full(usize),
}
