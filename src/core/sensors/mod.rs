//! Sensors: what they are, what they read, and which threshold a reading has crossed.

mod factors;
mod monitor;
mod thresholds;

pub use factors::Factors;
pub use monitor::{Monitor, TICK};
pub use thresholds::{Crossed, Threshold, crossed};

use std::{ops::RangeInclusive, sync::Arc};

use serde::{Deserialize, Serialize};

/// What a sensor measures (IPMI 2.0 table 42-3, Redfish `ReadingType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SensorKind {
    /// Degrees Celsius (sensor type 01h).
    Temperature,
    /// Volts (02h).
    Voltage,
    /// Amperes (03h).
    Current,
    /// Revolutions per minute (04h).
    Fan,
    /// Watts (0Bh, other units-based).
    Power,
    /// Percent of something: load, duty (0Bh).
    Percent,
    /// Megabytes (10^6 bytes) a second (0Bh).
    DataRate,
}

impl SensorKind {
    /// The sensor type (IPMI 2.0 table 42-3).
    #[must_use]
    pub const fn sensor_type(self) -> u8 {
        match self {
            Self::Temperature => 0x01,
            Self::Voltage => 0x02,
            Self::Current => 0x03,
            Self::Fan => 0x04,
            Self::Power | Self::Percent | Self::DataRate => 0x0B,
        }
    }

    /// The unit, as people write it.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Temperature => "°C",
            Self::Voltage => "V",
            Self::Current => "A",
            Self::Fan => "RPM",
            Self::Power => "W",
            Self::Percent => "%",
            Self::DataRate => "MB/s",
        }
    }
}

/// What a sensor sits on (IPMI 2.0 table 43-13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entity {
    /// Entity id: 3 processor, 7 system board, 8 memory module, 10 power supply, 29 fan, 37 inlet...
    pub id: u8,
    /// Which of them, from 1.
    pub instance: u8,
}

/// Bounds that mean something when a reading crosses them, in the sensor's unit.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Thresholds {
    /// Below it all is lost.
    pub lower_fatal: Option<f64>,
    /// Below it there is danger.
    pub lower_critical: Option<f64>,
    /// Below it someone should look.
    pub lower_caution: Option<f64>,
    /// Above it someone should look.
    pub upper_caution: Option<f64>,
    /// Above it there is danger.
    pub upper_critical: Option<f64>,
    /// Above it all is lost.
    pub upper_fatal: Option<f64>,
}

/// One sensor, as every service describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct SensorSpec {
    /// Its stable id within the server: `cpu1-temp`; letters, digits and dashes.
    pub id: Arc<str>,
    /// Its name, at most 16 bytes (an SDR's limit).
    pub name: Arc<str>,
    /// What it sits on.
    pub entity: Entity,
    /// What it measures; the unit follows from it.
    pub kind: SensorKind,
    /// The lowest reading it can give.
    pub min: f64,
    /// The highest reading it can give.
    pub max: f64,
    /// How far a reading may be off, in the unit.
    pub accuracy: f64,
    /// The thresholds.
    pub thresholds: Thresholds,
    /// How far a reading must come back before a threshold counts as left.
    pub hysteresis: f64,
    /// Whether it reads only while the server is on.
    pub needs_power: bool,
}

impl SensorSpec {
    /// A sensor of the system board that is named as it is called, reads whether the server is on
    /// or off, is exact and has no thresholds. `range`: the lowest and the highest reading.
    #[must_use]
    pub fn new(id: &str, kind: SensorKind, range: RangeInclusive<f64>) -> Self {
        Self {
            id: id.into(),
            name: id.into(),
            entity: Entity { id: 7, instance: 1 },
            kind,
            min: *range.start(),
            max: *range.end(),
            accuracy: 0.0,
            thresholds: Thresholds::default(),
            hysteresis: 0.0,
            needs_power: false,
        }
    }
}

/// What a sensor reads.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reading {
    /// A measured value in the sensor's unit.
    Analog(f64),
    /// A set of states, one bit each (IPMI 2.0 table 42-2 and 42-3).
    Discrete(u16),
    /// Nothing can be said now.
    Unknown,
}
