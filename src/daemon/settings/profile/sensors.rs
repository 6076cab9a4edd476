//! A profile's sensors: what they are, and how their readings follow power and load.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use outband_core::sensors::{Entity, SensorKind, SensorSpec, Thresholds};
use serde::Deserialize;

use super::value;

/// The sensors of a server.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Vec<Written>")]
pub struct Sensors {
    /// What they are.
    pub specs: Arc<[SensorSpec]>,
    /// How their readings come about, in the same order.
    pub curves: Arc<[Curve]>,
}

impl Default for Sensors {
    fn default() -> Self {
        Self {
            specs: Arc::from([]),
            curves: Arc::from([]),
        }
    }
}

/// How a reading follows power and load: it approaches a goal as a capacitor does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curve {
    /// The goal while the server is off.
    pub off: f64,
    /// Where it is at once when power comes on: a fan spins up at full speed. `None` for where it
    /// was.
    pub start: Option<f64>,
    /// The goal while it is on and idle.
    pub idle: f64,
    /// The goal under full load.
    pub full: f64,
    /// The time in which the distance to the goal falls to 37 %; zero jumps there.
    pub tau: Duration,
    /// How far it wavers around that.
    pub ripple: f64,
    /// What readings are a multiple of.
    pub step: f64,
}

/// A sensor, as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    name: String,
    entity: Entity,
    kind: SensorKind,
    min: f64,
    max: f64,
    accuracy: f64,
    #[serde(default)]
    lower: Bounds,
    #[serde(default)]
    upper: Bounds,
    hysteresis: f64,
    needs_power: bool,
    off: Option<f64>,
    start: Option<f64>,
    idle: f64,
    full: f64,
    #[serde(default, with = "value::duration")]
    tau: Duration,
    #[serde(default)]
    ripple: f64,
    step: f64,
}

/// Thresholds on one side.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Bounds {
    caution: Option<f64>,
    critical: Option<f64>,
    fatal: Option<f64>,
}

/// The most sensors a server may have: sensor numbers are 1 to 254 (IPMI 2.0 section 33).
const SENSORS_MAX: usize = 254;

impl TryFrom<Vec<Written>> for Sensors {
    type Error = String;

    fn try_from(written: Vec<Written>) -> Result<Self, String> {
        if written.len() > SENSORS_MAX {
            return Err(format!("at most {SENSORS_MAX} sensors"));
        }
        let mut ids = BTreeSet::new();
        for sensor in &written {
            sensor
                .check()
                .map_err(|why| format!("sensor `{}`: {why}", sensor.id.escape_debug()))?;
            if !ids.insert(sensor.id.as_str()) {
                return Err(format!("there are two sensors `{}`", sensor.id));
            }
        }
        Ok(Self {
            specs: written.iter().map(Written::spec).collect(),
            curves: written.iter().map(Written::curve).collect(),
        })
    }
}

impl Written {
    fn check(&self) -> Result<(), &'static str> {
        let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if self.id.is_empty() || self.id.len() > 32 || !self.id.bytes().all(letter) {
            return Err("an id is 1 to 32 small letters, digits and dashes");
        }
        if self.name.is_empty() || self.name.len() > 16 || !self.name.is_ascii() {
            return Err("a name is 1 to 16 ASCII characters");
        }
        let in_range = |value: f64| (self.min..=self.max).contains(&value);
        let goals = [Some(self.idle), Some(self.full), self.off, self.start];
        if !goals.into_iter().flatten().all(in_range) {
            return Err("off, start, idle and full are within min and max");
        }
        let positive = |value: f64| value.is_finite() && value >= 0.0;
        if !positive(self.ripple) || !positive(self.accuracy) || !positive(self.hysteresis) {
            return Err("ripple, accuracy and hysteresis are not negative");
        }
        if !self.step.is_finite() || self.step <= 0.0 {
            return Err("step is greater than zero");
        }
        Ok(())
    }

    fn spec(&self) -> SensorSpec {
        SensorSpec {
            id: self.id.as_str().into(),
            name: self.name.as_str().into(),
            entity: self.entity,
            kind: self.kind,
            min: self.min,
            max: self.max,
            accuracy: self.accuracy,
            thresholds: Thresholds {
                lower_fatal: self.lower.fatal,
                lower_critical: self.lower.critical,
                lower_caution: self.lower.caution,
                upper_caution: self.upper.caution,
                upper_critical: self.upper.critical,
                upper_fatal: self.upper.fatal,
            },
            hysteresis: self.hysteresis,
            needs_power: self.needs_power,
        }
    }

    fn curve(&self) -> Curve {
        Curve {
            off: self.off.unwrap_or(self.idle),
            start: self.start,
            idle: self.idle,
            full: self.full,
            tau: self.tau,
            ripple: self.ripple,
            step: self.step,
        }
    }
}
