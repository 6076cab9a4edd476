//! What frames do to the published picture. What viewers are told of it stands in [`viewer`].

mod viewer;

use super::*;
use crate::video::{PixelFormat, Rect};

/// A limit that lets everything through.
const ALL: usize = usize::MAX;

/// A picture that frames are made of: one number a pixel, `0xUURRGGBB`.
struct Screen {
    size: Size,
    pixels: Vec<u32>,
    /// Bytes behind each line.
    gap: usize,
}

impl Screen {
    fn new(width: u16, height: u16) -> Self {
        let size = Size { width, height };
        Self {
            size,
            pixels: vec![0; usize::from(width) * usize::from(height)],
            gap: 0,
        }
    }

    fn set(&mut self, x: u16, y: u16, pixel: u32) {
        self.pixels[usize::from(y) * usize::from(self.size.width) + usize::from(x)] = pixel;
    }

    fn bytes(&self) -> Vec<u8> {
        let lines = self.pixels.chunks(self.size.width.into());
        let line = |line: &[u32]| {
            let mut bytes: Vec<u8> = line.iter().flat_map(|pixel| pixel.to_le_bytes()).collect();
            bytes.resize(bytes.len() + self.gap, 0xEE);
            bytes
        };
        lines.flat_map(line).collect()
    }

    fn show(&self, published: &mut Published, damage: Option<&[Rect]>) -> Taken {
        let bytes = self.bytes();
        let frame = Frame {
            size: self.size,
            format: PixelFormat::Bgrx8888,
            stride: usize::from(self.size.width) * 4 + self.gap,
            bytes: &bytes,
            damage,
        };
        published.take(&frame).unwrap()
    }
}

fn rect(x: u16, y: u16, width: u16, height: u16) -> Rect {
    Rect {
        x,
        y,
        width,
        height,
    }
}

/// A screen and the picture that shows it.
fn shown(width: u16, height: u16) -> (Screen, Published) {
    let screen = Screen::new(width, height);
    let mut published = Published::new();
    assert_eq!(screen.show(&mut published, None), Taken::Resized);
    (screen, published)
}

/// A viewer that has seen a picture whole.
fn caught_up(published: &Published) -> Viewer {
    let mut viewer = Viewer::new();
    assert!(!viewer.update(published, ALL).more);
    viewer
}

#[test]
fn a_tile_is_new_when_one_pixel_of_it_is_another() {
    let (mut screen, mut published) = shown(200, 40);
    let mut viewer = caught_up(&published);
    // The last pixel of the second tile of the second row, then the picture's corner tile, cut.
    for (x, y, tile) in [
        (127, 31, rect(64, 16, 64, 16)),
        (199, 39, rect(192, 32, 8, 8)),
    ] {
        screen.set(x, y, 1);
        assert_eq!(screen.show(&mut published, None), Taken::Changed);
        assert_eq!(viewer.update(&published, ALL).rects, [tile]);
        assert_eq!(screen.show(&mut published, None), Taken::Same);
        assert!(!viewer.is_behind(&published));
        assert_eq!(viewer.update(&published, ALL).rects, []);
    }
    assert_eq!(published.bytes(), screen.bytes());
}

#[test]
fn the_unused_byte_makes_no_difference_and_is_0_in_the_picture() {
    let (mut screen, mut published) = shown(70, 20);
    screen.pixels.fill(0xFF00_0000);
    assert_eq!(screen.show(&mut published, None), Taken::Same);
    screen.set(3, 3, 0x8012_3456);
    assert_eq!(screen.show(&mut published, None), Taken::Changed);
    let unused = published.bytes().iter().skip(3).step_by(4);
    assert!(unused.copied().all(|byte| byte == 0));
    let pixel = published.lines(rect(3, 3, 1, 1)).next().unwrap();
    assert_eq!(pixel, [0x56, 0x34, 0x12, 0]);
}

#[test]
fn what_lies_between_lines_is_no_picture() {
    let (mut screen, mut published) = shown(70, 20);
    screen.gap = 12;
    assert_eq!(screen.show(&mut published, None), Taken::Same);
    screen.set(69, 19, 7);
    assert_eq!(screen.show(&mut published, None), Taken::Changed);
    screen.gap = 0;
    assert_eq!(published.bytes(), screen.bytes());
}

#[test]
fn where_the_damage_is_known_only_the_tiles_that_it_touches_are_compared() {
    let (mut screen, mut published) = shown(200, 40);
    let mut viewer = caught_up(&published);
    screen.set(0, 0, 1);
    screen.set(100, 20, 1);
    let damage = [rect(127, 31, 1, 1)];
    assert_eq!(screen.show(&mut published, Some(&damage)), Taken::Changed);
    assert_eq!(viewer.update(&published, ALL).rects, [rect(64, 16, 64, 16)]);
    assert_eq!(screen.show(&mut published, Some(&[])), Taken::Same);
    // Without damage all is compared, so that nothing stays behind for ever.
    assert_eq!(screen.show(&mut published, None), Taken::Changed);
    assert_eq!(viewer.update(&published, ALL).rects, [rect(0, 0, 64, 16)]);
}

#[test]
fn damage_beyond_the_picture_is_passed_over() {
    let (mut screen, mut published) = shown(200, 40);
    let beyond = [
        rect(200, 0, 10, 10),
        rect(0, 40, 10, 10),
        rect(u16::MAX, u16::MAX, u16::MAX, u16::MAX),
        rect(10, 10, 0, 10),
    ];
    screen.set(199, 39, 1);
    assert_eq!(screen.show(&mut published, Some(&beyond)), Taken::Same);
    let all = [rect(0, 0, u16::MAX, u16::MAX)];
    assert_eq!(screen.show(&mut published, Some(&all)), Taken::Changed);
    assert_eq!(published.bytes(), screen.bytes());
}

#[test]
fn a_picture_of_another_size_begins_anew() {
    let (_, mut published) = shown(200, 40);
    let mut viewer = caught_up(&published);
    let before = published.version();
    let screen = Screen {
        pixels: vec![5; 100 * 20],
        ..Screen::new(100, 20)
    };
    // Its damage speaks of a picture that nobody has.
    assert_eq!(screen.show(&mut published, Some(&[])), Taken::Resized);
    assert!(published.version() > before);
    assert_eq!(published.bytes(), screen.bytes());
    let update = viewer.update(&published, ALL);
    assert_eq!(update.resized, Some(screen.size));
    assert_eq!(update.rects, [rect(0, 0, 100, 20)]);
    assert_eq!(viewer.update(&published, ALL).resized, None);
}

#[test]
fn a_size_that_came_and_went_unseen_leaves_nothing_old_behind() {
    let (screen, mut published) = shown(100, 20);
    let mut viewer = caught_up(&published);
    Screen::new(10, 10).show(&mut published, None);
    screen.show(&mut published, None);
    let update = viewer.update(&published, ALL);
    assert_eq!((update.resized, update.more), (None, false));
    assert_eq!(update.rects, [rect(0, 0, 100, 20)]);
}

#[test]
fn a_bad_frame_is_refused_and_changes_nothing() {
    let (_, mut published) = shown(10, 10);
    let viewer = caught_up(&published);
    let bytes = [9; 400];
    let frame = |width, height, stride, length| Frame {
        size: Size { width, height },
        format: PixelFormat::Bgrx8888,
        stride,
        bytes: &bytes[..length],
        damage: None,
    };
    let size = |width, height| BadFrame::Size(Size { width, height });
    let short = |bytes, needed| BadFrame::Short { bytes, needed };
    let bad = [
        (frame(0, 10, 40, 400), size(0, 10)),
        (frame(10, 0, 40, 400), size(10, 0)),
        (frame(8193, 1, 40, 400), size(8193, 1)),
        (frame(1, 8193, 40, 400), size(1, 8193)),
        (
            frame(10, 10, 39, 400),
            BadFrame::Stride {
                line: 40,
                stride: 39,
            },
        ),
        (frame(10, 10, 40, 399), short(399, 400)),
        (frame(10, 10, usize::MAX, 400), short(400, usize::MAX)),
        (frame(8192, 8192, 32768, 400), short(400, 1 << 28)),
    ];
    for (frame, why) in bad {
        assert_eq!(published.take(&frame), Err(why));
    }
    assert_eq!(published.bytes(), [0; 400]);
    assert!(!viewer.is_behind(&published));
}

#[test]
fn a_picture_that_never_came_is_nothing_to_see() {
    let published = Published::new();
    let mut viewer = Viewer::new();
    viewer.forget(rect(0, 0, 9, 9), &published);
    let update = viewer.update(&published, ALL);
    assert_eq!(
        (update.resized, update.rects, update.more),
        (None, &[][..], false)
    );
    assert_eq!(published.newest(rect(0, 0, 9, 9)), 0);
    assert_eq!(published.lines(rect(0, 0, 9, 9)).count(), 0);
}

#[test]
fn the_newest_version_in_a_rectangle_tells_when_it_changed_last() {
    let (mut screen, mut published) = shown(200, 40);
    screen.set(100, 20, 1);
    screen.show(&mut published, None);
    assert_eq!(published.version(), 2);
    assert_eq!(published.newest(rect(0, 0, 200, 40)), 2);
    assert_eq!(published.newest(rect(0, 0, 200, 16)), 1);
    assert_eq!(published.newest(rect(127, 31, 1, 1)), 2);
    assert_eq!(published.newest(rect(200, 0, 5, 5)), 0);
}
