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
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::host::Stamp;

    #[derive(Debug)]
    struct Tokio;

    impl Clock for Tokio {
        fn now(&self) -> Instant {
            Instant::now()
        }
        fn wall(&self) -> Stamp {
            Stamp {
                unix_ms: 0,
                synchronised: false,
            }
        }
    }

    fn board() -> FaultBoard {
        FaultBoard::new(Arc::new(Tokio))
    }

    fn set(board: &FaultBoard, fault: Fault, scope: FaultScope) -> Result<u64, FaultRefused> {
        board.set(&BTreeSet::from([fault.kind()]), fault, scope)
    }

    fn pattern(seed: u64, percent: u8) -> Vec<bool> {
        let board = board();
        let scope = FaultScope {
            percent,
            seed,
            ..FaultScope::default()
        };
        set(&board, Fault::LostDatagrams, scope).unwrap();
        (0..1000)
            .map(|_| board.strikes(FaultKind::LostDatagrams).is_some())
            .collect()
    }

    #[test]
    fn a_seed_makes_the_same_choice_each_time_and_about_as_often_as_asked() {
        assert_eq!(pattern(42, 30), pattern(42, 30));
        assert_ne!(pattern(42, 30), pattern(43, 30));
        let struck = pattern(42, 30).iter().filter(|struck| **struck).count();
        assert!((250..=350).contains(&struck), "{struck}");
        assert!(pattern(0, 100).iter().all(|struck| *struck));
    }

    #[test]
    fn looking_is_no_occasion() {
        let (looked, not) = (board(), board());
        let scope = FaultScope {
            percent: 50,
            times: Some(20),
            ..FaultScope::default()
        };
        for board in [&looked, &not] {
            set(board, Fault::HttpUnavailable, scope.clone()).unwrap();
        }
        for _ in 0..200 {
            let _ = looked.list();
            let _ = looked.active(FaultKind::HttpUnavailable);
            assert_eq!(
                looked.strikes(FaultKind::HttpUnavailable),
                not.strikes(FaultKind::HttpUnavailable)
            );
        }
        assert!(looked.list().is_empty());
    }

    #[test]
    fn a_fault_ends_after_so_many_strikes() {
        let board = board();
        let mut changed = board.changed();
        let scope = FaultScope {
            times: Some(2),
            ..FaultScope::default()
        };
        let id = set(&board, Fault::DeafSoftOff, scope).unwrap();
        assert!(changed.has_changed().unwrap());
        changed.mark_unchanged();
        assert!(board.strikes(FaultKind::StuckReset).is_none());
        assert!(board.strikes(FaultKind::DeafSoftOff).is_some());
        assert_eq!(board.list()[0].struck, 1);
        assert!(!changed.has_changed().unwrap());
        assert!(board.strikes(FaultKind::DeafSoftOff).is_some());
        assert!(board.strikes(FaultKind::DeafSoftOff).is_none());
        assert!(changed.has_changed().unwrap());
        assert!(!board.clear(id));
    }

    #[tokio::test(start_paused = true)]
    async fn a_fault_ends_after_its_time_and_that_is_noticed_when_looked_at() {
        let board = board();
        let scope = FaultScope {
            seconds: Some(10),
            ..FaultScope::default()
        };
        set(&board, Fault::DeadPowerLed, scope).unwrap();
        let changed = board.changed();
        tokio::time::advance(Duration::from_millis(9_999)).await;
        assert!(board.active(FaultKind::DeadPowerLed).is_some());
        assert!(!changed.has_changed().unwrap());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(board.active(FaultKind::DeadPowerLed).is_none());
        assert!(changed.has_changed().unwrap());
    }

    #[test]
    fn the_newest_value_of_a_sensor_counts_until_it_is_cleared() {
        let board = board();
        let at = |value| Fault::SensorValue {
            sensor: "fan1".into(),
            value,
        };
        assert_eq!(board.sensor_value("fan1"), None);
        set(&board, at(Some(900.0)), FaultScope::default()).unwrap();
        let stopped = set(&board, at(None), FaultScope::default()).unwrap();
        assert_eq!(board.sensor_value("fan1"), Some(None));
        assert_eq!(board.sensor_value("fan2"), None);
        assert!(board.clear(stopped));
        assert_eq!(board.sensor_value("fan1"), Some(Some(900.0)));
    }

    #[test]
    fn an_entry_happens_once() {
        let board = board();
        let entry = Fault::SelEntry {
            sensor_type: 5,
            sensor_number: 1,
            event_type: 0x6F,
            data: [0; 3],
        };
        set(&board, entry.clone(), FaultScope::default()).unwrap();
        assert_eq!(board.strikes(FaultKind::SelEntry), Some(entry));
        assert_eq!(board.strikes(FaultKind::SelEntry), None);
        assert!(board.list().is_empty());
    }

    #[test]
    fn what_is_refused_says_why_and_changes_nothing() {
        let board = board();
        let scope = FaultScope::default;
        let refused = board.set(&BTreeSet::new(), Fault::NoSignal, scope());
        assert_eq!(refused, Err(FaultRefused::Unsupported(FaultKind::NoSignal)));
        for (fault, scope, what) in [
            (Fault::SlowPost { factor: 1 }, scope(), "factor"),
            (Fault::SlowPost { factor: 1001 }, scope(), "factor"),
            (Fault::LateDatagrams { by_ms: 0 }, scope(), "by_ms"),
            (
                Fault::SensorValue {
                    sensor: String::new(),
                    value: None,
                },
                scope(),
                "sensor",
            ),
            (
                Fault::SensorValue {
                    sensor: "a".into(),
                    value: Some(f64::NAN),
                },
                scope(),
                "value",
            ),
            (
                Fault::NoSignal,
                FaultScope {
                    percent: 0,
                    ..scope()
                },
                "percent",
            ),
            (
                Fault::NoSignal,
                FaultScope {
                    percent: 101,
                    ..scope()
                },
                "percent",
            ),
            (
                Fault::NoSignal,
                FaultScope {
                    seconds: Some(86_401),
                    ..scope()
                },
                "seconds",
            ),
            (
                Fault::NoSignal,
                FaultScope {
                    times: Some(0),
                    ..scope()
                },
                "times",
            ),
        ] {
            match set(&board, fault, scope) {
                Err(FaultRefused::Invalid { what: said, .. }) => assert_eq!(said, what),
                other => panic!("{what}: {other:?}"),
            }
        }
        assert!(board.list().is_empty());
    }

    #[test]
    fn a_board_is_bounded_and_numbers_are_never_given_again() {
        let board = board();
        for id in 1..=FaultBoard::MAX as u64 {
            assert_eq!(set(&board, Fault::NoSignal, FaultScope::default()), Ok(id));
        }
        let full = set(&board, Fault::NoSignal, FaultScope::default());
        assert_eq!(full, Err(FaultRefused::Full(FaultBoard::MAX)));
        assert!(board.clear(64));
        assert_eq!(set(&board, Fault::NoSignal, FaultScope::default()), Ok(65));
    }

    #[test]
    fn an_empty_board_is_small() {
        assert!(size_of::<FaultBoard>() <= 64);
    }
}
