//! What a server keeps over a restart of the daemon.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{BootOptions, BootOverride, RestartCause, RestorePolicy, SensorEntry, ServerId};
use crate::{
    access::Via,
    events::OffCause,
    host::{BootId, Change, HostFault, Key, Stamp, Store, unversioned, versioned},
    sensors::SensorSpec,
};

/// The format that is written.
const FORMAT: u8 = 1;
const KIND: &str = "server";

/// The kept state. What is sensed is never in it, but for `was_on`: what the restore policy
/// "previous" returns to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Durable {
    pub(super) restore_policy: RestorePolicy,
    pub(super) boot_override: Option<BootOverride>,
    /// The override that is given up when no power command follows soon, by its id.
    pub(super) hurried_override: Option<u64>,
    pub(super) boot_options: Arc<BootOptions>,
    /// The id that the last override was given.
    pub(super) last_override_id: u64,
    pub(super) asset_tag: Arc<str>,
    pub(super) restart_cause: RestartCause,
    pub(super) restarted_via: Option<Via>,
    pub(super) last_reset: Option<Stamp>,
    pub(super) on_by_command: bool,
    pub(super) last_off: Option<OffCause>,
    /// The pause of a power cycle in seconds.
    pub(super) cycle_interval: u8,
    pub(super) powered_on_minutes: u64,
    /// What was sensed last.
    pub(super) was_on: Option<bool>,
    /// In which run of the device that was.
    pub(super) device: Option<BootId>,
    /// The sensor numbers given so far; never reused.
    pub(super) sensor_numbers: BTreeMap<Arc<str>, u8>,
}

impl Durable {
    fn key(server: &ServerId) -> Key {
        Key {
            server: Some(server.clone()),
            kind: KIND,
        }
    }

    /// Reads a server's kept state; the default where there is none.
    pub(super) fn load(store: &dyn Store, server: &ServerId) -> Result<Self, HostFault> {
        match store.load(&Self::key(server))? {
            Some(bytes) => unversioned(FORMAT, &bytes, "read a server's stored state"),
            None => Ok(Self::default()),
        }
    }

    /// The change that makes this the kept state.
    pub(super) fn change(&self, server: &ServerId) -> Change {
        Change {
            key: Self::key(server),
            value: Some(versioned(FORMAT, self)),
        }
    }

    /// Gives each sensor the number it keeps for good: what it had, else the next free one.
    pub(super) fn number_sensors(&mut self, specs: &[SensorSpec]) -> Arc<[SensorEntry]> {
        let mut next = self.sensor_numbers.values().max().copied().unwrap_or(0);
        let mut entries = Vec::with_capacity(specs.len());
        for (index, spec) in specs.iter().enumerate() {
            let number = match self.sensor_numbers.get(&spec.id) {
                Some(number) => *number,
                // 255 is reserved (IPMI 2.0 section 35.1); a sensor beyond it has no number and is
                // not shown.
                None if next >= 254 => continue,
                None => {
                    next += 1;
                    self.sensor_numbers.insert(spec.id.clone(), next);
                    next
                }
            };
            entries.push(SensorEntry {
                number,
                index,
                spec: spec.clone(),
            });
        }
        entries.sort_by_key(|entry| entry.number);
        entries.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sensors::SensorKind;

    fn spec(id: &str) -> SensorSpec {
        SensorSpec::new(id, SensorKind::Temperature, 0.0..=100.0)
    }

    #[test]
    fn a_sensor_keeps_its_number_and_a_lost_one_is_not_reused() {
        let mut durable = Durable::default();
        durable.number_sensors(&[spec("a"), spec("b")]);
        let numbers: Vec<(u8, Arc<str>)> = durable
            .number_sensors(&[spec("c"), spec("b")])
            .iter()
            .map(|entry| (entry.number, entry.spec.id.clone()))
            .collect();
        assert_eq!(numbers, [(2, "b".into()), (3, "c".into())]);
    }

    #[test]
    fn sensors_beyond_the_numbers_are_left_out() {
        let specs: Vec<_> = (0..300).map(|i| spec(&format!("s{i}"))).collect();
        assert_eq!(Durable::default().number_sensors(&specs).len(), 254);
    }
}
