//! Sends without asking for answers, no faster than the BMC reads: else the kernel would throw away
//! what was to be tried.

use std::net::IpAddr;

use outband_protocol::ipmi::{Privilege, client::Heard};

use super::stock;
use crate::{
    Failure,
    console::{Console, DATAGRAM_MAX, SET_PRIVILEGE, Trouble, receive},
    dice::Dice,
    target::Target,
};

/// How many datagrams are under way at most.
const AT_ONCE: usize = 32;
/// How far a packet may move a window, several times over.
const AHEAD: usize = 64;
/// How often a BMC is asked whether it lives.
const PINGS: usize = 20;

/// A console that also sends what no console should.
pub(super) struct Wire {
    pub(super) console: Console,
    tag: u8,
    since: usize,
    heard: bool,
    buffer: Vec<u8>,
}

impl Wire {
    /// An Operator's console: it can do most, but not lock the owner out.
    pub(super) fn new(target: &Target, from: IpAddr, dice: &mut Dice) -> Result<Self, Failure> {
        Ok(Self {
            console: target.console(Privilege::Operator, Some(from), dice)?,
            tag: 0,
            since: 0,
            heard: false,
            buffer: vec![0; DATAGRAM_MAX],
        })
    }

    /// Sends a datagram.
    pub(super) fn send(&mut self, datagram: &[u8]) -> Result<(), Failure> {
        self.console.socket.send(datagram)?;
        self.since += 1;
        if self.since >= AT_ONCE {
            self.settle()?;
        }
        Ok(())
    }

    /// Waits until the BMC has read all that was sent: it answers a ping.
    pub(super) fn settle(&mut self) -> Result<(), Failure> {
        self.since = 0;
        self.tag = self.tag.wrapping_add(1);
        let mut ping = stock::PING;
        ping[9] = self.tag;
        for _ in 0..PINGS {
            self.console.socket.send(&ping)?;
            while let Some(length) = receive(&self.console.socket, &mut self.buffer)? {
                let datagram = self.buffer.get_mut(..length).unwrap_or_default();
                if matches!(datagram, [6, _, _, 6, _, _, _, _, 0x40, tag, ..] if *tag == self.tag) {
                    return Ok(());
                }
                let heard = self.console.client.input(datagram);
                self.heard |= matches!(heard, Some(Heard::Response(_)));
            }
        }
        Err(Trouble::Silence.into())
    }

    /// Whether the session still stands: a question in it is answered before a ping behind it. A
    /// packet that was signed with another number may have moved the BMC's window; then it takes
    /// some more, each with the next number, to come into it.
    pub(super) fn stands(&mut self) -> Result<bool, Failure> {
        self.settle()?;
        self.heard = false;
        let request = self.console.request(SET_PRIVILEGE, &[0]);
        for times in [1, AHEAD] {
            for _ in 0..times {
                let mut packet = Vec::new();
                self.console.client.request(&request, &mut packet);
                self.send(&packet)?;
            }
            self.settle()?;
            if self.heard {
                break;
            }
        }
        Ok(self.heard)
    }

    /// Closes the session, if there is one: nobody has any number of them.
    pub(super) fn close(&mut self) -> Result<(), Failure> {
        if self.console.client.is_standing() && self.stands()? {
            self.console.close()?;
        }
        Ok(())
    }
}
