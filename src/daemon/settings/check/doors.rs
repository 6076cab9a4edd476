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

/// A list of addresses in the settings.
struct List<'a> {
    service: &'static str,
    enabled: bool,
    addresses: &'a [Address],
    /// What a server's own address for the same is.
    own: fn(&Server) -> Option<Address>,
    /// Datagrams and connections have ports of their own.
    datagrams: bool,
}

fn lists(settings: &Settings) -> [List<'_>; 4] {
    let service = &settings.service;
    let list = |service, enabled, addresses| List {
        service,
        enabled,
        addresses,
        own: |_| None,
        datagrams: false,
    };
    [
        List {
            own: |server| server.listen.https,
            ..list("https", service.https.enabled, &service.https.listen)
        },
        list("http", service.http.enabled, &service.http.listen),
        list(
            "plain_http",
            service.plain_http.enabled,
            &service.plain_http.listen,
        ),
        List {
            own: |server| server.listen.ipmi,
            datagrams: true,
            ..list("ipmi", service.ipmi.enabled, &service.ipmi.listen)
        },
    ]
}

fn listeners(settings: &Settings, found: &mut Found) {
    let mut taken: BTreeMap<(bool, u16), Vec<Address>> = BTreeMap::new();
    let mut take = |datagrams, path, address: Address, found: &mut Found| {
        let port = (datagrams, address.0.port());
        let taken = taken.entry(port).or_default();
        if let Some(other) = taken.iter().find(|other| other.collides(address)) {
            let what = format!("{address} is taken by another listener, on {other}");
            found.push((path, what));
        }
        taken.push(address);
    };
    for list in lists(settings).into_iter().filter(|list| list.enabled) {
        let path = KeyPath::dotted("service").key(list.service).key("listen");
        let own = settings.server.iter().map(list.own).enumerate();
        // Where a server has an address of its own, there need be no shared one.
        if list.addresses.is_empty() && own.clone().all(|(_, own)| own.is_none()) {
            let what = "no address; write `enabled = false` to switch the service off";
            found.push((path.clone(), what.to_owned()));
        }
        for (at, address) in list.addresses.iter().enumerate() {
            take(list.datagrams, path.index(at), *address, found);
        }
        for (at, address) in own.filter_map(|(at, own)| Some((at, own?))) {
            let path = KeyPath::server(at, "listen").key(list.service);
            take(list.datagrams, path, address, found);
        }
    }
}
