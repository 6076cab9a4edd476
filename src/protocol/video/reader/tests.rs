//! Bodies as other servers make them, and such as nobody should.
use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn the_reader_takes_any_bytes_at_all(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut reader = Reader::new();
        reader.resize(Size { width: 40, height: 30 }).unwrap();
        let head = [0, 1, 0, 2, 0, 30, 0, 20, 0, 0, 0, 7];
        let all = [&head[..], &bytes].concat();
        let _ = reader.rectangle(&mut &all[..]);
        prop_assert_eq!(reader.bytes().len(), 40 * 30 * 4);
    }
}

/// A rectangle of 4 by 3 at 1, 1 of a picture of 6 by 5 with a body.
fn read(body: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let mut reader = Reader::new();
    reader.resize(Size {
        width: 6,
        height: 5,
    })?;
    let head = [0, 1, 0, 1, 0, 4, 0, 3, 0, 0, 0, 7];
    let all = [&head[..], body].concat();
    let mut bytes = &all[..];
    reader.rectangle(&mut bytes)?;
    assert!(bytes.is_empty(), "{} bytes are left", bytes.len());
    Ok(reader.bytes().to_vec())
}

/// A stream made by Python's zlib, level 1 and a sync flush, of the bytes 0 to 11.
const PACKED: &[u8] = b"\x78\x01b`dbfaec\xe7\xe0\xe4\xe2\x06\x00\x00\x00\xff\xff";

#[test]
fn the_reader_reads_what_others_made() {
    let filled = read(&[0x80, 1, 2, 3]).unwrap();
    assert_eq!(filled[..24], [0; 24], "the line above");
    assert_eq!(filled[24..32], [0, 0, 0, 0, 3, 2, 1, 0]);
    assert_eq!(filled[40..48], [3, 2, 1, 0, 0, 0, 0, 0]);
    // Two colours: 1010, 0101, 1111, each line in a byte of its own.
    let two = read(&[0x50, 1, 1, 0, 0, 9, 0, 0, 7, 0xA0, 0x50, 0xF0]).unwrap();
    let blues: Vec<u8> = two.iter().step_by(4).copied().collect();
    assert_eq!(blues[7..11], [7, 9, 7, 9]);
    assert_eq!(blues[13..17], [9, 7, 9, 7]);
    assert_eq!(blues[19..23], [7, 7, 7, 7]);
    // Twelve colours by stream 2, packed.
    let palette: Vec<u8> = (20..32).flat_map(|blue| [0, 0, blue]).collect();
    let body = [&[0x64, 1, 11], &palette[..], &[PACKED.len() as u8], PACKED].concat();
    let blues: Vec<u8> = read(&body).unwrap().iter().step_by(4).copied().collect();
    assert_eq!(blues[7..11], [20, 21, 22, 23]);
    assert_eq!(blues[19..23], [28, 29, 30, 31]);
}

#[test]
fn the_reader_says_why_it_can_not_read() {
    let short: [&[u8]; 4] = [&[], &[0x80, 1, 2], &[0x40], &[0x01, 5, 1, 2]];
    for body in short {
        assert_eq!(read(body), Err(Unreadable::Short), "{body:?}");
    }
    assert_eq!(read(&[0x90]), Err(Unreadable::Form(0x90)));
    assert_eq!(read(&[0x40, 2]), Err(Unreadable::Filter(2)));
    assert_eq!(read(&[0x01, 2, 0xFF, 0xFF]), Err(Unreadable::Packed(36)));
    let length = PACKED.len() as u8;
    let too_little = [&[0x01, length], PACKED].concat();
    assert_eq!(read(&too_little), Err(Unreadable::Packed(36)));
    let lacking = [&[0x41, 1, 2, 0, 0, 0, 0, 0, 1, 0, 0, 2, length], PACKED].concat();
    assert_eq!(read(&lacking), Err(Unreadable::Palette(3)));
    let mut reader = Reader::new();
    let large = Size {
        width: 8193,
        height: 1,
    };
    assert_eq!(reader.resize(large), Err(Unreadable::Size(large)));
    let head = [0, 1, 0, 1, 0, 4, 0, 3, 0, 0, 0, 7, 0x80, 0, 0, 0];
    let outside = Rect {
        x: 1,
        y: 1,
        width: 4,
        height: 3,
    };
    assert_eq!(
        reader.rectangle(&mut &head[..]),
        Err(Unreadable::Outside(outside))
    );
    let head = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    assert_eq!(
        reader.rectangle(&mut &head[..]),
        Err(Unreadable::Encoding(1))
    );
}
