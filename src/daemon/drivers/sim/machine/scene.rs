//! What the machine's graphics adapter puts out.

use super::text::Grid;
use crate::settings::profile::FontSize;

/// A whole screen, before it is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scene {
    /// No signal.
    Dark,
    /// The maker's picture while the self-test runs.
    Splash {
        /// How far the self-test is, in percent.
        percent: u8,
        /// What stands below the picture.
        hint: &'static str,
    },
    /// Characters.
    Text {
        /// How they are shown.
        mode: TextMode,
        /// The characters.
        grid: Grid,
        /// Where the cursor blinks: column and row.
        cursor: Option<(u16, u16)>,
    },
}

/// How characters are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextMode {
    /// 640 by 480 pixels: the self-test.
    SelfTest,
    /// 720 by 400 pixels, characters nine pixels wide: a PC's text mode.
    Vga,
    /// The operating system's console.
    Console {
        /// Pixels in a line.
        width: u16,
        /// Lines.
        height: u16,
        /// The font.
        font: FontSize,
    },
}
