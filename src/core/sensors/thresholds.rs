//! Which thresholds a reading has crossed, with hysteresis on the way back.

use super::{Reading, SensorSpec};
use crate::events::Severity;

/// One of a sensor's six thresholds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Threshold {
    /// Lower non-critical.
    LowerCaution,
    /// Lower critical.
    LowerCritical,
    /// Lower non-recoverable.
    LowerFatal,
    /// Upper non-critical.
    UpperCaution,
    /// Upper critical.
    UpperCritical,
    /// Upper non-recoverable.
    UpperFatal,
}

impl Threshold {
    /// Every threshold, in the order of IPMI's bits (IPMI 2.0 table 35-15, byte 4).
    pub const ALL: [Self; 6] = [
        Self::LowerCaution,
        Self::LowerCritical,
        Self::LowerFatal,
        Self::UpperCaution,
        Self::UpperCritical,
        Self::UpperFatal,
    ];

    /// Its name in events and settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LowerCaution => "lower-caution",
            Self::LowerCritical => "lower-critical",
            Self::LowerFatal => "lower-fatal",
            Self::UpperCaution => "upper-caution",
            Self::UpperCritical => "upper-critical",
            Self::UpperFatal => "upper-fatal",
        }
    }

    /// Whether readings above it (or below it) are the bad ones.
    #[must_use]
    pub const fn is_upper(self) -> bool {
        matches!(
            self,
            Self::UpperCaution | Self::UpperCritical | Self::UpperFatal
        )
    }

    /// How bad it is to have crossed it.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self {
            Self::LowerCaution | Self::UpperCaution => Severity::Warning,
            _ => Severity::Critical,
        }
    }

    /// Its event offset when it is crossed outwards (IPMI 2.0 table 42-2, type 01h: the "going low"
    /// offsets of the lower, the "going high" offsets of the upper thresholds).
    #[must_use]
    pub const fn event_offset(self) -> u8 {
        match self {
            Self::LowerCaution => 0x00,
            Self::LowerCritical => 0x02,
            Self::LowerFatal => 0x04,
            Self::UpperCaution => 0x07,
            Self::UpperCritical => 0x09,
            Self::UpperFatal => 0x0B,
        }
    }

    /// Its value in a sensor, where the sensor has it.
    #[must_use]
    pub const fn of(self, spec: &SensorSpec) -> Option<f64> {
        match self {
            Self::LowerCaution => spec.thresholds.lower_caution,
            Self::LowerCritical => spec.thresholds.lower_critical,
            Self::LowerFatal => spec.thresholds.lower_fatal,
            Self::UpperCaution => spec.thresholds.upper_caution,
            Self::UpperCritical => spec.thresholds.upper_critical,
            Self::UpperFatal => spec.thresholds.upper_fatal,
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// The thresholds that are crossed now, one bit each in the order of [`Threshold::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Crossed(pub u8);

impl Crossed {
    /// Whether a threshold is crossed.
    #[must_use]
    pub const fn has(self, threshold: Threshold) -> bool {
        self.0 & threshold.bit() != 0
    }

    /// How bad it all is.
    #[must_use]
    pub fn severity(self) -> Severity {
        Threshold::ALL
            .into_iter()
            .filter(|threshold| self.has(*threshold))
            .map(Threshold::severity)
            .max()
            .unwrap_or(Severity::Ok)
    }

    /// What became crossed (`true`) or was left (`false`) since `before`.
    pub fn changes(self, before: Self) -> impl Iterator<Item = (Threshold, bool)> {
        Threshold::ALL
            .into_iter()
            .filter(move |threshold| self.has(*threshold) != before.has(*threshold))
            .map(move |threshold| (threshold, self.has(threshold)))
    }
}

/// What is crossed after this reading, given what was crossed before it.
///
/// A threshold is crossed when the reading reaches it, and left when the reading has come back by
/// more than the hysteresis. An unknown reading crosses nothing.
#[must_use]
pub fn crossed(spec: &SensorSpec, before: Crossed, reading: Reading) -> Crossed {
    let Reading::Analog(value) = reading else {
        return Crossed::default();
    };
    let mut after = Crossed::default();
    for threshold in Threshold::ALL {
        let Some(bound) = threshold.of(spec) else {
            continue;
        };
        let back = if before.has(threshold) {
            spec.hysteresis
        } else {
            0.0
        };
        let over = if threshold.is_upper() {
            value >= bound - back
        } else {
            value <= bound + back
        };
        if over {
            after.0 |= threshold.bit();
        }
    }
    after
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sensors::{SensorKind, Thresholds};

    fn spec() -> SensorSpec {
        SensorSpec {
            thresholds: Thresholds {
                lower_caution: Some(5.0),
                upper_caution: Some(80.0),
                upper_critical: Some(90.0),
                ..Thresholds::default()
            },
            hysteresis: 3.0,
            ..SensorSpec::new("cpu", SensorKind::Temperature, 0.0..=127.0)
        }
    }

    #[test]
    fn a_threshold_is_left_only_when_the_reading_came_back_by_the_hysteresis() {
        let spec = spec();
        let mut state = Crossed::default();
        let mut seen = Vec::new();
        for value in [79.0, 80.0, 78.0, 77.5, 76.0, 91.0, 40.0] {
            let next = crossed(&spec, state, Reading::Analog(value));
            seen.push((value, next.changes(state).collect::<Vec<_>>()));
            state = next;
        }
        let caution = Threshold::UpperCaution;
        let critical = Threshold::UpperCritical;
        assert_eq!(
            seen,
            [
                (79.0, vec![]),
                (80.0, vec![(caution, true)]),
                (78.0, vec![]),
                (77.5, vec![]),
                (76.0, vec![(caution, false)]),
                (91.0, vec![(caution, true), (critical, true)]),
                (40.0, vec![(caution, false), (critical, false)]),
            ]
        );
    }

    #[test]
    fn the_worst_crossed_threshold_says_how_bad_it_is() {
        let spec = spec();
        let at = |value| crossed(&spec, Crossed::default(), Reading::Analog(value)).severity();
        assert_eq!(at(20.0), Severity::Ok);
        assert_eq!(at(4.0), Severity::Warning);
        assert_eq!(at(95.0), Severity::Critical);
        assert_eq!(
            crossed(&spec, Crossed(0x3F), Reading::Unknown).severity(),
            Severity::Ok
        );
    }
}
