//! What QEMU tells unasked.

use serde::Deserialize;
use serde_json::Value;

/// An event and when QEMU says it happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The host's wall clock, where QEMU could read it.
    pub at: Option<Timestamp>,
    /// What happened.
    pub kind: EventKind,
}

/// Seconds and microseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timestamp {
    /// Whole seconds.
    pub seconds: i64,
    /// Microseconds of the next second, `0..1_000_000`.
    pub microseconds: u32,
}

/// Why a machine shut down or was reset (QEMU's `ShutdownCause`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// No reason known.
    None,
    /// The host failed.
    HostError,
    /// The monitor's `quit`.
    HostQmpQuit,
    /// The monitor's `system_reset`.
    HostQmpSystemReset,
    /// A signal ended the process.
    HostSignal,
    /// A user interface of the host.
    HostUi,
    /// The guest shut down.
    GuestShutdown,
    /// The guest reset itself.
    GuestReset,
    /// The guest panicked.
    GuestPanic,
    /// A part of the machine was reset.
    SubsystemReset,
    /// A snapshot is loaded.
    SnapshotLoad,
    /// A reason that this version doesn't know, or none given.
    #[serde(other)]
    Other,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum EventKind {
    /// The machine shut down.
    Shutdown {
        /// Whether the guest did it.
        guest: bool,
        /// Why.
        reason: Reason,
    },
    /// The machine was reset.
    Reset {
        /// Whether the guest did it.
        guest: bool,
        /// Why.
        reason: Reason,
    },
    /// The ACPI power button was pressed.
    Powerdown,
    /// The processors were halted.
    Stop,
    /// The processors run.
    Resume,
    /// The guest sleeps.
    Suspend,
    /// The guest woke.
    Wakeup,
    /// A watchdog of the machine ran out.
    Watchdog {
        /// What QEMU does: `pause`, `reset`, ...
        action: Box<str>,
    },
    /// The guest's kernel panicked.
    GuestPanicked {
        /// What QEMU does: `pause`, `poweroff`, `run`, ...
        action: Box<str>,
    },
    /// A drive's tray moved.
    DeviceTrayMoved {
        /// The device's id or path.
        id: Box<str>,
        /// Whether it is open now.
        open: bool,
    },
    /// A device was unplugged.
    DeviceDeleted {
        /// Its id, where it had one.
        device: Option<Box<str>>,
        /// Its path.
        path: Box<str>,
    },
    /// Any other event.
    Other {
        /// Its name.
        name: Box<str>,
        /// Its data; `Null` where there is none.
        data: Value,
    },
}

#[derive(Deserialize)]
struct Ending {
    guest: bool,
    #[serde(default = "unknown")]
    reason: Reason,
}

const fn unknown() -> Reason {
    Reason::Other
}

#[derive(Deserialize)]
struct Action {
    action: Box<str>,
}

#[derive(Deserialize)]
struct Tray {
    id: Box<str>,
    #[serde(rename = "tray-open")]
    open: bool,
}

#[derive(Deserialize)]
struct Deleted {
    device: Option<Box<str>>,
    path: Box<str>,
}

impl EventKind {
    /// Reads an event's data by the event's name.
    pub(super) fn read(name: &str, data: Value) -> Result<Self, serde_json::Error> {
        Ok(match name {
            "SHUTDOWN" => {
                let Ending { guest, reason } = serde_json::from_value(data)?;
                Self::Shutdown { guest, reason }
            }
            "RESET" => {
                let Ending { guest, reason } = serde_json::from_value(data)?;
                Self::Reset { guest, reason }
            }
            "POWERDOWN" => Self::Powerdown,
            "STOP" => Self::Stop,
            "RESUME" => Self::Resume,
            "SUSPEND" => Self::Suspend,
            "WAKEUP" => Self::Wakeup,
            "WATCHDOG" => {
                let Action { action } = serde_json::from_value(data)?;
                Self::Watchdog { action }
            }
            "GUEST_PANICKED" => {
                let Action { action } = serde_json::from_value(data)?;
                Self::GuestPanicked { action }
            }
            "DEVICE_TRAY_MOVED" => {
                let Tray { id, open } = serde_json::from_value(data)?;
                Self::DeviceTrayMoved { id, open }
            }
            "DEVICE_DELETED" => {
                let Deleted { device, path } = serde_json::from_value(data)?;
                Self::DeviceDeleted { device, path }
            }
            _ => Self::Other {
                name: name.into(),
                data,
            },
        })
    }
}
