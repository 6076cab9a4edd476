//! Sessions that are being set up: a bounded pool apart from the sessions that stand.
//!
//! Anybody can fill it, so it is made such that filling it shuts nobody out. A new setup always
//! finds a place: for it goes one of the same source when that has many, else one of the source that
//! has most, else, where no source has more than a few, one of all. It is the oldest of those that
//! got as far as most of them did, so that what drives a setup out is many newer ones at the same
//! step, and never its being the only one there.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use super::User;
use crate::ipmi::rakp::{Exchange, OpenRequest, Rakp1};

/// How many setups there are at most.
const SETUPS: usize = 256;
/// How many of one source.
const OF_SOURCE: usize = 64;
/// How many a source may have and still count as one of many: tools log in to several servers, and
/// several people share an address.
const FEW: usize = 8;
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
        let place = if self.all.iter().filter(|old| same(old)).count() >= OF_SOURCE {
            self.oldest(same)
        } else if self.all.len() >= SETUPS {
            let mut counts = HashMap::<IpAddr, usize>::new();
            for old in &self.all {
                *counts.entry(old.source).or_default() += 1;
            }
            let most = counts.values().max().filter(|most| **most > FEW);
            self.oldest(|old| most.is_none() || counts.get(&old.source) == most)
        } else {
            None
        };
        let gone = place.map(|place| self.all.remove(place));
        self.all.push(setup);
        gone
    }

    /// Where the oldest one stands, of those that got as far as most of these did.
    fn oldest(&self, which: impl Fn(&Setup<U>) -> bool) -> Option<usize> {
        let these = || self.all.iter().filter(|setup| which(setup));
        let fresh = these().filter(|setup| setup.login.is_none()).count();
        let mostly_fresh = 2 * fresh >= these().count();
        let typical = |setup: &Setup<U>| setup.login.is_none() == mostly_fresh;
        self.all
            .iter()
            .position(|setup| which(setup) && typical(setup))
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

    /// Keeps those that go on, and forgets the others; `forgotten` sees each of these.
    pub(super) fn retain(
        &mut self,
        goes_on: impl Fn(&Setup<U>) -> bool,
        mut forgotten: impl FnMut(&Setup<U>),
    ) {
        self.all.retain(|setup| {
            let keep = goes_on(setup);
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
