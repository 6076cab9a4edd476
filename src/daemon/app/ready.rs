//! What the daemon says on standard output: where it is, who may get in, and that it is ready.

use std::{io::Write, net::SocketAddr};

use serde_json::{Map, Value, json};

use outband_core::server::ServerId;

use super::{Bench, Mode, boot::Daemon, doors::Open, first_start::ADMIN};
use crate::settings::DriverName;

/// Says it. `first`: the password that was made up for the first account.
pub(super) fn say(daemon: &Daemon, mode: &Mode, first: Option<&str>) {
    let open = daemon.open();
    let mut text = match mode {
        Mode::Serve { .. } => serve(first),
        Mode::Bench(bench) => self::bench(daemon, bench, &open),
    };
    if !daemon.settings.access.enabled {
        tracing::warn!("access is off: every visitor over HTTPS is an Administrator");
    }
    text.push_str(&format!("ready {}\n", addresses(&open)));
    let mut out = std::io::stdout().lock();
    // Whoever started the daemon need not read what it says.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Says the password of the first account once.
fn serve(first: Option<&str>) -> String {
    first.map_or_else(String::new, |password| {
        format!(
            "\nThe first log-in:  user {ADMIN}  password {password}\n\
             It works once; nothing is allowed with it but setting a password of your own.\n\n"
        )
    })
}

/// Says the first password of a daemon that runs already.
pub(super) fn say_first(password: &str) {
    let mut out = std::io::stdout().lock();
    let text = serve(Some(password));
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// What a person needs to begin with.
fn bench(daemon: &Daemon, bench: &Bench, open: &Open) -> String {
    let count = daemon.settings.server.len();
    let all = &daemon.settings.server;
    let virtual_ones = all.iter().any(|server| server.driver == DriverName::Qemu);
    let servers = match (virtual_ones, count) {
        (false, 1) => "simulated server",
        (false, _) => "simulated servers",
        (true, 1) => "virtual machine",
        (true, _) => "virtual machines",
    };
    let version = &daemon.base.bmc.identity.version;
    let mut lines = vec![
        String::new(),
        format!("Outband {version} {}: {count} {servers}", bench.what),
        String::new(),
    ];
    let mut say = |name: &str, words: String| lines.push(format!("  {name:<10}{words}"));
    let urls = |scheme: &str, addresses: &[SocketAddr]| {
        let url = |address: &SocketAddr| format!("{scheme}://{address}/redfish/v1/");
        addresses.iter().map(url).collect::<Vec<_>>()
    };
    let own: Vec<SocketAddr> = open.own.iter().map(|(_, address)| *address).collect();
    let all = [
        urls("https", &open.https),
        urls("https", &own),
        urls("http", &open.plain),
    ]
    .concat();
    if let Some(address) = open.https.first() {
        say("page", format!("https://{address}/"));
    }
    match all.as_slice() {
        [first, .., last] if all.len() > 4 => say("URLs", format!("{first} to {last}")),
        urls => urls.iter().for_each(|url| say("URL", url.clone())),
    }
    say("user", ADMIN.to_owned());
    let (password, proof) = if bench.made_up {
        let password = bench.password.as_str();
        (password.to_owned(), format!("{ADMIN}:{password}"))
    } else {
        let given = "as OUTBAND_ADMIN_PASSWORD has it".to_owned();
        (given, format!("{ADMIN}:$OUTBAND_ADMIN_PASSWORD"))
    };
    say("password", password);
    match &daemon.base.state {
        Some(state) => say("state", state.display().to_string()),
        None => say("state", "in memory, gone when this ends".to_owned()),
    }
    let trust = daemon.doors.certificate().map(|(fingerprint, file)| {
        say("SHA-256", fingerprint);
        file.map_or_else(
            || "--insecure".to_owned(),
            |file| format!("--cacert {}", quoted(&file.display().to_string())),
        )
    });
    if let Some(url) = all.first() {
        let trust = trust.map_or_else(String::new, |trust| format!("{trust} "));
        let id = daemon.settings.server.first().map(|s| s.id.to_string());
        let id = id.unwrap_or_default();
        say(
            "try",
            format!("curl {trust}--user \"{proof}\" {url}Systems/{id}"),
        );
    }
    if let Some((_, at)) = open.ipmi.first() {
        let (host, port) = (at.ip(), at.port());
        let (set, password) = if bench.made_up {
            (String::new(), format!("-P {}", bench.password.as_str()))
        } else {
            let set = "IPMI_PASSWORD=\"$OUTBAND_ADMIN_PASSWORD\" ".to_owned();
            (set, "-E".to_owned())
        };
        let line = format!(
            "{set}ipmitool -I lanplus -H {host} -p {port} -U {ADMIN} {password} chassis status"
        );
        say("or", line);
    }
    say("stop", "Ctrl-C".to_owned());
    lines.push(String::new());
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// A path as a shell takes it.
fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%".contains(c);
    if path.chars().all(plain) {
        path.to_owned()
    } else {
        format!("'{}'", path.replace('\'', "'\\''"))
    }
}

/// The bound addresses: `https` and `http` serve, `redirect` sends to HTTPS; servers with an address
/// of their own stand in `https` after the shared ones, and by id in `servers`.
pub(super) fn addresses(open: &Open) -> Value {
    let mut all = Map::new();
    let mut add = |name: &str, addresses: Vec<SocketAddr>| {
        if !addresses.is_empty() {
            let addresses: Vec<String> = addresses.iter().map(SocketAddr::to_string).collect();
            all.insert(name.to_owned(), addresses.into());
        }
    };
    let own = open.own.iter().map(|(_, address)| *address);
    add("https", open.https.iter().copied().chain(own).collect());
    add("http", open.plain.clone());
    add("redirect", open.redirect.clone());
    add(
        "ipmi",
        open.ipmi.iter().map(|(_, address)| *address).collect(),
    );
    let mut own: Vec<(&ServerId, Map<String, Value>)> = Vec::new();
    for (service, addresses) in [("https", &open.own), ("ipmi", &open.ipmi)] {
        for (id, address) in addresses {
            let at = own.iter().position(|(other, _)| *other == id);
            let at = at.unwrap_or_else(|| {
                own.push((id, Map::new()));
                own.len() - 1
            });
            if let Some((_, services)) = own.get_mut(at) {
                let list = services.entry(service).or_insert_with(|| json!([]));
                if let Value::Array(list) = list {
                    list.push(address.to_string().into());
                }
            }
        }
    }
    if !own.is_empty() {
        let own = own
            .into_iter()
            .map(|(id, services)| (id.to_string(), services.into()));
        all.insert("servers".to_owned(), Value::Object(own.collect()));
    }
    Value::Object(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_lists_what_is_bound_and_nothing_else() {
        let mut open = Open {
            https: vec!["127.0.0.1:8443".parse().unwrap()],
            ..Open::default()
        };
        let text = addresses(&open).to_string();
        assert_eq!(text, r#"{"https":["127.0.0.1:8443"]}"#);
        open.https.clear();
        for (id, port) in [("1", 9000), ("2", 9001)] {
            let address = ([127, 0, 0, 1], port).into();
            open.own.push((id.parse().unwrap(), address));
        }
        let text = addresses(&open).to_string();
        let expected = concat!(
            r#"{"https":["127.0.0.1:9000","127.0.0.1:9001"],"servers":{"#,
            r#""1":{"https":["127.0.0.1:9000"]},"2":{"https":["127.0.0.1:9001"]}}}"#
        );
        assert_eq!(text, expected);
    }

    #[test]
    fn paths_with_blanks_survive_a_shell() {
        assert_eq!(quoted("/tmp/a.pem"), "/tmp/a.pem");
        assert_eq!(quoted("/tmp/my demo's"), "'/tmp/my demo'\\''s'");
    }
}
