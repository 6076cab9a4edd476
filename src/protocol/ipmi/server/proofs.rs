//! How many proofs a source gets for a name (RAKP message 2 hands out a code that a password can
//! be tried against, and can't but do so).
//!
//! Counted are those that no login follows. A console that knows the key never comes near the
//! limit, however often it logs in.

use std::{
    net::{IpAddr, Ipv6Addr},
    time::{Duration, Instant},
};

use crate::ipmi::rakp::Name;

/// How many proofs without a login a source gets for one name within a minute.
pub const PROOFS_A_MINUTE: u8 = 20;
/// How long they are counted.
pub(super) const MINUTE: Duration = Duration::from_secs(60);
/// How many pairs of source and name are remembered: all, and of one source.
const PAIRS: usize = 256;
const PAIRS_OF_SOURCE: usize = 32;

/// The counts. Empty, it has no memory of its own.
#[derive(Debug, Default)]
pub(super) struct Proofs {
    pairs: Vec<Pair>,
}

#[derive(Debug)]
struct Pair {
    source: IpAddr,
    name: Name,
    begun: Instant,
    taken: u8,
    told: bool,
}

/// Whether a proof may be given.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Yes,
    No,
    /// No, and nobody was told yet.
    NoAndTell,
}

impl Proofs {
    /// Takes a proof for a name, when there is one to be had.
    pub(super) fn take(&mut self, now: Instant, source: IpAddr, name: Name) -> Verdict {
        self.forget(now);
        let known = self.find(source, name);
        let at = known.unwrap_or_else(|| self.add(now, source, name));
        let Some(pair) = self.pairs.get_mut(at) else {
            return Verdict::No;
        };
        if pair.taken < PROOFS_A_MINUTE {
            pair.taken += 1;
            return Verdict::Yes;
        }
        if std::mem::replace(&mut pair.told, true) {
            Verdict::No
        } else {
            Verdict::NoAndTell
        }
    }

    /// A login followed: gives its proof back.
    pub(super) fn give_back(&mut self, source: IpAddr, name: Name) {
        let Some(at) = self.find(source, name) else {
            return;
        };
        if let Some(pair) = self.pairs.get_mut(at) {
            pair.taken = pair.taken.saturating_sub(1);
            if pair.taken == 0 {
                self.pairs.swap_remove(at);
            }
        }
    }

    /// When the next count can be forgotten.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.pairs.iter().map(|pair| pair.begun + MINUTE).min()
    }

    /// Forgets counts that are a minute old.
    pub(super) fn forget(&mut self, now: Instant) {
        self.pairs.retain(|pair| now < pair.begun + MINUTE);
        if self.pairs.is_empty() {
            self.pairs = Vec::new();
        }
    }

    /// Makes a place for a pair. For it goes the one that was used least, of the same source when
    /// that has many: those near the limit are kept.
    fn add(&mut self, now: Instant, source: IpAddr, name: Name) -> usize {
        let same = |pair: &Pair| pair.source == source;
        let many = self.pairs.iter().filter(|pair| same(pair)).count() >= PAIRS_OF_SOURCE;
        if many || self.pairs.len() >= PAIRS {
            let all = (0..).zip(&self.pairs);
            let least = all
                .filter(|(_, pair)| !many || same(pair))
                .min_by_key(|(_, p)| p.taken);
            if let Some((least, _)) = least {
                self.pairs.swap_remove(least);
            }
        }
        self.pairs.push(Pair {
            source,
            name,
            begun: now,
            taken: 0,
            told: false,
        });
        self.pairs.len() - 1
    }

    fn find(&self, source: IpAddr, name: Name) -> Option<usize> {
        self.pairs
            .iter()
            .position(|pair| pair.source == source && pair.name == name)
    }
}

/// The source that an address counts as: an IPv4 address, or the 64-bit network that one host can
/// choose IPv6 addresses in.
pub(super) fn source(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let network = v6.to_bits() >> 64 << 64;
            Ipv6Addr::from_bits(network).into()
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipmi::server::tests::start;

    fn name(n: usize) -> Name {
        Name::new(n.to_string().as_bytes()).unwrap()
    }

    fn from(n: usize) -> IpAddr {
        std::net::Ipv4Addr::from_bits(n as u32).into()
    }

    #[test]
    fn the_limit_holds_for_a_minute_and_is_told_once() {
        let now = start();
        let mut proofs = Proofs::default();
        for _ in 0..PROOFS_A_MINUTE {
            assert_eq!(proofs.take(now, from(1), name(1)), Verdict::Yes);
        }
        assert_eq!(proofs.take(now, from(1), name(1)), Verdict::NoAndTell);
        assert_eq!(proofs.take(now, from(1), name(1)), Verdict::No);
        assert_eq!(proofs.take(now, from(1), name(2)), Verdict::Yes);
        assert_eq!(proofs.take(now, from(2), name(1)), Verdict::Yes);
        assert_eq!(proofs.take(now + MINUTE, from(1), name(1)), Verdict::Yes);
    }

    #[test]
    fn logins_do_not_count() {
        let now = start();
        let mut proofs = Proofs::default();
        for _ in 0..1000 {
            assert_eq!(proofs.take(now, from(1), name(1)), Verdict::Yes);
            proofs.give_back(from(1), name(1));
        }
        assert_eq!(proofs.deadline(), None);
    }

    #[test]
    fn memory_is_bounded_and_a_count_near_the_limit_survives_others() {
        let now = start();
        let mut proofs = Proofs::default();
        for _ in 0..PROOFS_A_MINUTE {
            proofs.take(now, from(1), name(1));
        }
        for n in 0..10_000 {
            proofs.take(now, from(2 + n / 20), name(n));
        }
        assert!(proofs.pairs.len() <= PAIRS);
        assert_ne!(proofs.take(now, from(1), name(1)), Verdict::Yes);
    }

    #[test]
    fn a_source_with_many_names_shuts_out_neither_itself_nor_others() {
        let now = start();
        let mut proofs = Proofs::default();
        for n in 0..1000 {
            assert_eq!(proofs.take(now, from(1), name(n)), Verdict::Yes);
        }
        assert_eq!(proofs.pairs.len(), PAIRS_OF_SOURCE);
        assert_eq!(proofs.take(now, from(2), name(1)), Verdict::Yes);
    }

    #[test]
    fn a_network_of_ipv6_is_one_source() {
        let of = |text: &str| source(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:2"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.2"), of("192.0.2.1"));
    }
}
