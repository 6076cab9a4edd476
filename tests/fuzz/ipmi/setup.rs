//! A server before there are sessions: any datagram, any step of a login, right ones in between,
//! from several addresses, with time passing.

use outband_protocol::ipmi::{
    Suite,
    client::Client,
    frame::{self, Framing},
};

use super::{
    house::{House, peer},
    users::login,
};
use crate::bytes::Bytes;

pub(crate) fn run(bytes: &[u8]) {
    let (mut bytes, mut house) = (Bytes::new(bytes), House::new());
    // As the guest: whoever logs in as the owner often enough ends the owner's oldest session.
    let begin = |suite: u8| {
        let suite = Suite::ALL[usize::from(suite & 1)];
        Client::new(login(1, suite), 0x0102_0304, [9; 16])
    };
    let mut client = begin(0);
    while !bytes.is_empty() {
        let what = bytes.byte();
        // The owner's address is 1.
        let at = peer(what >> 4 | 2);
        match what & 7 {
            0 => drop(house.send(at, bytes.piece().to_vec())),
            1 => {
                let kind = bytes.byte();
                drop(house.send(at, outside(Framing::V20, kind, bytes.piece())));
            }
            2 => drop(house.send(at, outside(Framing::V15, 0, bytes.piece()))),
            3 => client = begin(what >> 4),
            4 => house.step(&mut client, at).unwrap_or_default(),
            5 => {
                let mut datagram = Vec::new();
                client.step(&mut datagram);
                change(&mut datagram, bytes.byte(), bytes.piece());
                drop(house.send(at, datagram));
            }
            6 => house.pass(bytes.byte()),
            _ => house.reply(bytes.byte(), usize::from(bytes.byte())),
        }
    }
    house.end();
}

fn outside(framing: Framing, kind: u8, body: &[u8]) -> Vec<u8> {
    let mut datagram = Vec::new();
    frame::write_outside(&mut datagram, framing, kind, |out| {
        out.extend_from_slice(body)
    });
    datagram
}

/// Changes what stands from a place on: other bits, or an end.
pub(super) fn change(datagram: &mut Vec<u8>, at: u8, with: &[u8]) {
    let at = usize::from(at).min(datagram.len());
    if with.is_empty() {
        datagram.truncate(at);
    }
    for (place, with) in datagram.iter_mut().skip(at).zip(with) {
        *place ^= with;
    }
}
