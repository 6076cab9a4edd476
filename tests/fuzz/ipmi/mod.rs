//! IPMI: packets by themselves, the server before and in sessions, the console.

pub(crate) mod console;
mod house;
pub(crate) mod packets;
pub(crate) mod session;
pub(crate) mod setup;
mod users;
