//! What viewers are told of the published picture, and in which pieces.
use super::*;

#[test]
fn tiles_are_merged_to_rectangles_in_reading_order() {
    let (mut screen, mut published) = shown(600, 300);
    let mut viewer = Viewer::new();
    let all = viewer.update(&published, ALL);
    assert_eq!(all.resized, Some(screen.size));
    let expected = [
        rect(0, 0, 256, 128),
        rect(256, 0, 256, 128),
        rect(512, 0, 88, 128),
        rect(0, 128, 256, 128),
        rect(256, 128, 256, 128),
        rect(512, 128, 88, 128),
        rect(0, 256, 256, 44),
        rect(256, 256, 256, 44),
        rect(512, 256, 88, 44),
    ];
    assert_eq!(all.rects, expected);
    // A line of text across the edge of a cell, and two letters below each other.
    for (x, y) in [(200, 20), (260, 20), (330, 20), (70, 90), (70, 100)] {
        screen.set(x, y, 1);
    }
    screen.show(&mut published, None);
    let expected = [
        rect(192, 16, 64, 16),
        rect(256, 16, 128, 16),
        rect(64, 80, 64, 32),
    ];
    assert_eq!(viewer.update(&published, ALL).rects, expected);
}

#[test]
fn what_is_over_the_limit_stays_for_the_next_update() {
    let (_, published) = shown(600, 300);
    let mut viewer = Viewer::new();
    let mut pixels = 0;
    let mut updates = 0;
    loop {
        let update = viewer.update(&published, 256 * 128 * 2);
        let of_update: usize = update.rects.iter().map(|rect| rect.pixels()).sum();
        assert!((1..=256 * 128 * 2).contains(&of_update));
        pixels += of_update;
        updates += 1;
        if !update.more {
            break;
        }
        assert!(viewer.is_behind(&published));
    }
    assert_eq!(pixels, 600 * 300, "each pixel once");
    assert_eq!(updates, 4, "none has much less than it may");
    assert!(!viewer.is_behind(&published));
}

#[test]
fn one_rectangle_goes_however_low_the_limit_is() {
    let (_, published) = shown(600, 300);
    let update_of = |viewer: &mut Viewer| viewer.update(&published, 0).rects.to_vec();
    let mut viewer = Viewer::new();
    assert_eq!(update_of(&mut viewer), [rect(0, 0, 256, 128)]);
    assert_eq!(update_of(&mut viewer), [rect(256, 0, 256, 128)]);
}

#[test]
fn what_never_rests_keeps_nothing_else_waiting() {
    let (mut screen, mut published) = shown(128, 64);
    let mut viewer = caught_up(&published);
    screen.set(127, 63, 1);
    let mut waited = 0;
    loop {
        screen.set(0, 0, waited + 1);
        screen.show(&mut published, None);
        let update = viewer.update(&published, 1);
        assert_eq!(update.rects.len(), 1);
        if update.rects.contains(&rect(64, 48, 64, 16)) {
            break;
        }
        waited += 1;
        assert!(waited < 4, "the lower corner never comes");
    }
}

#[test]
fn what_was_forgotten_comes_again() {
    let (_, published) = shown(600, 300);
    let mut viewer = caught_up(&published);
    viewer.forget(rect(500, 130, 20, 1), &published);
    assert!(viewer.is_behind(&published));
    let expected = [rect(448, 128, 64, 16), rect(512, 128, 64, 16)];
    assert_eq!(viewer.update(&published, ALL).rects, expected);
    assert!(!viewer.is_behind(&published));
}
