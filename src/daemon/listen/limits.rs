//! How many connections there may be: in total, and from one source.

use std::{
    collections::{HashMap, hash_map::Entry},
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Counts connections and refuses the newest when there are too many. Holds no sockets.
#[derive(Debug)]
pub struct Limits {
    counts: Mutex<Counts>,
}

#[derive(Debug)]
struct Counts {
    total_max: usize,
    source_max: usize,
    open: usize,
    by_source: HashMap<IpAddr, usize>,
    refused_total: u64,
    refused_source: u64,
}

/// How things stand, for metrics and logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitsView {
    /// Connections open now.
    pub open: usize,
    /// Sources they come from.
    pub sources: usize,
    /// Refused so far because there were too many in total.
    pub refused_total: u64,
    /// Refused so far because there were too many from one source.
    pub refused_source: u64,
}

/// Why one more connection was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// There are as many as there may be.
    #[error("there are too many connections")]
    Total,
    /// There are as many from this source as there may be.
    #[error("there are too many connections from this address")]
    Source,
}

/// The right to be one of the connections; given back when dropped.
#[derive(Debug)]
pub struct Permit {
    limits: Arc<Limits>,
    source: IpAddr,
}

impl Default for Limits {
    /// 4,096 in total, 256 from one source.
    fn default() -> Self {
        Self::new(4096, 256)
    }
}

impl Limits {
    /// At most `total` connections, and at most `per_source` from one source: an IPv4 address, or
    /// the 64-bit prefix of an IPv6 address, since whoever has one address there has them all.
    #[must_use]
    pub fn new(total: usize, per_source: usize) -> Self {
        Self {
            counts: Mutex::new(Counts {
                total_max: total,
                source_max: per_source,
                open: 0,
                by_source: HashMap::new(),
                refused_total: 0,
                refused_source: 0,
            }),
        }
    }

    /// Changes the limits. Connections that are open stay open, also when they are now too many.
    pub fn set(&self, total: usize, per_source: usize) {
        let mut counts = self.lock();
        counts.total_max = total;
        counts.source_max = per_source;
    }

    /// Asks for one more connection from this address.
    ///
    /// # Errors
    /// [`Full`] when it is one too many; it is counted as refused.
    pub fn enter(self: &Arc<Self>, address: IpAddr) -> Result<Permit, Full> {
        let source = source_of(address);
        let mut counts = self.lock();
        if counts.open >= counts.total_max {
            counts.refused_total += 1;
            return Err(Full::Total);
        }
        let of_source = counts.by_source.get(&source).copied().unwrap_or(0);
        if of_source >= counts.source_max {
            counts.refused_source += 1;
            return Err(Full::Source);
        }
        counts.open += 1;
        counts.by_source.insert(source, of_source + 1);
        Ok(Permit {
            limits: Arc::clone(self),
            source,
        })
    }

    /// How things stand.
    #[must_use]
    pub fn view(&self) -> LimitsView {
        let counts = self.lock();
        LimitsView {
            open: counts.open,
            sources: counts.by_source.len(),
            refused_total: counts.refused_total,
            refused_source: counts.refused_source,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut counts = self.limits.lock();
        counts.open -= 1;
        if let Entry::Occupied(mut of_source) = counts.by_source.entry(self.source) {
            *of_source.get_mut() -= 1;
            if *of_source.get() == 0 {
                of_source.remove();
            }
        }
    }
}

/// Whom an address is counted under.
fn source_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64))),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn limits(total: usize, per_source: usize) -> Arc<Limits> {
        Arc::new(Limits::new(total, per_source))
    }

    #[test]
    fn the_newest_of_a_source_is_refused_and_another_source_is_not() {
        let limits = limits(10, 2);
        let first = limits.enter(address("192.0.2.1")).unwrap();
        let _second = limits.enter(address("192.0.2.1")).unwrap();
        assert_eq!(
            limits.enter(address("192.0.2.1")).unwrap_err(),
            Full::Source
        );
        let _other = limits.enter(address("192.0.2.2")).unwrap();
        drop(first);
        let _third = limits.enter(address("192.0.2.1")).unwrap();
        assert_eq!(limits.view().refused_source, 1);
    }

    #[test]
    fn the_total_holds_for_all_sources_together() {
        let limits = limits(2, 2);
        let _a = limits.enter(address("192.0.2.1")).unwrap();
        let _b = limits.enter(address("192.0.2.2")).unwrap();
        assert_eq!(limits.enter(address("192.0.2.3")).unwrap_err(), Full::Total);
        assert_eq!(limits.view().refused_total, 1);
    }

    #[test]
    fn ipv6_is_counted_by_its_64_bit_prefix() {
        let limits = limits(10, 1);
        let _a = limits.enter(address("2001:db8:0:1::1")).unwrap();
        assert_eq!(
            limits.enter(address("2001:db8:0:1:ffff::2")).unwrap_err(),
            Full::Source
        );
        let _b = limits.enter(address("2001:db8:0:2::1")).unwrap();
    }

    #[test]
    fn an_ipv4_mapped_address_is_its_ipv4_address() {
        let limits = limits(10, 1);
        let _a = limits.enter(address("::ffff:192.0.2.1")).unwrap();
        assert_eq!(
            limits.enter(address("192.0.2.1")).unwrap_err(),
            Full::Source
        );
        let _b = limits.enter(address("::ffff:192.0.2.2")).unwrap();
    }

    #[test]
    fn nothing_is_remembered_of_sources_that_left() {
        let limits = limits(10, 1);
        for last in 0..=255 {
            drop(limits.enter(IpAddr::from([192, 0, 2, last])).unwrap());
        }
        assert_eq!((limits.view().open, limits.view().sources), (0, 0));
    }

    #[test]
    fn lowered_limits_leave_open_connections_alone() {
        let limits = limits(10, 10);
        let kept: Vec<_> = (0..3)
            .map(|_| limits.enter(address("192.0.2.1")).unwrap())
            .collect();
        limits.set(10, 1);
        assert!(limits.enter(address("192.0.2.1")).is_err());
        drop(kept);
        assert!(limits.enter(address("192.0.2.1")).is_ok());
    }
}
