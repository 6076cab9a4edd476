//! A machine in memory for the tests of the log.

use std::{
    collections::HashMap,
    ops::Range,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
};

use tokio::time::Instant;

use super::{EventKind, EventLog, EventLogSettings, NewEvent};
use crate::host::{BootId, BoxFuture, Change, Clock, HostFault, Journal, Key, Stamp, Store};

/// A journal that can be full and whose bytes can be spoiled.
#[derive(Debug, Default)]
pub(super) struct FakeJournal {
    pub(super) start: AtomicU64,
    pub(super) bytes: Mutex<Vec<u8>>,
    pub(super) full: AtomicBool,
    pub(super) syncs: AtomicU64,
}

fn fault(why: &str) -> HostFault {
    HostFault {
        doing: "use the journal",
        why: why.into(),
    }
}

impl Journal for FakeJournal {
    fn append(&self, bytes: &[u8]) -> Result<u64, HostFault> {
        if self.full.load(Ordering::Relaxed) {
            return Err(fault("No space left on device"));
        }
        let position = self.extent().end;
        self.bytes.lock().unwrap().extend_from_slice(bytes);
        Ok(position)
    }

    fn read(&self, position: u64, length: usize) -> Result<Vec<u8>, HostFault> {
        let from = position.checked_sub(self.start.load(Ordering::Relaxed));
        let from = usize::try_from(from.ok_or_else(|| fault("gone"))?).unwrap();
        let bytes = self.bytes.lock().unwrap();
        let bytes = bytes.get(from..from + length);
        Ok(bytes.ok_or_else(|| fault("not there"))?.to_vec())
    }

    fn extent(&self) -> Range<u64> {
        let start = self.start.load(Ordering::Relaxed);
        start..start + self.bytes.lock().unwrap().len() as u64
    }

    fn truncate(&self, end: u64) -> Result<(), HostFault> {
        let length = end - self.start.load(Ordering::Relaxed);
        self.bytes
            .lock()
            .unwrap()
            .truncate(usize::try_from(length).unwrap());
        Ok(())
    }

    fn trim(&self, bytes: u64) -> Result<u64, HostFault> {
        let extent = self.extent();
        let begin = extent.end - bytes;
        let gone = usize::try_from(begin - extent.start).unwrap();
        self.bytes.lock().unwrap().drain(..gone);
        self.start.store(begin, Ordering::Relaxed);
        Ok(begin)
    }

    fn sync(&self) -> BoxFuture<Result<(), HostFault>> {
        self.syncs.fetch_add(1, Ordering::Relaxed);
        Box::pin(std::future::ready(Ok(())))
    }
}

/// A store that forgets nothing and can be out of order.
#[derive(Debug, Default)]
pub(super) struct FakeStore {
    pub(super) values: Mutex<HashMap<Key, Vec<u8>>>,
    pub(super) broken: AtomicBool,
}

impl Store for FakeStore {
    fn load(&self, key: &Key) -> Result<Option<Vec<u8>>, HostFault> {
        Ok(self.values.lock().unwrap().get(key).cloned())
    }

    fn commit(&self, changes: Vec<Change>) -> BoxFuture<Result<(), HostFault>> {
        if self.broken.load(Ordering::Relaxed) {
            return Box::pin(std::future::ready(Err(fault("broken"))));
        }
        for change in changes {
            let mut values = self.values.lock().unwrap();
            match change.value {
                Some(value) => values.insert(change.key, value),
                None => values.remove(&change.key),
            };
        }
        Box::pin(std::future::ready(Ok(())))
    }
}

/// A wall clock that is set by hand.
#[derive(Debug)]
pub(super) struct FakeClock(pub(super) AtomicI64);

impl Clock for FakeClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wall(&self) -> Stamp {
        Stamp {
            unix_ms: self.0.load(Ordering::Relaxed),
            synchronised: true,
        }
    }
}

/// What outlives the log.
#[derive(Debug)]
pub(super) struct Machine {
    pub(super) journal: Arc<FakeJournal>,
    pub(super) store: Arc<FakeStore>,
    pub(super) clock: Arc<FakeClock>,
    pub(super) max_bytes: u64,
}

impl Machine {
    pub(super) fn new() -> Self {
        Self {
            journal: Arc::default(),
            store: Arc::default(),
            clock: Arc::new(FakeClock(AtomicI64::new(1_700_000_000_000))),
            max_bytes: 1 << 20,
        }
    }

    pub(super) fn open(&self) -> Result<Arc<EventLog>, HostFault> {
        EventLog::open(EventLogSettings {
            journal: self.journal.clone(),
            store: Some(self.store.clone()),
            clock: self.clock.clone(),
            boot: BootId([1; 16]),
            max_bytes: self.max_bytes,
        })
    }
}

pub(super) fn about(server: Option<&str>, kind: EventKind) -> NewEvent {
    NewEvent {
        server: server.map(|id| id.parse().unwrap()),
        kind,
        actor: None,
        sel: None,
    }
}
