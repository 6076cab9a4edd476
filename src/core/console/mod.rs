//! The hubs between a server's console parts and those who watch and type.

mod serial;

pub use serial::SerialHub;
