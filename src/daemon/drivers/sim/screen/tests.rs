//! What is drawn, and what is said to have changed.

use super::*;
use crate::drivers::sim::machine::Ink;

const PLAIN: Ink = Ink::PLAIN;

fn scene(mode: TextMode, lines: &[&str], cursor: Option<(u16, u16)>) -> Scene {
    let mut grid = Grid::new(80, 25, PLAIN);
    for (row, line) in (0..).zip(lines) {
        grid.put(0, row, line, PLAIN);
    }
    Scene::Text { mode, grid, cursor }
}

fn profile() -> Profile {
    Profile::builtin("pc").unwrap()
}

/// The pixels in which two pictures of one size differ, as the smallest rectangle around them.
fn differing(before: &[u8], after: &[u8], width: u16) -> Option<(u16, u16, u16, u16)> {
    let pixels = before.chunks(4).zip(after.chunks(4)).enumerate();
    pixels
        .filter(|(_, (a, b))| a != b)
        .map(|(at, _)| {
            let (x, y) = (at % usize::from(width), at / usize::from(width));
            (u16::try_from(x).unwrap(), u16::try_from(y).unwrap())
        })
        .fold(None, |around, (x, y)| match around {
            None => Some((x, y, x, y)),
            Some((left, top, right, bottom)) => {
                Some((left.min(x), top.min(y), right.max(x), bottom.max(y)))
            }
        })
}

#[test]
fn the_first_picture_is_changed_altogether_and_the_same_again_not_at_all() {
    let (profile, mut painter) = (profile(), Painter::new());
    let hello = || scene(TextMode::Vga, &["hello"], None);
    let whole = Rect {
        x: 0,
        y: 0,
        width: 720,
        height: 400,
    };
    assert_eq!(painter.paint(hello(), &profile, true), [whole]);
    assert_eq!(painter.paint(hello(), &profile, true), []);
    assert_eq!(painter.bytes().len(), 720 * 400 * 4);
}

#[test]
fn all_that_differs_lies_within_what_is_said_to_have_changed() {
    let (profile, mut painter) = (profile(), Painter::new());
    let steps = [
        scene(TextMode::Vga, &["one", "two"], Some((3, 1))),
        scene(TextMode::Vga, &["one", "twofold"], Some((7, 1))),
        scene(TextMode::Vga, &["none", "twofold"], None),
        scene(TextMode::Vga, &[], Some((79, 24))),
    ];
    let mut before = Vec::new();
    for step in steps {
        let changed = painter.paint(step, &profile, true);
        if let Some((left, top, right, bottom)) = differing(&before, painter.bytes(), 720) {
            let inside = |x: u16, y: u16| {
                changed.iter().any(|rect| {
                    (rect.x..rect.x + rect.width).contains(&x)
                        && (rect.y..rect.y + rect.height).contains(&y)
                })
            };
            assert!(inside(left, top) || changed.len() > 1, "{changed:?}");
            assert!(inside(right, bottom) || changed.len() > 1, "{changed:?}");
        }
        before = painter.bytes().to_vec();
    }
}

#[test]
fn a_cursor_that_blinks_changes_its_own_place_only() {
    let (profile, mut painter) = (profile(), Painter::new());
    let prompt = || scene(TextMode::Vga, &["$"], Some((2, 0)));
    painter.paint(prompt(), &profile, true);
    let lit = painter.bytes().to_vec();
    let changed = painter.paint(prompt(), &profile, false);
    let place = Rect {
        x: 18,
        y: 0,
        width: 9,
        height: 16,
    };
    assert_eq!(changed, [place]);
    assert_eq!(
        differing(&lit, painter.bytes(), 720),
        Some((18, 14, 26, 15))
    );
}

#[test]
fn each_mode_has_its_size() {
    let (profile, mut painter) = (profile(), Painter::new());
    let console = TextMode::Console {
        width: 1024,
        height: 768,
        font: FontSize::Medium,
    };
    for (mode, size) in [
        (TextMode::SelfTest, (640, 480)),
        (TextMode::Vga, (720, 400)),
        (console, (1024, 768)),
    ] {
        painter.paint(scene(mode, &["x"], None), &profile, true);
        assert_eq!((painter.size().width, painter.size().height), size);
    }
    painter.paint(Scene::Dark, &profile, true);
    assert!(painter.bytes().is_empty());
}

#[test]
fn the_bar_of_the_first_picture_grows_and_changes_nothing_else() {
    let (profile, mut painter) = (profile(), Painter::new());
    let splash = |percent| Scene::Splash {
        percent,
        hint: "hint",
    };
    painter.paint(splash(10), &profile, true);
    let before = painter.bytes().to_vec();
    let changed = painter.paint(splash(60), &profile, true);
    assert_eq!(changed.len(), 1);
    let (left, top, right, bottom) = differing(&before, painter.bytes(), 1024).unwrap();
    assert_eq!((left, right), (382 + 26, 382 + 155));
    assert!(top >= changed[0].y && bottom < changed[0].y + changed[0].height);
}
