//! The gate with what it stands on: the same for the daemon and for orders that come without one.

use std::sync::Arc;

use outband_core::{
    access::{Gate, Policy, gate::GateHost},
    events::{EventLog, EventLogSettings},
    host::HostFault,
};

use crate::{host::Host, settings::Access};

/// Opens the event log, of which `log_bytes` are kept, and the gate, which writes to it.
///
/// # Errors
/// [`HostFault`], one sentence: what is kept can't be read, or is of a newer version.
pub(super) fn open(
    host: &Host,
    log_bytes: u64,
    policy: Policy,
) -> Result<(Arc<Gate>, Arc<EventLog>), HostFault> {
    let events = EventLog::open(EventLogSettings {
        journal: host.journal.clone(),
        store: Some(host.store.clone()),
        clock: host.clock.clone(),
        boot: host.boot,
        max_bytes: log_bytes,
    })?;
    let gate = Gate::open(
        GateHost {
            store: host.store.clone(),
            hasher: host.hasher.clone(),
            sealer: host.sealer.clone(),
            entropy: host.entropy.clone(),
            clock: host.clock.clone(),
            events: events.clone(),
        },
        policy,
    )?;
    Ok((gate, events))
}

/// The gate's rules, as the settings have them.
pub(super) fn policy(access: &Access) -> Policy {
    Policy {
        enabled: access.enabled,
        session_idle: access.session_idle.into(),
        session_absolute: access.session_absolute.into(),
        sessions_max: access.sessions_max.into(),
    }
}
