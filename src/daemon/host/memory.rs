//! Store and journal for fleets that keep nothing: gone with the process.

use std::{
    collections::{BTreeMap, VecDeque},
    ops::Range,
    sync::{Mutex, PoisonError},
};

use outband_core::host::{BoxFuture, Change, HostFault, Journal, Key, Store};

use super::fault;

/// A store in memory. An empty one allocates nothing.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<BTreeMap<Key, Box<[u8]>>>);

impl Store for MemoryStore {
    fn load(&self, key: &Key) -> Result<Option<Vec<u8>>, HostFault> {
        let values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(values.get(key).map(|value| value.to_vec()))
    }

    fn commit(&self, changes: Vec<Change>) -> BoxFuture<Result<(), HostFault>> {
        let mut values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for change in changes {
            match change.value {
                Some(value) => values.insert(change.key, value.into()),
                None => values.remove(&change.key),
            };
        }
        Box::pin(std::future::ready(Ok(())))
    }
}

/// How much of a memory journal goes at once.
const SEGMENT: usize = 64 * 1024;

/// A journal in memory. An empty one allocates nothing.
#[derive(Debug, Default)]
pub struct MemoryJournal(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    start: u64,
    end: u64,
    /// Whole appends, about [`SEGMENT`] bytes each.
    segments: VecDeque<Vec<u8>>,
}

impl MemoryJournal {
    fn with<T>(&self, work: impl FnOnce(&mut Kept) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Journal for MemoryJournal {
    fn append(&self, bytes: &[u8]) -> Result<u64, HostFault> {
        self.with(|kept| {
            let position = kept.end;
            match kept.segments.back_mut() {
                Some(segment) if segment.len() + bytes.len() <= SEGMENT => {
                    segment.extend_from_slice(bytes);
                }
                _ => kept.segments.push_back(bytes.to_vec()),
            }
            kept.end += bytes.len() as u64;
            Ok(position)
        })
    }

    fn read(&self, position: u64, length: usize) -> Result<Vec<u8>, HostFault> {
        self.with(|kept| {
            let end = position.saturating_add(length as u64);
            if position < kept.start || end > kept.end {
                return Err(fault("read the event log", "the bytes are not kept"));
            }
            let mut bytes = Vec::with_capacity(length);
            let mut start = kept.start;
            for segment in &kept.segments {
                let skip = usize::try_from(position.saturating_sub(start)).unwrap_or(usize::MAX);
                let part = segment.get(skip..).unwrap_or_default();
                bytes.extend(part.iter().take(length - bytes.len()));
                start += segment.len() as u64;
            }
            Ok(bytes)
        })
    }

    fn extent(&self) -> Range<u64> {
        self.with(|kept| kept.start..kept.end)
    }

    fn truncate(&self, end: u64) -> Result<(), HostFault> {
        self.with(|kept| {
            if !(kept.start..=kept.end).contains(&end) {
                return Err(fault("cut the event log", "the position is not kept"));
            }
            while let Some(last) = kept.segments.back_mut() {
                let start = kept.end - last.len() as u64;
                if start < end {
                    last.truncate(usize::try_from(end - start).unwrap_or(usize::MAX));
                    break;
                }
                kept.segments.pop_back();
                kept.end = start;
            }
            kept.end = end;
            Ok(())
        })
    }

    fn trim(&self, bytes: u64) -> Result<u64, HostFault> {
        self.with(|kept| {
            while kept.segments.len() > 1 && kept.end - kept.start > bytes {
                let gone = kept.segments.pop_front().map_or(0, |segment| segment.len());
                kept.start += gone as u64;
            }
            Ok(kept.start)
        })
    }

    fn sync(&self) -> BoxFuture<Result<(), HostFault>> {
        Box::pin(std::future::ready(Ok(())))
    }
}
