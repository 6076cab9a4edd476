//! What makes the parts of a server real. A folder a driver, all of one shape.

pub mod qemu;
pub mod sim;
