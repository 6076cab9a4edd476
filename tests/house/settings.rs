//! The commented default file: every key of the typed settings stands there, every key there is one
//! of the typed settings, and what stands there as the default is the default.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use outband_daemon::settings::{FaultSetting, Server, Settings, layers::Layer, load_layers};
use serde_json::Value;

use crate::root;

/// The default file with every commented key made a real one. A comment is `# words`; a key that
/// is commented out has no blank after the mark: `#key = value`.
fn uncommented() -> String {
    let text = std::fs::read_to_string(root().join("config/outband.toml")).unwrap();
    let line = |line: &str| match line.strip_prefix('#') {
        Some(key) if !key.is_empty() && !key.starts_with(' ') => key.to_owned(),
        _ => line.to_owned(),
    };
    text.lines().map(|l| line(l) + "\n").collect()
}

/// The settings, without asking whether the files that they name are there.
fn typed(text: &str) -> Settings {
    toml::from_str(text).unwrap()
}

fn parse(text: &str) -> Settings {
    let layer = Layer::parse(&Arc::from(Path::new("config/outband.toml")), text)
        .unwrap_or_else(|problems| panic!("{problems:#?}"));
    load_layers(layer)
        .unwrap_or_else(|why| panic!("{why}"))
        .settings
}

/// The names of all keys below a value; `null` counts as a key, places in arrays don't.
fn keys(prefix: &str, value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(table) => {
            for (key, value) in table {
                keys(&format!("{prefix}.{key}"), value, found);
            }
        }
        Value::Array(array) if array.iter().any(Value::is_object) => {
            for value in array {
                keys(prefix, value, found);
            }
        }
        _ => {
            found.insert(prefix.trim_start_matches('.').to_owned());
        }
    }
}

fn keys_of(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    keys("", value, &mut found);
    found
}

#[test]
fn every_key_stands_in_the_default_file_and_every_key_there_is_one() {
    let text = uncommented();
    let written: toml::Table = text.parse().unwrap();
    let written = keys_of(&serde_json::to_value(written).unwrap());

    // One of everything that there can be several of.
    let mut server = Server::new("1".parse().unwrap());
    let fault: FaultSetting = toml::from_str("kind = \"slow-post\"\nfactor = 2").unwrap();
    server.sim.fault.push(fault);
    let machine = "[[disk]]\nfile = \"1.img\"\n[[nic]]\n[[nic]]\n\
        network = { kind = \"tap\", interface = \"tap0\" }\n[[nic]]\n\
        network = { kind = \"listen\", address = \"127.0.0.1:1\" }\n";
    server.qemu = toml::from_str(machine).unwrap();
    let all = Settings {
        server: vec![server],
        ..Settings::default()
    };
    let typed = keys_of(&serde_json::to_value(all).unwrap());

    let missing: Vec<_> = typed.difference(&written).collect();
    assert!(
        missing.is_empty(),
        "not in config/outband.toml: {missing:#?}"
    );
    let unknown: Vec<_> = written.difference(&typed).collect();
    assert!(unknown.is_empty(), "no such settings: {unknown:#?}");
}

#[test]
fn the_default_file_is_right_as_it_is_and_changes_nothing() {
    let text = std::fs::read_to_string(root().join("config/outband.toml")).unwrap();
    assert_eq!(parse(&text), Settings::default());
}

#[test]
fn what_stands_there_as_a_default_is_the_default() {
    let written = typed(&uncommented());
    let defaults = serde_json::to_value(Settings::default()).unwrap();
    let written_values = serde_json::to_value(&written).unwrap();
    compare("", &defaults, &written_values);
    // Beside the id, a server's keys are compared with those of a server that has nothing else.
    let server = &written.server[0];
    let plain = Server::new(server.id.clone());
    assert_eq!(server.driver, plain.driver);
    assert_eq!(server.profile, plain.profile);
    assert_eq!(server.sim.disk, plain.sim.disk);
    assert_eq!(server.sim.journal, plain.sim.journal);
    assert_eq!(server.sim.start, plain.sim.start);
    let (written, plain) = (&server.qemu, &plain.qemu);
    assert_eq!(written.program, plain.program);
    assert_eq!(written.memory, plain.memory);
    assert_eq!(written.cpus, plain.cpus);
    assert_eq!(written.firmware, plain.firmware);
    assert_eq!(written.accelerator, plain.accelerator);
    assert_eq!(written.extra, plain.extra);
}

/// Every default that is a value at all is the written one; what is not set, or empty, by default
/// stands there as an example.
fn compare(name: &str, default: &Value, written: &Value) {
    match (default, written) {
        (Value::Object(default), Value::Object(written)) => {
            for (key, value) in default {
                compare(&format!("{name}.{key}"), value, &written[key]);
            }
        }
        (Value::Null, _) => {}
        (Value::Array(empty), _) if empty.is_empty() => {}
        (default, written) => assert_eq!(default, written, "{name}"),
    }
}
