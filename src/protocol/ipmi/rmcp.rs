//! RMCP, the header of every datagram on UDP port 623 (section 13.1; ASF 2.0 section 3.2.2), and
//! the presence ping that finds BMCs on a network (section 13.2.3).

/// How long the header is.
pub const HEADER_LEN: usize = 4;
/// The header of every IPMI datagram: version 1.0, no acknowledge wanted, class IPMI.
pub const IPMI_HEADER: [u8; HEADER_LEN] = [VERSION, 0, NO_ACK, CLASS_IPMI];

const VERSION: u8 = 0x06;
const NO_ACK: u8 = 0xFF;
const CLASS_ASF: u8 = 0x06;
const CLASS_IPMI: u8 = 0x07;
const ACK: u8 = 0x80;

const IANA_ASF: [u8; 4] = 4542_u32.to_be_bytes();
const PRESENCE_PING: u8 = 0x80;
const PRESENCE_PONG: u8 = 0x40;
/// Supported entities: IPMI, and version 1 of ASF.
const ENTITIES: u8 = 0x81;

/// A datagram, as far as RMCP tells.
#[derive(Debug, PartialEq, Eq)]
pub enum Datagram<'a> {
    /// Class IPMI: the session header and what follows.
    Ipmi(&'a mut [u8]),
    /// Class ASF: a presence ping.
    Ping {
        /// The tag that its pong must carry.
        tag: u8,
        /// The acknowledge that is wanted beside the pong.
        ack: Option<[u8; HEADER_LEN]>,
    },
}

/// Takes a datagram apart; `None` for what needs no answer (acknowledges, other classes and
/// versions, other ASF messages, anything cut short).
#[must_use]
pub fn parse(datagram: &mut [u8]) -> Option<Datagram<'_>> {
    let (&mut header, body) = datagram.split_first_chunk_mut::<HEADER_LEN>()?;
    let [VERSION, reserved, sequence, class] = header else {
        return None;
    };
    match class {
        CLASS_IPMI => Some(Datagram::Ipmi(body)),
        CLASS_ASF => {
            let (iana, &[kind, tag, _, _]) = body
                .split_first_chunk::<4>()
                .and_then(|(i, rest)| rest.first_chunk::<4>().map(|message| (i, message)))?;
            let ack = (sequence != NO_ACK).then_some([VERSION, reserved, sequence, class | ACK]);
            let ping = *iana == IANA_ASF && kind == PRESENCE_PING;
            ping.then_some(Datagram::Ping { tag, ack })
        }
        _ => None,
    }
}

/// The answer to a presence ping.
#[must_use]
pub fn pong(tag: u8) -> [u8; 28] {
    let mut pong = [0; 28];
    pong[..4].copy_from_slice(&[VERSION, 0, NO_ACK, CLASS_ASF]);
    pong[4..8].copy_from_slice(&IANA_ASF);
    pong[8..12].copy_from_slice(&[PRESENCE_PONG, tag, 0, 16]);
    // The OEM's number: ASF's own, as there is nothing of an OEM's.
    pong[12..16].copy_from_slice(&IANA_ASF);
    pong[20] = ENTITIES;
    pong
}

#[cfg(test)]
mod tests {
    use super::*;

    const PING: [u8; 12] = [6, 0, 0xFF, 6, 0, 0, 0x11, 0xBE, 0x80, 0x2A, 0, 0];

    #[test]
    fn a_ping_is_answered_with_its_tag() {
        let ping = parse(&mut PING.clone())
            == Some(Datagram::Ping {
                tag: 0x2A,
                ack: None,
            });
        assert!(ping);
        let pong = pong(0x2A);
        assert_eq!(
            pong[..12],
            [6, 0, 0xFF, 6, 0, 0, 0x11, 0xBE, 0x40, 0x2A, 0, 16]
        );
        assert_eq!(
            pong[12..],
            [0, 0, 0x11, 0xBE, 0, 0, 0, 0, 0x81, 0, 0, 0, 0, 0, 0, 0]
        );
    }

    #[test]
    fn a_ping_with_a_sequence_number_is_acknowledged() {
        let mut ping = PING;
        ping[2] = 5;
        let ack = Some([6, 0, 5, 0x86]);
        assert_eq!(parse(&mut ping), Some(Datagram::Ping { tag: 0x2A, ack }));
    }

    #[test]
    fn what_needs_no_answer_gets_none() {
        for at in 0..PING.len() {
            assert_eq!(parse(&mut PING[..at].to_vec()), None, "cut to {at}");
        }
        let wrong = [
            (0, 5),
            (3, 0x86),
            (3, 0x87),
            (3, 8),
            (3, 0),
            (7, 0),
            (8, 0x40),
            (8, 0x10),
        ];
        for (at, byte) in wrong {
            let mut ping = PING;
            ping[at] = byte;
            assert_eq!(parse(&mut ping), None, "byte {at} is {byte:#x}");
        }
    }
}
