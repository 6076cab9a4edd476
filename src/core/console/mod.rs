//! The hubs between a server's console parts and those who watch and type.

mod input;
#[cfg(test)]
mod input_tests;
mod screen;
mod serial;
mod strokes;

pub use input::{Holder, InputHub, InputRefused};
pub use screen::{NoPicture, ScreenHub, Viewer};
pub use serial::SerialHub;
pub use strokes::{BadStroke, Batch, Stroke};
