//! What of a picture is new to whom, by tiles.
//!
//! A tile is 64 x 16 pixels, a few letters of a line of text. The [`Published`] picture is what the
//! viewers are shown. Each captured [`Frame`] is compared with it, never with the frame before, so
//! nothing that was passed over is ever lost: a tile that differs is copied and gets the picture's
//! next version. A [`Viewer`] is no more than the version that it saw of each tile. What it lacks are
//! the tiles with newer ones, however many frames it missed; they come merged into rectangles.
//!
//! Nothing here allocates but for a picture of another size.

mod band;
mod frame;
mod grid;
mod published;
mod viewer;

pub use frame::{BadFrame, Frame};
pub use published::{Published, Taken};
pub use viewer::{Update, Viewer};

use super::Size;

/// The size of a tile. At the picture's right and lower edge it may be cut.
pub const TILE: Size = Size {
    width: 64,
    height: 16,
};

/// The greatest size of a rectangle of an update, a whole number of tiles each way.
///
/// Rectangles never cross the lines of a grid of this size: viewers that lack different parts of the
/// picture get the same rectangles wherever they lack the same.
pub const RECT_MAX: Size = Size {
    width: 256,
    height: 128,
};

#[cfg(test)]
mod tests;
