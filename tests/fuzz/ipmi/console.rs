//! The console: whatever a BMC answers at each step of a login, and in a session.

use outband_protocol::ipmi::{Suite, client::Client};

use super::{
    house::{House, peer},
    setup::change,
    users::login,
};
use crate::bytes::Bytes;

pub(crate) fn run(bytes: &[u8]) {
    let (mut bytes, mut house) = (Bytes::new(bytes), House::new());
    let how = bytes.byte();
    let suite = Suite::ALL[usize::from(how & 1)];
    let mut client = Client::new(login(1, suite), 0x0102_0304, [9; 16]);
    for _ in 0..how >> 1 & 3 {
        house.step(&mut client, peer(2));
    }
    while !bytes.is_empty() {
        let what = bytes.byte();
        let mut answer = if what & 1 == 0 {
            bytes.piece().to_vec()
        } else {
            let mut datagram = Vec::new();
            client.step(&mut datagram);
            let mut answer = house.send(peer(2), datagram).pop().unwrap_or_default();
            change(&mut answer, bytes.byte(), bytes.piece());
            if what & 2 != 0 {
                client.sign(&mut answer);
            }
            answer
        };
        client.input(&mut answer);
    }
}
