//! A snapshot to write resources from.

use std::sync::Arc;

use outband_core::{
    driver::Abilities,
    inventory::Inventory,
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
