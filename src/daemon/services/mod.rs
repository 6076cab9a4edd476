//! The ways in. A folder a service, all of one shape.

mod body;
pub mod console;
mod cookie;
pub mod ipmi;
mod json;
mod nowhere;
mod proof;
pub mod redfish;
#[cfg(test)]
mod rig;

pub use nowhere::nowhere;
