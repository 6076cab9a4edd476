//! A server with a session whose keys are known: anything in it, sealed; sealed packets changed,
//! with their check value made right or left wrong; answers early, late and never; time passing.

use outband_protocol::ipmi::{
    Suite,
    message::{Envelope, Request},
};

use super::{
    house::{House, peer},
    setup::change,
    users::login,
};
use crate::bytes::Bytes;

pub(crate) fn run(bytes: &[u8]) {
    let (mut bytes, mut house) = (Bytes::new(bytes), House::new());
    let suite = Suite::ALL[usize::from(bytes.byte() & 1)];
    let at = peer(2);
    let Some(mut guest) = house.console(login(1, suite), at) else {
        panic!("the guest doesn't get in");
    };
    let mut last = Vec::new();
    while !bytes.is_empty() {
        let what = bytes.byte();
        match what & 7 {
            // Any payload at all.
            0 => {
                let (kind, body) = (bytes.byte(), bytes.piece());
                last = Vec::new();
                guest.send(kind, &mut last, |out| out.extend_from_slice(body));
                drop(house.send(at, last.clone()));
            }
            // A request, in order.
            1 | 2 => {
                let envelope = Envelope {
                    net_fn: bytes.byte() & 0x3E,
                    command: bytes.byte(),
                    lun: what >> 3 & 1,
                    requester: 0x81,
                    requester_lun: what >> 4 & 1,
                    sequence: bytes.byte() & 0x3F,
                };
                let request = Request {
                    envelope,
                    data: bytes.piece(),
                };
                last = Vec::new();
                guest.request(&request, &mut last);
                for mut answer in house.send(at, last.clone()) {
                    guest.input(&mut answer);
                }
            }
            // The last packet, changed, with a check value that is right or wrong; or again.
            3 | 4 => {
                change(&mut last, bytes.byte(), bytes.piece());
                if what & 7 == 3 {
                    guest.sign(&mut last);
                }
                drop(house.send(at, last.clone()));
            }
            5 => drop(house.send(peer(what >> 4), bytes.piece().to_vec())),
            6 => house.pass(bytes.byte()),
            _ => house.reply(bytes.byte(), usize::from(bytes.byte()) * 8),
        }
    }
    house.end();
}
