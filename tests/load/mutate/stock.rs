//! What is changed and cut: the packets of real clients, and requests for sessions of our own.

use outband_protocol::ipmi::{frame::Framing, message::net_fn};

use crate::console::{
    CAPABILITIES, CHASSIS_STATUS, CIPHER_SUITES, Command, DEVICE_ID, SYSTEM_GUID, outside, request,
};

/// Whole sessions of ipmitool and FreeIPMI, as they were captured for the tests of the protocol.
const CAPTURED: [&str; 4] = [
    include_str!("../../../src/protocol/ipmi/server/tests/golden/ipmitool-17.txt"),
    include_str!("../../../src/protocol/ipmi/server/tests/golden/ipmitool-3-bmc-key.txt"),
    include_str!("../../../src/protocol/ipmi/server/tests/golden/freeipmi-3.txt"),
    include_str!("../../../src/protocol/ipmi/server/tests/golden/freeipmi-17-bmc-key.txt"),
];

/// A presence ping without its tag, and one that wants an acknowledge too.
pub(super) const PING: [u8; 12] = [6, 0, 0xFF, 6, 0, 0, 0x11, 0xBE, 0x80, 0, 0, 0];
const PING_TO_ACKNOWLEDGE: [u8; 12] = [6, 0, 0x12, 6, 0, 0, 0x11, 0xBE, 0x80, 0x2A, 0, 0];

/// Everything that real clients sent, and what needs no session, in both framings.
pub(super) fn packets() -> Vec<Vec<u8>> {
    let captured = CAPTURED.iter().flat_map(|session| session.lines());
    let captured = captured.filter_map(|line| bytes(line.strip_prefix("> ")?));
    let sessionless = [
        (CAPABILITIES, &[0x8E, 4][..]),
        (CAPABILITIES, &[0x0E, 4]),
        (CIPHER_SUITES, &[0x0E, 0, 0x80]),
        (SYSTEM_GUID, &[]),
    ];
    let made = [Framing::V15, Framing::V20]
        .into_iter()
        .flat_map(|framing| {
            sessionless.into_iter().map(move |(command, data)| {
                let mut packet = Vec::new();
                outside(framing, &request(1, command, data), &mut packet);
                packet
            })
        });
    let pings = [PING.to_vec(), PING_TO_ACKNOWLEDGE.to_vec()];
    captured.chain(made).chain(pings).collect()
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let byte = |at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
    (0..hex.len()).step_by(2).map(byte).collect()
}

/// Requests of everyday use, and some that a BMC may not know.
pub(super) const REQUESTS: [(Command, &[u8]); 36] = [
    (DEVICE_ID, &[]),
    (SYSTEM_GUID, &[]),
    (CAPABILITIES, &[0x8E, 4]),
    (CIPHER_SUITES, &[0x0E, 0, 0x80]),
    ((net_fn::APP, 0x04), &[]),
    ((net_fn::APP, 0x07), &[]),
    ((net_fn::APP, 0x08), &[]),
    ((net_fn::APP, 0x3B), &[2]),
    ((net_fn::APP, 0x3D), &[0xFF, 1, 2, 3, 4]),
    ((net_fn::APP, 0x41), &[0x0E, 0x80]),
    ((net_fn::APP, 0x42), &[0x0E]),
    ((net_fn::APP, 0x44), &[0x0E, 2]),
    ((net_fn::APP, 0x46), &[2]),
    (
        (net_fn::APP, 0x47),
        &[2, 3, b'x', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ),
    ((net_fn::APP, 0x48), &[1, 1, 0xC6, 0, 0, 0]),
    ((net_fn::APP, 0x4E), &[0x0E]),
    ((net_fn::APP, 0x4F), &[0x0E, 1]),
    ((net_fn::APP, 0x56), &[0x0E, 0, 1]),
    (CHASSIS_STATUS, &[]),
    ((net_fn::CHASSIS, 0x00), &[]),
    ((net_fn::CHASSIS, 0x02), &[3]),
    ((net_fn::CHASSIS, 0x04), &[15, 0]),
    ((net_fn::CHASSIS, 0x06), &[3]),
    ((net_fn::CHASSIS, 0x07), &[]),
    ((net_fn::CHASSIS, 0x08), &[0, 1]),
    ((net_fn::CHASSIS, 0x08), &[4, 1, 1]),
    ((net_fn::CHASSIS, 0x08), &[5, 0xE0, 4, 0, 0, 0]),
    ((net_fn::CHASSIS, 0x09), &[5, 0, 0]),
    ((net_fn::CHASSIS, 0x0A), &[0]),
    ((net_fn::CHASSIS, 0x0F), &[]),
    ((net_fn::SENSOR, 0x2D), &[1]),
    ((net_fn::STORAGE, 0x11), &[0, 0, 0, 8]),
    ((net_fn::STORAGE, 0x23), &[0, 0, 0, 0, 0, 255]),
    ((net_fn::STORAGE, 0x43), &[0, 0, 0, 0, 0, 255]),
    ((net_fn::TRANSPORT, 0x02), &[1, 4, 0, 0]),
    ((net_fn::GROUP, 0x3E), &[0, 2]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_captured_is_there_as_bytes() {
        let packets = packets();
        // Four sessions of nine packets and more, four requests in two framings, two pings.
        assert!(packets.len() >= 46, "{}", packets.len());
        assert!(packets.iter().all(|packet| packet.starts_with(&[6, 0])));
    }
}
