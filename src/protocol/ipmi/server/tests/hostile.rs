//! Datagrams that nobody should send: cut, changed, made up. The server lives, no session suffers.

use proptest::prelude::*;

use super::{
    golden,
    rig::{Console, Rig},
};
use crate::ipmi::{Completion, server::DATAGRAM_MAX};

/// Everything that real clients sent.
fn recorded() -> Vec<Vec<u8>> {
    golden::RECORDED
        .iter()
        .flat_map(|recorded| recorded.lines())
        .filter_map(|line| line.strip_prefix("> "))
        .map(golden::bytes)
        .collect()
}

/// Whether a session goes on as if nothing had happened.
fn unharmed(rig: &mut Rig, console: &mut Console) -> bool {
    console.ask(rig, (0, 1), &[1, 2]) == (Completion::OK, vec![2, 1])
}

#[test]
fn every_cut_of_every_packet_of_a_real_client() {
    let mut rig = Rig::new();
    let mut console = rig.console("admin");
    for datagram in recorded() {
        for at in 0..datagram.len() {
            rig.send_from(console.peer, &datagram[..at]);
        }
    }
    assert!(unharmed(&mut rig, &mut console));
}

#[test]
fn every_cut_and_every_changed_bit_of_a_packet_of_the_session() {
    let mut rig = Rig::new();
    let mut console = rig.console("admin");
    let packet = console.packet(0, 2, &[2]);
    for at in 0..packet.len() {
        assert!(rig.send_from(console.peer, &packet[..at]).is_empty());
        for bit in 0..8 {
            let mut changed = packet.clone();
            changed[at] ^= 1 << bit;
            // The first four are RMCP's, and not all of theirs matter.
            let answers = rig.send_from(console.peer, &changed);
            assert!(at < 4 || answers.is_empty(), "byte {at}, bit {bit}");
            if !answers.is_empty() {
                return assert!(unharmed(&mut rig, &mut console));
            }
        }
    }
}

#[test]
fn too_long_a_datagram_is_not_looked_at() {
    let mut rig = Rig::new();
    let mut ping = vec![6, 0, 0xFF, 6, 0, 0, 0x11, 0xBE, 0x80, 7, 0, 0];
    ping.resize(DATAGRAM_MAX, 0);
    let peer = "192.0.2.9:9".parse().unwrap();
    assert_eq!(rig.send_from(peer, &ping).len(), 1);
    ping.push(0);
    assert_eq!(rig.send_from(peer, &ping).len(), 0);
}

/// A xorshift generator: the same numbers for the same seed.
#[derive(Debug)]
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

#[test]
fn a_hundred_thousand_changed_datagrams() {
    let (mut rig, mut dice) = (Rig::new(), Dice(0xDDBA_1100));
    let mut console = rig.console("admin");
    let originals = recorded();
    for _ in 0..100_000 {
        let mut datagram = originals[dice.below(originals.len())].clone();
        for _ in 0..=dice.below(4) {
            let at = dice.below(datagram.len());
            match dice.below(3) {
                0 => datagram[at] = dice.next() as u8,
                1 => datagram.truncate(at.max(1)),
                _ => datagram.insert(at, dice.next() as u8),
            }
        }
        let peer = format!("198.51.100.{}:1", dice.below(256)).parse().unwrap();
        let longest = rig.send_from(peer, &datagram).iter().map(Vec::len).max();
        assert!(longest.unwrap_or(0) < 100);
    }
    assert_eq!(rig.count(), 1);
    assert!(unharmed(&mut rig, &mut console));
}

proptest! {
    #[test]
    fn anything_behind_any_header(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        header in proptest::sample::select(vec![
            vec![], vec![6, 0, 0xFF, 7], vec![6, 0, 0xFF, 7, 6, 0x10],
            vec![6, 0, 0xFF, 7, 6, 0xC0], vec![6, 0, 0xFF, 6],
        ]),
    ) {
        let mut rig = Rig::new();
        rig.send_from("192.0.2.1:1".parse().unwrap(), &[header, bytes].concat());
    }

    /// What a console that has logged in may send: any message at all, sealed.
    #[test]
    fn anything_inside_of_a_session(
        messages in proptest::collection::vec(
            (0..64_u8, proptest::collection::vec(any::<u8>(), 0..80)), 1..20),
    ) {
        let mut rig = Rig::new();
        let mut console = rig.console("admin");
        for (kind, message) in messages {
            let mut datagram = Vec::new();
            console.client.send(kind, &mut datagram, |out| out.extend_from_slice(&message));
            rig.send_from(console.peer, &datagram);
        }
    }
}
