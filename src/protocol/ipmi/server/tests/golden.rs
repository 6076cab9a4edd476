//! Sessions of real clients, byte for byte: `golden/` has what they sent and what they were
//! answered, when they printed what they should. (ipmitool 1.8.19: `chassis status` with suite 17,
//! `mc guid` with suite 3 and the BMC's key; FreeIPMI 1.6.10: `bmc-info --get-device-id` with suite
//! 3, and with suite 17 and the BMC's key.) The server's entropy counted up, so that the same
//! packets come again.

use std::{ops::DerefMut, sync::Arc};

use super::{rig::key, start};
use crate::ipmi::{
    Completion, Privilege,
    message::net_fn,
    server::{Ask, Config, Happened, Host, Key, Lookup, Out, Proofs, Server, User, Work},
};

/// All sessions.
pub(super) const RECORDED: [&str; 4] = [
    include_str!("golden/ipmitool-17.txt"),
    include_str!("golden/ipmitool-3-bmc-key.txt"),
    include_str!("golden/freeipmi-3.txt"),
    include_str!("golden/freeipmi-17-bmc-key.txt"),
];

struct House(u8, Proofs);

impl Host for House {
    type User = ();

    fn fill(&mut self, buffer: &mut [u8]) -> bool {
        for byte in buffer {
            self.0 += 1;
            *byte = self.0;
        }
        true
    }

    fn still_stands(&mut self, (): &()) -> bool {
        true
    }

    fn proofs(&mut self) -> impl DerefMut<Target = Proofs> {
        &mut self.1
    }

    fn user(&mut self, ask: &Ask<'_>) -> Lookup<()> {
        assert_eq!(ask.name, b"admin");
        Lookup::User(User {
            key: key("secretpw1"),
            limit: Privilege::Administrator,
            id: 2,
            account: (),
        })
    }

    fn happened(&mut self, _: Happened<'_, ()>) {}
}

pub(super) fn bytes(hex: &str) -> Vec<u8> {
    let digits = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(digits).collect()
}

fn replay(recorded: &str, bmc_key: Option<&str>) {
    // As many as the key of nobody took.
    let mut house = House(20, Proofs::default());
    let mut config = Config::new(*b"outband-guid-123");
    config.bmc_key = bmc_key.map(key);
    let mut server = Server::new(Arc::new(config), Key::default());
    let mut out = Out::new();
    let (peer, now) = ("127.0.0.1:2000".parse().unwrap(), start());
    for (nth, line) in recorded.lines().enumerate() {
        let (direction, hex) = line.split_once(' ').unwrap();
        if direction == "<" {
            let sent: Vec<_> = out.datagrams().map(<[u8]>::to_vec).collect();
            assert_eq!(sent, [bytes(hex)], "line {}", nth + 1);
            continue;
        }
        let mut datagram = bytes(hex);
        let work = server.input(&mut datagram, peer, now, &mut house, &mut out);
        if let Some(Work::Command(command)) = work {
            let (completion, data): (_, &[u8]) = match (command.net_fn, command.command) {
                (net_fn::APP, 0x01) => {
                    let device = &[0x20, 1, 1, 0, 2, 0x80, 0, 0, 0, 0, 0];
                    (Completion::OK, device)
                }
                (net_fn::CHASSIS, 0x01) => (Completion::OK, &[1, 0, 0]),
                _ => (Completion::INVALID_COMMAND, &[]),
            };
            server.reply(command.ticket, completion, data, now, &mut house, &mut out);
        }
    }
    assert_eq!(
        server.sessions().count(),
        0,
        "the client closed its session"
    );
}

#[test]
fn ipmitool_with_suite_17() {
    replay(RECORDED[0], None);
}

#[test]
fn ipmitool_with_suite_3_and_two_keys() {
    replay(RECORDED[1], Some("bmckey"));
}

#[test]
fn freeipmi_with_suite_3() {
    replay(RECORDED[2], None);
}

#[test]
fn freeipmi_with_suite_17_and_two_keys() {
    replay(RECORDED[3], Some("bmckey"));
}
