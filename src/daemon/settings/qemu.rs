//! `[server.qemu]` among the other settings: its paths, and what is wrong with it by key.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::{DriverName, KeyPath, Server};
use crate::drivers::qemu::{Firmware, Network, Settings};

/// Makes relative paths absolute. A program's bare name is looked up in `PATH` and stays.
pub(super) fn resolve(settings: &mut Settings, absolute: impl Fn(&Path) -> PathBuf) {
    let program = Some(&mut settings.program).filter(|path| path.components().count() > 1);
    let disks = settings.disk.iter_mut().map(|disk| &mut disk.file);
    // An empty path is refused, not taken for the folder.
    let disks = disks.filter(|file| !file.as_os_str().is_empty());
    let tftp = settings
        .nic
        .iter_mut()
        .filter_map(|nic| match &mut nic.network {
            Network::User { tftp, .. } => tftp.as_mut(),
            _ => None,
        });
    for path in program
        .into_iter()
        .chain(&mut settings.cd)
        .chain(disks)
        .chain(tftp)
    {
        *path = absolute(path);
    }
}

/// What the servers before one have of the host.
#[derive(Debug, Default)]
pub(super) struct Host<'a> {
    /// The files that they write to.
    disks: BTreeSet<&'a Path>,
    /// The programs and firmware that were looked for.
    looked_for: BTreeSet<(&'a Path, Firmware)>,
}

/// What is wrong.
pub(super) fn check<'a>(
    at: usize,
    server: &'a Server,
    host: &mut Host<'a>,
) -> Vec<(KeyPath, String)> {
    let path = |key: &str| {
        let start = KeyPath::server(at, "qemu");
        key.split('.').fold(start, |path, step| match step.parse() {
            Ok(index) => path.index(index),
            Err(_) => path.key(step),
        })
    };
    let bad = server.qemu.check().into_iter();
    let mut found: Vec<_> = bad.map(|(key, what)| (path(&key), what)).collect();
    // Files count only for a machine that is made of them.
    if server.driver != DriverName::Qemu || !found.is_empty() {
        return found;
    }
    let needs = (&*server.qemu.program, server.qemu.firmware);
    if host.looked_for.insert(needs) {
        let missing = server.qemu.missing().into_iter();
        found.extend(missing.map(|(key, fault)| (path(key), fault.to_string())));
    }
    let absent = |file: &Path| format!("{}: there is no such file", file.display());
    if let Some(cd) = server.qemu.cd.as_deref().filter(|cd| !cd.is_file()) {
        found.push((path("cd"), absent(cd)));
    }
    for (place, disk) in server.qemu.disk.iter().enumerate() {
        let key = path(&format!("disk.{place}.file"));
        if disk.size.is_none() && !disk.file.exists() {
            let what = format!("{}; give `size` to have it made", absent(&disk.file));
            found.push((key, what));
        } else if !host.disks.insert(&disk.file) {
            let what = format!("{}: another disk is this file too", disk.file.display());
            found.push((key, what));
        }
    }
    found
}
