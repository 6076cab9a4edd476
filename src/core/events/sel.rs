//! A server's system event log (IPMI 2.0 section 31), as a view of the one log.
//!
//! It shows the events that carry SEL bytes and came after the server's mark. Clearing moves the
//! mark and touches no event; other views go on showing them.

use serde::{Deserialize, Serialize};

use super::{
    ActorMark, Event, EventKind, EventLog, EventLogSettings, NewEvent, index::Entry, state::State,
};
use crate::{
    host::{Change, HostFault, Key, Stamp, Store, unversioned, versioned},
    server::ServerId,
};

/// How many entries a SEL shows at most, the newest: as many as there are record ids.
const ENTRIES_MAX: usize = 0xFFFE;
const MARK: &str = "sel-mark";
const OFFSET: &str = "sel-offset";
const FORMAT: u8 = 1;

/// 0000h and FFFFh mean "first" and "last" in requests and name no record.
pub(super) const fn is_record_id(id: u16) -> bool {
    id != 0 && id != 0xFFFF
}

/// What is kept of a server's SEL in memory, from its first record on.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SelState {
    /// The newest record's id.
    pub(super) last_id: u16,
    /// What the store had, once it was asked.
    kept: Option<Kept>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Kept {
    mark: Mark,
    offset: i64,
}

/// Up to where a SEL was cleared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Mark {
    /// Events up to this number are not shown.
    through: u64,
    /// When that was, in SEL time.
    erased: Option<u32>,
}

/// Which entry is asked for (IPMI 2.0 section 31.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SelAt {
    /// The oldest (record id 0000h).
    First,
    /// The newest (record id FFFFh).
    Last,
    /// The one with this id.
    Id(u16),
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelEntry {
    /// The event; its `sel` is set.
    pub event: Event,
    /// The id of the entry that follows; `None` for the newest.
    pub next: Option<u16>,
}

/// What Get SEL Info tells (IPMI 2.0 section 31.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SelInfo {
    /// How many entries there are.
    pub entries: usize,
    /// When the newest was added, in SEL time; `None` while there is none.
    pub added: Option<u32>,
    /// When the log was last cleared, in SEL time.
    pub erased: Option<u32>,
    /// Changes when the log is cleared: what reservations rest on.
    pub cleared_through: u64,
}

/// A server's SEL.
#[derive(Debug, Clone, Copy)]
pub struct SelView<'a> {
    log: &'a EventLog,
    server: &'a ServerId,
}

impl<'a> SelView<'a> {
    pub(super) const fn new(log: &'a EventLog, server: &'a ServerId) -> Self {
        Self { log, server }
    }

    /// How many entries there are.
    ///
    /// # Errors
    /// [`HostFault`] when the store can't be read.
    pub fn count(self) -> Result<usize, HostFault> {
        let (state, kept) = self.open()?;
        Ok(entries(&state, self.server, kept.mark).count())
    }

    /// What Get SEL Info tells.
    ///
    /// # Errors
    /// [`HostFault`] when the store or the log can't be read.
    pub fn info(self) -> Result<SelInfo, HostFault> {
        let newest = self.entry(SelAt::Last)?;
        let (state, kept) = self.open()?;
        Ok(SelInfo {
            entries: entries(&state, self.server, kept.mark).count(),
            added: newest.and_then(|entry| entry.event.sel).map(sel_time),
            erased: kept.mark.erased,
            cleared_through: kept.mark.through,
        })
    }

    /// An entry and the id of the next; `None` when there is no such entry.
    ///
    /// # Errors
    /// [`HostFault`] when the store or the log can't be read.
    pub fn entry(self, at: SelAt) -> Result<Option<SelEntry>, HostFault> {
        let (picks, next) = {
            let (state, kept) = self.open()?;
            let mut next = None;
            let mut found = None;
            for entry in entries(&state, self.server, kept.mark) {
                match at {
                    SelAt::Last => found = Some(entry),
                    SelAt::Id(id) if entry.sel == id => found = Some(entry),
                    // The oldest is the last one that comes by.
                    SelAt::First => {
                        next = found.map(|newer: &Entry| newer.sel);
                        found = Some(entry);
                        continue;
                    }
                    SelAt::Id(_) => {
                        next = Some(entry.sel);
                        continue;
                    }
                }
                break;
            }
            (state.pick(found.into_iter()), next)
        };
        let event = self.log.fetch(picks)?.pop();
        Ok(event.map(|event| SelEntry { event, next }))
    }

    /// A page of the entries, oldest first: at most `limit` after the first `skip`.
    ///
    /// # Errors
    /// [`HostFault`] when the store or the log can't be read.
    pub fn page(self, skip: usize, limit: usize) -> Result<Vec<Event>, HostFault> {
        let picks = {
            let (state, kept) = self.open()?;
            let count = entries(&state, self.server, kept.mark).count();
            let end = skip.saturating_add(limit).min(count);
            let mut page: Vec<&Entry> = entries(&state, self.server, kept.mark)
                .skip(count - end)
                .take(end.saturating_sub(skip))
                .collect();
            page.reverse();
            state.pick(page.into_iter())
        };
        self.log.fetch(picks)
    }

    /// The entries from this record id on, oldest first, at most `limit`; none when there is no
    /// such entry.
    ///
    /// # Errors
    /// [`HostFault`] when the store or the log can't be read.
    pub fn from(self, id: u16, limit: usize) -> Result<Vec<Event>, HostFault> {
        let skip = {
            let (state, kept) = self.open()?;
            let count = entries(&state, self.server, kept.mark).count();
            let newer = entries(&state, self.server, kept.mark).position(|entry| entry.sel == id);
            newer.map(|newer| count - 1 - newer)
        };
        skip.map_or(Ok(Vec::new()), |skip| self.page(skip, limit))
    }

    /// Clears the log and records that somebody did. The caller has checked that the actor may
    /// ([`crate::access::Operation::ClearLog`]). Entries that come in meanwhile stay.
    ///
    /// # Errors
    /// [`HostFault`] when it could not be made durable; nothing is cleared then.
    pub async fn clear(self, actor: Option<ActorMark>) -> Result<(), HostFault> {
        let through = self.log.lock().last;
        let mark = Mark {
            through,
            erased: Some(self.time()?),
        };
        self.keep(MARK, versioned(FORMAT, &mark)).await?;
        self.change(|kept| {
            // Another clearing may have been asked for later and be done already.
            if kept.mark.through <= through {
                kept.mark = mark;
            }
        })?;
        self.log.record(NewEvent {
            server: Some(self.server.clone()),
            kind: EventKind::LogCleared { log: "SEL".into() },
            actor,
            sel: None,
        });
        Ok(())
    }

    /// The SEL's clock: seconds since 1970 (IPMI 2.0 section 31.10).
    ///
    /// # Errors
    /// [`HostFault`] when the store can't be read.
    pub fn time(self) -> Result<u32, HostFault> {
        Ok(shifted(self.log.settings().clock.wall(), self.offset()?))
    }

    /// Sets the SEL's clock for the entries to come (IPMI 2.0 section 31.11).
    ///
    /// # Errors
    /// [`HostFault`] when it could not be made durable.
    pub async fn set_time(self, time: u32) -> Result<(), HostFault> {
        let wall = self.log.settings().clock.wall().unix_ms.div_euclid(1000);
        self.set_offset(i64::from(time).saturating_sub(wall)).await
    }

    /// How many seconds the SEL's clock is ahead of the daemon's.
    ///
    /// # Errors
    /// [`HostFault`] when the store can't be read.
    pub fn offset(self) -> Result<i64, HostFault> {
        self.open().map(|(_, kept)| kept.offset)
    }

    /// Sets how many seconds the SEL's clock is ahead of the daemon's.
    ///
    /// # Errors
    /// [`HostFault`] when it could not be made durable.
    pub async fn set_offset(self, seconds: i64) -> Result<(), HostFault> {
        self.keep(OFFSET, versioned(FORMAT, &seconds)).await?;
        self.change(|kept| kept.offset = seconds)
    }

    fn open(self) -> Result<(std::sync::MutexGuard<'a, State>, Kept), HostFault> {
        let mut state = self.log.lock();
        let kept = state.kept(self.log.settings(), self.server)?;
        Ok((state, kept))
    }

    /// Makes a value durable.
    async fn keep(self, kind: &'static str, value: Vec<u8>) -> Result<(), HostFault> {
        let Some(store) = &self.log.settings().store else {
            return Ok(());
        };
        let key = key(self.server, kind);
        let value = Some(value);
        store.commit(vec![Change { key, value }]).await
    }

    fn change(self, change: impl FnOnce(&mut Kept)) -> Result<(), HostFault> {
        let (mut state, mut kept) = self.open()?;
        change(&mut kept);
        state.sel.entry(self.server.clone()).or_default().kept = Some(kept);
        Ok(())
    }
}

impl State {
    /// The id and the time of a server's next record.
    pub(super) fn next_sel(
        &mut self,
        settings: &EventLogSettings,
        server: &ServerId,
        at: Stamp,
    ) -> (u16, u32) {
        let offset = match self.kept(settings, server) {
            Ok(kept) => kept.offset,
            Err(fault) => {
                self.unreadable(fault);
                0
            }
        };
        let last = self.sel.get(server).map_or(0, |state| state.last_id);
        let next = last.wrapping_add(1);
        let id = if is_record_id(next) { next } else { 1 };
        (id, shifted(at, offset))
    }

    /// What is kept of a server's SEL, from the store at first.
    fn kept(&mut self, settings: &EventLogSettings, server: &ServerId) -> Result<Kept, HostFault> {
        if let Some(kept) = self.sel.get(server).and_then(|state| state.kept) {
            return Ok(kept);
        }
        let store = settings.store.as_deref();
        let kept = Kept {
            mark: load(store, &key(server, MARK), "read the mark of a SEL")?,
            offset: load(store, &key(server, OFFSET), "read the clock of a SEL")?,
        };
        // Where a power cut or a lost folder took events that the mark counts, their numbers are
        // not given again: the mark would hide what they stand for now.
        self.last = self.last.max(kept.mark.through);
        // A server without records costs nothing here, even when it was asked about.
        if let Some(state) = self.sel.get_mut(server) {
            state.kept = Some(kept);
        }
        Ok(kept)
    }
}

/// The entries of a server's SEL, newest first.
fn entries<'s>(
    state: &'s State,
    server: &ServerId,
    mark: Mark,
) -> impl Iterator<Item = &'s Entry> + use<'s> {
    let server = state.index.server(server);
    state
        .index
        .from(mark.through.saturating_add(1))
        .rev()
        .filter(move |entry| entry.sel != 0 && Some(entry.server) == server)
        .take(ENTRIES_MAX)
}

fn load<T: Default + for<'de> Deserialize<'de>>(
    store: Option<&dyn Store>,
    key: &Key,
    doing: &'static str,
) -> Result<T, HostFault> {
    let Some(store) = store else {
        return Ok(T::default());
    };
    match store.load(key)? {
        Some(bytes) => unversioned(FORMAT, &bytes, doing),
        None => Ok(T::default()),
    }
}

fn key(server: &ServerId, kind: &'static str) -> Key {
    Key {
        server: Some(server.clone()),
        kind,
    }
}

fn shifted(at: Stamp, offset: i64) -> u32 {
    let seconds = at.unix_ms.div_euclid(1000).saturating_add(offset);
    u32::try_from(seconds.max(0)).unwrap_or(u32::MAX)
}

fn sel_time(record: [u8; 16]) -> u32 {
    let [_, _, _, t0, t1, t2, t3, ..] = record;
    u32::from_le_bytes([t0, t1, t2, t3])
}

#[cfg(test)]
#[path = "sel_tests.rs"]
mod tests;
