//! The board on which a server's faults hang.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use tokio::{sync::watch, time::Instant};

use super::{ActiveFault, Fault, FaultKind, FaultRefused, FaultScope};
use crate::host::Clock;

/// The faults of one server. An empty board costs a few dozen bytes.
#[derive(Debug)]
pub struct FaultBoard {
    clock: Arc<dyn Clock>,
    /// Only there once a fault was set.
    hung: Mutex<Option<Box<Hung>>>,
    /// Only there once somebody wants to know.
    changed: OnceLock<watch::Sender<u64>>,
}

#[derive(Debug, Default)]
struct Hung {
    last_id: u64,
    /// Oldest first.
    faults: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    shown: ActiveFault,
    ends: Option<Instant>,
    occasions: Occasions,
}

impl FaultBoard {
    /// How many faults there may be at once.
    pub const MAX: usize = 64;

    /// An empty board. `clock` ends faults that last for a time.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            hung: Mutex::new(None),
            changed: OnceLock::new(),
        }
    }

    /// Sets a fault whose kind is among `allowed`, and gives its number: from 1, never given again.
    ///
    /// # Errors
    /// [`FaultRefused`]; nothing has changed then.
    pub fn set(
        &self,
        allowed: &BTreeSet<FaultKind>,
        fault: Fault,
        scope: FaultScope,
    ) -> Result<u64, FaultRefused> {
        if !allowed.contains(&fault.kind()) {
            return Err(FaultRefused::Unsupported(fault.kind()));
        }
        fault.check(&scope)?;
        let mut hung = self.current();
        let hung = hung.get_or_insert_default();
        if hung.faults.len() >= Self::MAX {
            return Err(FaultRefused::Full(Self::MAX));
        }
        hung.last_id += 1;
        let id = hung.last_id;
        hung.faults.push(Entry {
            ends: scope.duration().map(|lasts| self.clock.now() + lasts),
            occasions: Occasions(scope.seed),
            shown: ActiveFault {
                id,
                fault,
                scope,
                struck: 0,
            },
        });
        self.note();
        Ok(id)
    }

    /// Clears a fault; `false` when there is no such fault.
    pub fn clear(&self, id: u64) -> bool {
        let mut hung = self.current();
        let Some(faults) = hung.as_mut().map(|hung| &mut hung.faults) else {
            return false;
        };
        let before = faults.len();
        faults.retain(|entry| entry.shown.id != id);
        let cleared = faults.len() < before;
        if cleared {
            self.note();
        }
        cleared
    }

    /// The faults in force, oldest first. Looking is no occasion.
    #[must_use]
    pub fn list(&self) -> Vec<ActiveFault> {
        let hung = self.current();
        let faults = hung.iter().flat_map(|hung| &hung.faults);
        faults.map(|entry| entry.shown.clone()).collect()
    }

    /// Whether a fault of this kind is in force now: for what holds over a time (a dark light).
    /// `times` and `percent` do not enter. Of several it is the one that was set last.
    #[must_use]
    pub fn active(&self, kind: FaultKind) -> Option<Fault> {
        self.newest(|fault| (fault.kind() == kind).then(|| fault.clone()))
    }

    /// Whether a fault of this kind strikes on this occasion (a button press, a request, a
    /// datagram): counts it, obeys `times`, `percent` and `seed`. Several faults of the kind are
    /// asked in the order in which they were set, until one strikes.
    pub fn strikes(&self, kind: FaultKind) -> Option<Fault> {
        let mut hung = self.current();
        let faults = &mut hung.as_mut()?.faults;
        let at = faults.iter_mut().position(|entry| {
            entry.shown.fault.kind() == kind && entry.occasions.next(entry.shown.scope.percent)
        })?;
        let entry = faults.get_mut(at)?;
        entry.shown.struck += 1;
        let fault = entry.shown.fault.clone();
        let times = match kind {
            FaultKind::SelEntry => Some(1),
            _ => entry.shown.scope.times,
        };
        if times.is_some_and(|times| entry.shown.struck >= times.into()) {
            faults.remove(at);
            self.note();
        }
        Some(fault)
    }

    /// Like [`FaultBoard::active`] for the faults that name a sensor: what it reads, `Some(None)`
    /// when it reads nothing, `None` when no fault names it.
    #[must_use]
    pub fn sensor_value(&self, sensor: &str) -> Option<Option<f64>> {
        self.newest(|fault| match fault {
            Fault::SensorValue {
                sensor: named,
                value,
            } if named == sensor => Some(*value),
            _ => None,
        })
    }

    /// Counts up with each change of the board, also when a fault ends by itself and that was
    /// noticed. A fault that strikes and stays changes nothing.
    #[must_use]
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.changed
            .get_or_init(|| watch::Sender::new(0))
            .subscribe()
    }

    fn newest<T>(&self, of: impl Fn(&Fault) -> Option<T>) -> Option<T> {
        let hung = self.current();
        let faults = hung.iter().flat_map(|hung| &hung.faults);
        faults.rev().find_map(|entry| of(&entry.shown.fault))
    }

    /// The board without the faults whose time is over.
    fn current(&self) -> MutexGuard<'_, Option<Box<Hung>>> {
        let mut hung = self.hung.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(faults) = hung.as_mut().map(|hung| &mut hung.faults)
            && faults.iter().any(|entry| entry.ends.is_some())
        {
            let now = self.clock.now();
            let before = faults.len();
            faults.retain(|entry| entry.ends.is_none_or(|ends| now < ends));
            if faults.len() < before {
                self.note();
            }
        }
        hung
    }

    fn note(&self) {
        if let Some(changed) = self.changed.get() {
            changed.send_modify(|count| *count += 1);
        }
    }
}

/// Which occasions a fault strikes on: the same for the same seed. SplitMix64 (Steele, Lea and
/// Flood, "Fast splittable pseudorandom number generators", 2014).
#[derive(Debug)]
struct Occasions(u64);

impl Occasions {
    /// Whether it strikes on the next occasion, with so many percent.
    fn next(&mut self, percent: u8) -> bool {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        // The upper bits, spread over 0 to 99.
        (u128::from(z) * 100) >> 64 < u128::from(percent)
    }
}

#[cfg(test)]
#[path = "board_tests.rs"]
mod tests;
