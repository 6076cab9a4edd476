//! The session headers that stand behind RMCP's: IPMI 1.5's and RMCP+'s (section 13.6).
//!
//! Of IPMI 1.5 only what stands outside of a session is known. All numbers are little-endian.

use super::rmcp;

/// Authentication type of RMCP+ (table 13-8).
const RMCP_PLUS: u8 = 0x06;
/// Authentication type none, the only one of IPMI 1.5's that is known.
const NONE: u8 = 0x00;
const ENCRYPTED: u8 = 0x80;
const AUTHENTICATED: u8 = 0x40;

/// How long RMCP+'s header is, from the authentication type up to the payload.
pub const HEADER_LEN: usize = 12;
/// How long a payload may be that is written here.
pub const PAYLOAD_MAX: usize = 1200;

/// Payload types (table 13-16).
pub mod payload {
    /// An IPMI message.
    pub const MESSAGE: u8 = 0x00;
    /// Serial over LAN.
    pub const SOL: u8 = 0x01;
    /// RMCP+ Open Session Request.
    pub const OPEN_REQUEST: u8 = 0x10;
    /// RMCP+ Open Session Response.
    pub const OPEN_RESPONSE: u8 = 0x11;
    /// RAKP message 1.
    pub const RAKP_1: u8 = 0x12;
    /// RAKP message 2.
    pub const RAKP_2: u8 = 0x13;
    /// RAKP message 3.
    pub const RAKP_3: u8 = 0x14;
    /// RAKP message 4.
    pub const RAKP_4: u8 = 0x15;
}

/// RMCP+'s session header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// What the payload is, 6 bits: see [`payload`].
    pub kind: u8,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// Whether an integrity trailer follows it.
    pub authenticated: bool,
    /// The receiver's session id; 0 outside of a session.
    pub session: u32,
    /// The sequence number within the session; 0 outside of one.
    pub sequence: u32,
    /// How long the payload is, as sent.
    pub length: u16,
}

/// What came.
#[derive(Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A message outside of any session, in this framing.
    Outside(Framing, &'a [u8]),
    /// A part of a session's setup.
    Setup {
        /// Which, one of [`payload`]'s.
        kind: u8,
        /// What it says.
        payload: &'a [u8],
    },
    /// A packet of a session: the whole frame, from the authentication type on. Its payload and
    /// trailer are as long as the header says, or longer.
    Inside(Header, &'a mut [u8]),
}

/// How a message outside of a session is framed. It is answered as it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// IPMI 1.5's, authentication type none.
    V15,
    /// RMCP+'s.
    V20,
}

/// Takes apart what stands behind RMCP's header; `None` for what is cut short, of another
/// authentication type, or makes no sense.
#[must_use]
pub fn parse(frame: &mut [u8]) -> Option<Frame<'_>> {
    if *frame.first()? == NONE {
        let (header, rest) = frame.split_first_chunk::<10>()?;
        let length = usize::from(header[9]);
        // Neither sequence number nor session id. A legacy pad byte may follow (section 13.6).
        let outside = header[1..9] == [0; 8] && rest.len() <= length + 1;
        let message = rest.get(..length)?;
        return outside.then_some(Frame::Outside(Framing::V15, message));
    }
    let header = Header::parse(frame)?;
    let end = HEADER_LEN + usize::from(header.length);
    if frame.len() < end {
        return None;
    }
    if header.session != 0 {
        return Some(Frame::Inside(header, frame));
    }
    if header.encrypted || header.authenticated || header.sequence != 0 || frame.len() != end {
        return None;
    }
    let payload = frame.get(HEADER_LEN..)?;
    match header.kind {
        payload::MESSAGE => Some(Frame::Outside(Framing::V20, payload)),
        kind @ payload::OPEN_REQUEST..=payload::RAKP_4 => Some(Frame::Setup { kind, payload }),
        _ => None,
    }
}

impl Header {
    /// Reads the header in front of a frame; `None` when it is cut short or is not RMCP+'s.
    #[must_use]
    pub fn parse(frame: &[u8]) -> Option<Self> {
        let &[RMCP_PLUS, kind, s0, s1, s2, s3, q0, q1, q2, q3, l0, l1] =
            frame.first_chunk::<HEADER_LEN>()?
        else {
            return None;
        };
        // An OEM's payload has six more bytes in its header: none is known here.
        const OEM_EXPLICIT: u8 = 0x02;
        let header = Self {
            kind: kind & 0x3F,
            encrypted: kind & ENCRYPTED != 0,
            authenticated: kind & AUTHENTICATED != 0,
            session: u32::from_le_bytes([s0, s1, s2, s3]),
            sequence: u32::from_le_bytes([q0, q1, q2, q3]),
            length: u16::from_le_bytes([l0, l1]),
        };
        (header.kind != OEM_EXPLICIT).then_some(header)
    }

    /// The header's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; HEADER_LEN] {
        let flag = |set, bit| if set { bit } else { 0 };
        let flags = flag(self.encrypted, ENCRYPTED) | flag(self.authenticated, AUTHENTICATED);
        let [s0, s1, s2, s3] = self.session.to_le_bytes();
        let [q0, q1, q2, q3] = self.sequence.to_le_bytes();
        let [l0, l1] = self.length.to_le_bytes();
        let kind = flags | (self.kind & 0x3F);
        [RMCP_PLUS, kind, s0, s1, s2, s3, q0, q1, q2, q3, l0, l1]
    }
}

/// Appends a datagram outside of a session: RMCP's header, the session header, and the payload
/// that `body` appends, which may be 255 bytes long at most.
pub fn write_outside(
    out: &mut Vec<u8>,
    framing: Framing,
    kind: u8,
    body: impl FnOnce(&mut Vec<u8>),
) {
    out.extend_from_slice(&rmcp::IPMI_HEADER);
    let start = out.len();
    match framing {
        Framing::V15 => out.extend_from_slice(&[0; 10]),
        Framing::V20 => {
            let header = Header {
                kind,
                encrypted: false,
                authenticated: false,
                session: 0,
                sequence: 0,
                length: 0,
            };
            out.extend_from_slice(&header.to_bytes());
        }
    }
    let payload = out.len();
    body(out);
    let length = u8::try_from(out.len() - payload).unwrap_or(u8::MAX);
    // The low byte of RMCP+'s length stands one further on, and the high byte stays 0.
    let place = start + if framing == Framing::V15 { 9 } else { 10 };
    if let Some(place) = out.get_mut(place) {
        *place = length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_message_outside_of_a_session_is_read_in_both_framings() {
        for framing in [Framing::V15, Framing::V20] {
            let mut out = Vec::new();
            write_outside(&mut out, framing, payload::MESSAGE, |out| {
                out.extend([1, 2, 3])
            });
            let frame = &mut out[rmcp::HEADER_LEN..];
            for at in 0..frame.len() {
                assert_eq!(parse(&mut frame[..at].to_vec()), None, "cut to {at}");
            }
            assert_eq!(parse(frame), Some(Frame::Outside(framing, &[1, 2, 3])));
        }
    }

    #[test]
    fn a_legacy_pad_is_skipped() {
        let mut frame = vec![0; 9];
        frame.extend([2, 7, 8, 0]);
        assert_eq!(
            parse(&mut frame),
            Some(Frame::Outside(Framing::V15, &[7, 8]))
        );
        frame.push(0);
        assert_eq!(parse(&mut frame), None);
    }

    #[test]
    fn ipmi_1_5_sessions_are_not_known() {
        for (at, byte) in [(0, 1), (0, 2), (0, 4), (0, 5), (1, 1), (5, 1)] {
            let mut frame = vec![0; 10];
            frame[at] = byte;
            assert_eq!(parse(&mut frame), None, "byte {at} is {byte}");
        }
    }

    #[test]
    fn what_claims_to_be_sealed_outside_of_a_session_is_dropped() {
        for flags in [0x40, 0x80, 0xC0] {
            let mut frame = [6, flags, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            assert_eq!(parse(&mut frame), None);
        }
        assert_eq!(parse(&mut [6, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0]), None);
    }

    proptest! {
        #[test]
        fn a_header_is_read_as_it_was_written(
            kind in (0..64_u8).prop_filter("OEM", |kind| *kind != 2),
            (encrypted, authenticated) in any::<(bool, bool)>(),
            (session, sequence, length) in any::<(u32, u32, u16)>(),
        ) {
            let header = Header { kind, encrypted, authenticated, session, sequence, length };
            prop_assert_eq!(Header::parse(&header.to_bytes()), Some(header));
        }

        #[test]
        fn anything_is_read_without_harm(
            mut bytes in proptest::collection::vec(any::<u8>(), 0..64),
            first in proptest::sample::select(vec![0_u8, 6]),
        ) {
            let _ = parse(&mut bytes.clone());
            if let Some(byte) = bytes.first_mut() {
                *byte = first;
            }
            let _ = parse(&mut bytes);
        }
    }
}
