//! The log itself: numbers events, writes them down, reads them back.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::watch;

use super::{
    Damage, Event, EventKind, NewEvent, SelView, View, codec,
    index::UNWRITTEN,
    scan::scan,
    standard::{sel_for, severity_of},
    state::{Pick, State},
};
use crate::{
    host::{Audit, BootId, Clock, HostFault, Journal, Store},
    server::ServerId,
};

/// How long changes gather before they are made safe from a power cut.
const GATHER: Duration = Duration::from_secs(1);
/// How long to wait before events that could not be written are tried again.
const RETRY: Duration = Duration::from_secs(10);

/// What the log is made with.
#[derive(Debug, Clone)]
pub struct EventLogSettings {
    /// Where it is kept.
    pub journal: Arc<dyn Journal>,
    /// Where each server's SEL mark and clock offset are kept; `None` keeps them in memory.
    pub store: Option<Arc<dyn Store>>,
    /// The clocks.
    pub clock: Arc<dyn Clock>,
    /// The run of the device.
    pub boot: BootId,
    /// How many bytes are kept at most; the oldest go.
    pub max_bytes: u64,
}

/// The event log.
#[derive(Debug)]
pub struct EventLog {
    settings: EventLogSettings,
    damage: Damage,
    state: Mutex<State>,
    newest: watch::Sender<u64>,
}

/// How the log is, for the daemon's health.
#[derive(Debug, Clone, Default)]
pub struct LogHealth {
    /// What fails now, if anything does.
    pub fault: Option<HostFault>,
    /// Events that are held in memory because they could not be written.
    pub unwritten: usize,
    /// Events that were given up since the start.
    pub lost: u64,
    /// Events that could not be read back since the start.
    pub unreadable: u64,
    /// What was wrong with the journal at the start.
    pub damage: Damage,
}

impl EventLog {
    /// Opens the log, cutting off a torn record at its end.
    ///
    /// # Errors
    /// [`HostFault`] when it can't be read, or a newer version wrote it.
    pub fn open(settings: EventLogSettings) -> Result<Arc<Self>, HostFault> {
        let mut state = State::default();
        let damage = scan(&*settings.journal, |event, position, length| {
            state.index(&event, position, length);
        })?;
        state.last = state.index.newest().unwrap_or(0);
        let newest = watch::Sender::new(state.last);
        Ok(Arc::new(Self {
            settings,
            damage,
            state: Mutex::new(state),
            newest,
        }))
    }

    /// Records an event and returns its number. Never waits for a disk to settle: the bytes outlive
    /// the process when this returns, and a power cut within about a second, while
    /// [`EventLog::run`] runs.
    ///
    /// Where the journal can't be written the event is published all the same, held in memory and
    /// tried again; [`EventLog::health`] says so. A number whose event never reached the journal is
    /// given again after a restart.
    pub fn record(&self, new: NewEvent) -> u64 {
        let mut state = self.lock();
        let at = self.settings.clock.wall();
        let shown = new.sel.or_else(|| sel_for(&new.kind));
        let severity = match (&new.kind, &shown) {
            (EventKind::SystemEvent, Some(record)) => severity_of(record),
            (kind, _) => kind.severity(),
        };
        let sel = match (&new.server, shown) {
            (Some(server), Some(shown)) => {
                let (id, time) = state.next_sel(&self.settings, server, at);
                Some(shown.record(id, time))
            }
            _ => None,
        };
        state.last += 1;
        let event = Event {
            seq: state.last,
            server: new.server,
            at,
            boot: self.settings.boot,
            kind: new.kind,
            severity,
            actor: new.actor,
            sel,
        };
        let seq = event.seq;
        state.index(&event, UNWRITTEN, 0);
        state.unwritten.push_back(event);
        state.write(&self.settings);
        self.newest.send_replace(seq);
        seq
    }

    /// Keeps the log safe from power cuts: waits for events, lets a second's worth gather, and
    /// syncs. Nothing wakes while nothing happens. Ends with the task that runs it; call
    /// [`EventLog::sync`] once more at the end.
    pub async fn run(self: Arc<Self>) {
        let mut newest = self.newest();
        // What was recorded before this began counts too.
        newest.mark_changed();
        while newest.changed().await.is_ok() {
            tokio::time::sleep(GATHER).await;
            newest.mark_unchanged();
            // The outcome is in `health`.
            while self.sync().await.is_err() && self.health().unwritten > 0 {
                tokio::time::sleep(RETRY).await;
            }
        }
    }

    /// Writes what could not be written before, and makes everything survive a power cut.
    ///
    /// # Errors
    /// [`HostFault`] when either can't be done; [`EventLog::fault`] has it too.
    pub async fn sync(&self) -> Result<(), HostFault> {
        self.lock().write(&self.settings);
        let synced = self.settings.journal.sync().await;
        let mut state = self.lock();
        state.sync_fault = synced.err();
        state
            .write_fault
            .clone()
            .or(state.sync_fault.clone())
            .map_or(Ok(()), Err)
    }

    /// What fails now: writing, syncing or reading.
    #[must_use]
    pub fn fault(&self) -> Option<HostFault> {
        self.health().fault
    }

    /// How the log is.
    #[must_use]
    pub fn health(&self) -> LogHealth {
        let state = self.lock();
        let faults = [&state.write_fault, &state.sync_fault, &state.read_fault];
        LogHealth {
            fault: faults.into_iter().flatten().next().cloned(),
            unwritten: state.unwritten.len(),
            lost: state.lost,
            unreadable: state.unreadable,
            damage: self.damage,
        }
    }

    /// The number of the newest event, now and from now on.
    #[must_use]
    pub fn newest(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    /// The number of the oldest event that is kept; while there is none, the next event's.
    #[must_use]
    pub fn oldest(&self) -> u64 {
        let state = self.lock();
        state.index.oldest().unwrap_or(state.last + 1)
    }

    /// Events from a number on, in order, at most `limit`, that are about this server (`None`: all).
    ///
    /// # Errors
    /// [`HostFault`] when the log can't be read.
    pub fn read(
        &self,
        from: u64,
        limit: usize,
        server: Option<&ServerId>,
    ) -> Result<Vec<Event>, HostFault> {
        let picks = {
            let state = self.lock();
            let shown = View::Event.filter(&state.index, server);
            state.pick(
                state
                    .index
                    .from(from)
                    .filter(|entry| shown(entry))
                    .take(limit),
            )
        };
        self.fetch(picks)
    }

    /// The events before a number, newest first, at most `limit`, that are about this server (`None`:
    /// all).
    ///
    /// # Errors
    /// [`HostFault`] when the log can't be read.
    pub fn before(
        &self,
        seq: u64,
        limit: usize,
        server: Option<&ServerId>,
    ) -> Result<Vec<Event>, HostFault> {
        let picks = {
            let state = self.lock();
            let shown = View::Event.filter(&state.index, server);
            let before = state.index.before(seq).rev();
            state.pick(before.filter(|entry| shown(entry)).take(limit))
        };
        self.fetch(picks)
    }

    /// The event of this number; `None` when it is no longer or not yet kept.
    ///
    /// # Errors
    /// [`HostFault`] when the log can't be read.
    pub fn get(&self, seq: u64) -> Result<Option<Event>, HostFault> {
        let picks = {
            let state = self.lock();
            state.pick(
                state
                    .index
                    .from(seq)
                    .take(1)
                    .filter(|entry| entry.seq == seq),
            )
        };
        Ok(self.fetch(picks)?.pop())
    }

    /// How many events a view shows of a server (`None`: of all servers and the daemon).
    #[must_use]
    pub fn count(&self, view: View, server: Option<&ServerId>) -> usize {
        let state = self.lock();
        let shown = view.filter(&state.index, server);
        state.index.iter().filter(|entry| shown(entry)).count()
    }

    /// A page of a view, oldest first: at most `limit` events after the first `skip`.
    ///
    /// # Errors
    /// [`HostFault`] when the log can't be read.
    pub fn page(
        &self,
        view: View,
        server: Option<&ServerId>,
        skip: usize,
        limit: usize,
    ) -> Result<Vec<Event>, HostFault> {
        let picks = {
            let state = self.lock();
            let shown = view.filter(&state.index, server);
            let entries = state.index.iter().filter(|entry| shown(entry));
            state.pick(entries.skip(skip).take(limit))
        };
        self.fetch(picks)
    }

    /// A server's system event log.
    #[must_use]
    pub fn sel<'a>(&'a self, server: &'a ServerId) -> SelView<'a> {
        SelView::new(self, server)
    }

    pub(super) fn settings(&self) -> &EventLogSettings {
        &self.settings
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves a state that is whole between any two statements here.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what was picked. Events that were trimmed in between are left out; so are damaged
    /// ones, which [`EventLog::health`] counts.
    pub(super) fn fetch(&self, picks: Vec<Pick>) -> Result<Vec<Event>, HostFault> {
        let journal = &self.settings.journal;
        let mut events = Vec::with_capacity(picks.len());
        for pick in picks {
            let entry = match pick {
                Pick::Held(event) => {
                    events.push(*event);
                    continue;
                }
                Pick::Written(entry) => entry,
            };
            let length = usize::try_from(entry.length).unwrap_or(codec::RECORD_MAX);
            match journal.read(entry.position, length) {
                Ok(bytes) => match codec::body(&bytes).and_then(codec::decode) {
                    Some(event) if event.seq == entry.seq => events.push(event),
                    _ => self.lock().damaged(&entry),
                },
                Err(_) if entry.position < journal.extent().start => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(events)
    }
}

impl Audit for EventLog {
    fn record(&self, event: NewEvent) -> u64 {
        Self::record(self, event)
    }
}

#[cfg(test)]
#[path = "log_tests.rs"]
mod tests;
