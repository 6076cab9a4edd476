//! What is fuzzed: functions that take any bytes at all, and fail by a panic.
//!
//! `libfuzzer/` hands them what libFuzzer makes up; `replay.rs` hands them, in every test run, what
//! stands in `corpus/`: seeds, and each input that once made one of them fail.
#![forbid(unsafe_code)]
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used)] // To fail is what they are for.

mod bytes;
mod ipmi;
mod qmp;
mod rfb;
mod stores;
mod video;

/// A target: its name, which is that of its folder in `corpus/`, and what takes the bytes.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: [Target; 10] = [
    ("ipmi_packets", ipmi::packets::run),
    ("ipmi_setup", ipmi::setup::run),
    ("ipmi_session", ipmi::session::run),
    ("ipmi_console", ipmi::console::run),
    ("qmp", qmp::run),
    ("rfb", rfb::run),
    ("uefi", stores::uefi),
    ("iso9660", stores::iso9660),
    ("video_tiles", video::tiles),
    ("video_reader", video::reader),
];
