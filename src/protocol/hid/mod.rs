//! USB HID values shared by every input path: usages, held keys, keyboard LEDs, pointer reports
//! (USB HID Usage Tables 1.5, chapters 10 and 11; HID 1.11 appendix B).

mod keys;
pub mod layout;
mod pointer;

pub use keys::{HeldKeys, Leds, Usage};
pub use pointer::{Buttons, Pointer};
