//! How well things are, as their sensors say.

use outband_core::{
    driver::Abilities,
    events::Severity,
    sensors::{Crossed, Reading, SensorSpec, crossed},
    server::{PowerAction, PowerState, SensorEntry, ServerHandle, Snapshot},
};
use tokio::time::Instant;

use super::page::Page;

/// Redfish's `Health`, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Health {
    /// No threshold is crossed.
    Ok,
    /// Someone should look.
    Warning,
    /// There is danger.
    Critical,
}

impl Health {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "Warning",
            Self::Critical => "Critical",
        }
    }

    /// What a reading says of its sensor; nothing where it reads nothing.
    pub(super) fn of_reading(spec: &SensorSpec, reading: Reading) -> Option<Self> {
        if !matches!(reading, Reading::Analog(_)) {
            return None;
        }
        Some(
            match crossed(spec, Crossed::default(), reading).severity() {
                Severity::Ok => Self::Ok,
                Severity::Warning => Self::Warning,
                Severity::Critical => Self::Critical,
            },
        )
    }

    /// The worst that the sensors of a server that pass a test say; nothing where none reads.
    pub(super) fn of_sensors(
        server: &ServerHandle,
        now: Instant,
        passes: impl Fn(&SensorEntry) -> bool,
    ) -> Option<Self> {
        let sensors = server.sensors().iter().filter(|sensor| passes(sensor));
        sensors
            .filter_map(|sensor| Self::of_reading(&sensor.spec, server.read_sensor(sensor, now)))
            .max()
    }
}

/// Writes a `Status`. What isn't known is left out.
pub(super) fn status(page: &mut Page, state: Option<&str>, health: Option<Health>) {
    page.object("Status", |page| {
        page.maybe("State", state);
        page.maybe("Health", health.map(Health::word));
    });
}

/// The `State` of a server: what is sensed, and what is under way.
pub(super) fn server_state(snapshot: &Snapshot) -> Option<&'static str> {
    match (snapshot.power, power_state(snapshot)) {
        (_, Some("PoweringOn")) => Some("Starting"),
        (PowerState::On, _) => Some("Enabled"),
        (PowerState::Off, _) => Some("StandbyOffline"),
        (PowerState::Unknown, _) => None,
    }
}

/// The `PowerState` of a server: what is sensed; `None` where nothing senses it. That a server is on
/// its way is only said of what can't fail by its system's will: one that was asked to shut down is
/// on until it is off.
pub(super) fn power_state(snapshot: &Snapshot) -> Option<&'static str> {
    let pending = snapshot.pending.map(|pending| pending.action);
    match (snapshot.power, pending) {
        (PowerState::Off, Some(PowerAction::On)) => Some("PoweringOn"),
        (PowerState::On, Some(PowerAction::Off)) => Some("PoweringOff"),
        (PowerState::On, _) => Some("On"),
        (PowerState::Off, _) => Some("Off"),
        (PowerState::Unknown, _) => None,
    }
}

/// Writes the `PowerState` of what has a power part: `null` where nothing senses it.
pub(super) fn write_power(page: &mut Page, snapshot: &Snapshot, abilities: &Abilities) {
    if !abilities.has_power {
        return;
    }
    match power_state(snapshot) {
        Some(state) => page.text("PowerState", state),
        None => page.null("PowerState"),
    }
}

#[cfg(test)]
mod tests {
    use outband_core::sensors::{SensorKind, Thresholds};

    use super::*;

    fn temperature() -> SensorSpec {
        SensorSpec {
            thresholds: Thresholds {
                lower_critical: Some(5.0),
                upper_caution: Some(80.0),
                upper_critical: Some(90.0),
                upper_fatal: Some(100.0),
                ..Thresholds::default()
            },
            ..SensorSpec::new("cpu", SensorKind::Temperature, 0.0..=127.0)
        }
    }

    #[test]
    fn a_reading_is_as_bad_as_the_threshold_it_crossed() {
        use Health::{Critical, Ok, Warning};
        for (value, health) in [
            (5.0, Critical),
            (5.1, Ok),
            (79.9, Ok),
            (80.0, Warning),
            (90.0, Critical),
            (120.0, Critical),
        ] {
            let said = Health::of_reading(&temperature(), Reading::Analog(value));
            assert_eq!(said, Some(health), "{value}");
        }
        assert_eq!(Health::of_reading(&temperature(), Reading::Unknown), None);
    }

    #[test]
    fn the_worst_counts() {
        assert!(Health::Ok < Health::Warning && Health::Warning < Health::Critical);
    }

    #[test]
    fn a_status_says_what_is_known() {
        let mut page = Page::bare();
        status(&mut page, None, Some(Health::Warning));
        assert_eq!(page.bare_bytes(), br#"{"Status":{"Health":"Warning"}}"#);
    }
}
