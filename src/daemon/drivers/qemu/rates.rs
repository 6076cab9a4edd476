//! How much a machine moves: bytes of its drives and of its interfaces on the host, a second.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use outband_protocol::qmp::reply::BlockStats;
use tokio::time::Instant;

use super::settings::{Network, Nic};

/// How often a running machine is asked.
pub(super) const TICK: Duration = Duration::from_secs(5);

/// A rate that is older than this is none.
const STALE: Duration = Duration::from_secs(15);

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counter {
    /// Bytes that the machine read from its drives.
    Read,
    /// Bytes that it wrote to them.
    Written,
    /// Bytes that it received over its interfaces on the host.
    Received,
    /// Bytes that it sent over them.
    Sent,
}

/// Counts since the machine was switched on, in the order of [`Counter`]; `None` where nothing
/// counts.
pub(super) type Counts = [Option<u64>; 4];

/// Bytes a second, between the last two times that a machine was asked.
#[derive(Debug, Default)]
pub(super) struct Rates(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    counts: Option<(Instant, Counts)>,
    rates: Option<(Instant, [Option<f64>; 4])>,
}

impl Rates {
    /// Takes counts.
    pub(super) fn take(&self, counts: Counts, now: Instant) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, before)) = state.counts.replace((now, counts)) {
            let passed = now.saturating_duration_since(at).as_secs_f64();
            if passed > 0.0 {
                let moved = |(now, before): (Option<u64>, Option<u64>)| {
                    // Fewer than before: it was counted from the beginning again.
                    Some(now?.checked_sub(before?)? as f64 / passed)
                };
                let mut pairs = counts.into_iter().zip(before);
                let rates = std::array::from_fn(|_| pairs.next().and_then(moved));
                state.rates = Some((now, rates));
            }
        }
    }

    /// The machine is off: nothing is known any more.
    pub(super) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
    }

    /// A rate, in bytes a second.
    pub(super) fn of(&self, counter: Counter, now: Instant) -> Option<f64> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, rates) = state.rates?;
        let fresh = now.saturating_duration_since(at) < STALE;
        rates
            .get(counter as usize)
            .copied()
            .flatten()
            .filter(|_| fresh)
    }
}

/// The counts of a machine whose drives have just told theirs, and which has these interfaces.
pub(super) fn counts(drives: &[BlockStats], interfaces: &[String]) -> Counts {
    let sum =
        |bytes: fn(&BlockStats) -> u64| Some(drives.iter().map(bytes).fold(0, u64::saturating_add));
    // What the host receives from the interface, the machine sent.
    [
        sum(|drive| drive.stats.rd_bytes),
        sum(|drive| drive.stats.wr_bytes),
        moved(interfaces, "tx_bytes"),
        moved(interfaces, "rx_bytes"),
    ]
}

/// Whether anything counts what the cards move: the host does where it has an interface for it. Of a
/// network inside QEMU, and of a cable, nobody counts the bytes.
pub(super) fn counts_cards(cards: &[Nic]) -> bool {
    cards
        .iter()
        .any(|card| matches!(card.network, Network::Tap { .. } | Network::Bridge { .. }))
}

/// The interfaces that a process has opened, whoever named them: the kernel tells of each descriptor
/// of a tap interface which one it is (`iff:` in `/proc/PID/fdinfo/N`).
pub(super) fn interfaces(pid: i32) -> Vec<String> {
    let Ok(descriptors) = std::fs::read_dir(format!("/proc/{pid}/fdinfo")) else {
        return Vec::new();
    };
    let texts = descriptors.filter_map(|one| std::fs::read_to_string(one.ok()?.path()).ok());
    let mut found: Vec<String> = texts.filter_map(|text| interface(&text)).collect();
    // A card with several queues has several descriptors.
    found.sort();
    found.dedup();
    found
}

fn interface(fdinfo: &str) -> Option<String> {
    let name = fdinfo.lines().find_map(|line| line.strip_prefix("iff:"))?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

fn moved(interfaces: &[String], which: &str) -> Option<u64> {
    let of = |interface: &String| {
        let path = format!("/sys/class/net/{interface}/statistics/{which}");
        std::fs::read_to_string(path).ok()?.trim().parse().ok()
    };
    interfaces.iter().filter_map(of).reduce(u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_what_moved_between_two_looks() {
        let now = Instant::now();
        let later = |seconds| now + Duration::from_secs(seconds);
        let rates = Rates::default();
        let read = |at| rates.of(Counter::Read, at);
        rates.take([Some(1000), Some(7), None, None], now);
        assert_eq!(read(now), None);
        rates.take([Some(6000), Some(7), None, Some(1)], later(5));
        assert_eq!(read(later(6)), Some(1000.0));
        assert_eq!(rates.of(Counter::Written, later(6)), Some(0.0));
        assert_eq!(rates.of(Counter::Sent, later(6)), None);
        assert_eq!(read(later(20)), None);
        rates.take([Some(0), Some(0), None, None], later(21));
        assert_eq!(read(later(21)), None);
        rates.forget();
        rates.take([Some(1), Some(1), None, None], later(22));
        assert_eq!(read(later(22)), None);
    }

    #[test]
    fn a_descriptor_of_a_tap_interface_tells_its_name() {
        let tap = "pos:\t0\nflags:\t0104002\nmnt_id:\t26\niff:\ttap0\n";
        assert_eq!(interface(tap).as_deref(), Some("tap0"));
        assert_eq!(interface("pos:\t0\nflags:\t02\n"), None);
        assert_eq!(interface("iff:\t\n"), None, "one that has none yet");
        let own = i32::try_from(std::process::id()).unwrap();
        assert_eq!(interfaces(own), [""; 0]);
        assert_eq!(counts(&[], &[]), [Some(0), Some(0), None, None]);
    }
}
