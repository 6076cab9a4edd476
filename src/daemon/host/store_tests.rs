//! The store on a real database.

use std::sync::{
    Mutex,
    atomic::{AtomicU64, Ordering},
};

use redb::{StorageBackend, backends::InMemoryBackend};

use super::*;
use crate::host::tests::Folder;

/// A disk that counts its syncs, can be held up in one, and can fail to write.
#[derive(Debug)]
struct Disk {
    bytes: InMemoryBackend,
    syncs: AtomicU64,
    /// How many writes fail from now on.
    failing: AtomicU64,
    held_up: Mutex<()>,
}

#[derive(Debug)]
struct Opened(Arc<Disk>);

impl StorageBackend for Opened {
    fn len(&self) -> Result<u64, std::io::Error> {
        self.0.bytes.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), std::io::Error> {
        self.0.bytes.read(offset, out)
    }
    fn set_len(&self, length: u64) -> Result<(), std::io::Error> {
        self.0.bytes.set_len(length)
    }
    fn sync_data(&self) -> Result<(), std::io::Error> {
        drop(self.0.held_up.lock().unwrap());
        self.0.syncs.fetch_add(1, Ordering::Relaxed);
        self.0.bytes.sync_data()
    }
    fn write(&self, offset: u64, data: &[u8]) -> Result<(), std::io::Error> {
        let less = |left: u64| left.checked_sub(1);
        let (set, load) = (Ordering::Relaxed, Ordering::Relaxed);
        if self.0.failing.fetch_update(set, load, less).is_ok() {
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        self.0.bytes.write(offset, data)
    }
}

fn disk() -> Arc<Disk> {
    Arc::new(Disk {
        bytes: InMemoryBackend::new(),
        syncs: AtomicU64::new(0),
        failing: AtomicU64::new(0),
        held_up: Mutex::new(()),
    })
}

fn on(disk: &Arc<Disk>) -> Result<RedbStore, HostFault> {
    let disk = disk.clone();
    RedbStore::start(Box::new(move || open_backend(Opened(disk.clone()))))
}

fn key(server: Option<&str>) -> Key {
    Key {
        server: server.map(|id| id.parse().unwrap()),
        kind: "durable",
    }
}

fn set(server: Option<&str>, value: &[u8]) -> Vec<Change> {
    vec![Change {
        key: key(server),
        value: Some(value.to_vec()),
    }]
}

fn value(store: &RedbStore, server: Option<&str>) -> Option<Vec<u8>> {
    store.load(&key(server)).unwrap()
}

#[tokio::test]
async fn what_was_committed_is_there_and_servers_do_not_mix() {
    let disk = disk();
    let store = on(&disk).unwrap();
    assert_eq!(value(&store, None), None);
    store.commit(set(None, b"daemon")).await.unwrap();
    store.commit(set(Some("a"), b"a")).await.unwrap();
    drop(store);
    let store = on(&disk).unwrap();
    assert_eq!(value(&store, None).unwrap(), b"daemon");
    assert_eq!(value(&store, Some("a")).unwrap(), b"a");
    assert_eq!(value(&store, Some("b")), None);
    let gone = Change {
        key: key(Some("a")),
        value: None,
    };
    store.commit(vec![gone]).await.unwrap();
    assert_eq!(value(&store, Some("a")), None);
}

#[tokio::test]
async fn commits_that_wait_become_durable_together_and_in_order() {
    let disk = disk();
    let store = on(&disk).unwrap();
    let syncs = || disk.syncs.load(Ordering::Relaxed);
    let before = syncs();
    store.commit(set(None, b"first")).await.unwrap();
    let one = syncs() - before;
    let before = syncs();
    let answers = {
        let _held_up = disk.held_up.lock().unwrap();
        let waiting = (0..100_u8).map(|n| store.commit(set(None, &[n])));
        waiting.collect::<Vec<_>>()
    };
    for answer in answers {
        answer.await.unwrap();
    }
    assert_eq!(value(&store, None).unwrap(), [99]);
    // At most the first alone, a few with it, and the rest.
    assert!(syncs() - before <= 3 * one, "{} syncs", syncs() - before);
}

#[tokio::test]
async fn a_commit_is_made_though_nobody_waits_for_it() {
    let disk = disk();
    let store = on(&disk).unwrap();
    drop(store.commit(set(None, b"unawaited")));
    drop(store);
    assert_eq!(value(&on(&disk).unwrap(), None).unwrap(), b"unawaited");
}

#[tokio::test]
async fn a_full_disk_refuses_changes_and_does_not_outlast_itself() {
    let disk = disk();
    let store = on(&disk).unwrap();
    store.commit(set(None, b"old")).await.unwrap();
    disk.failing.store(u64::MAX, Ordering::Relaxed);
    assert!(store.commit(set(None, b"new")).await.is_err());
    assert!(store.commit(set(None, b"new")).await.is_err());
    disk.failing.store(0, Ordering::Relaxed);
    assert_eq!(value(&store, None).unwrap(), b"old");
    store.commit(set(None, b"newer")).await.unwrap();
    assert_eq!(value(&store, None).unwrap(), b"newer");
    drop(store);
    assert_eq!(value(&on(&disk).unwrap(), None).unwrap(), b"newer");
}

#[tokio::test]
async fn a_write_that_fails_once_is_made_again() {
    let disk = disk();
    let store = on(&disk).unwrap();
    for n in 0..10 {
        disk.failing.store(1, Ordering::Relaxed);
        store.commit(set(None, &[n])).await.unwrap();
        assert_eq!(disk.failing.load(Ordering::Relaxed), 0);
        assert_eq!(value(&store, None).unwrap(), [n]);
    }
}

#[tokio::test]
async fn a_value_too_long_is_refused_alone() {
    let disk = disk();
    let store = on(&disk).unwrap();
    let long = store.commit(set(None, &vec![0; VALUE_MAX + 1]));
    let short = store.commit(set(None, b"short"));
    assert!(long.await.is_err());
    short.await.unwrap();
}

#[tokio::test]
async fn a_newer_layout_is_refused_and_stays() {
    let disk = disk();
    let store = on(&disk).unwrap();
    let newer = Change {
        key: Key {
            server: None,
            kind: FORMAT_KEY.1,
        },
        value: Some(vec![FORMAT + 1]),
    };
    store.commit(vec![newer]).await.unwrap();
    drop(store);
    for _ in 0..2 {
        let fault = on(&disk).unwrap_err();
        assert!(fault.why.contains("newer version (format 2"), "{fault}");
    }
}

#[tokio::test]
async fn a_damaged_file_is_named_and_never_reset() {
    let folder = Folder::new();
    let path = folder.path().join("state.redb");
    let open = |folder: &Folder| {
        let lock = Arc::new(FolderLock::take(folder.path()).unwrap());
        RedbStore::open(&path, lock)
    };
    let store = open(&folder).unwrap();
    for n in 0..50 {
        let server = format!("s{n}");
        let value = vec![n; 500];
        store.commit(set(Some(&server), &value)).await.unwrap();
    }
    drop(store);
    let sound = std::fs::read(&path).unwrap();
    let mut refused = 0;
    for part in 0..64 {
        // A stretch of noise, a 64th of the file further each time.
        let mut noise = sound.clone();
        let at = sound.len() * part / 64;
        for byte in noise.iter_mut().skip(at).take(600) {
            *byte ^= 0xA5;
        }
        std::fs::write(&path, &noise).unwrap();
        match open(&folder) {
            // Where nothing lay, nothing is missing.
            Ok(store) => {
                for n in 0..50 {
                    let found = value(&store, Some(&format!("s{n}")));
                    assert_eq!(found, Some(vec![n; 500]), "noise at {at}");
                }
            }
            Err(fault) => {
                refused += 1;
                assert!(fault.why.contains("state.redb"), "{fault}");
                assert_eq!(std::fs::metadata(&path).unwrap().len(), sound.len() as u64);
            }
        }
    }
    assert!(refused > 0);
    std::fs::write(&path, b"not a database, just a text that somebody put here").unwrap();
    let fault = open(&folder).unwrap_err();
    assert!(fault.why.contains("no state file of Outband"), "{fault}");
}
