//! How many proofs a source gets for a name (RAKP message 2 hands out a code that a password can
//! be tried against, and can't but do so).
//!
//! Counted are those that no login follows. A console that knows the key never comes near the
//! limit, however often it logs in. Where a tool logs in to many servers at once, more proofs may be
//! on their way to a login than the limit is: as long as one was given a moment ago, the next one is
//! neither given nor refused, and the console asks again.
//!
//! **One count for a house.** Servers that know the same users must share one [`Proofs`], since else
//! somebody who guesses gets the limit anew from each of them. So the house owns it, usually in a
//! mutex, and lends it through [`Host::proofs`](super::Host::proofs), for moments. It needs no more
//! care: what is old is forgotten when the next proof is asked for, and memory is bounded.

use std::{
    net::{IpAddr, Ipv6Addr},
    time::{Duration, Instant},
};

use crate::ipmi::rakp::Name;

/// How many proofs without a login a source gets for one name within a minute.
pub const PROOFS_A_MINUTE: u8 = 20;
/// How long they are counted.
const MINUTE: Duration = Duration::from_secs(60);
/// For how long a proof may yet be followed by its login without a delay that anybody would notice.
const MOMENT: Duration = Duration::from_secs(1);
/// How many pairs of source and name are remembered: all, and of one source.
const PAIRS: usize = 1024;
const PAIRS_OF_SOURCE: usize = 32;

/// The counts of a house.
#[derive(Debug, Default)]
pub struct Proofs {
    pairs: Vec<Pair>,
}

#[derive(Debug)]
struct Pair {
    source: IpAddr,
    name: Name,
    begun: Instant,
    /// When the last proof was given.
    last: Instant,
    taken: u8,
    told: bool,
}

/// Whether a proof may be given.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Yes,
    /// Perhaps soon: a login may yet follow the last ones.
    Soon,
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
            pair.last = now;
            return Verdict::Yes;
        }
        if now < pair.last + MOMENT {
            return Verdict::Soon;
        }
        if std::mem::replace(&mut pair.told, true) {
            Verdict::No
        } else {
            Verdict::NoAndTell
        }
    }

    /// A login followed, or no proof was given in the end: gives it back.
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

    /// Forgets counts that are a minute old.
    fn forget(&mut self, now: Instant) {
        self.pairs.retain(|pair| now < pair.begun + MINUTE);
    }

    /// Makes a place for a pair. For it goes the one that was used least, of the same source when
    /// that has many: those near the limit are kept. It inherits the count of the one that goes, so
    /// that making names up buys no proofs for a name that counts.
    fn add(&mut self, now: Instant, source: IpAddr, name: Name) -> usize {
        let same = |pair: &Pair| pair.source == source;
        let many = self.pairs.iter().filter(|pair| same(pair)).count() >= PAIRS_OF_SOURCE;
        if many || self.pairs.len() >= PAIRS {
            let all = (0..).zip(&self.pairs);
            let least = all
                .filter(|(_, pair)| !many || same(pair))
                .min_by_key(|(_, p)| p.taken);
            if let Some((least, _)) = least {
                let gone = self.pairs.swap_remove(least);
                // Of another source nothing is inherited: that would shut this one out.
                if gone.source == source {
                    self.pairs.push(Pair { name, ..gone });
                    return self.pairs.len() - 1;
                }
            }
        }
        self.pairs.push(Pair {
            source,
            name,
            begun: now,
            last: now,
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
        let late = now + MOMENT;
        assert_eq!(proofs.take(late, from(1), name(1)), Verdict::NoAndTell);
        assert_eq!(proofs.take(late, from(1), name(1)), Verdict::No);
        assert_eq!(proofs.take(now, from(1), name(2)), Verdict::Yes);
        assert_eq!(proofs.take(now, from(2), name(1)), Verdict::Yes);
        assert_eq!(proofs.take(now + MINUTE, from(1), name(1)), Verdict::Yes);
    }

    #[test]
    fn as_long_as_a_login_may_follow_the_next_one_is_not_refused() {
        let now = start();
        let mut proofs = Proofs::default();
        for n in 0..PROOFS_A_MINUTE {
            let at = now + MOMENT / 100 * n.into();
            assert_eq!(proofs.take(at, from(1), name(1)), Verdict::Yes);
        }
        // So many times at once, each of them followed by a login: one at a time comes in.
        for _ in 0..1000 {
            assert_eq!(proofs.take(now + MOMENT, from(1), name(1)), Verdict::Soon);
            proofs.give_back(from(1), name(1));
            assert_eq!(proofs.take(now + MOMENT, from(1), name(1)), Verdict::Yes);
        }
        let late = now + MOMENT * 2;
        assert_eq!(proofs.take(late, from(1), name(1)), Verdict::NoAndTell);
    }

    #[test]
    fn logins_do_not_count() {
        let now = start();
        let mut proofs = Proofs::default();
        for _ in 0..1000 {
            assert_eq!(proofs.take(now, from(1), name(1)), Verdict::Yes);
            proofs.give_back(from(1), name(1));
        }
        assert!(proofs.pairs.is_empty());
    }

    #[test]
    fn memory_is_bounded_and_a_count_near_the_limit_survives_others() {
        let now = start();
        let mut proofs = Proofs::default();
        for _ in 0..PROOFS_A_MINUTE {
            proofs.take(now, from(1), name(1));
        }
        for n in 0..40_000 {
            proofs.take(now, from(2 + n / 20), name(n));
        }
        assert!(proofs.pairs.len() <= PAIRS);
        assert_eq!(proofs.take(now, from(1), name(1)), Verdict::Soon);
    }

    #[test]
    fn a_source_with_many_names_gets_no_more_for_it_and_shuts_out_nobody_else() {
        let now = start();
        let mut proofs = Proofs::default();
        let had = |n| proofs.take(now, from(1), name(n)) == Verdict::Yes;
        let had = (0..1000).map(had).filter(|had| *had).count();
        assert_eq!(had, PAIRS_OF_SOURCE * usize::from(PROOFS_A_MINUTE));
        assert_eq!(proofs.pairs.len(), PAIRS_OF_SOURCE);
        assert_eq!(proofs.take(now, from(2), name(1)), Verdict::Yes);
    }

    #[test]
    fn names_that_are_made_up_buy_no_proofs_for_another() {
        let now = start();
        let mut proofs = Proofs::default();
        let mut take = |n| proofs.take(now, from(1), name(n)) == Verdict::Yes;
        for made_up in 1..PAIRS_OF_SOURCE {
            for _ in 0..PROOFS_A_MINUTE {
                assert!(take(made_up));
            }
        }
        let mut had = 0;
        for round in 0..100 {
            // One short of the limit, so that it is the one that goes for the next name.
            had += (1..PROOFS_A_MINUTE).filter(|_| take(0)).count();
            take(1000 + round);
        }
        assert!(had <= usize::from(PROOFS_A_MINUTE), "{had}");
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
