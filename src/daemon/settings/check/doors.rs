//! The doors: names and files of the certificate, addresses that are in each other's way.

use std::{collections::BTreeMap, net::IpAddr, path::Path};

use super::Found;
use crate::{
    settings::{Address, KeyPath, Server, Settings},
    tls::{self, TlsFault},
};

/// What is wrong with the doors.
pub(super) fn check(settings: &Settings, found: &mut Found) {
    https(settings, found);
    listeners(settings, found);
}

fn https(settings: &Settings, found: &mut Found) {
    let https = &settings.service.https;
    let path = |key: &str| KeyPath::dotted("service.https").key(key);
    match (&https.certificate, &https.key) {
        (Some(_), None) => found.push((path("certificate"), "needs `key` beside it".to_owned())),
        (None, Some(_)) => found.push((path("key"), "needs `certificate` beside it".to_owned())),
        (Some(certificate), Some(key)) if https.enabled => {
            if let Err(why) = tls::check_files(certificate, key) {
                found.push((path(about(&why, key)), why.to_string()));
            }
        }
        _ => {}
    }
    for (at, name) in https.names.iter().enumerate() {
        if name.parse::<IpAddr>().is_err() && !is_host_name(name) {
            let what = format!("`{}` is no host name and no address", name.escape_debug());
            found.push((path("names").index(at), what));
        }
    }
}

/// Which of the two files of a certificate is complained of.
fn about(fault: &TlsFault, key: &Path) -> &'static str {
    match fault {
        TlsFault::File { path, .. } | TlsFault::Content { path, .. } if path == key => "key",
        _ => "certificate",
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
