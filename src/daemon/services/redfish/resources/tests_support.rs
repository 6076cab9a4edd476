//! A snapshot and a sensor to write resources from.

use std::sync::Arc;

use outband_core::{
    driver::Abilities,
    inventory::Inventory,
    sensors::{Entity, SensorKind, SensorSpec, Thresholds},
    server::{PowerState, RestartCause, RestorePolicy, Snapshot},
};

/// A server that is off and has these abilities.
pub(in super::super) fn snapshot(abilities: Abilities) -> Snapshot {
    Snapshot {
        generation: 1,
        power: PowerState::Off,
        disk_active: None,
        pending: None,
        last_outcome: None,
        restart_cause: RestartCause::Unknown,
        restarted_via: None,
        on_by_command: false,
        last_off: None,
        cycle_interval: 0,
        powered_on_minutes: 0,
        power_on_since: None,
        last_reset: None,
        restore_policy: RestorePolicy::AlwaysOff,
        boot_override: None,
        boot_options: Arc::default(),
        boot_progress: None,
        identify: None,
        asset_tag: "".into(),
        inventory: Arc::new(Inventory::default()),
        abilities: Arc::new(abilities),
    }
}

/// A fan that has a lower threshold.
pub(super) fn fan() -> SensorSpec {
    SensorSpec {
        entity: Entity {
            id: 29,
            instance: 1,
        },
        thresholds: Thresholds {
            lower_critical: Some(1040.4),
            ..Thresholds::default()
        },
        hysteresis: 160.0,
        ..SensorSpec::new("fan1", SensorKind::Fan, 0.0..=20400.0)
    }
}
