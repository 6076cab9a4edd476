//! The wire formats that a BMC speaks: bytes in, bytes out.
//!
//! Everything here is pure. There are no sockets, files, clocks, threads or C code; whatever
//! depends on time takes it as an argument. That makes each protocol testable in microseconds,
//! fuzzable, and usable by the daemon, its simulators and its tests alike.
#![forbid(unsafe_code)]

pub mod hid;
pub mod ipmi;
pub mod iso9660;
pub mod qmp;
pub mod rfb;
pub mod uefi;
pub mod video;
