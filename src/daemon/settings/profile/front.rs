//! A profile's front panel and screens.

use std::time::Duration;

use outband_core::driver::Timings;
use serde::Deserialize;

use super::value;

/// The buttons and lights of a server, and how they want to be worked.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Front {
    /// Whether there is a reset button.
    pub reset: bool,
    /// Whether there is a diagnostic interrupt.
    pub nmi: bool,
    /// Whether there is an identify light.
    pub identify: bool,
    /// Whether there is a power light to sense.
    pub power_led: bool,
    /// Whether there is a disk light to sense.
    pub disk_led: bool,
    /// How long the power button is held until the power goes off. ATX boards take four seconds; a
    /// simulated one may take less.
    #[serde(with = "value::duration")]
    pub forced_off_after: Duration,
    /// How long to press, wait and rest.
    timings: Pulses,
}

/// [`Timings`], as they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pulses {
    #[serde(with = "value::duration")]
    press: Duration,
    #[serde(with = "value::duration")]
    long_press: Duration,
    #[serde(with = "value::duration")]
    reset_press: Duration,
    #[serde(with = "value::duration")]
    nmi_pulse: Duration,
    #[serde(with = "value::duration")]
    rest: Duration,
    #[serde(with = "value::duration")]
    settle: Duration,
    #[serde(with = "value::duration")]
    soft_off: Duration,
}

impl Front {
    /// How long to press, wait and rest.
    #[must_use]
    pub fn timings(&self) -> Timings {
        Timings {
            press: self.timings.press,
            long_press: self.timings.long_press,
            reset_press: self.timings.reset_press,
            nmi_pulse: self.timings.nmi_pulse,
            rest: self.timings.rest,
            settle: self.timings.settle,
            soft_off: self.timings.soft_off,
        }
    }

    pub(super) fn check(&self) -> Result<(), String> {
        if self.timings.press >= self.forced_off_after {
            return Err("front.timings.press: a short press would force it off".to_owned());
        }
        if self.timings.long_press <= self.forced_off_after {
            return Err("front.timings.long_press: too short to force it off".to_owned());
        }
        Ok(())
    }
}

/// The screens of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Screens {
    /// Whether the self-test begins with the maker's picture.
    pub splash: bool,
    /// The width of the operating system's console in pixels, 320 to 1920.
    pub width: u16,
    /// Its height in pixels, 200 to 1200.
    pub height: u16,
    /// Its font.
    pub font: FontSize,
}

/// A font of the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum FontSize {
    /// Eight pixels wide, sixteen high.
    #[serde(rename = "8x16")]
    Small,
    /// Twelve pixels wide, twenty-four high.
    #[serde(rename = "12x24")]
    Medium,
    /// Sixteen pixels wide, thirty-two high.
    #[serde(rename = "16x32")]
    Large,
}

impl FontSize {
    /// Width and height of a character in pixels.
    #[must_use]
    pub const fn cell(self) -> (u16, u16) {
        match self {
            Self::Small => (8, 16),
            Self::Medium => (12, 24),
            Self::Large => (16, 32),
        }
    }
}

impl Default for Screens {
    fn default() -> Self {
        Self {
            splash: false,
            width: 1024,
            height: 768,
            font: FontSize::Medium,
        }
    }
}

impl Screens {
    /// The most characters that a machine keeps while nobody looks.
    const CHARACTERS_MAX: u32 = 8192;

    /// Columns and rows of the console.
    #[must_use]
    pub const fn characters(&self) -> (u16, u16) {
        let (width, height) = self.font.cell();
        (self.width / width, self.height / height)
    }

    pub(super) fn check(&self) -> Result<(), String> {
        if !(320..=1920).contains(&self.width) || !(200..=1200).contains(&self.height) {
            return Err("screen: 320 to 1920 pixels wide and 200 to 1200 high".to_owned());
        }
        let (columns, rows) = self.characters();
        if u32::from(columns) * u32::from(rows) > Self::CHARACTERS_MAX {
            let most = Self::CHARACTERS_MAX;
            return Err(format!(
                "screen: at most {most} characters; take a larger font"
            ));
        }
        Ok(())
    }
}
