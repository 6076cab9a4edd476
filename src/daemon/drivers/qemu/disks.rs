//! A machine's own files: disks that are made at the first start, and UEFI's variables.

use std::{fs::OpenOptions, io, os::unix::fs::OpenOptionsExt, path::Path};

use outband_core::server::{BootMode, BootTarget};
use outband_protocol::uefi::{self, HttpBoot};

use super::{
    command_line::NIC_SLOT, definition::Definition, fault::Fault, folder::Folder, plan::Plan,
};
use crate::settings::Bytes;

/// Makes what isn't there, and writes into UEFI's variables what this boot is to do. What is there
/// stays as it is.
pub(super) fn make(machine: &Definition, folder: &Folder, plan: &Plan) -> Result<(), Fault> {
    for disk in &machine.settings.disk {
        if let Some(size) = disk.size {
            make_disk(&disk.file, size)?;
        }
    }
    match plan.mode {
        BootMode::Legacy => Ok(()),
        BootMode::Uefi => make_variables(machine, folder, plan),
    }
}

fn make_variables(machine: &Definition, folder: &Folder, plan: &Plan) -> Result<(), Fault> {
    let ovmf = machine.ovmf.as_ref().ok_or(Fault::NoFirmware("UEFI"))?;
    folder.copy_once(&ovmf.template, ovmf.variables)?;
    match plan.target {
        Some(BootTarget::BiosSetup) => folder.change(ovmf.variables, uefi::ask_for_setup),
        Some(BootTarget::UefiHttp) => {
            let (at, uri) = machine.http_boot().unwrap_or_default();
            let boot = HttpBoot {
                slot: NIC_SLOT + u8::try_from(at).unwrap_or_default(),
                mac: machine.mac(at).0,
                uri,
            };
            let ask = |flash: &mut [u8]| uefi::ask_for_http_boot(flash, &boot);
            folder.change(ovmf.variables, ask)
        }
        _ => Ok(()),
    }
}

/// An empty image: it takes room only as it is written.
fn make_disk(file: &Path, size: Bytes) -> Result<(), Fault> {
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
        .and_then(|file| file.set_len(size.get()));
    match made {
        Err(why) if why.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map_err(Fault::file(format!("make the disk {}", file.display()))),
    }
}
