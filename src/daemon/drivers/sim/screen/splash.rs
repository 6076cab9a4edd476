//! The maker's picture: what a machine shows first.

use outband_protocol::video::{Rect, Size};

use super::{
    canvas::{Canvas, Colour, rgb},
    font::Font,
};
use crate::settings::profile::{FontSize, Profile};

/// Its size.
pub(super) const SIZE: Size = Size {
    width: 1024,
    height: 768,
};

const TOP: (f32, f32, f32) = (20.0, 30.0, 52.0);
const BOTTOM: (f32, f32, f32) = (6.0, 9.0, 18.0);
const ACCENT: Colour = rgb(0x4f_c3_f7);
const WORDS: Colour = rgb(0xf2_f6_fa);
const FAINT: Colour = rgb(0x8a_98_ad);
const TRACK: Colour = rgb(0x26_32_48);

/// The middle of the mark.
const MARK: (f32, f32) = (512.0, 262.0);

/// Where the bar runs.
const BAR: Rect = Rect {
    x: 382,
    y: 548,
    width: 260,
    height: 4,
};

/// Where the hint stands.
const HINT: Rect = Rect {
    x: 0,
    y: 706,
    width: SIZE.width,
    height: 24,
};

/// Draws the picture.
pub(super) fn paint_all(canvas: &mut Canvas, percent: u8, hint: &str, profile: &Profile) {
    for y in 0..SIZE.height {
        let line = Rect {
            x: 0,
            y,
            width: SIZE.width,
            height: 1,
        };
        canvas.fill(line, ground(y));
    }
    paint_mark(canvas);
    let made_of = &profile.inventory;
    let maker = made_of.manufacturer.as_deref().unwrap_or("Simulated");
    let spaced: Vec<_> = maker.to_uppercase().chars().map(String::from).collect();
    paint_words(canvas, 400, &spaced.join(" "), FontSize::Large, 2, WORDS);
    if let Some(model) = &made_of.model {
        paint_words(canvas, 486, model, FontSize::Medium, 1, FAINT);
    }
    paint_bar(canvas, percent);
    paint_hint(canvas, hint);
}

/// Draws how far the self-test is; gives the area.
pub(super) fn paint_bar(canvas: &mut Canvas, percent: u8) -> Rect {
    let done = u32::from(BAR.width) * u32::from(percent.min(100)) / 100;
    let done = Rect {
        width: u16::try_from(done).unwrap_or(0),
        ..BAR
    };
    canvas.fill(BAR, TRACK);
    canvas.fill(done, ACCENT);
    BAR
}

/// Draws the line at the foot; gives the area.
pub(super) fn paint_hint(canvas: &mut Canvas, hint: &str) -> Rect {
    for y in HINT.y..HINT.y + HINT.height {
        let line = Rect {
            y,
            height: 1,
            ..HINT
        };
        canvas.fill(line, ground(y));
    }
    paint_words(canvas, HINT.y, hint, FontSize::Medium, 1, FAINT);
    HINT
}

/// The background's colour at a line: darker towards the foot.
fn ground(y: u16) -> Colour {
    let part = f32::from(y) / f32::from(SIZE.height);
    let between = |top: f32, bottom: f32| {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let value = (top + (bottom - top) * part).round() as u8;
        value
    };
    [
        between(TOP.2, BOTTOM.2),
        between(TOP.1, BOTTOM.1),
        between(TOP.0, BOTTOM.0),
        0,
    ]
}

/// A ring that is open at the top, with a stroke in the opening: the sign on every power button.
fn paint_mark(canvas: &mut Canvas) {
    const RADIUS: f32 = 74.0;
    const HALF_STROKE: f32 = 9.0;
    const REACH: u16 = 100;
    /// Half the opening, as an angle from straight up.
    const OPENING: f32 = 0.62;
    let (left, top) = (512 - REACH, 262 - REACH);
    for y in top..top + 2 * REACH {
        for x in left..left + 2 * REACH {
            let (dx, dy) = (f32::from(x) - MARK.0, f32::from(y) - MARK.1);
            let ring = (dx.hypot(dy) - RADIUS).abs();
            let angle = dx.abs().atan2(-dy);
            let ring = if angle > OPENING {
                ring
            } else {
                // The ends of the ring are round.
                let (sine, cosine) = OPENING.sin_cos();
                (dx.abs() - RADIUS * sine).hypot(dy + RADIUS * cosine)
            };
            let stroke = dx.hypot(dy - dy.clamp(-RADIUS - 8.0, -16.0));
            // One pixel of soft edge.
            let cover = HALF_STROKE + 0.5 - ring.min(stroke);
            canvas.mix(x, y, ACCENT, cover.clamp(0.0, 1.0));
        }
    }
}

/// Draws text in the middle, each pixel of the font as large as `scale`; pixels that touch at a
/// corner only are joined so that large letters have no steps.
fn paint_words(
    canvas: &mut Canvas,
    y: u16,
    text: &str,
    size: FontSize,
    scale: u16,
    colour: Colour,
) {
    let font = Font::of(size);
    let (advance, _) = size.cell();
    let letters: Vec<u8> = text
        .bytes()
        .filter(|byte| matches!(byte, b' '..=b'~'))
        .collect();
    let width = u16::try_from(letters.len()).unwrap_or(0) * advance * scale;
    let mut x = SIZE.width.saturating_sub(width) / 2;
    for code in letters {
        let lines: Vec<_> = font.glyph(code).collect();
        for row in 0..font.height * scale {
            for column in 0..advance * scale {
                if smooth(&lines, column, row, scale) {
                    canvas.mix(x + column, y + row, colour, 1.0);
                }
            }
        }
        x += advance * scale;
    }
}

/// Whether a pixel of an enlarged glyph is lit. At twice the size this is the rule known as
/// Scale2x: a corner follows its two neighbours where they agree and the opposite ones don't.
fn smooth(lines: &[&[u8]], column: u16, row: u16, scale: u16) -> bool {
    let lit = |x: i32, y: i32| {
        let line = usize::try_from(y).ok().and_then(|y| lines.get(y));
        let byte = usize::try_from(x / 8).ok();
        let byte = byte.and_then(|at| line.and_then(|line| line.get(at)));
        x >= 0 && byte.is_some_and(|byte| byte & (0x80 >> (x % 8)) != 0)
    };
    let (x, y) = (i32::from(column / scale), i32::from(row / scale));
    if scale != 2 {
        return lit(x, y);
    }
    let side = if column.is_multiple_of(2) { -1 } else { 1 };
    let rise = if row.is_multiple_of(2) { -1 } else { 1 };
    let (near_x, near_y) = (lit(x + side, y), lit(x, y + rise));
    let (far_x, far_y) = (lit(x - side, y), lit(x, y - rise));
    if near_x == near_y && near_x != far_y && near_y != far_x {
        near_x
    } else {
        lit(x, y)
    }
}
