//! What the computer saw at its own connectors: the evidence that tests read.

use std::sync::Arc;

use outband_core::{
    driver::BootBy,
    server::{BootMode, BootTarget},
};
use outband_protocol::hid::{HeldKeys, Leds, Pointer};
use serde::Serialize;

/// One thing seen. As JSON: its name under `saw`, its values beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "saw", rename_all = "kebab-case")]
pub(crate) enum Saw {
    /// The power button went down.
    PowerButtonDown,
    /// The power button came up.
    PowerButtonUp {
        /// How long it was down, in milliseconds.
        held_ms: u64,
        /// The fault that made the press mean nothing.
        #[serde(skip_serializing_if = "Option::is_none")]
        ignored: Option<&'static str>,
    },
    /// The reset button went down.
    ResetButtonDown {
        /// The fault that made the press mean nothing.
        #[serde(skip_serializing_if = "Option::is_none")]
        ignored: Option<&'static str>,
    },
    /// The reset button came up.
    ResetButtonUp {
        /// How long it was down, in milliseconds.
        held_ms: u64,
    },
    /// The diagnostic line was pulsed.
    Nmi,
    /// The identify light was lit.
    IdentifyOn,
    /// The identify light was put out.
    IdentifyOff,
    /// Power came on.
    PowerOn,
    /// Power went off.
    PowerOff {
        /// Why.
        why: OffBy,
    },
    /// Firmware began to run.
    Post {
        /// What made it begin.
        by: &'static str,
    },
    /// The set-up was entered.
    SetUp,
    /// The set-up saved another boot order.
    BootOrder {
        /// The order.
        order: Vec<BootTarget>,
    },
    /// Firmware chose what to boot.
    Boot {
        /// Which kind of device; `null` when there was nothing.
        target: Option<BootTarget>,
        /// The medium's own name.
        label: Option<Arc<str>>,
        /// The override that was obeyed.
        #[serde(rename = "override")]
        used: Option<u64>,
        /// The firmware mode.
        mode: Option<BootMode>,
    },
    /// The operating system runs.
    OsRunning,
    /// The operating system began to shut down.
    GoingDown,
    /// The operating system panicked.
    Panic,
    /// The keyboard's lights were switched.
    Led {
        /// Num Lock.
        num: bool,
        /// Caps Lock.
        caps: bool,
        /// Scroll Lock.
        scroll: bool,
    },
    /// Other keys are held than before.
    Key {
        /// The usages that are held (USB HID Usage Tables, page 07h).
        held: Vec<u8>,
    },
    /// The pointer reported.
    Pointer {
        /// Whether the axes are positions, `0..=32767`, or movements.
        absolute: bool,
        /// Horizontally.
        x: i32,
        /// Vertically.
        y: i32,
        /// The buttons held: 1 left, 2 right, 4 middle.
        buttons: u8,
        /// Wheel clicks.
        wheel: i8,
    },
    /// Bytes came in at the serial port.
    Serial {
        /// How many.
        bytes: usize,
    },
    /// A break came in at the serial port.
    Break,
}

/// Why power went off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OffBy {
    /// The power button was held.
    HeldButton,
    /// The power button was pressed while firmware ran.
    Button,
    /// The operating system shut down.
    Software,
    /// The machine was not there when the daemon came back on a device that had lost power.
    MainsLost,
}

impl From<Leds> for Saw {
    fn from(leds: Leds) -> Self {
        Self::Led {
            num: leds.num_lock,
            caps: leds.caps_lock,
            scroll: leds.scroll_lock,
        }
    }
}

impl From<&HeldKeys> for Saw {
    fn from(keys: &HeldKeys) -> Self {
        Self::Key {
            held: keys.iter().map(|key| key.get()).collect(),
        }
    }
}

impl From<Pointer> for Saw {
    fn from(pointer: Pointer) -> Self {
        let (absolute, x, y, held, wheel) = match pointer {
            Pointer::Absolute {
                x,
                y,
                buttons,
                wheel,
            } => (true, x.into(), y.into(), buttons, wheel),
            Pointer::Relative {
                dx,
                dy,
                buttons,
                wheel,
            } => (false, dx.into(), dy.into(), buttons, wheel),
        };
        let bit = |held: bool, bit: u8| if held { bit } else { 0 };
        Self::Pointer {
            absolute,
            x,
            y,
            buttons: bit(held.left, 1) | bit(held.right, 2) | bit(held.middle, 4),
            wheel,
        }
    }
}

/// What made firmware begin, as the evidence names it.
pub(super) const fn boot_by(by: BootBy) -> &'static str {
    match by {
        BootBy::PowerOn => "power-on",
        BootBy::Reset => "reset",
        BootBy::Software => "software",
        BootBy::Watchdog => "watchdog",
    }
}
