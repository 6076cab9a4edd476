//! The ways in. A folder a service, all of one shape.

mod body;
pub mod console;
mod json;
mod proof;
pub mod redfish;
#[cfg(test)]
mod rig;
