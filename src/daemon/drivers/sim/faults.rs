//! The faults that a simulated server can have, and how this driver asks for them.

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

/// The faults that a server with such a front panel can have: what this driver carries out, and what
/// services do for every simulated server.
#[must_use]
pub fn possible_faults(front: &Front) -> BTreeSet<FaultKind> {
    let own = [
        (FaultKind::DeafSoftOff, true),
        (FaultKind::SlowPost, true),
        (FaultKind::DeadPowerLed, front.power_led),
        (FaultKind::NoSignal, true),
        (FaultKind::StuckReset, front.reset),
        (FaultKind::SensorValue, true),
        (FaultKind::SelEntry, true),
    ];
    let own = own
        .into_iter()
        .filter_map(|(kind, can)| can.then_some(kind));
    own.chain(FaultKind::AT_THE_DOORS).collect()
}
