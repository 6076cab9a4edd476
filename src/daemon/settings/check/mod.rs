//! What no single value shows: values outside their range, values that contradict others, and files
//! that are not what they are taken for.
//!
//! `outband config check` and `outband serve` look with the same eyes: what is refused at start for a
//! reason that stands in the settings or in the files that they name is found here, by its key.

mod doors;
mod faults;
mod servers;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use super::{Bytes, KeyPath, Settings, Time, qemu};

pub(super) use servers::read_profiles;

/// What is wrong with which key.
type Found = Vec<(KeyPath, String)>;

/// Makes relative paths absolute: they count from the folder of the settings file.
pub(super) fn resolve(settings: &mut Settings, folder: &Path) {
    let paths = [
        &mut settings.state.dir,
        &mut settings.access.first_password_file,
        &mut settings.service.https.certificate,
        &mut settings.service.https.key,
    ];
    for path in paths.into_iter().flatten() {
        *path = absolute(folder, path);
    }
    for server in &mut settings.server {
        if let Some(image) = &mut server.sim.cd {
            *image = absolute(folder, image);
        }
        qemu::resolve(&mut server.qemu, |path| absolute(folder, path));
        if let Some(file) = server.profile_file() {
            server.profile = absolute(folder, file).display().to_string();
        }
    }
}

fn absolute(folder: &Path, path: &Path) -> PathBuf {
    std::path::absolute(folder.join(path)).unwrap_or_else(|_| path.to_owned())
}

/// Everything that is wrong with values that each could be read.
pub(super) fn check(settings: &Settings) -> Found {
    let mut found = Vec::new();
    ranges(settings, &mut found);
    state(settings, &mut found);
    doors::check(settings, &mut found);
    servers::check(settings, &mut found);
    found
}

fn ranges(settings: &Settings, found: &mut Found) {
    let mut refuse = |wrong: bool, key: &str, what: &str| {
        if wrong {
            found.push((KeyPath::dotted(key), what.to_owned()));
        }
    };
    let access = &settings.access;
    refuse(
        access.session_idle < Time::seconds(30) || access.session_idle > Time::seconds(86_400),
        "access.session_idle",
        "from 30s to 24h (DSP0266 section 13.3.3)",
    );
    refuse(
        access.session_absolute < access.session_idle
            || Duration::from(access.session_absolute) > Duration::from_secs(366 * 86_400),
        "access.session_absolute",
        "from session_idle to 366d",
    );
    refuse(
        access.sessions_max == 0,
        "access.sessions_max",
        "at least 1",
    );
    let limits = &settings.limits;
    refuse(
        !(16..=1_000_000).contains(&limits.connections),
        "limits.connections",
        "from 16 to 1000000",
    );
    refuse(
        limits.connections_per_address == 0 || limits.connections_per_address > limits.connections,
        "limits.connections_per_address",
        "from 1 to limits.connections",
    );
    let events = settings.state.events_max;
    refuse(
        events < Bytes::mib(1) || events > Bytes::mib(1 << 20),
        "state.events_max",
        "from 1MiB to 1TiB",
    );
}

fn state(settings: &Settings, found: &mut Found) {
    let Some(dir) = &settings.state.dir else {
        return;
    };
    // A missing folder is made at start, in what is there of its path.
    let there = dir.ancestors().find(|path| path.exists());
    if let Some(file) = there.filter(|path| !path.is_dir()) {
        let what = format!("{}: {} is no folder", dir.display(), file.display());
        found.push((KeyPath::dotted("state.dir"), what));
    }
}
