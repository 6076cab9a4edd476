//! Sessions that are being set up: a bounded pool apart from the sessions that stand.
//!
//! Anybody can fill it, so it is made such that filling it shuts nobody out. A new setup always
//! finds a place: for it goes the oldest of a source that has many, else the oldest that nobody
//! went on with, else the oldest.

use std::{
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use super::User;
use crate::ipmi::rakp::{Exchange, OpenRequest, Rakp1};

/// How many setups there are at most.
const SETUPS: usize = 256;
/// How many of one source.
const OF_SOURCE: usize = 64;
/// How long a setup may take.
pub(super) const SETUP_TIME: Duration = Duration::from_secs(10);

/// The pool, oldest first. Empty, it has no memory of its own.
#[derive(Debug)]
pub(super) struct Setups<U> {
    all: Vec<Setup<U>>,
}

/// A session that is being set up.
#[derive(Debug)]
pub(super) struct Setup<U> {
    pub(super) id: u32,
    pub(super) peer: SocketAddr,
    /// What the peer counts as.
    pub(super) source: IpAddr,
    pub(super) since: Instant,
    pub(super) asked: OpenRequest,
    /// From RAKP message 1 on.
    pub(super) login: Option<Box<Login<U>>>,
}

/// What message 1 asked for and message 2 answered.
#[derive(Debug)]
pub(super) struct Login<U> {
    pub(super) asked: Rakp1,
    pub(super) exchange: Exchange,
    /// `None`: nobody, and message 2 was made with a key that nobody knows.
    pub(super) user: Option<User<U>>,
}

impl<U> Default for Setups<U> {
    fn default() -> Self {
        Self { all: Vec::new() }
    }
}

impl<U> Setups<U> {
    /// The setup that this request began, when it comes again.
    pub(super) fn begun_by(&self, peer: SocketAddr, asked: &OpenRequest) -> Option<&Setup<U>> {
        self.all
            .iter()
            .find(|setup| setup.peer == peer && setup.asked == *asked)
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.all.len()
    }

    pub(super) fn has(&self, id: u32) -> bool {
        self.all.iter().any(|setup| setup.id == id)
    }

    pub(super) fn get(&mut self, id: u32, peer: SocketAddr) -> Option<&mut Setup<U>> {
        self.all
            .iter_mut()
            .find(|setup| setup.id == id && setup.peer == peer)
    }

    /// Takes a setup in; the one that had to go for it is returned.
    pub(super) fn add(&mut self, setup: Setup<U>) -> Option<Setup<U>> {
        let same = |old: &Setup<U>| old.source == setup.source;
        let fresh = |old: &Setup<U>| old.login.is_none();
        let oldest = |which: &dyn Fn(&Setup<U>) -> bool| self.all.iter().position(which);
        let place = if self.all.iter().filter(|old| same(old)).count() >= OF_SOURCE {
            oldest(&|old| same(old) && fresh(old)).or_else(|| oldest(&same))
        } else if self.all.len() >= SETUPS {
            oldest(&fresh).or(Some(0))
        } else {
            None
        };
        let gone = place.map(|place| self.all.remove(place));
        self.all.push(setup);
        gone
    }

    /// Takes a setup out: it came to its end.
    pub(super) fn take(&mut self, id: u32, peer: SocketAddr) -> Option<Setup<U>> {
        let found = |setup: &Setup<U>| setup.id == id && setup.peer == peer;
        let at = self.all.iter().position(found)?;
        Some(self.all.remove(at))
    }

    /// When the next one has taken too long.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.all.first().map(|oldest| oldest.since + SETUP_TIME)
    }

    /// Forgets those that took too long; `forgotten` sees each of them.
    pub(super) fn forget(&mut self, now: Instant, mut forgotten: impl FnMut(&Setup<U>)) {
        self.all.retain(|setup| {
            let keep = now < setup.since + SETUP_TIME;
            if !keep {
                forgotten(setup);
            }
            keep
        });
        if self.all.is_empty() {
            self.all = Vec::new();
        }
    }
}
