//! How a session is set up: Open Session and RAKP messages 1 to 4 (sections 13.17 to 13.24), as
//! bytes, and the codes by which both sides prove that they know the user's key.

mod exchange;
mod messages;
mod open;
mod status;

#[cfg(test)]
pub(in crate::ipmi) use exchange::Agreed;
pub use exchange::Exchange;
pub(in crate::ipmi) use messages::write_head;
pub use messages::{Name, Rakp1, Rakp2, Rakp3, Rakp4};
pub use open::{OpenRequest, OpenResponse, Opened};
pub use status::Status;

/// A random number, a GUID: 16 bytes as they stand on the wire.
pub type Bytes16 = [u8; 16];

#[cfg(test)]
mod tests;
