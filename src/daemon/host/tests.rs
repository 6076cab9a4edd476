//! The host as a whole, opened on folders.

use std::{
    fs::Permissions,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
};

use outband_core::{
    events::{EventKind, EventLog, EventLogSettings, NewEvent},
    host::{Change, Key},
};

use super::*;

/// A folder of a test's own, removed with it.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("outband-host-{}-{count}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn log(host: &Host) -> Arc<EventLog> {
    EventLog::open(EventLogSettings {
        journal: host.journal.clone(),
        store: Some(host.store.clone()),
        clock: host.clock.clone(),
        boot: host.boot,
        max_bytes: 1 << 20,
    })
    .unwrap()
}

fn added(server: &str) -> NewEvent {
    NewEvent {
        server: Some(server.parse().unwrap()),
        kind: EventKind::ServerAdded,
        actor: None,
        sel: None,
    }
}

#[tokio::test]
async fn a_folder_keeps_everything_for_the_next_daemon() {
    let folder = Folder::new();
    let state = folder.path().join("var/outband");
    let key = Key {
        server: None,
        kind: "accounts",
    };
    let host = Host::open(Some(&state), 1 << 20).unwrap();
    log(&host).record(added("a"));
    let sealed = host.sealer.seal(b"secret", "here").unwrap();
    let change = Change {
        key: key.clone(),
        value: Some(sealed),
    };
    host.store.commit(vec![change]).await.unwrap();
    drop(host);
    let host = Host::open(Some(&state), 1 << 20).unwrap();
    assert_eq!(log(&host).read(0, 9, None).unwrap().len(), 1);
    let sealed = host.store.load(&key).unwrap().unwrap();
    assert_eq!(**host.sealer.open(&sealed, "here").unwrap(), *b"secret");
}

#[test]
fn a_second_daemon_on_a_folder_is_refused_with_a_sentence() {
    let folder = Folder::new();
    let host = Host::open(Some(folder.path()), 1 << 20).unwrap();
    let fault = Host::open(Some(folder.path()), 1 << 20).unwrap_err();
    let expected = format!(
        "take the state folder: {}: another outband is using it",
        folder.path().display()
    );
    assert_eq!(fault.to_string(), expected);
    // Any one port keeps the folder.
    let journal = host.journal.clone();
    drop(host);
    assert!(Host::open(Some(folder.path()), 1 << 20).is_err());
    drop(journal);
    Host::open(Some(folder.path()), 1 << 20).unwrap();
}

#[test]
fn what_is_made_is_for_the_daemon_alone() {
    let folder = Folder::new();
    let state = folder.path().join("state");
    let host = Host::open(Some(&state), 1 << 20).unwrap();
    log(&host).record(added("a"));
    let _ = host.sealer.seal(b"secret", "here").unwrap();
    let mut seen = Vec::new();
    let mut todo = vec![state];
    while let Some(path) = todo.pop() {
        let about = std::fs::metadata(&path).unwrap();
        let mode = about.permissions().mode() & 0o777;
        assert_eq!(mode & 0o077, 0, "{}", path.display());
        seen.push(path.file_name().unwrap().to_owned());
        if about.is_dir() {
            let entries = std::fs::read_dir(&path).unwrap();
            todo.extend(entries.map(|entry| entry.unwrap().path()));
        }
    }
    for name in ["lock", "state.redb", "events", "outband.key"] {
        assert!(seen.iter().any(|seen| seen == name), "{name}");
    }
}

#[test]
fn a_folder_that_is_a_file_or_closed_is_refused_with_a_sentence() {
    let folder = Folder::new();
    let file = folder.path().join("file");
    std::fs::write(&file, b"").unwrap();
    let fault = Host::open(Some(&file), 1 << 20).unwrap_err();
    assert!(fault.why.contains("file"), "{fault}");
    let events = folder.path().join("events");
    std::fs::write(&events, b"").unwrap();
    assert!(Host::open(Some(folder.path()), 1 << 20).is_err());
}

#[test]
fn a_log_cut_anywhere_in_its_files_keeps_whole_events() {
    let folder = Folder::new();
    let host = Host::open(Some(folder.path()), 1 << 20).unwrap();
    let events = log(&host);
    for _ in 0..20 {
        events.record(added("a"));
    }
    drop((events, host));
    let segment = folder.path().join("events/events-0000000000000000.log");
    let mut length = std::fs::metadata(&segment).unwrap().len();
    let mut kept = 20;
    while length > 0 {
        length = length.saturating_sub(97);
        let file = std::fs::OpenOptions::new().write(true).open(&segment);
        file.unwrap().set_len(length).unwrap();
        let host = Host::open(Some(folder.path()), 1 << 20).unwrap();
        let events = log(&host).read(0, 99, None).unwrap();
        assert!(events.len() <= kept);
        kept = events.len();
        let seqs: Vec<u64> = events.iter().map(|event| event.seq).collect();
        assert_eq!(seqs, (1..=kept as u64).collect::<Vec<_>>());
        length = std::fs::metadata(&segment).unwrap().len();
    }
    assert_eq!(kept, 0);
}

#[tokio::test]
async fn a_log_in_files_stays_within_its_bound_and_its_numbers_go_on() {
    let folder = Folder::new();
    let (bound, segment) = (1 << 20, 1 << 17);
    let mut next = 1;
    for _ in 0..3 {
        let host = Host::open(Some(folder.path()), bound).unwrap();
        let events = log(&host);
        for _ in 0..4000 {
            assert_eq!(events.record(added("a")), next);
            next += 1;
        }
        events.sync().await.unwrap();
        let entries = std::fs::read_dir(folder.path().join("events")).unwrap();
        let bytes: u64 = entries
            .map(|file| file.unwrap().metadata().unwrap().len())
            .sum();
        assert!(bytes <= bound, "{bytes}");
    }
    let host = Host::open(Some(folder.path()), bound).unwrap();
    let events = log(&host);
    let kept = events.read(0, usize::MAX, None).unwrap();
    let seqs = kept.iter().map(|event| event.seq);
    assert!(seqs.eq(events.oldest()..next));
    // No more went than had to.
    let extent = host.journal.extent();
    assert!(extent.end - extent.start > bound - 2 * segment);
}

#[test]
fn in_memory_nothing_is_written() {
    let host = Host::open(None, 1 << 20).unwrap();
    let events = log(&host);
    events.record(added("a"));
    assert_eq!(events.read(0, 9, None).unwrap().len(), 1);
    let sealed = host.sealer.seal(b"secret", "here").unwrap();
    assert_eq!(**host.sealer.open(&sealed, "here").unwrap(), *b"secret");
}

#[test]
fn a_state_file_that_was_open_to_others_is_closed() {
    let folder = Folder::new();
    drop(Host::open(Some(folder.path()), 1 << 20).unwrap());
    let file = folder.path().join("state.redb");
    std::fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    drop(Host::open(Some(folder.path()), 1 << 20).unwrap());
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
