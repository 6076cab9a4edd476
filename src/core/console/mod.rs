//! The hubs between a server's console parts and those who watch and type.

mod input;
mod people;
mod screen;
mod serial;
#[cfg(test)]
mod testing;

pub use input::{BadStroke, Batch, Holder, InputHub, InputRefused, PACE, Stroke};
pub use people::{NoSeat, PEOPLE_MAX, People, Person, Present, Seat, SeatId, SeatRefused};
pub use screen::{Follower, Look, NoPicture, ScreenHub, Update, Viewer};
pub use serial::SerialHub;
