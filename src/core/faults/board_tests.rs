//! The board: what may be set, how often it strikes, when it ends.

use std::time::Duration;

use super::*;
use crate::host::testing::TestClock;

fn board() -> FaultBoard {
    FaultBoard::new(Arc::new(TestClock))
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
