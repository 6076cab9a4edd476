//! How fast somebody may guess: failures counted by (source, account) and by source.
//!
//! One count is shared by all services. The rules:
//! - The first ten failures of a source with one name within five minutes cost nothing. Each one
//!   after that makes the pair wait: one second, then twice as long each time, up to a minute.
//!   The pair is forgiven after five minutes without a failure, and by a success.
//! - 200 failures of one source within five minutes, whatever the names, shut the source out
//!   until enough of them are five minutes old.
//! - An attempt that is refused here was never looked at: it changes nothing, so that somebody
//!   who keeps knocking waits no longer than somebody who waits.
//!
//! Both tables are bounded; when one is full, the entry whose last failure is the oldest goes.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use tokio::time::Instant;

/// How long a failure counts.
pub const WINDOW: Duration = Duration::from_secs(300);
/// How many failures of a pair within [`WINDOW`] cost nothing.
pub const FREE: usize = 10;
/// The longest wait of a pair.
pub const LONGEST: Duration = Duration::from_secs(60);
/// How many failures of one source within [`WINDOW`] shut it out.
pub const SOURCE_FAILURES: u32 = 200;

/// How many pairs are remembered.
const PAIRS: usize = 4096;
/// How many sources are remembered.
const SOURCES: usize = 4096;
/// How much of a name is looked at, in bytes.
const NAME_BYTES: usize = 64;

/// Whom failures are counted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// The device itself.
    Local,
    /// One IPv4 address.
    V4(Ipv4Addr),
    /// The upper 64 bits of an IPv6 address: whoever has one address there, has them all.
    V6([u16; 4]),
}

impl From<Option<IpAddr>> for Source {
    fn from(address: Option<IpAddr>) -> Self {
        match address.map(|address| address.to_canonical()) {
            None => Self::Local,
            Some(IpAddr::V4(address)) => Self::V4(address),
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                Self::V6([a, b, c, d])
            }
        }
    }
}

/// Cuts a name to a bounded length and takes out what could harm a terminal or a log.
#[must_use]
pub fn tame(name: &str) -> Box<str> {
    let mut end = name.len().min(NAME_BYTES);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    let cut = name.get(..end).unwrap_or_default();
    cut.replace(char::is_control, "?").into()
}

/// The counts.
#[derive(Debug)]
pub struct Backoff {
    epoch: Instant,
    pairs: HashMap<(Source, Box<str>), Pair>,
    sources: HashMap<Source, Recent>,
}

impl Backoff {
    /// Nobody has failed yet. No later call may be about a time before `epoch`.
    #[must_use]
    pub fn new(epoch: Instant) -> Self {
        Self {
            epoch,
            pairs: HashMap::new(),
            sources: HashMap::new(),
        }
    }

    /// Whether a source may try a name now.
    ///
    /// # Errors
    /// How long it has to wait.
    pub fn check(&self, now: Instant, source: Source, name: &str) -> Result<(), Duration> {
        let pair = self.pairs.get(&(source, tame(name)));
        let pair = pair.map_or(Duration::ZERO, |pair| pair.wait(now));
        let wait = pair.max(self.source_wait(now, source));
        if wait.is_zero() { Ok(()) } else { Err(wait) }
    }

    /// How long a source has to wait, whatever the name.
    #[must_use]
    pub fn source_wait(&self, now: Instant, source: Source) -> Duration {
        let since = now.saturating_duration_since(self.epoch);
        let recent = self.sources.get(&source);
        recent.map_or(Duration::ZERO, |recent| recent.wait(since))
    }

    /// Counts a failure.
    pub fn failed(&mut self, now: Instant, source: Source, name: &str) {
        let key = (source, tame(name));
        make_room(&mut self.pairs, &key, PAIRS, |pair| pair.last);
        let new = || Pair::new(now);
        self.pairs.entry(key).or_insert_with(new).failed(now);

        let since = now.saturating_duration_since(self.epoch);
        make_room(&mut self.sources, &source, SOURCES, |recent| recent.newest);
        self.sources.entry(source).or_default().failed(since);
    }

    /// Forgives a pair. What the source did with other names still counts: an account of one's own
    /// is no licence to guess at others.
    pub fn succeeded(&mut self, source: Source, name: &str) {
        self.pairs.remove(&(source, tame(name)));
    }
}

/// Makes room for a key that is not yet there.
fn make_room<K: Clone + Eq + Hash, V, A: Ord>(
    table: &mut HashMap<K, V>,
    key: &K,
    most: usize,
    age: impl Fn(&V) -> A,
) {
    if table.len() < most || table.contains_key(key) {
        return;
    }
    let oldest = table.iter().min_by_key(|(_, value)| age(value));
    if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
        table.remove(&oldest);
    }
}

/// What one source did with one name.
#[derive(Debug)]
struct Pair {
    /// The failures that cost nothing, oldest first; empty once there is a wait.
    free: VecDeque<Instant>,
    /// How many waits there were.
    waits: u32,
    last: Instant,
    until: Instant,
}

impl Pair {
    fn new(now: Instant) -> Self {
        Self {
            free: VecDeque::new(),
            waits: 0,
            last: now,
            until: now,
        }
    }

    fn wait(&self, now: Instant) -> Duration {
        self.until.saturating_duration_since(now)
    }

    fn failed(&mut self, now: Instant) {
        if now.saturating_duration_since(self.last) >= WINDOW {
            self.waits = 0;
        }
        self.last = now;
        if self.waits == 0 {
            self.free
                .retain(|at| now.saturating_duration_since(*at) < WINDOW);
            if self.free.len() < FREE {
                self.free.push_back(now);
                return;
            }
            self.free = VecDeque::new();
        }
        let wait = Duration::from_secs(1 << self.waits.min(6)).min(LONGEST);
        self.waits = self.waits.saturating_add(1);
        self.until = now + wait;
    }
}

/// How long one slot of [`Recent`] is.
const SLOT: Duration = Duration::from_secs(5);
/// As many slots as cover [`WINDOW`], and one for the slot that is under way.
const SLOTS: usize = 61;

/// The failures of one source within the window, in slots of five seconds: a source costs 80 bytes
/// whatever it does, and a failure counts for 300 to 305 seconds.
#[derive(Debug)]
struct Recent {
    /// By the slot's number modulo [`SLOTS`].
    counts: [u8; SLOTS],
    /// The number of the newest slot, since the epoch.
    newest: u64,
}

impl Default for Recent {
    fn default() -> Self {
        Self {
            counts: [0; SLOTS],
            newest: 0,
        }
    }
}

impl Recent {
    fn slot(since: Duration) -> u64 {
        since.as_secs() / SLOT.as_secs()
    }

    fn failed(&mut self, since: Duration) {
        let slot = Self::slot(since);
        // What the ring's places held until now is out of the window.
        for stale in (self.newest + 1..=slot).rev().take(SLOTS) {
            if let Some(count) = self.place(stale) {
                *count = 0;
            }
        }
        self.newest = self.newest.max(slot);
        if let Some(count) = self.place(slot) {
            *count = count.saturating_add(1);
        }
    }

    fn place(&mut self, slot: u64) -> Option<&mut u8> {
        self.counts.get_mut((slot % SLOTS as u64) as usize)
    }

    fn wait(&self, since: Duration) -> Duration {
        let now = Self::slot(since);
        let first = (now + 1).saturating_sub(SLOTS as u64);
        // From the newest back: the slot in which the limit is reached must leave the window.
        let mut failures = 0;
        for slot in (first..=self.newest).rev() {
            let place = (slot % SLOTS as u64) as usize;
            failures += self.counts.get(place).copied().map_or(0, u32::from);
            if failures >= SOURCE_FAILURES {
                let leaves = SLOT.as_secs() * (slot + SLOTS as u64);
                return Duration::from_secs(leaves).saturating_sub(since);
            }
        }
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests;
