//! Firmware boots: it tries one device after the other until one has a system.

use std::time::Duration;

use outband_core::server::{BootMode, BootTarget};
use tokio::time::Instant;

use super::{
    record::System,
    scene::{Scene, TextMode},
    setup::device_name,
    terminal::Terminal,
};

/// A boot under way.
#[derive(Debug)]
pub(super) struct Boot {
    /// The devices yet to be tried, the next one last.
    left: Vec<BootTarget>,
    /// The override that is obeyed.
    pub(super) used: Option<u64>,
    /// The firmware mode.
    pub(super) mode: Option<BootMode>,
    pub(super) step: Step,
    pub(super) terminal: Terminal,
}

/// What a boot is waiting for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// That the machine's memory holds everything up to this change: a used override must not be
    /// used again whatever happens.
    Remember(u64),
    /// The label of the medium in the drive.
    Medium,
    /// An answer from the network, until then.
    Network(BootTarget, Instant),
    /// The boot loader of a system, since then; so many of its lines were printed.
    Load(System, Instant, usize),
    /// Someone to press a key: there is nothing to boot.
    Nothing,
}

/// What the boot loader prints, and after which part of the time, in thousandths.
const LOADING: [(u32, &str); 4] = [
    (0, "\nLoader 2.1\n"),
    (150, "Loading kernel ...\n"),
    (500, "Loading initial file system ...\n"),
    (850, "Starting the system\n"),
];

impl Boot {
    /// Begins with the first of `order`.
    pub(super) fn new(
        order: impl DoubleEndedIterator<Item = BootTarget>,
        used: Option<u64>,
        mode: Option<BootMode>,
    ) -> Self {
        Self {
            left: order.rev().collect(),
            used,
            mode,
            step: Step::Nothing,
            terminal: Terminal::new(80, 25),
        }
    }

    /// The next device to try.
    pub(super) fn next(&mut self) -> Option<BootTarget> {
        self.left.pop()
    }

    /// What is said when a device is tried and has nothing to boot.
    pub(super) fn nothing_on(target: BootTarget) -> String {
        match target {
            BootTarget::Cd => "CD/DVD drive: no medium that could be booted\n".to_owned(),
            BootTarget::Pxe => "NET-E53: no answer with a file to boot\n\n".to_owned(),
            BootTarget::UefiHttp => {
                "HTTP boot: no answer with an address to boot from\n\n".to_owned()
            }
            other => format!("{}: nothing to boot\n", device_name(other)),
        }
    }

    /// What is said when the network is asked.
    pub(super) fn asking(target: BootTarget, mac: Option<&str>) -> String {
        let how = match target {
            BootTarget::UefiHttp => "HTTP boot",
            _ => "PXE",
        };
        let mac = mac.unwrap_or("unknown");
        format!("\n{how} over IPv4, MAC address {mac}\nWaiting for an address .....\n")
    }

    /// What is said when a system was found.
    pub(super) fn found(system: &System, mode: Option<BootMode>) -> String {
        let mode = match mode {
            Some(BootMode::Uefi) => " (UEFI)",
            Some(BootMode::Legacy) => " (BIOS)",
            None => "",
        };
        match (&system.label, system.target) {
            (Some(label), BootTarget::Cd) => format!("Booting from CD: {label}{mode}\n"),
            (_, target) => format!("Booting from {}{mode}\n", device_name(target)),
        }
    }

    /// When the present step ends by itself.
    pub(super) fn deadline(&self, loader: Duration) -> Option<Instant> {
        match &self.step {
            Step::Network(_, until) => Some(*until),
            Step::Load(_, since, done) => {
                let thousandths = LOADING.get(*done).map_or(1000, |(part, _)| *part);
                Some(*since + loader * thousandths / 1000)
            }
            Step::Remember(_) | Step::Medium | Step::Nothing => None,
        }
    }

    /// The loader's next line; `None` when it is done.
    pub(super) fn loaded(&mut self) -> Option<&'static str> {
        let Step::Load(_, _, done) = &mut self.step else {
            return None;
        };
        let line = LOADING.get(*done);
        *done += 1;
        line.map(|(_, text)| *text)
    }

    pub(super) fn scene(&self) -> Scene {
        Scene::Text {
            mode: TextMode::Vga,
            grid: self.terminal.grid().clone(),
            cursor: Some(self.terminal.cursor()),
        }
    }
}
