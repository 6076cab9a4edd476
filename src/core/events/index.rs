//! What the log keeps in memory of each event: where it lies, and what the views ask for.

use std::collections::{HashMap, VecDeque};

use crate::server::ServerId;

/// The position of an event that is not in the journal yet.
pub(super) const UNWRITTEN: u64 = u64::MAX;

/// One event. The number is kept because it has gaps where events were lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) seq: u64,
    /// Where its record begins, or [`UNWRITTEN`].
    pub(super) position: u64,
    /// The record's length in bytes.
    pub(super) length: u32,
    /// The server's number in [`Names`]; 0 for the daemon's own.
    pub(super) server: u32,
    /// Its record id in the server's SEL; 0 when the SEL does not show it.
    pub(super) sel: u16,
    /// Whether the audit log shows it.
    pub(super) audit: bool,
}

const _: () = assert!(size_of::<Entry>() <= 32);

/// The servers that events are about, numbered from 1, so that an entry holds four bytes of each.
#[derive(Debug, Default)]
struct Names {
    list: Vec<ServerId>,
    numbers: HashMap<ServerId, u32>,
}

impl Names {
    fn number(&mut self, server: Option<&ServerId>) -> u32 {
        let Some(server) = server else { return 0 };
        if let Some(number) = self.numbers.get(server) {
            return *number;
        }
        self.list.push(server.clone());
        // More servers than u32 counts can't be: each has an event in the index.
        let number = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        self.numbers.insert(server.clone(), number);
        number
    }

    fn name(&self, number: u32) -> Option<&ServerId> {
        self.list.get(usize::try_from(number).ok()?.checked_sub(1)?)
    }
}

/// All events that are kept, in order.
#[derive(Debug, Default)]
pub(super) struct Index {
    entries: VecDeque<Entry>,
    names: Names,
}

/// How many names more than events there may be before the unused ones are given up.
const NAMES_SPARE: usize = 64;

impl Index {
    pub(super) fn push(&mut self, server: Option<&ServerId>, mut entry: Entry) {
        entry.server = self.names.number(server);
        self.entries.push_back(entry);
    }

    /// The number under which entries name a server; `None` when no event is about it.
    pub(super) fn server(&self, server: &ServerId) -> Option<u32> {
        self.names.numbers.get(server).copied()
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter()
    }

    /// The entries from an event's number on.
    pub(super) fn from(&self, seq: u64) -> impl DoubleEndedIterator<Item = &Entry> {
        let first = self.entries.partition_point(|entry| entry.seq < seq);
        self.entries.range(first..)
    }

    /// The entries before an event's number.
    pub(super) fn before(&self, seq: u64) -> impl DoubleEndedIterator<Item = &Entry> {
        let end = self.entries.partition_point(|entry| entry.seq < seq);
        self.entries.range(..end)
    }

    pub(super) fn oldest(&self) -> Option<u64> {
        self.entries.front().map(|entry| entry.seq)
    }

    pub(super) fn newest(&self) -> Option<u64> {
        self.entries.back().map(|entry| entry.seq)
    }

    /// Says where an event was written.
    pub(super) fn written(&mut self, seq: u64, position: u64, length: u32) {
        let at = self.entries.partition_point(|entry| entry.seq < seq);
        if let Some(entry) = self.entries.get_mut(at).filter(|entry| entry.seq == seq) {
            entry.position = position;
            entry.length = length;
        }
    }

    /// Forgets an event that was lost.
    pub(super) fn lost(&mut self, seq: u64) {
        let at = self.entries.partition_point(|entry| entry.seq < seq);
        if self.entries.get(at).is_some_and(|entry| entry.seq == seq) {
            self.entries.remove(at);
        }
    }

    /// Forgets the events before a position of the journal, and servers that none is about.
    pub(super) fn trim(&mut self, begin: u64) {
        while self
            .entries
            .front()
            .is_some_and(|entry| entry.position < begin)
        {
            self.entries.pop_front();
        }
        if self.names.list.len() <= self.entries.len() + NAMES_SPARE {
            return;
        }
        let old = std::mem::take(&mut self.names);
        for entry in &mut self.entries {
            entry.server = self.names.number(old.name(entry.server));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(seq: u64, position: u64) -> Entry {
        Entry {
            seq,
            position,
            length: 100,
            server: 0,
            sel: 0,
            audit: false,
        }
    }

    #[test]
    fn names_of_servers_that_no_event_is_about_are_given_up() {
        let mut index = Index::default();
        for seq in 1..=1000_u64 {
            let server = format!("s{seq}").parse().unwrap();
            index.push(Some(&server), entry(seq, seq * 100));
        }
        index.trim(999 * 100);
        assert_eq!(index.iter().count(), 2);
        assert_eq!(index.names.list.len(), 2);
        let kept = index.server(&"s1000".parse().unwrap()).unwrap();
        assert_eq!(index.from(1000).next().unwrap().server, kept);
        assert_eq!(index.server(&"s1".parse().unwrap()), None);
    }

    #[test]
    fn an_unwritten_event_outlives_a_trim_and_learns_its_place() {
        let mut index = Index::default();
        index.push(None, entry(1, 0));
        index.push(None, entry(2, UNWRITTEN));
        index.trim(100);
        assert_eq!(index.oldest(), Some(2));
        index.written(2, 100, 50);
        assert_eq!(index.from(0).next().unwrap().position, 100);
        index.lost(2);
        assert_eq!(index.newest(), None);
    }
}
