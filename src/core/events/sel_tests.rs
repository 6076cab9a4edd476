//! The SEL as a view: ids, marks, offsets.

use std::sync::atomic::Ordering;

use super::*;
use crate::{
    events::{
        View,
        testing::{Machine, about},
    },
    server::PowerState,
};

fn switched(server: &str, to: PowerState) -> NewEvent {
    about(
        Some(server),
        EventKind::PowerChanged {
            to,
            cause: None,
            off_cause: None,
        },
    )
}

fn id(text: &str) -> ServerId {
    text.parse().unwrap()
}

/// The record ids that a SEL shows, walked as a client walks them.
fn walk(view: SelView<'_>) -> Vec<u16> {
    let mut ids = Vec::new();
    let mut at = SelAt::First;
    while let Some(entry) = view.entry(at).unwrap() {
        let record = entry.event.sel.unwrap();
        ids.push(u16::from_le_bytes([record[0], record[1]]));
        let Some(next) = entry.next else { break };
        at = SelAt::Id(next);
    }
    ids
}

#[test]
fn only_events_with_a_standard_record_are_shown_each_server_its_own() {
    let machine = Machine::new();
    let log = machine.open().unwrap();
    log.record(switched("a", PowerState::On));
    log.record(about(Some("a"), EventKind::ServerAdded));
    log.record(switched("b", PowerState::On));
    log.record(switched("a", PowerState::Off));
    log.record(about(None, EventKind::DaemonStopped));
    let (a, b, c) = (id("a"), id("b"), id("c"));
    assert_eq!(walk(log.sel(&a)), [1, 2]);
    assert_eq!(walk(log.sel(&b)), [1]);
    assert_eq!(log.sel(&c).count().unwrap(), 0);
    assert_eq!(log.sel(&c).entry(SelAt::Last).unwrap(), None);
    let last = log.sel(&a).entry(SelAt::Last).unwrap().unwrap();
    assert_eq!((last.event.seq, last.next), (4, None));
    assert_eq!(log.sel(&a).page(1, 5).unwrap()[0].seq, 4);
    assert_eq!(log.sel(&a).from(2, 5).unwrap()[0].seq, 4);
    assert!(log.sel(&a).from(3, 5).unwrap().is_empty());
    assert_eq!(log.sel(&a).page(0, 1).unwrap()[0].seq, 1);
    assert!(log.sel(&a).page(7, 1).unwrap().is_empty());
}

#[test]
fn record_ids_go_on_over_a_restart_and_pass_over_ffff_and_0() {
    let machine = Machine::new();
    let a = id("a");
    let log = machine.open().unwrap();
    log.record(switched("a", PowerState::On));
    let log = machine.open().unwrap();
    log.record(switched("a", PowerState::Off));
    assert_eq!(walk(log.sel(&a)), [1, 2]);
    log.lock().sel.get_mut(&a).unwrap().last_id = 0xFFFD;
    log.record(switched("a", PowerState::On));
    log.record(switched("a", PowerState::Off));
    assert_eq!(walk(log.sel(&a))[2..], [0xFFFE, 1]);
}

#[tokio::test]
async fn clearing_moves_the_mark_survives_and_hides_nothing_elsewhere() {
    let machine = Machine::new();
    let (a, b) = (id("a"), id("b"));
    let log = machine.open().unwrap();
    log.record(switched("a", PowerState::On));
    log.record(switched("b", PowerState::On));
    let before = log.sel(&a).info().unwrap();
    assert_eq!((before.entries, before.erased), (1, None));
    assert_eq!(before.added, Some(1_700_000_000));
    log.sel(&a).clear(None).await.unwrap();
    log.record(switched("a", PowerState::Off));
    for log in [log, machine.open().unwrap()] {
        assert_eq!(walk(log.sel(&a)), [2]);
        assert_eq!(walk(log.sel(&b)), [1]);
        let info = log.sel(&a).info().unwrap();
        assert_eq!(info.erased, Some(1_700_000_000));
        assert_ne!(info.cleared_through, before.cleared_through);
        assert_eq!(log.count(View::Event, Some(&a)), 3);
        let audit = log.page(View::Audit, Some(&a), 0, 9).unwrap();
        assert_eq!(audit[0].kind, EventKind::LogCleared { log: "SEL".into() });
    }
}

#[tokio::test]
async fn a_mark_hides_nothing_new_after_the_journal_was_lost() {
    let machine = Machine::new();
    let a = id("a");
    let log = machine.open().unwrap();
    for _ in 0..5 {
        log.record(switched("a", PowerState::On));
    }
    log.sel(&a).clear(None).await.unwrap();
    machine.journal.bytes.lock().unwrap().clear();
    let log = machine.open().unwrap();
    log.record(switched("a", PowerState::Off));
    assert_eq!(log.sel(&a).count().unwrap(), 1);
    assert_eq!(machine.open().unwrap().sel(&a).count().unwrap(), 1);
}

#[tokio::test]
async fn a_clearing_that_is_not_durable_clears_nothing() {
    let machine = Machine::new();
    let a = id("a");
    let log = machine.open().unwrap();
    log.record(switched("a", PowerState::On));
    machine.store.broken.store(true, Ordering::Relaxed);
    assert!(log.sel(&a).clear(None).await.is_err());
    assert_eq!(log.sel(&a).count().unwrap(), 1);
    assert_eq!(log.count(View::Audit, Some(&a)), 0);
}

#[tokio::test]
async fn the_clock_of_a_sel_is_its_own_and_kept() {
    let machine = Machine::new();
    let (a, b) = (id("a"), id("b"));
    let log = machine.open().unwrap();
    log.sel(&a).set_time(1_000_000_000).await.unwrap();
    machine.clock.0.fetch_add(5_000, Ordering::Relaxed);
    let log = machine.open().unwrap();
    assert_eq!(log.sel(&a).time().unwrap(), 1_000_000_005);
    assert_eq!(log.sel(&b).time().unwrap(), 1_700_000_005);
    log.record(switched("a", PowerState::On));
    assert_eq!(log.sel(&a).info().unwrap().added, Some(1_000_000_005));
    // The event itself keeps the daemon's time.
    assert_eq!(log.get(1).unwrap().unwrap().at.unix_ms, 1_700_000_005_000);
}

#[test]
fn asking_about_a_server_without_records_keeps_nothing_of_it() {
    let machine = Machine::new();
    let log = machine.open().unwrap();
    log.record(about(Some("a"), EventKind::ServerAdded));
    let _ = log.sel(&id("a")).info().unwrap();
    assert!(log.lock().sel.is_empty());
}
