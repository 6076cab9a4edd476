//! What no single value shows: values outside their range, and values that contradict others.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{Address, Bytes, KeyPath, Server, Settings, Time, qemu};

/// How many servers one daemon manages at most.
const SERVERS_MAX: usize = 10_000;

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
    https(settings, &mut found);
    listeners(settings, &mut found);
    servers(settings, &mut found);
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

fn https(settings: &Settings, found: &mut Found) {
    let https = &settings.service.https;
    let path = |key: &str| KeyPath::dotted("service.https").key(key);
    match (&https.certificate, &https.key) {
        (Some(_), None) => found.push((path("certificate"), "needs `key` beside it".to_owned())),
        (None, Some(_)) => found.push((path("key"), "needs `certificate` beside it".to_owned())),
        _ => {}
    }
    for (at, name) in https.names.iter().enumerate() {
        if name.parse::<IpAddr>().is_err() && !is_host_name(name) {
            let what = format!("`{}` is no host name and no address", name.escape_debug());
            found.push((path("names").index(at), what));
        }
    }
}

/// Whether a text is a host name (RFC 1123 section 2.1), perhaps with a `*` as its first label.
fn is_host_name(name: &str) -> bool {
    let name = name.strip_prefix("*.").unwrap_or(name);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    name.len() <= 253 && name.split('.').all(label)
}

/// Every address that is listened on, with the key that says so.
fn listened(settings: &Settings) -> Vec<(KeyPath, Address)> {
    let service = &settings.service;
    let lists = [
        (
            "service.https",
            service.https.enabled,
            &service.https.listen,
        ),
        ("service.http", service.http.enabled, &service.http.listen),
        (
            "service.plain_http",
            service.plain_http.enabled,
            &service.plain_http.listen,
        ),
    ];
    let of_services = lists
        .into_iter()
        .filter(|(_, enabled, _)| *enabled)
        .flat_map(|(name, _, list)| {
            let path = KeyPath::dotted(name).key("listen");
            let with_path = move |(at, address): (usize, &Address)| (path.index(at), *address);
            list.iter().enumerate().map(with_path)
        });
    let of_servers = settings
        .server
        .iter()
        .enumerate()
        .filter_map(|(at, server)| {
            let address = server.listen.https?;
            Some((KeyPath::server(at, "listen.https"), address))
        });
    of_services.chain(of_servers).collect()
}

fn listeners(settings: &Settings, found: &mut Found) {
    let service = &settings.service;
    for (name, enabled, list) in [
        ("https", service.https.enabled, &service.https.listen),
        ("http", service.http.enabled, &service.http.listen),
        (
            "plain_http",
            service.plain_http.enabled,
            &service.plain_http.listen,
        ),
    ] {
        // Where every server has an address of its own, there need be no shared one.
        let own = |server: &Server| name == "https" && server.listen.https.is_some();
        if enabled && list.is_empty() && !settings.server.iter().any(own) {
            let path = KeyPath::dotted("service").key(name).key("listen");
            let what = "no address; write `enabled = false` to switch the service off";
            found.push((path, what.to_owned()));
        }
    }
    let mut by_port: BTreeMap<u16, Vec<Address>> = BTreeMap::new();
    for (path, address) in listened(settings) {
        let taken = by_port.entry(address.0.port()).or_default();
        if let Some(other) = taken.iter().find(|other| other.collides(address)) {
            let what = format!("{address} is taken by another listener, on {other}");
            found.push((path, what));
        }
        taken.push(address);
    }
}

fn servers(settings: &Settings, found: &mut Found) {
    if settings.server.len() > SERVERS_MAX {
        let what = format!("at most {SERVERS_MAX} servers");
        found.push((KeyPath::dotted("server").index(SERVERS_MAX), what));
    }
    let mut ids = BTreeSet::new();
    let mut profiles = BTreeSet::new();
    let mut disks = BTreeSet::new();
    for (at, server) in settings.server.iter().enumerate() {
        if !ids.insert(&server.id) {
            let what = format!("another server has the id `{}`", server.id);
            found.push((KeyPath::server(at, "id"), what));
        }
        // A fleet shares a profile: it is read once.
        if profiles.insert(&server.profile)
            && let Err(why) = server.read_profile()
        {
            found.push((KeyPath::server(at, "profile"), why.to_string()));
        }
        one_server(settings, at, server, found);
        found.extend(qemu::check(at, server, &mut disks));
    }
}

fn one_server(settings: &Settings, at: usize, server: &Server, found: &mut Found) {
    let mut refuse = |key: &str, what: String| found.push((KeyPath::server(at, key), what));
    if let Some(image) = server.sim.cd.as_deref().filter(|image| !image.is_file()) {
        refuse(
            "sim.cd",
            format!("{}: there is no such file", image.display()),
        );
    }
    if server.sim.journal && settings.state.dir.is_none() {
        refuse("sim.journal", "needs a folder as state.dir".to_owned());
    }
    for (place, fault) in server.sim.fault.iter().enumerate() {
        if let Err(why) = fault.fault.check(&fault.scope) {
            let path = KeyPath::server(at, "sim.fault").index(place);
            found.push((path, why.to_string()));
        }
    }
    let mut refuse = |key: &str, what: String| found.push((KeyPath::server(at, key), what));
    if server.listen.https.is_some() && !settings.service.https.enabled {
        let what = "needs service.https.enabled";
        refuse("listen.https", what.to_owned());
    }
}
