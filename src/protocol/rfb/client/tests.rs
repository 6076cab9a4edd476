//! A server's bytes are written out by hand from RFC 6143.
use super::*;
use crate::hid::{Buttons, Pointer, Usage};

/// A server's side of a 3.8 handshake for a screen of 4 by 3 named `QEMU`.
const HANDSHAKE: &[u8] = &[
    b'R', b'F', b'B', b' ', b'0', b'0', b'3', b'.', b'0', b'0', b'8', b'\n', // its version
    2, 2, 1, // two security types: VNC, None
    0, 0, 0, 0, // well
    0, 4, 0, 3, // 4 by 3
    32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0, // its pixel format
    0, 0, 0, 4, b'Q', b'E', b'M', b'U',
];

const SIZE: Size = Size {
    width: 4,
    height: 3,
};

fn drain(client: &mut Client, bytes: &[u8]) -> Result<Vec<Notice>, Fault> {
    let mut rest = bytes;
    let mut found = Vec::new();
    while let Some(notice) = client.receive(&mut rest)? {
        found.push(notice);
    }
    assert!(rest.is_empty(), "{} bytes were left", rest.len());
    Ok(found)
}

fn ready() -> Client {
    let mut client = Client::new();
    assert_eq!(drain(&mut client, HANDSHAKE), Ok(vec![Notice::Ready(SIZE)]));
    client.outgoing();
    client
}

/// An update of rectangles, each with its head's five numbers and its body.
fn update(rects: &[([u16; 4], i32, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 0, rects.len() as u8];
    for (place, encoding, body) in rects {
        bytes.extend(place.iter().flat_map(|number| number.to_be_bytes()));
        bytes.extend(encoding.to_be_bytes());
        bytes.extend(*body);
    }
    bytes
}

fn rect(x: u16, y: u16, width: u16, height: u16) -> Rect {
    Rect {
        x,
        y,
        width,
        height,
    }
}

/// The first byte of each pixel.
fn blues(client: &Client) -> Vec<u8> {
    client
        .picture()
        .bytes()
        .iter()
        .step_by(4)
        .copied()
        .collect()
}

/// Pixels whose first bytes are these.
fn pixels(blues: &[u8]) -> Vec<u8> {
    blues.iter().flat_map(|blue| [*blue, 0, 0, 0]).collect()
}

#[test]
fn the_handshake_of_version_3_8_is_answered_byte_for_byte() {
    let mut client = Client::new();
    client.follow(true);
    assert_eq!(drain(&mut client, HANDSHAKE), Ok(vec![Notice::Ready(SIZE)]));
    let expected: &[&[u8]] = &[
        b"RFB 003.008\n",
        &[1], // None
        &[1], // shared
        &[
            0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0,
        ],
        &[2, 0, 0, 7],
        &[0, 0, 0, 1],
        &[0, 0, 0, 0],
        &[0xFF, 0xFF, 0xFF, 0x21],       // -223
        &[0xFF, 0xFF, 0xFE, 0xCC],       // -308
        &[0xFF, 0xFF, 0xFE, 0xFB],       // -261
        &[0xFF, 0xFF, 0xFE, 0xFE],       // -258
        &[0xFF, 0xFF, 0xFE, 0xFF],       // -257
        &[3, 0, 0, 0, 0, 0, 0, 4, 0, 3], // all of it
    ];
    assert_eq!(client.outgoing(), expected.concat());
}

#[test]
fn older_versions_are_spoken_as_they_were() {
    let mut client = Client::new();
    drain(&mut client, b"RFB 003.003\n\0\0\0\x01").unwrap();
    assert_eq!(client.outgoing(), b"RFB 003.003\n\x01");
    let mut client = Client::new();
    drain(&mut client, b"RFB 003.005\n").unwrap();
    assert_eq!(client.outgoing(), b"RFB 003.003\n");
    let mut client = Client::new();
    drain(&mut client, b"RFB 003.007\n\x01\x01").unwrap();
    assert_eq!(client.outgoing(), b"RFB 003.007\n\x01\x01");
    let mut client = Client::new();
    drain(&mut client, b"RFB 003.889\n").unwrap();
    assert_eq!(client.outgoing(), b"RFB 003.008\n");
}

#[test]
fn who_is_no_server_or_turns_the_client_away_is_left() {
    let fault = |bytes: &[u8]| drain(&mut Client::new(), bytes).unwrap_err();
    assert_eq!(fault(b"SSH-2.0-OpenS"), Fault::NoVersion);
    assert_eq!(fault(b"RFB 003.+08\n"), Fault::NoVersion);
    assert_eq!(fault(b"RFB 002.008\n"), Fault::NoVersion);
    assert_eq!(fault(b"RFB 003.008\n\x01\x02"), Fault::Security);
    assert_eq!(fault(b"RFB 003.003\n\0\0\0\x02"), Fault::Security);
    let reason = Fault::TurnedAway("too many".into());
    assert_eq!(fault(b"RFB 003.008\n\0\0\0\0\x08too many"), reason);
    assert_eq!(
        fault(b"RFB 003.008\n\x01\x01\0\0\0\x01\0\0\0\x08too many"),
        reason
    );
    let endless = [&b"RFB 003.008\n\0\xFF\xFF\xFF\xFF"[..], &[b'a'; 512]].concat();
    assert!(matches!(fault(&endless), Fault::TurnedAway(_)));
}

#[test]
fn raw_pixels_land_where_they_belong() {
    let mut client = ready();
    let bytes = update(&[
        ([1, 1, 2, 2], 0, &pixels(&[1, 2, 3, 4])),
        ([0, 0, 0, 3], 0, &[]),
        ([3, 0, 1, 1], 0, &pixels(&[9])),
    ]);
    let found = drain(&mut client, &bytes);
    assert_eq!(
        found,
        Ok(vec![Notice::Updated(vec![
            rect(1, 1, 2, 2),
            rect(3, 0, 1, 1)
        ])])
    );
    assert_eq!(blues(&client), [0, 0, 0, 9, 0, 1, 2, 0, 0, 3, 4, 0]);
}

#[test]
fn a_copied_rectangle_may_overlap_its_source() {
    let rows: Vec<u8> = (1..=12).collect();
    for (from, to, expected) in [
        ([0, 0], [0, 1, 4, 2], [1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8]),
        (
            [0, 1],
            [0, 0, 4, 2],
            [5, 6, 7, 8, 9, 10, 11, 12, 9, 10, 11, 12],
        ),
        (
            [0, 0],
            [1, 0, 3, 1],
            [1, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12],
        ),
    ] {
        let mut client = ready();
        let body: Vec<u8> = from.iter().flat_map(|n: &u16| n.to_be_bytes()).collect();
        let all = pixels(&rows);
        let bytes = update(&[([0, 0, 4, 3], 0, &all), (to, 1, &body)]);
        drain(&mut client, &bytes).unwrap();
        assert_eq!(blues(&client), expected, "{from:?} to {to:?}");
    }
}

#[test]
fn every_update_is_followed_by_a_request_while_the_screen_is_followed() {
    let mut client = ready();
    let some = update(&[([0, 0, 1, 1], 0, &pixels(&[1]))]);
    drain(&mut client, &some).unwrap();
    assert!(client.outgoing().is_empty());
    client.follow(true);
    assert_eq!(client.outgoing(), [3, 0, 0, 0, 0, 0, 0, 4, 0, 3]);
    drain(&mut client, &some).unwrap();
    assert_eq!(client.outgoing(), [3, 1, 0, 0, 0, 0, 0, 4, 0, 3]);
    drain(&mut client, &update(&[([0, 0, 0, 0], -258, &[])])).unwrap();
    assert_eq!(client.outgoing(), [3, 1, 0, 0, 0, 0, 0, 4, 0, 3]);
    client.follow(false);
    drain(&mut client, &some).unwrap();
    assert!(client.outgoing().is_empty());
}

#[test]
fn a_new_size_is_asked_for_as_a_whole() {
    let size = Size {
        width: 2,
        height: 2,
    };
    let screens: &[u8] = &[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2, 0, 0, 0, 0];
    for (encoding, body) in [(-308, screens), (-223, &[][..])] {
        let mut client = ready();
        client.follow(true);
        client.outgoing();
        let found = drain(&mut client, &update(&[([0, 0, 2, 2], encoding, body)]));
        assert_eq!(found, Ok(vec![Notice::Resized(size)]));
        assert_eq!(client.outgoing(), [3, 0, 0, 0, 0, 0, 0, 2, 0, 2]);
        assert_eq!(client.picture().bytes(), [0; 16]);
    }
    // The size it has, and a size that another client was refused, change nothing.
    let mut client = ready();
    let same = update(&[([0, 0, 4, 3], -308, screens), ([1, 3, 9, 9], -308, screens)]);
    assert_eq!(drain(&mut client, &same), Ok(vec![]));
    assert_eq!(client.picture().size(), SIZE);
}

#[test]
fn lights_bell_and_clipboard_come_between_pixels() {
    let mut client = ready();
    let mut bytes = vec![2, 3, 0, 0, 0, 0, 0, 0, 2, b'h', b'i'];
    bytes.extend(update(&[([0, 0, 1, 1], -261, &[0b101])]));
    let leds = Leds {
        num_lock: false,
        caps_lock: true,
        scroll_lock: true,
    };
    assert_eq!(
        drain(&mut client, &bytes),
        Ok(vec![Notice::Bell, Notice::Leds(leds)])
    );
}

#[test]
fn what_is_too_large_or_outside_is_refused() {
    let fault = |bytes: &[u8]| drain(&mut ready(), bytes).unwrap_err();
    let too_large = Size {
        width: 8193,
        height: 1,
    };
    assert_eq!(
        fault(&update(&[([0, 0, 8193, 1], -223, &[])])),
        Fault::TooLarge(too_large)
    );
    assert_eq!(
        fault(&update(&[([1, 0, 4, 1], 0, &[])])),
        Fault::Outside(rect(1, 0, 4, 1))
    );
    assert_eq!(
        fault(&update(&[([0, 65535, 1, 1], 1, &[])])),
        Fault::Outside(rect(0, 65535, 1, 1))
    );
    assert_eq!(
        fault(&update(&[([0, 0, 2, 2], 1, &[0, 3, 0, 0])])),
        Fault::Outside(rect(3, 0, 2, 2))
    );
    assert_eq!(
        fault(&update(&[([0, 0, 1, 1], 7, &[])])),
        Fault::Encoding(7)
    );
    assert_eq!(fault(&[1]), Fault::Message(1));
    assert_eq!(
        fault(&[3, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]),
        Fault::TextTooLong(u32::MAX)
    );
}

#[test]
fn more_rectangles_than_are_told_apart_become_one() {
    let mut client = ready();
    let mut bytes = vec![0, 0, 1, 1]; // 257
    for at in 0..257u16 {
        bytes.extend([0, if at == 0 { 3 } else { 0 }, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0]);
        bytes.extend(pixels(&[1]));
    }
    let found = drain(&mut client, &bytes);
    assert_eq!(
        found,
        Ok(vec![Notice::Updated(vec![
            rect(0, 1, 4, 1),
            rect(0, 1, 1, 1)
        ])])
    );
}

#[test]
fn keys_go_by_place_where_the_server_takes_that() {
    let mut client = ready();
    let held: HeldKeys = [Usage::A, Usage::LEFT_SHIFT].into_iter().collect();
    client.hold(held);
    // Only keysyms: Shift before a.
    assert_eq!(
        client.outgoing(),
        [4, 1, 0, 0, 0, 0, 0xFF, 0xE1, 4, 1, 0, 0, 0, 0, 0, 0x61]
    );
    client.hold(held);
    assert!(client.outgoing().is_empty());
    client.hold(HeldKeys::NONE);
    assert_eq!(
        client.outgoing(),
        [4, 0, 0, 0, 0, 0, 0, 0x61, 4, 0, 0, 0, 0, 0, 0xFF, 0xE1]
    );
    drain(&mut client, &update(&[([0, 0, 0, 0], -258, &[])])).unwrap();
    client.hold([Usage::UP].into_iter().collect());
    assert_eq!(
        client.outgoing(),
        [255, 0, 0, 1, 0, 0, 0xFF, 0x52, 0, 0, 0, 0xC8]
    );
}

#[test]
fn a_position_and_a_movement_are_turned_into_each_other() {
    let mut client = ready();
    let buttons = Buttons {
        left: true,
        right: true,
        middle: false,
    };
    client.point(Pointer::Absolute {
        x: 32767,
        y: 16384,
        buttons,
        wheel: -1,
    });
    assert_eq!(
        client.outgoing(),
        [5, 5, 0, 3, 0, 1, 5, 21, 0, 3, 0, 1, 5, 5, 0, 3, 0, 1]
    );
    let step = Pointer::Relative {
        dx: -1,
        dy: 100,
        buttons: Buttons::default(),
        wheel: 0,
    };
    client.point(step);
    assert_eq!(client.outgoing(), [5, 0, 0, 2, 0, 2]);
    drain(&mut client, &update(&[([0, 0, 4, 3], -257, &[])])).unwrap();
    assert!(!client.pointer_is_absolute());
    client.point(step);
    assert_eq!(client.outgoing(), [5, 0, 0x7F, 0xFE, 0x80, 0x63]);
    client.point(Pointer::Absolute {
        x: 0,
        y: 0,
        buttons: Buttons::default(),
        wheel: 0,
    });
    assert_eq!(client.outgoing(), [5, 0, 0x7F, 0xFE, 0x7F, 0xFD]);
    drain(&mut client, &update(&[([1, 0, 4, 3], -257, &[])])).unwrap();
    assert!(client.pointer_is_absolute());
}

/// A session with something of everything.
fn session() -> Vec<u8> {
    let all = pixels(&(1..=12).collect::<Vec<_>>());
    let mut bytes = HANDSHAKE.to_vec();
    bytes.extend(update(&[([0, 0, 0, 0], -258, &[])]));
    bytes.extend(update(&[
        ([0, 0, 4, 3], 0, &all),
        ([0, 0, 1, 1], -261, &[7]),
    ]));
    bytes.extend([2, 3, 0, 0, 0, 0, 0, 0, 3, b'a', b'b', b'c']);
    bytes.extend(update(&[([1, 1, 2, 2], 1, &[0, 0, 0, 0])]));
    bytes.extend(update(&[([0, 0, 2, 1], -223, &[])]));
    bytes.extend(update(&[([0, 0, 2, 1], 0, &pixels(&[8, 9]))]));
    bytes
}

proptest::proptest! {
    #[test]
    fn where_the_stream_is_chopped_makes_no_difference(
        cuts in proptest::collection::vec(1usize..40, 1..200),
    ) {
        let bytes = session();
        let mut whole = Client::new();
        whole.follow(true);
        let expected = drain(&mut whole, &bytes).unwrap();
        let mut client = Client::new();
        client.follow(true);
        let (mut rest, mut found) = (&bytes[..], Vec::new());
        for cut in cuts.into_iter().chain([bytes.len()]) {
            let (piece, left) = rest.split_at(cut.min(rest.len()));
            found.extend(drain(&mut client, piece).unwrap());
            rest = left;
        }
        proptest::prop_assert_eq!(found, expected);
        proptest::prop_assert_eq!(client.picture().bytes(), whole.picture().bytes());
        proptest::prop_assert_eq!(client.outgoing(), whole.outgoing());
    }

    #[test]
    fn arbitrary_bytes_never_panic(
        bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400),
        at in 0usize..200,
    ) {
        let mut rest = &bytes[..];
        while let Ok(Some(_)) = Client::new().receive(&mut rest) {}
        let mut client = ready();
        let mut rest = &bytes[..];
        while let Ok(Some(_)) = client.receive(&mut rest) {}
        // A real session with a stretch of it overwritten.
        let mut session = session();
        for (to, from) in session.iter_mut().skip(at).zip(bytes.iter().take(4)) {
            *to = *from;
        }
        let (mut client, mut rest) = (Client::new(), &session[..]);
        while let Ok(Some(_)) = client.receive(&mut rest) {}
    }
}
