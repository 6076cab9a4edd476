//! The flags of `demo` and `fleet` that say what a virtual machine is made of.

use clap::{Args, ValueEnum};
use toml::{Table, Value};

use super::Failure;
use crate::settings::DriverName;

/// What stands for the server's id in the name of a fleet's disk.
pub(super) const ID: &str = "{id}";

/// What each machine is made of; only with `--driver qemu`.
#[derive(Debug, Args)]
pub(super) struct Machine {
    /// A disk, as raw bytes, with --driver qemu; in a fleet `{id}` in its name is the server's id;
    /// may be given several times [default: without --cd, on BIOS, a small one that boots]
    #[arg(long, value_name = "FILE")]
    disk: Vec<String>,
    /// The image in the CD drive, with --driver qemu
    #[arg(long, value_name = "FILE")]
    cd: Option<String>,
    /// A network card, with --driver qemu: user, tap:NAME, bridge:NAME, listen:ADDR or
    /// connect:ADDR; may be given several times
    #[arg(long, value_name = "KIND", value_parser = nic)]
    nic: Vec<Table>,
    /// What boots the machine, with --driver qemu [default: bios]
    #[arg(long, value_enum)]
    firmware: Option<Firmware>,
}

/// What boots a machine.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Firmware {
    /// SeaBIOS
    Bios,
    /// UEFI
    Uefi,
    /// UEFI with secure boot
    Secure,
}

impl Machine {
    /// Refuses what doesn't go together.
    pub(super) fn check(&self, driver: DriverName, count: u16) -> Result<(), Failure> {
        let given = [
            ("--disk", !self.disk.is_empty()),
            ("--cd", self.cd.is_some()),
            ("--nic", !self.nic.is_empty()),
            ("--firmware", self.firmware.is_some()),
        ];
        if let Some((flag, _)) = given.iter().find(|(_, given)| *given)
            && driver != DriverName::Qemu
        {
            return Err(Failure::new(format!("{flag} needs --driver qemu")));
        }
        let shared = self.disk.iter().find(|file| !file.contains(ID));
        if let Some(file) = shared.filter(|_| count > 1) {
            let why = format!(
                "--disk {file}: each machine needs a disk of its own: put {ID} into the name"
            );
            return Err(Failure::new(why));
        }
        Ok(())
    }

    /// Whether it was given nothing that a BIOS can boot.
    pub(super) fn boots_nothing(&self) -> bool {
        let bios = matches!(self.firmware, None | Some(Firmware::Bios));
        bios && self.disk.is_empty() && self.cd.is_none()
    }

    /// Adds a disk; [`ID`] in its name is the server's id.
    pub(super) fn add_disk(&mut self, file: String) {
        self.disk.push(file);
    }

    /// `[server.qemu]` of the server of this number; `None` where nothing was said.
    pub(super) fn settings(&self, id: u16) -> Option<Table> {
        let mut settings = Table::new();
        let disk = |file: &String| {
            let file = file.replace(ID, &id.to_string());
            Value::Table(Table::from_iter([("file".to_owned(), file.into())]))
        };
        if !self.disk.is_empty() {
            let disks: Vec<Value> = self.disk.iter().map(disk).collect();
            settings.insert("disk".to_owned(), disks.into());
        }
        if let Some(cd) = &self.cd {
            settings.insert("cd".to_owned(), cd.clone().into());
        }
        if !self.nic.is_empty() {
            let nics: Vec<Value> = self.nic.iter().cloned().map(Value::Table).collect();
            settings.insert("nic".to_owned(), nics.into());
        }
        if let Some(firmware) = self.firmware {
            let firmware = match firmware {
                Firmware::Bios => "bios",
                Firmware::Uefi => "uefi",
                Firmware::Secure => "uefi-secure",
            };
            settings.insert("firmware".to_owned(), firmware.into());
        }
        (!settings.is_empty()).then_some(settings)
    }
}

/// `[[server.qemu.nic]]` of a kind and what it is connected to.
fn nic(text: &str) -> Result<Table, String> {
    let (kind, to) = text.split_once(':').unwrap_or((text, ""));
    let key = match kind {
        "user" if !text.contains(':') => None,
        "tap" | "bridge" if !to.is_empty() => Some("interface"),
        "listen" | "connect" if !to.is_empty() => Some("address"),
        _ => {
            let kinds = "user, tap:NAME, bridge:NAME, listen:ADDR, connect:ADDR";
            return Err(format!("the kinds are: {kinds}"));
        }
    };
    let mut network = Table::from_iter([("kind".to_owned(), kind.into())]);
    if let Some(key) = key {
        network.insert(key.to_owned(), to.into());
    }
    Ok(Table::from_iter([("network".to_owned(), network.into())]))
}
