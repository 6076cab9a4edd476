//! The attack: strangers that send what is wrong, and an insider whose session is put to the test.

use std::net::IpAddr;

use outband_protocol::ipmi::frame::payload;

use super::{Sent, mutation::mutate, stock, wire::Wire};
use crate::{Failure, console::Command, dice::Dice, target::Target};

/// How many changed datagrams are sent in one go, from one address.
const GO: u64 = 256;

/// Who attacks.
pub(super) struct Attack<'a> {
    target: &'a Target,
    dice: Dice,
    sources: Vec<IpAddr>,
    /// What real clients sent.
    pub(super) packets: Vec<Vec<u8>>,
    pub(super) sent: Sent,
    /// How many strangers there were.
    strangers: usize,
}

impl<'a> Attack<'a> {
    /// An attack from these addresses; the same seed makes the same changes.
    pub(super) fn new(target: &'a Target, seed: u64, sources: Vec<IpAddr>) -> Self {
        Self {
            target,
            dice: Dice::new(seed),
            sources,
            packets: stock::packets(),
            sent: Sent::default(),
            strangers: 0,
        }
    }

    /// Sends so many changed datagrams, then all that is cut. Fails when the BMC fell silent, or
    /// refused a login that was right.
    pub(super) fn run(&mut self, count: u64) -> Result<(), Failure> {
        while self.sent.changed() < count {
            let go = GO.min(count - self.sent.changed());
            match self.dice.below(4) {
                0 => self.outside(go)?,
                1 => self.setup(go)?,
                _ => self.inside(go)?,
            }
        }
        self.cuts()
    }

    /// A console at the next address but the first, which logs in rightly and has to keep its good name.
    pub(super) fn stranger(&mut self) -> Result<Wire, Failure> {
        self.strangers += 1;
        let others = self.sources.get(1..).filter(|others| !others.is_empty());
        let from = others.unwrap_or(&self.sources);
        let from = from.get(self.strangers % from.len().max(1)).copied();
        let from = from.ok_or("no address to attack from")?;
        Wire::new(self.target, from, &mut self.dice)
    }

    /// A console that has logged in.
    pub(super) fn insider(&mut self) -> Result<Wire, Failure> {
        let from = *self.sources.first().ok_or("no address to attack from")?;
        let mut wire = Wire::new(self.target, from, &mut self.dice)?;
        wire.console.log_in()?;
        self.sent.sessions += 1;
        Ok(wire)
    }

    /// One of the packets of real clients.
    fn packet(&mut self) -> Vec<u8> {
        let at = self.dice.below(self.packets.len());
        self.packets.get(at).cloned().unwrap_or_default()
    }

    fn outside(&mut self, go: u64) -> Result<(), Failure> {
        let mut wire = self.stranger()?;
        for _ in 0..go {
            let (mut packet, other) = (self.packet(), self.packet());
            mutate(&mut self.dice, &mut packet, &other);
            wire.send(&packet)?;
            self.sent.outside += 1;
        }
        wire.settle()
    }

    /// Logins that go wrong at one of their three steps.
    fn setup(&mut self, go: u64) -> Result<(), Failure> {
        for _ in 0..go.div_ceil(8) {
            let mut wire = self.stranger()?;
            for _ in 0..self.dice.below(3) {
                // A BMC may well say that this address has tried too often: then it is that step's.
                if wire.console.step().is_err() {
                    break;
                }
            }
            for _ in 0..go.min(8) {
                let (mut packet, other) = (Vec::new(), self.packet());
                wire.console.client.step(&mut packet);
                mutate(&mut self.dice, &mut packet, &other);
                wire.send(&packet)?;
                self.sent.setup += 1;
            }
            wire.settle()?;
            // Changes may leave a step as it was, and then it may have been the last.
            wire.close()?;
        }
        Ok(())
    }

    /// A session in which everything is tried.
    fn inside(&mut self, go: u64) -> Result<(), Failure> {
        let mut wire = self.insider()?;
        for nth in 0..go {
            if nth % 16 == 0 && !wire.stands()? {
                wire = self.insider()?;
            }
            let packet = match self.dice.below(8) {
                0 => self.broken(&mut wire),
                1 => self.signed(&mut wire),
                _ => self.sealed(&mut wire),
            };
            wire.send(&packet)?;
        }
        wire.close()
    }

    /// Rightly sealed, around a changed message: its data, its command, or any byte of it.
    fn sealed(&mut self, wire: &mut Wire) -> Vec<u8> {
        self.sent.sealed += 1;
        let other = self.packet();
        let (mut command, data) = self.request();
        let (mut data, mut body) = (data.to_vec(), Vec::new());
        let plain = self.dice.below(4) != 0;
        if plain {
            mutate(&mut self.dice, &mut data, &other);
            if self.dice.below(4) == 0 {
                command = (self.dice.byte() & 0x3E, self.dice.byte());
            }
        }
        wire.console.request(command, &data).write(&mut body);
        if !plain {
            mutate(&mut self.dice, &mut body, &other);
        }
        let kind = match self.dice.below(8) {
            0 => self.dice.byte(),
            1 => payload::SOL,
            _ => payload::MESSAGE,
        };
        let (client, mut packet) = (&mut wire.console.client, Vec::new());
        client.send(kind, &mut packet, |out| out.extend(body));
        packet
    }

    /// A packet of the session, changed, with a right check value.
    fn signed(&mut self, wire: &mut Wire) -> Vec<u8> {
        self.sent.signed += 1;
        let mut packet = self.right(wire);
        let other = self.packet();
        mutate(&mut self.dice, &mut packet, &other);
        wire.console.client.sign(&mut packet);
        packet
    }

    /// A packet of the session, changed.
    fn broken(&mut self, wire: &mut Wire) -> Vec<u8> {
        self.sent.broken += 1;
        let mut packet = self.right(wire);
        let other = self.packet();
        mutate(&mut self.dice, &mut packet, &other);
        packet
    }

    /// A packet of the session, as it should be.
    fn right(&mut self, wire: &mut Wire) -> Vec<u8> {
        let (command, data) = self.request();
        let request = wire.console.request(command, data);
        let mut packet = Vec::new();
        wire.console.client.request(&request, &mut packet);
        packet
    }

    fn request(&mut self) -> (Command, &'static [u8]) {
        let at = self.dice.below(stock::REQUESTS.len());
        let first = stock::REQUESTS[0];
        stock::REQUESTS.get(at).copied().unwrap_or(first)
    }
}
