//! What the machine keeps without power: whether it ran, its boot order, which override it used.

use std::sync::Arc;

use outband_core::{host::BootId, server::BootTarget};
use serde::{Deserialize, Serialize};

/// The newest format that is understood.
pub(crate) const FORMAT: u32 = 1;

/// What the machine's file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// The format, from 1.
    pub(crate) format: u32,
    /// The run of the device in which it was written: another one means that mains were lost.
    pub(crate) boot_id: BootId,
    /// Whether the machine was on.
    pub(crate) on: bool,
    /// What it had booted; `None` while firmware ran.
    pub(crate) running: Option<System>,
    /// The order in which firmware tries its devices.
    pub(crate) order: Vec<BootTarget>,
    /// The last override that a boot used.
    pub(crate) last_used: Option<u64>,
}

/// A system that was booted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct System {
    /// From which kind of device.
    pub(crate) target: BootTarget,
    /// The medium's own name, where it has one.
    pub(crate) label: Option<Arc<str>>,
}
