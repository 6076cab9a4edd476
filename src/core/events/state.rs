//! What the log knows: the index, the SELs, and what is still to be written.

use std::collections::{HashMap, VecDeque};

use super::{
    Event, EventLogSettings, codec,
    index::{Entry, Index, UNWRITTEN},
    sel::{SelState, is_record_id},
};
use crate::{host::HostFault, server::ServerId};

/// How many events are held in memory while the journal can't be written.
pub(super) const UNWRITTEN_MAX: usize = 1024;

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) index: Index,
    pub(super) sel: HashMap<ServerId, SelState>,
    /// The number that was given last.
    pub(super) last: u64,
    /// The newest events, where the journal does not have them yet; their entries say so.
    pub(super) unwritten: VecDeque<Event>,
    pub(super) lost: u64,
    pub(super) unreadable: u64,
    pub(super) write_fault: Option<HostFault>,
    pub(super) sync_fault: Option<HostFault>,
    pub(super) read_fault: Option<HostFault>,
}

/// An event that a view shows, before it is read.
#[derive(Debug)]
pub(super) enum Pick {
    Written(Entry),
    Held(Box<Event>),
}

impl State {
    pub(super) fn index(&mut self, event: &Event, position: u64, length: u32) {
        let id = event
            .sel
            .map_or(0, |[low, high, ..]| u16::from_le_bytes([low, high]));
        let id = if is_record_id(id) { id } else { 0 };
        if let Some(server) = event.server.as_ref().filter(|_| id != 0) {
            self.sel.entry(server.clone()).or_default().last_id = id;
        }
        let entry = Entry {
            seq: event.seq,
            position,
            length,
            server: 0,
            sel: id,
            audit: event.kind.is_audit(),
        };
        self.index.push(event.server.as_ref(), entry);
    }

    /// Writes what is not written yet, and keeps the journal within its bound.
    pub(super) fn write(&mut self, settings: &EventLogSettings) {
        while let Some(event) = self.unwritten.front() {
            let seq = event.seq;
            let Some(record) = codec::encode(event) else {
                self.give_up_oldest_unwritten();
                continue;
            };
            match settings.journal.append(&record) {
                Ok(position) => {
                    let length = u32::try_from(record.len()).unwrap_or(u32::MAX);
                    self.index.written(seq, position, length);
                    self.unwritten.pop_front();
                    self.write_fault = None;
                }
                Err(fault) => {
                    self.write_fault = Some(fault);
                    break;
                }
            }
        }
        while self.unwritten.len() > UNWRITTEN_MAX {
            self.give_up_oldest_unwritten();
        }
        let extent = settings.journal.extent();
        if extent.end - extent.start > settings.max_bytes {
            match settings.journal.trim(settings.max_bytes) {
                Ok(begin) => self.index.trim(begin),
                Err(fault) => self.write_fault = Some(fault),
            }
        }
    }

    fn give_up_oldest_unwritten(&mut self) {
        if let Some(event) = self.unwritten.pop_front() {
            self.index.lost(event.seq);
            self.lost += 1;
        }
    }

    pub(super) fn damaged(&mut self, entry: &Entry) {
        let why = format!("event {} is damaged", entry.seq);
        self.unreadable(HostFault {
            doing: "read the event log",
            why: why.into(),
        });
    }

    pub(super) fn unreadable(&mut self, fault: HostFault) {
        self.unreadable += 1;
        self.read_fault = Some(fault);
    }

    pub(super) fn pick<'a>(&self, entries: impl Iterator<Item = &'a Entry>) -> Vec<Pick> {
        entries
            .filter_map(|entry| {
                if entry.position != UNWRITTEN {
                    return Some(Pick::Written(*entry));
                }
                let at = self
                    .unwritten
                    .partition_point(|event| event.seq < entry.seq);
                let event = self.unwritten.get(at)?;
                Some(Pick::Held(Box::new(event.clone())))
            })
            .collect()
    }
}
