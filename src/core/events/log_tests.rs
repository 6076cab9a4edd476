//! The log on journals that fail, tear and fill up.

use std::sync::atomic::Ordering;

use super::*;
use crate::events::{
    state::UNWRITTEN_MAX,
    testing::{Machine, about},
};

fn seqs(log: &EventLog) -> Vec<u64> {
    let all = log.read(0, usize::MAX, None).unwrap();
    all.iter().map(|event| event.seq).collect()
}

#[test]
fn numbers_go_on_over_a_restart() {
    let machine = Machine::new();
    let log = machine.open().unwrap();
    assert_eq!(log.oldest(), 1);
    assert_eq!(log.record(about(None, EventKind::DaemonStopped)), 1);
    assert_eq!(log.record(about(Some("a"), EventKind::ServerAdded)), 2);
    drop(log);
    let log = machine.open().unwrap();
    assert_eq!(*log.newest().borrow(), 2);
    assert_eq!(log.record(about(Some("b"), EventKind::ServerAdded)), 3);
    assert_eq!(seqs(&log), [1, 2, 3]);
    assert_eq!(log.get(2).unwrap().unwrap().kind, EventKind::ServerAdded);
    let back = |before, limit, server: Option<&str>| -> Vec<u64> {
        let server = server.map(|server| server.parse().unwrap());
        let events = log.before(before, limit, server.as_ref()).unwrap();
        events.iter().map(|event| event.seq).collect()
    };
    assert_eq!(back(u64::MAX, 9, None), [3, 2, 1]);
    assert_eq!(back(3, 1, None), [2]);
    assert_eq!(back(3, 9, Some("b")), [0; 0]);
    assert_eq!(back(4, 9, Some("b")), [3]);
    assert_eq!(log.get(4).unwrap(), None);
    let b = "b".parse().unwrap();
    assert_eq!(log.read(0, 9, Some(&b)).unwrap()[0].seq, 3);
    assert!(
        log.read(0, 9, Some(&"c".parse().unwrap()))
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_journal_cut_anywhere_keeps_every_whole_record() {
    let machine = Machine::new();
    let log = machine.open().unwrap();
    let mut ends = vec![0];
    for _ in 0..4 {
        log.record(about(Some("a"), EventKind::ServerAdded));
        ends.push(machine.journal.extent().end);
    }
    let whole = machine.journal.bytes.lock().unwrap().clone();
    for cut in 0..=whole.len() {
        *machine.journal.bytes.lock().unwrap() = whole[..cut].to_vec();
        let log = machine.open().unwrap();
        let kept = ends.iter().filter(|end| **end <= cut as u64).count() as u64 - 1;
        assert_eq!(seqs(&log), (1..=kept).collect::<Vec<_>>(), "cut at {cut}");
        assert_eq!(
            machine.journal.extent().end,
            ends[usize::try_from(kept).unwrap()]
        );
        assert_eq!(log.record(about(None, EventKind::DaemonStopped)), kept + 1);
        assert_eq!(seqs(&machine.open().unwrap()).last(), Some(&(kept + 1)));
    }
}

#[test]
fn a_damaged_record_costs_itself_alone() {
    let machine = Machine::new();
    let log = machine.open().unwrap();
    for _ in 0..2000 {
        log.record(about(Some("a"), EventKind::ServerAdded));
    }
    let whole = machine.journal.bytes.lock().unwrap().clone();
    let record = log.lock().index.from(1000).next().unwrap().position;
    let at = usize::try_from(record).unwrap();
    for spoil in [at, at + 5, at + 20] {
        machine.journal.bytes.lock().unwrap().clone_from(&whole);
        machine.journal.bytes.lock().unwrap()[spoil] ^= 0xFF;
        let log = machine.open().unwrap();
        assert_eq!(log.count(View::Event, None), 1999);
        assert_eq!(log.get(1000).unwrap(), None);
        assert!(log.get(1001).unwrap().is_some());
        assert_eq!(log.health().damage.cut, 0);
        assert!(log.health().damage.passed_over > 0);
    }
    // Spoiled while it is open: left out, and said.
    machine.journal.bytes.lock().unwrap().clone_from(&whole);
    let log = machine.open().unwrap();
    assert!(log.fault().is_none());
    machine.journal.bytes.lock().unwrap()[at + 20] ^= 0xFF;
    assert_eq!(seqs(&log).len(), 1999);
    assert_eq!(log.health().unreadable, 1);
    assert!(log.fault().is_some());
}

proptest::proptest! {
    #[test]
    fn whatever_lies_in_the_journal_what_came_before_is_kept_and_the_log_goes_on(
        noise: Vec<u8>, at in 0_usize..2000, instead: bool,
    ) {
        let machine = Machine::new();
        let log = machine.open().unwrap();
        let mut ends = Vec::new();
        for _ in 0..8 {
            log.record(about(Some("a"), EventKind::ServerAdded));
            ends.push(machine.journal.extent().end);
        }
        {
            let mut bytes = machine.journal.bytes.lock().unwrap();
            let at = at.min(bytes.len());
            let until = if instead { (at + noise.len()).min(bytes.len()) } else { at };
            bytes.splice(at..until, noise);
        }
        let log = machine.open().unwrap();
        let found = seqs(&log);
        let before = ends.iter().filter(|end| **end <= at as u64).count() as u64;
        proptest::prop_assert!(found.iter().copied().take_while(|seq| *seq <= before).eq(1..=before));
        proptest::prop_assert!(found.is_sorted());
        let next = log.record(about(None, EventKind::DaemonStopped));
        let found = seqs(&machine.open().unwrap());
        proptest::prop_assert_eq!(found.last(), Some(&next));
    }
}

#[test]
fn a_sound_record_that_is_not_understood_is_not_cut() {
    let machine = Machine::new();
    let body = br#"{"a new":"format"}"#;
    let mut bytes = u32::try_from(body.len()).unwrap().to_le_bytes().to_vec();
    bytes.extend(crc32fast::hash(body).to_le_bytes());
    bytes.extend(body);
    machine.journal.bytes.lock().unwrap().clone_from(&bytes);
    let fault = machine.open().unwrap_err();
    assert!(fault.to_string().contains("newer version"), "{fault}");
    assert_eq!(*machine.journal.bytes.lock().unwrap(), bytes);
}

#[test]
fn a_full_disk_loses_no_event_and_is_said() {
    let machine = Machine::new();
    let log = machine.open().unwrap();
    log.record(about(None, EventKind::DaemonStopped));
    machine.journal.full.store(true, Ordering::Relaxed);
    for seq in 2..=5 {
        assert_eq!(log.record(about(Some("a"), EventKind::ServerAdded)), seq);
        assert_eq!(*log.newest().borrow(), seq);
    }
    assert!(log.fault().unwrap().to_string().contains("No space left"));
    assert_eq!(log.health().unwritten, 4);
    assert_eq!(seqs(&log), [1, 2, 3, 4, 5]);
    machine.journal.full.store(false, Ordering::Relaxed);
    log.record(about(None, EventKind::DaemonStopped));
    assert!(log.fault().is_none());
    assert_eq!(seqs(&log), [1, 2, 3, 4, 5, 6]);
    assert_eq!(seqs(&machine.open().unwrap()), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn what_is_held_in_memory_is_bounded_and_losses_are_counted() {
    let machine = Machine::new();
    let log = machine.open().unwrap();
    machine.journal.full.store(true, Ordering::Relaxed);
    for _ in 0..UNWRITTEN_MAX + 10 {
        log.record(about(Some("a"), EventKind::ServerAdded));
    }
    let health = log.health();
    assert_eq!((health.unwritten, health.lost), (UNWRITTEN_MAX, 10));
    assert_eq!(log.oldest(), 11);
    machine.journal.full.store(false, Ordering::Relaxed);
    log.record(about(Some("a"), EventKind::ServerAdded));
    let log = machine.open().unwrap();
    assert_eq!((log.oldest(), seqs(&log).len()), (11, UNWRITTEN_MAX + 1));
}

#[test]
fn an_event_too_long_to_write_is_lost_and_holds_up_nothing() {
    let machine = Machine::new();
    let log = machine.open().unwrap();
    let what = "x".repeat(codec::BODY_MAX).into();
    log.record(about(None, EventKind::SettingsReloaded { what }));
    log.record(about(None, EventKind::DaemonStopped));
    assert_eq!(log.health().lost, 1);
    assert_eq!(seqs(&machine.open().unwrap()), [2]);
}

#[test]
fn the_oldest_go_when_the_bound_is_reached() {
    let mut machine = Machine::new();
    machine.max_bytes = 4096;
    let log = machine.open().unwrap();
    for _ in 0..200 {
        log.record(about(Some("a"), EventKind::ServerAdded));
    }
    let extent = machine.journal.extent();
    assert!(extent.end - extent.start <= 4096);
    let oldest = log.oldest();
    assert!(oldest > 100);
    assert_eq!(seqs(&log), (oldest..=200).collect::<Vec<_>>());
    assert_eq!(
        seqs(&machine.open().unwrap()),
        (oldest..=200).collect::<Vec<_>>()
    );
}

#[test]
fn the_audit_view_shows_what_people_did() {
    let machine = Machine::new();
    let log = machine.open().unwrap();
    for server in ["a", "b"] {
        log.record(about(Some(server), EventKind::ServerAdded));
        let command = "power on".into();
        log.record(about(Some(server), EventKind::Accepted { command }));
    }
    let log = machine.open().unwrap();
    let a = "a".parse().unwrap();
    assert_eq!(log.count(View::Audit, None), 2);
    assert_eq!(log.count(View::Audit, Some(&a)), 1);
    assert_eq!(log.count(View::Event, Some(&a)), 2);
    let page = log.page(View::Audit, None, 1, 10).unwrap();
    assert_eq!(page.iter().map(|event| event.seq).collect::<Vec<_>>(), [4]);
}

#[tokio::test(start_paused = true)]
async fn a_burst_is_synced_once_and_then_nothing_wakes() {
    let machine = Machine::new();
    let log = machine.open().unwrap();
    let running = tokio::spawn(log.clone().run());
    tokio::time::sleep(Duration::from_secs(60)).await;
    let before = machine.journal.syncs.load(Ordering::Relaxed);
    for _ in 0..10 {
        log.record(about(None, EventKind::DaemonStopped));
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(machine.journal.syncs.load(Ordering::Relaxed), before + 1);
    tokio::time::sleep(Duration::from_secs(86_400)).await;
    assert_eq!(machine.journal.syncs.load(Ordering::Relaxed), before + 1);
    running.abort();
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_written_is_tried_again_without_a_new_event() {
    let machine = Machine::new();
    let log = machine.open().unwrap();
    let running = tokio::spawn(log.clone().run());
    machine.journal.full.store(true, Ordering::Relaxed);
    log.record(about(None, EventKind::DaemonStopped));
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(log.health().unwritten, 1);
    machine.journal.full.store(false, Ordering::Relaxed);
    tokio::time::sleep(RETRY * 2).await;
    assert!(log.fault().is_none());
    assert_eq!(seqs(&machine.open().unwrap()), [1]);
    running.abort();
}
