//! The message in an IPMI payload: request and response, as on the IPMB (section 13.8).

use std::fmt;

use super::Completion;

/// The BMC's slave address.
pub const BMC_ADDRESS: u8 = 0x20;
/// The address of software on the console's side (table 5-4).
pub const CONSOLE_ADDRESS: u8 = 0x81;

/// Network function codes (table 5-1) of requests; a response has the number above.
pub mod net_fn {
    /// Chassis.
    pub const CHASSIS: u8 = 0x00;
    /// Bridge.
    pub const BRIDGE: u8 = 0x02;
    /// Sensor and event.
    pub const SENSOR: u8 = 0x04;
    /// Application: the BMC itself, its sessions and users.
    pub const APP: u8 = 0x06;
    /// Firmware transfer.
    pub const FIRMWARE: u8 = 0x08;
    /// Storage: SEL, SDR, FRU.
    pub const STORAGE: u8 = 0x0A;
    /// Transport: LAN, serial, SOL.
    pub const TRANSPORT: u8 = 0x0C;
    /// Group extensions: DCMI, PICMG, VITA.
    pub const GROUP: u8 = 0x2C;
}

/// What names a request: all of it but its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Envelope {
    /// The network function, 6 bits, even.
    pub net_fn: u8,
    /// The command.
    pub command: u8,
    /// The responder's LUN, 2 bits.
    pub lun: u8,
    /// The requester's address.
    pub requester: u8,
    /// The requester's LUN, 2 bits.
    pub requester_lun: u8,
    /// The requester's sequence number, 6 bits.
    pub sequence: u8,
}

/// A request to the BMC.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    /// What names it.
    pub envelope: Envelope,
    /// Its data, without checksums.
    pub data: &'a [u8],
}

/// A response of the BMC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Response<'a> {
    /// What named the request.
    pub envelope: Envelope,
    /// How it went.
    pub completion: Completion,
    /// The data after the completion code.
    pub data: &'a [u8],
}

// Its data may be a key.
impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("envelope", &self.envelope)
            .field("bytes", &self.data.len())
            .finish()
    }
}

impl<'a> Request<'a> {
    /// Takes a request apart; `None` when it is cut short, has a wrong checksum, is for somebody
    /// else than the BMC, or is no request.
    #[must_use]
    pub fn parse(message: &'a [u8]) -> Option<Self> {
        let (&[to, function, check, requester, sequence, command], rest) =
            message.split_first_chunk::<6>()?;
        let (&last, data) = rest.split_last()?;
        let tail = message.get(3..message.len() - 1)?;
        let sound = check == checksum(&[to, function]) && last == checksum(tail);
        let net_fn = function >> 2;
        (sound && to == BMC_ADDRESS && net_fn % 2 == 0).then_some(Self {
            envelope: Envelope {
                net_fn,
                command,
                lun: function & 3,
                requester,
                requester_lun: sequence & 3,
                sequence: sequence >> 2,
            },
            data,
        })
    }

    /// Appends the request.
    pub fn write(&self, out: &mut Vec<u8>) {
        let named = &self.envelope;
        let head = [BMC_ADDRESS, named.net_fn << 2 | named.lun];
        out.extend([head[0], head[1], checksum(&head)]);
        let tail = out.len();
        let sequence = named.sequence << 2 | named.requester_lun;
        out.extend([named.requester, sequence, named.command]);
        out.extend_from_slice(self.data);
        close(out, tail);
    }
}

impl<'a> Response<'a> {
    /// Takes a response apart; `None` when it is cut short, has a wrong checksum, or is no
    /// response of the BMC.
    #[must_use]
    pub fn parse(message: &'a [u8]) -> Option<Self> {
        let (
            &[
                requester,
                function,
                check,
                from,
                sequence,
                command,
                completion,
            ],
            rest,
        ) = message.split_first_chunk::<7>()?;
        let (&last, data) = rest.split_last()?;
        let tail = message.get(3..message.len() - 1)?;
        let sound = check == checksum(&[requester, function]) && last == checksum(tail);
        let net_fn = function >> 2;
        (sound && from == BMC_ADDRESS && net_fn % 2 == 1).then_some(Self {
            envelope: Envelope {
                net_fn: net_fn & !1,
                command,
                lun: sequence & 3,
                requester,
                requester_lun: function & 3,
                sequence: sequence >> 2,
            },
            completion: Completion(completion),
            data,
        })
    }

    /// Appends the response.
    pub fn write(&self, out: &mut Vec<u8>) {
        respond(out, &self.envelope, |out| {
            out.extend_from_slice(self.data);
            self.completion
        });
    }
}

/// Appends the response to a request; `body` appends the data and says how it went.
pub(super) fn respond(
    out: &mut Vec<u8>,
    to: &Envelope,
    body: impl FnOnce(&mut Vec<u8>) -> Completion,
) {
    let head = [to.requester, (to.net_fn | 1) << 2 | to.requester_lun];
    out.extend([head[0], head[1], checksum(&head)]);
    let tail = out.len();
    let sequence = to.sequence << 2 | to.lun;
    out.extend([BMC_ADDRESS, sequence, to.command, 0]);
    let completion = body(out);
    if let Some(place) = out.get_mut(tail + 3) {
        *place = completion.0;
    }
    close(out, tail);
}

/// Appends the checksum of all from `tail` on.
fn close(out: &mut Vec<u8>, tail: usize) {
    let check = out.get(tail..).map_or(0, checksum);
    out.push(check);
}

/// The two's complement of the sum: with it, all bytes sum to zero (section 13.8).
fn checksum(bytes: &[u8]) -> u8 {
    bytes
        .iter()
        .fold(0_u8, |sum, byte| sum.wrapping_add(*byte))
        .wrapping_neg()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Get Channel Authentication Capabilities, as ipmitool sends it.
    const ASKED: [u8; 9] = [0x20, 0x18, 0xC8, 0x81, 0x00, 0x38, 0x8E, 0x04, 0xB5];

    #[test]
    fn a_request_of_a_real_client_is_read() {
        let request = Request::parse(&ASKED).unwrap();
        assert_eq!(
            (request.envelope.net_fn, request.envelope.command),
            (6, 0x38)
        );
        assert_eq!(request.data, [0x8E, 4]);
        let mut out = Vec::new();
        request.write(&mut out);
        assert_eq!(out, ASKED);
    }

    #[test]
    fn any_changed_or_missing_byte_makes_it_none() {
        for at in 0..ASKED.len() {
            assert_eq!(Request::parse(&ASKED[..at]), None, "cut to {at}");
            let mut wrong = ASKED;
            wrong[at] ^= 0x04;
            assert_eq!(Request::parse(&wrong), None, "byte {at}");
        }
    }

    fn envelope() -> impl Strategy<Value = Envelope> {
        (
            0..32_u8,
            any::<u8>(),
            0..4_u8,
            any::<u8>(),
            0..4_u8,
            0..64_u8,
        )
            .prop_map(
                |(net_fn, command, lun, requester, requester_lun, sequence)| Envelope {
                    net_fn: net_fn << 1,
                    command,
                    lun,
                    requester,
                    requester_lun,
                    sequence,
                },
            )
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            envelope in envelope(),
            data in proptest::collection::vec(any::<u8>(), 0..300),
            code: u8,
        ) {
            let mut out = Vec::new();
            let request = Request { envelope, data: &data };
            request.write(&mut out);
            prop_assert_eq!(Request::parse(&out), Some(request));
            prop_assert_eq!(Response::parse(&out), None);
            out.clear();
            let response = Response { envelope, completion: Completion(code), data: &data };
            response.write(&mut out);
            prop_assert_eq!(Response::parse(&out), Some(response));
        }

        #[test]
        fn anything_is_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = (Request::parse(&bytes), Response::parse(&bytes));
        }
    }
}
