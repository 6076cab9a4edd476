//! The ways in. A folder a service, all of one shape.

pub mod console;
pub mod redfish;
