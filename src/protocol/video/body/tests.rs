//! Bodies byte for byte, where they aren't packed, and which form is chosen.
use super::*;
use crate::video::{PixelFormat, Size, tiles::Frame};

/// A picture of pixels `0xRRGGBB`.
fn published(width: u16, pixels: &[u32]) -> Published {
    let bytes: Vec<u8> = pixels
        .iter()
        .flat_map(|pixel| pixel.to_le_bytes())
        .collect();
    let height = (pixels.len() / usize::from(width)) as u16;
    let mut published = Published::new();
    let frame = Frame {
        size: Size { width, height },
        format: PixelFormat::Bgrx8888,
        stride: usize::from(width) * 4,
        bytes: &bytes,
        damage: None,
    };
    published.take(&frame).unwrap();
    published
}

/// The body of a whole picture.
fn body(width: u16, pixels: &[u32]) -> Vec<u8> {
    let published = published(width, pixels);
    let Size { width, height } = published.size();
    let rect = Rect {
        x: 0,
        y: 0,
        width,
        height,
    };
    let mut out = Vec::new();
    Encoder::new().body(&published, rect, &mut out).unwrap();
    out
}

#[test]
fn one_colour_is_four_bytes() {
    assert_eq!(body(256, &[0x12_3456; 256 * 128]), [0x80, 0x12, 0x34, 0x56]);
}

#[test]
fn two_colours_are_a_bit_a_pixel_and_the_first_is_0() {
    let (a, b) = (0x01_0203, 0xFF_FEFD);
    let pixels = [
        [a, a, b, a, a, a, a, a, b, a], // 0010_0000 10
        [b, b, b, b, b, b, b, b, a, b], // 1111_1111 01
    ];
    let expected = [
        0x40,
        1,
        1, // palette of two
        1,
        2,
        3,
        0xFF,
        0xFE,
        0xFD, //
        0b0010_0000,
        0b1000_0000,
        0b1111_1111,
        0b0100_0000,
    ];
    assert_eq!(body(10, pixels.as_flattened()), expected);
}

#[test]
fn more_colours_are_a_byte_a_pixel() {
    let pixels = [1, 2, 3, 3, 3, 1, 1, 1, 2, 2, 2];
    let expected = [
        0x40, 1, 2, 0, 0, 1, 0, 0, 2, 0, 0, 3, // palette of three
        0, 1, 2, 2, 2, 0, 0, 0, 1, 1, 1,
    ];
    assert_eq!(body(11, &pixels), expected);
}

#[test]
fn pixels_are_red_green_blue() {
    let expected = [0, 0x12, 0x34, 0x56, 0x78, 0x9A, 0xBC, 0xDE, 0xF0, 0x11];
    assert_eq!(body(3, &[0x12_3456, 0x78_9ABC, 0xDE_F011]), expected);
}

#[test]
fn what_is_packed_says_that_its_stream_begins_anew() {
    // Twelve bytes of bits, and of indices.
    let two: Vec<u32> = (0..96).map(|at| at % 2).collect();
    assert!(body(96, &two).starts_with(&[0x41, 1, 1, 0, 0, 0, 0, 0, 1]));
    let three: Vec<u32> = (0..120).map(|at| at / 10 % 3).collect();
    assert!(body(120, &three).starts_with(&[0x41, 1, 2]));
    let many: Vec<u32> = (0..300).map(|at| at * 999).collect();
    assert!(body(256, &many[..256]).starts_with(&[0x01]));
}

/// A made-up number for a place.
fn chance(at: u32) -> u32 {
    let mixed = (at ^ at >> 7).wrapping_mul(0x9E37_79B1);
    (mixed ^ mixed >> 15).wrapping_mul(0x85EB_CA6B) >> 9
}

#[test]
fn noise_of_few_colours_is_no_longer_than_a_byte_a_pixel() {
    // A screen of two colours over a bad converter.
    let pixels: Vec<u32> = (0..256 * 128)
        .map(|at| 0x80_8080 * (at / 999 % 2) + chance(at) % 7)
        .collect();
    let body = body(256, &pixels);
    assert_eq!(&body[..3], [0x41, 1, 13]);
    assert!(body.len() <= 256 * 128 + 14 * 3 + 16, "{}", body.len());
}

#[test]
fn noise_of_many_colours_is_no_longer_than_its_pixels() {
    let pixels: Vec<u32> = (0..256 * 128).map(|at| chance(at) & 0xFF_FFFF).collect();
    let body = body(256, &pixels);
    assert_eq!(body[0], 1);
    assert!(body.len() <= 256 * 128 * 3 + 16, "{}", body.len());
}

#[test]
fn as_many_colours_as_pixels_need_no_palette() {
    let pixels: Vec<u32> = (0..256).map(|at| at * 0x01_0101).collect();
    assert_eq!(body(256, &pixels)[0], 1);
    // The same colours in every line are worth one.
    assert_eq!(&body(256, &pixels.repeat(16))[..3], [0x41, 1, 255]);
}

#[test]
fn what_is_no_rectangle_of_the_picture_has_no_body() {
    let published = published(300, &[0; 300 * 200]);
    let rect = |x, y, width, height| Rect {
        x,
        y,
        width,
        height,
    };
    let mut encoder = Encoder::new();
    let mut out = vec![1];
    for wrong in [
        rect(0, 0, 0, 1),
        rect(0, 0, 1, 0),
        rect(299, 0, 2, 1),
        rect(0, 199, 1, 2),
        rect(0, 0, 257, 1),
        rect(0, 0, 1, 129),
        rect(u16::MAX, u16::MAX, u16::MAX, u16::MAX),
    ] {
        assert_eq!(
            encoder.body(&published, wrong, &mut out),
            Err(Misplaced(wrong))
        );
    }
    assert_eq!(out, [1]);
    assert_eq!(
        encoder.body(&published, rect(299, 199, 1, 1), &mut out),
        Ok(())
    );
    assert_eq!(out, [1, 0x80, 0, 0, 0]);
}
