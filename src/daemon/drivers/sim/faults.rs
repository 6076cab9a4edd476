//! The faults that this driver carries out, and how it asks for them.

use std::{collections::BTreeSet, fmt};

use outband_core::faults::{ActiveFault, Fault, FaultBoard, FaultKind};
use tokio::sync::watch;

use crate::settings::profile::Front;

/// What the machine asks a fault board.
pub(crate) trait Faults: Send + Sync + fmt::Debug {
    /// Whether a fault is in force now.
    fn active(&self, kind: FaultKind) -> Option<Fault>;
    /// Whether a fault strikes on this occasion.
    fn strikes(&self, kind: FaultKind) -> Option<Fault>;
    /// What a sensor is made to read.
    fn sensor_value(&self, sensor: &str) -> Option<Option<f64>>;
    /// The faults in force.
    fn list(&self) -> Vec<ActiveFault>;
    /// Counts up with each change.
    fn changed(&self) -> watch::Receiver<u64>;
}

impl Faults for FaultBoard {
    fn active(&self, kind: FaultKind) -> Option<Fault> {
        Self::active(self, kind)
    }

    fn strikes(&self, kind: FaultKind) -> Option<Fault> {
        Self::strikes(self, kind)
    }

    fn sensor_value(&self, sensor: &str) -> Option<Option<f64>> {
        Self::sensor_value(self, sensor)
    }

    fn list(&self) -> Vec<ActiveFault> {
        Self::list(self)
    }

    fn changed(&self) -> watch::Receiver<u64> {
        Self::changed(self)
    }
}

/// The faults that this driver carries out on a machine with such a front panel.
#[must_use]
pub fn carried_out(front: &Front) -> BTreeSet<FaultKind> {
    [
        (FaultKind::DeafSoftOff, true),
        (FaultKind::SlowPost, true),
        (FaultKind::DeadPowerLed, front.power_led),
        (FaultKind::NoSignal, true),
        (FaultKind::StuckReset, front.reset),
        (FaultKind::SensorValue, true),
        (FaultKind::SelEntry, true),
    ]
    .into_iter()
    .filter_map(|(kind, can)| can.then_some(kind))
    .collect()
}
