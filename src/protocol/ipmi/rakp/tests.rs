//! Tests of the setup's messages. Its codes are tested against a real client's bytes, in
//! `tests/golden.rs` of the server.

use proptest::prelude::*;

use super::*;
use crate::ipmi::{Privilege, Suite};

const OPEN: OpenRequest = OpenRequest {
    tag: 7,
    privilege: Some(Privilege::Administrator),
    console: 0xA4A3_A2A0,
    suite: Suite::Sha256,
};

fn open_bytes() -> Vec<u8> {
    let mut out = Vec::new();
    OPEN.write(&mut out);
    out
}

fn refused(bytes: &[u8]) -> Status {
    OpenRequest::parse(bytes)
        .unwrap_err()
        .unwrap()
        .outcome
        .unwrap_err()
}

#[test]
fn an_open_session_request_is_read() {
    assert_eq!(OpenRequest::parse(&open_bytes()), Ok(OPEN));
}

#[test]
fn a_cut_open_session_request_is_refused_or_dropped() {
    let whole = open_bytes();
    for at in 0..8 {
        assert_eq!(OpenRequest::parse(&whole[..at]), Err(None), "cut to {at}");
    }
    for at in 8..whole.len() {
        assert_eq!(refused(&whole[..at]), Status::PARAMETER, "cut to {at}");
    }
    assert_eq!(refused(&[whole, vec![0]].concat()), Status::PARAMETER);
}

#[test]
fn every_other_triple_is_no_suite() {
    // Suites 0, 1, 2, 15, 16, some of RC4 and MD5, and mixtures of 3 and 17.
    let triples = [
        [0, 0, 0],
        [1, 0, 0],
        [1, 1, 0],
        [3, 0, 0],
        [3, 4, 0],
        [1, 1, 2],
        [1, 1, 3],
        [3, 4, 2],
        [2, 2, 1],
        [2, 3, 1],
        [1, 4, 1],
        [3, 1, 1],
        [1, 2, 1],
        [0, 1, 1],
    ];
    for [a, i, c] in triples {
        let mut bytes = open_bytes();
        (bytes[12], bytes[20], bytes[28]) = (a, i, c);
        assert_eq!(refused(&bytes), Status::NO_SUITE, "{a} {i} {c}");
    }
    let mut chosen_for_me = open_bytes();
    chosen_for_me[11] = 0;
    assert_eq!(refused(&chosen_for_me), Status::NO_SUITE);
}

#[test]
fn ids_roles_and_records_must_make_sense() {
    let with = |at: usize, byte: u8| {
        let mut bytes = open_bytes();
        bytes[at] = byte;
        refused(&bytes)
    };
    assert_eq!(with(1, 6), Status::INVALID_ROLE);
    assert_eq!(with(8, 1), Status::PARAMETER);
    assert_eq!(with(19, 7), Status::PARAMETER);
    let mut nobody = open_bytes();
    nobody[4..8].fill(0);
    assert_eq!(refused(&nobody), Status::INVALID_SESSION);
}

#[test]
fn a_refusal_has_no_session() {
    let outcome = Err(Status::NO_SUITE);
    let response = OpenResponse {
        tag: 1,
        console: 2,
        outcome,
    };
    let mut out = Vec::new();
    response.write(&mut out);
    assert_eq!(out, [1, 0x11, 0, 0, 2, 0, 0, 0]);
    assert_eq!(OpenResponse::parse(&out), Some(response));
}

fn rakp_1(name: &[u8]) -> Rakp1 {
    let name = Name::new(name).unwrap();
    Rakp1 {
        tag: 1,
        managed: 2,
        random: [3; 16],
        role: 0x14,
        name,
    }
}

#[test]
fn a_name_is_never_longer_than_its_message_or_16_bytes() {
    let mut whole = Vec::new();
    rakp_1(b"operator").write(&mut whole);
    let parse = |length: u8, bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        bytes[27] = length;
        Rakp1::parse(&bytes)
    };
    let too_long = Err(Some((1, Status::NAME_LENGTH)));
    for length in 9..=255 {
        assert_eq!(parse(length, &whole), too_long, "{length}");
    }
    let padded = [whole.clone(), vec![0; 8]].concat();
    assert_eq!(parse(8, &padded), Ok(rakp_1(b"operator")));
    assert_eq!(parse(17, &[padded, vec![0]].concat()), too_long);
    for at in 0..8 {
        assert_eq!(Rakp1::parse(&whole[..at]), Err(None), "cut to {at}");
    }
    for at in 8..whole.len() {
        assert!(
            matches!(Rakp1::parse(&whole[..at]), Err(Some((1, _)))),
            "cut to {at}"
        );
    }
}

proptest! {
    #[test]
    fn messages_are_read_as_they_were_written(
        (tag, session, random, guid) in any::<(u8, u32, Bytes16, Bytes16)>(),
        role: u8,
        name in proptest::collection::vec(any::<u8>(), 0..=16),
        code in proptest::collection::vec(any::<u8>(), 0..40),
        status in 1..=255_u8,
    ) {
        let name = Name::new(&name).unwrap();
        let mut out = Vec::new();
        let one = Rakp1 { tag, managed: session, random, role, name };
        one.write(&mut out);
        prop_assert_eq!(Rakp1::parse(&out), Ok(one));
        out.clear();
        let two = Rakp2 { console: session, random, guid, code: &code };
        two.write(tag, &mut out);
        prop_assert_eq!(Rakp2::parse(&out), Some((tag, Ok(two))));
        for code in [Ok(&code[..]), Err(Status(status))] {
            out.clear();
            let three = Rakp3 { tag, managed: session, code };
            three.write(&mut out);
            prop_assert_eq!(Rakp3::parse(&out), Some(three));
            out.clear();
            let four = Rakp4 { tag, console: session, check: code };
            four.write(&mut out);
            prop_assert_eq!(Rakp4::parse(&out), Some(four));
        }
    }

    #[test]
    fn anything_is_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let _ = (OpenRequest::parse(&bytes), OpenResponse::parse(&bytes), Rakp1::parse(&bytes));
        let _ = (Rakp2::parse(&bytes), Rakp3::parse(&bytes), Rakp4::parse(&bytes));
    }
}
