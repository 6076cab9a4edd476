//! A fault board for tests: without times and percents.

use std::sync::Mutex;

use outband_core::faults::{ActiveFault, Fault, FaultKind, FaultScope};
use tokio::sync::watch;

use super::faults::Faults;

/// Its faults strike whenever they are asked for.
#[derive(Debug)]
pub(super) struct FakeFaults {
    set: Mutex<Vec<ActiveFault>>,
    changed: watch::Sender<u64>,
}

impl FakeFaults {
    pub(super) fn new() -> Self {
        Self {
            set: Mutex::default(),
            changed: watch::Sender::new(0),
        }
    }

    pub(super) fn set(&self, fault: Fault) -> u64 {
        let id = *self.changed.borrow() + 1;
        self.set.lock().unwrap().push(ActiveFault {
            id,
            fault,
            scope: FaultScope::default(),
            struck: 0,
        });
        self.changed.send_replace(id);
        id
    }

    pub(super) fn clear(&self, id: u64) {
        self.set.lock().unwrap().retain(|active| active.id != id);
        self.changed.send_modify(|count| *count += 1);
    }
}

impl Faults for FakeFaults {
    fn active(&self, kind: FaultKind) -> Option<Fault> {
        let set = self.set.lock().unwrap();
        let found = set.iter().find(|active| active.fault.kind() == kind);
        found.map(|active| active.fault.clone())
    }

    fn strikes(&self, kind: FaultKind) -> Option<Fault> {
        let mut set = self.set.lock().unwrap();
        let at = set.iter().position(|active| active.fault.kind() == kind)?;
        set[at].struck += 1;
        let fault = set[at].fault.clone();
        // An entry for the log happens once.
        if kind == FaultKind::SelEntry {
            set.remove(at);
        }
        Some(fault)
    }

    fn sensor_value(&self, wanted: &str) -> Option<Option<f64>> {
        self.list()
            .into_iter()
            .find_map(|active| match active.fault {
                Fault::SensorValue { sensor, value } if sensor == wanted => Some(value),
                _ => None,
            })
    }

    fn list(&self) -> Vec<ActiveFault> {
        self.set.lock().unwrap().clone()
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}
