//! What can go wrong with a virtual machine.

use std::{io, sync::Arc, time::Duration};

use outband_core::driver::DriverFault;
use outband_protocol::{qmp, rfb};

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// There is no such program.
    #[error("QEMU is not installed: there is no `{0}` (Debian: apt install qemu-system-x86)")]
    NoProgram(Box<str>),
    /// The program is too old.
    #[error("QEMU {found} is too old: {needed} or newer is needed")]
    TooOld {
        /// Its version.
        found: Box<str>,
        /// The least version.
        needed: &'static str,
    },
    /// The program's answer to `--version` is none of QEMU's.
    #[error("`{0}` is no QEMU")]
    NotQemu(Box<str>),
    /// The host's hardware was asked for, and a probe of it came to nothing.
    #[error(
        "the host's hardware (KVM) ran no firmware within {} s: set `accelerator` to \"tcg\" or \"auto\"",
        .0.as_secs()
    )]
    NoKvm(Duration),
    /// Firmware files are missing.
    #[error("{0} firmware is not installed (Debian: apt install ovmf)")]
    NoFirmware(&'static str),
    /// A file or folder could not be worked with.
    #[error("{doing}: {why}")]
    File {
        /// What was being done.
        doing: Box<str>,
        /// What the operating system said.
        why: io::Error,
    },
    /// Another daemon manages the machine.
    #[error("another Outband manages this machine")]
    Taken,
    /// Something listens for the machine that is none of its processes.
    #[error("something that is not this machine listens in its folder")]
    Stranger,
    /// The process ended before it was ready, or while something was asked of it.
    #[error("QEMU ended{0}")]
    Ended(Box<str>),
    /// The monitor is not to be trusted any more.
    #[error(transparent)]
    Monitor(#[from] qmp::Fault),
    /// More events than can be followed came at once.
    #[error("the monitor floods")]
    Flood,
    /// A command was not taken.
    #[error(transparent)]
    NotSent(#[from] qmp::NotSent),
    /// A command was refused.
    #[error("QEMU refused {what}: {why}")]
    Refused {
        /// Which.
        what: &'static str,
        /// Its words.
        why: qmp::Refusal,
    },
    /// The screen's connection broke the protocol.
    #[error("the screen: {0}")]
    Screen(#[from] rfb::client::Fault),
    /// Something took too long.
    #[error("{what} took longer than {} s", .limit.as_secs_f32())]
    Late {
        /// What.
        what: &'static str,
        /// How long it might take.
        limit: Duration,
    },
}

impl Fault {
    /// A file's fault: `doing` says what was tried.
    pub(super) fn file(doing: impl Into<Box<str>>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |why| Self::File { doing, why }
    }

    /// A connection's fault; one that the other end broke off means that the process ended.
    pub(super) fn stream(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |why| match why.kind() {
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => Self::Ended("".into()),
            _ => Self::file(doing)(why),
        }
    }

    /// The fault as core takes it.
    pub(super) fn of_part(&self, part: &'static str) -> DriverFault {
        let why: Arc<str> = self.to_string().into();
        DriverFault { part, why }
    }
}
