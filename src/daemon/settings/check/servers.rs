//! The servers: profiles, files, and what two of them can't share.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    path::Path,
};

use super::{Found, faults};
use crate::settings::{DriverName, KeyPath, Server, Settings, qemu};

/// How many servers one daemon manages at most.
const SERVERS_MAX: usize = 10_000;

/// Reads the servers' profiles, each one once: a fleet shares one.
pub(in crate::settings) fn read_profiles(settings: &mut Settings) -> Found {
    let mut found = Vec::new();
    let mut read = BTreeMap::new();
    for (at, server) in settings.server.iter_mut().enumerate() {
        let blueprint = match read.get(&server.profile) {
            Some(blueprint) => blueprint,
            None => {
                let blueprint = server.read_profile().map_err(|why| {
                    found.push((KeyPath::server(at, "profile"), why.to_string()));
                });
                read.entry(server.profile.clone()).or_insert(blueprint.ok())
            }
        };
        server.blueprint.clone_from(blueprint);
    }
    found
}

/// What is wrong with the servers.
pub(super) fn check(settings: &Settings, found: &mut Found) {
    if settings.server.len() > SERVERS_MAX {
        let what = format!("at most {SERVERS_MAX} servers");
        found.push((KeyPath::dotted("server").index(SERVERS_MAX), what));
    }
    let mut ids = BTreeSet::new();
    for (at, server) in settings.server.iter().enumerate() {
        if !ids.insert(server.id.as_str()) {
            let what = format!("another server has the id `{}`", server.id);
            found.push((KeyPath::server(at, "id"), what));
        }
    }
    let mut host = qemu::Host::default();
    for (at, server) in settings.server.iter().enumerate() {
        doors(settings, at, server, found);
        match server.driver {
            DriverName::Sim => sim(settings, at, server, &ids, found),
            DriverName::Qemu => {}
        }
        faults::check(at, server, found);
        found.extend(qemu::check(at, server, &mut host));
    }
}

/// An address of its own needs what answers there.
fn doors(settings: &Settings, at: usize, server: &Server, found: &mut Found) {
    let service = &settings.service;
    for (key, own, enabled) in [
        ("https", server.listen.https, service.https.enabled),
        ("ipmi", server.listen.ipmi, service.ipmi.enabled),
    ] {
        if own.is_some() && !enabled {
            let what = format!("needs service.{key}.enabled");
            found.push((KeyPath::server(at, "listen").key(key), what));
        }
    }
}

/// What is wrong with a simulated computer. `ids`: those of all servers.
fn sim(settings: &Settings, at: usize, server: &Server, ids: &BTreeSet<&str>, found: &mut Found) {
    let mut refuse = |key: &str, what: String| found.push((KeyPath::server(at, key), what));
    if let Some(image) = &server.sim.cd
        && let Err(why) = readable(image)
    {
        refuse("sim.cd", format!("{}: {why}", image.display()));
    }
    if server.sim.journal && settings.state.dir.is_none() {
        refuse("sim.journal", "needs a folder as state.dir".to_owned());
    }
    let journal = format!("{}.journal", server.id);
    if server.sim.journal && ids.contains(journal.as_str()) {
        let what = format!("its file would stand where the server `{journal}` has its folder");
        refuse("sim.journal", what);
    }
}

/// Whether a file can be read, or why not.
fn readable(file: &Path) -> Result<(), String> {
    if !file.is_file() {
        return Err("there is no such file".to_owned());
    }
    File::open(file)
        .map(drop)
        .map_err(|why| format!("can't be read: {why}"))
}
