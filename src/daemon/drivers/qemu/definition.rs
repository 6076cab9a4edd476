//! One machine, with everything settled that its command line depends on.

use std::path::{Path, PathBuf};

use outband_core::{
    driver::BootAbility,
    inventory::{Drive, Inventory, MemoryModule, Nic, Processor},
    server::{BootMode, BootTarget, ServerId},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    fault::Fault,
    settings::{Bus, Firmware, Mac, Network, Nic as Card, Settings},
};
use crate::settings::{Bytes, changed_keys};

/// Where distributions keep OVMF: code, variables, and both for secure boot.
const OVMF: [[&str; 4]; 2] = [
    [
        "/usr/share/OVMF/OVMF_CODE_4M.fd",
        "/usr/share/OVMF/OVMF_VARS_4M.fd",
        "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd",
        "/usr/share/OVMF/OVMF_VARS_4M.ms.fd",
    ],
    [
        "/usr/share/edk2/ovmf/OVMF_CODE.fd",
        "/usr/share/edk2/ovmf/OVMF_VARS.fd",
        "/usr/share/edk2/ovmf/OVMF_CODE.secboot.fd",
        "/usr/share/edk2/ovmf/OVMF_VARS.secboot.fd",
    ],
];

/// What was seen of a machine that its settings don't say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Seen {
    /// Whether it runs.
    pub(super) on: bool,
    /// The version of the firmware that it ran last.
    pub(super) firmware: Option<String>,
}

/// UEFI's two files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ovmf {
    /// The code, used as it is.
    pub(super) code: PathBuf,
    /// The variables that a new machine begins with.
    pub(super) template: PathBuf,
    /// The name of the machine's own variables in its folder.
    pub(super) variables: &'static str,
    /// Whether it starts only what is signed.
    pub(super) secure: bool,
}

/// What a machine is made from. It is kept beside a process, which stays what it was started as
/// while the settings change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Source {
    pub(super) settings: Settings,
    pub(super) identity: Inventory,
}

impl Source {
    /// What another source changes, for people.
    pub(super) fn changes(&self, new: &Self) -> Vec<String> {
        let mut changes = changed_keys(&self.settings, &new.settings);
        if self.identity != new.identity {
            changes.push("maker, model and numbers".to_owned());
        }
        changes
    }
}

/// A machine.
#[derive(Debug, Clone)]
pub(super) struct Definition {
    pub(super) id: ServerId,
    pub(super) settings: Settings,
    pub(super) uuid: Uuid,
    /// What the machine says of itself to its operating system.
    pub(super) identity: Inventory,
    pub(super) ovmf: Option<Ovmf>,
}

impl Definition {
    /// Settles what the settings leave open. `identity` gives maker, model and numbers; what it
    /// leaves out, the machine doesn't say.
    pub(super) fn new(
        id: ServerId,
        settings: Settings,
        identity: Inventory,
    ) -> Result<Self, Fault> {
        let ovmf = ovmf(settings.firmware)?;
        Ok(Self {
            uuid: uuid(&id, &identity),
            id,
            settings,
            identity,
            ovmf,
        })
    }

    /// What it is made from.
    pub(super) fn source(&self) -> Source {
        Source {
            settings: self.settings.clone(),
            identity: self.identity.clone(),
        }
    }

    /// The same machine as an earlier source made it. Its firmware may be gone meanwhile.
    pub(super) fn made_from(&self, source: Source) -> Self {
        Self {
            uuid: uuid(&self.id, &source.identity),
            ovmf: ovmf(source.settings.firmware).ok().flatten(),
            settings: source.settings,
            identity: source.identity,
            ..self.clone()
        }
    }

    /// The mode that it boots in when none is asked for.
    pub(super) const fn native_mode(&self) -> BootMode {
        match self.settings.firmware {
            Firmware::Bios => BootMode::Legacy,
            Firmware::Uefi | Firmware::UefiSecure => BootMode::Uefi,
        }
    }

    /// A card's address: its own, or one that follows from the server's id.
    pub(super) fn mac(&self, at: usize) -> Mac {
        let own = self.settings.nic.get(at).and_then(|nic| nic.mac);
        own.unwrap_or_else(|| {
            let [a, b, c, ..] = *derived(&self.id, &format!("nic {at}")).as_bytes();
            // QEMU's prefix, locally administered.
            Mac([0x52, 0x54, 0x00, a, b, c])
        })
    }

    /// The card that boots over HTTP, and the URL where it isn't DHCP that names it: QEMU's own
    /// network names none.
    pub(super) fn http_boot(&self) -> Option<(usize, &str)> {
        let cards = self.settings.nic.iter().enumerate();
        cards
            .clone()
            .find_map(|(at, nic)| Some((at, nic.http_boot.as_deref()?)))
            .or_else(|| {
                let outside = |nic: &Card| !matches!(nic.network, Network::User { .. });
                let (at, _) = cards.clone().find(|(_, nic)| outside(nic))?;
                Some((at, ""))
            })
    }

    /// What can be booted from.
    pub(super) fn boot_ability(&self) -> BootAbility {
        let disks = &self.settings.disk;
        let uefi = self.native_mode() == BootMode::Uefi;
        let present = [
            (BootTarget::Cd, true),
            (BootTarget::Pxe, !self.settings.nic.is_empty()),
            (BootTarget::Hdd, disks.iter().any(|d| d.bus != Bus::Usb)),
            (BootTarget::Usb, disks.iter().any(|d| d.bus == Bus::Usb)),
            // SeaBIOS has no set-up, and boots from no URL.
            (BootTarget::BiosSetup, uefi),
            (BootTarget::UefiHttp, uefi && self.http_boot().is_some()),
        ];
        let targets = present.into_iter().filter(|(_, there)| *there);
        let uefi = self.ovmf.is_some().then_some(BootMode::Uefi);
        // Secure boot is no choice when the old way in stands open beside it.
        let legacy = (self.settings.firmware != Firmware::UefiSecure).then_some(BootMode::Legacy);
        BootAbility {
            targets: targets.map(|(target, _)| target).collect(),
            modes: uefi.into_iter().chain(legacy).collect(),
            native_mode: Some(self.native_mode()),
        }
    }

    /// What the machine is made of, with what was seen of it. Its operating system tells its name
    /// to nobody here.
    pub(super) fn inventory(&self, seen: &Seen) -> Inventory {
        let settings = &self.settings;
        let mut inventory = self.identity.clone();
        inventory.uuid = Some(self.uuid.to_string());
        inventory.host_name = None;
        inventory.bios_vendor = None;
        inventory.bios_version.clone_from(&seen.firmware);
        inventory.processors = vec![Processor {
            socket: "CPU 0".into(),
            architecture: Some("x86".into()),
            instruction_set: Some("x86-64".into()),
            cores: Some(settings.cpus.into()),
            threads: Some(settings.cpus.into()),
            ..Processor::default()
        }];
        inventory.memory = vec![MemoryModule {
            slot: "DIMM 0".into(),
            mib: settings.memory.get() >> 20,
            ..MemoryModule::default()
        }];
        let nic = |at| Nic {
            name: format!("nic{at}"),
            mac: Some(self.mac(at).to_string()),
            // QEMU plugs every card in, and nobody but this driver could tell it to unplug one.
            link_up: seen.on.then_some(true),
            ..Nic::default()
        };
        inventory.nics = (0..settings.nic.len()).map(nic).collect();
        let drive = |(at, disk): (usize, &super::settings::Disk)| Drive {
            name: format!("Disk {at}"),
            bytes: std::fs::metadata(&disk.file)
                .ok()
                .map(|file| file.len())
                .or(disk.size.map(Bytes::get)),
            protocol: match disk.bus {
                Bus::Virtio => None,
                Bus::Sata => Some("SATA".into()),
                Bus::Nvme => Some("NVMe".into()),
                Bus::Usb => Some("USB".into()),
            },
            ..Drive::default()
        };
        inventory.drives = settings.disk.iter().enumerate().map(drive).collect();
        inventory
    }
}

/// The machine's UUID: the one it is given, or one that follows from the server's id.
fn uuid(id: &ServerId, identity: &Inventory) -> Uuid {
    let given = identity.uuid.as_deref().and_then(|uuid| uuid.parse().ok());
    given.unwrap_or_else(|| derived(id, "machine"))
}

/// A UUID that is the same for the same server each time.
fn derived(id: &ServerId, what: &str) -> Uuid {
    Uuid::new_v5(
        &Uuid::NAMESPACE_OID,
        format!("outband {id} {what}").as_bytes(),
    )
}

/// UEFI's files; `None` where there are none and none are needed.
pub(super) fn ovmf(firmware: Firmware) -> Result<Option<Ovmf>, Fault> {
    let found = find_ovmf(firmware == Firmware::UefiSecure, |path| path.is_file());
    match firmware {
        Firmware::Uefi if found.is_none() => Err(Fault::NoFirmware("UEFI")),
        Firmware::UefiSecure if found.is_none() => Err(Fault::NoFirmware("UEFI secure boot")),
        _ => Ok(found),
    }
}

fn find_ovmf(secure: bool, is_there: impl Fn(&Path) -> bool) -> Option<Ovmf> {
    OVMF.into_iter()
        .find_map(|[code, vars, secure_code, secure_vars]| {
            let (code, template, variables) = match secure {
                true => (secure_code, secure_vars, "variables-secure.fd"),
                false => (code, vars, "variables.fd"),
            };
            let there = is_there(Path::new(code)) && is_there(Path::new(template));
            there.then(|| Ovmf {
                code: code.into(),
                template: template.into(),
                variables,
                secure,
            })
        })
}
