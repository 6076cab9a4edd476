//! The arrows: `protocol` ← `core` ← `daemon`; and in `daemon`, services and drivers never meet, and
//! settings know no service.

use std::path::PathBuf;

use crate::{
    code::{code_of, paths_of},
    files_below, root, short,
};

/// What must not be named, below which folder.
const FORBIDDEN: [(&str, &[&str]); 5] = [
    (
        "src/protocol",
        &[
            "outband_core",
            "outband_daemon",
            "tokio",
            "std::net::UdpSocket",
            "std::net::TcpStream",
            "std::net::TcpListener",
            "std::fs",
            "std::thread",
            "std::process",
        ],
    ),
    (
        "src/core",
        &[
            "outband_daemon",
            "tokio::net",
            "tokio::fs",
            "tokio::io",
            "tokio::process",
            "tokio::signal",
            "std::net::UdpSocket",
            "std::net::TcpStream",
            "std::net::TcpListener",
            "std::fs",
            "std::thread",
            "std::process",
            "std::env",
        ],
    ),
    (
        "src/daemon/services",
        &["crate::drivers", "outband_daemon::drivers"],
    ),
    (
        "src/daemon/drivers",
        &["crate::services", "outband_daemon::services"],
    ),
    (
        "src/daemon/settings",
        &["crate::services", "outband_daemon::services"],
    ),
];

/// The module that a file is, as a path of its crate: `crate::services::redfish`.
fn module_of(below: &str) -> String {
    let mut module = String::from("crate");
    let names = below.trim_end_matches(".rs").split('/');
    for name in names.filter(|name| !["mod", "lib", "main"].contains(name)) {
        module.push_str("::");
        module.push_str(name);
    }
    module
}

/// A path with `super` and `self` at its beginning put right, as seen from a module. Modules inside
/// the file are one deeper; what is one step too high names more than it does, never less.
fn absolute(path: &str, module: &str) -> String {
    let mut here: Vec<&str> = module.split("::").collect();
    let mut rest = path;
    let mut relative = false;
    while let Some((first, tail)) = rest.split_once("::") {
        match first {
            "self" => {}
            "super" => {
                here.pop();
            }
            _ => break,
        }
        relative = true;
        rest = tail;
    }
    if relative {
        format!("{}::{rest}", here.join("::"))
    } else {
        rest.to_owned()
    }
}

/// What a source names that it must not.
fn offences(source: &str, module: &str, forbidden: &[&str]) -> Vec<String> {
    let paths = paths_of(&code_of(source));
    let absolute = paths.iter().map(|path| absolute(path, module));
    let names = |path: &String| {
        forbidden.iter().any(|name| {
            path.strip_prefix(name)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        })
    };
    absolute.filter(names).collect()
}

#[test]
fn nothing_points_against_the_arrows() {
    let mut wrong = Vec::new();
    for (folder, forbidden) in FORBIDDEN {
        let krate: PathBuf = folder.split('/').take(2).collect();
        let krate = root().join(krate);
        let files = files_below(&root().join(folder), &[".rs"]);
        assert!(!files.is_empty(), "{folder} has no files");
        for file in files {
            let below = file.strip_prefix(&krate).unwrap().display().to_string();
            let source = std::fs::read_to_string(&file).unwrap();
            for path in offences(&source, &module_of(&below), forbidden) {
                wrong.push(format!("{} names {path}", short(&file)));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_manifests_keep_the_arrows_too() {
    let depends = |krate: &str| {
        let path = root().join("src").join(krate).join("Cargo.toml");
        let manifest: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
        let tables = ["dependencies", "build-dependencies"];
        let names = tables
            .iter()
            .filter_map(|name| manifest.get(*name)?.as_table().cloned())
            .flat_map(|table| table.keys().cloned().collect::<Vec<_>>());
        names.collect::<Vec<String>>()
    };
    let protocol = depends("protocol");
    for name in ["tokio", "outband-core", "outband", "libc", "rustix"] {
        assert!(
            !protocol.contains(&name.to_owned()),
            "protocol needs {name}"
        );
    }
    let core = depends("core");
    for name in ["outband", "hyper", "axum", "rustix", "libc", "redb"] {
        assert!(!core.contains(&name.to_owned()), "core needs {name}");
    }
    assert!(core.contains(&"outband-protocol".to_owned()));
}

#[test]
fn an_arrow_that_points_the_wrong_way_is_seen() {
    let service = "crate::services::redfish::systems";
    let forbidden = FORBIDDEN[2].1;
    for planted in [
        "use crate::drivers::sim;",
        "use crate::{settings, drivers::{sim::open}};",
        "use super::super::super::drivers::sim;",
        "fn f() { crate::drivers::sim::open(); }",
        "use crate::drivers;",
    ] {
        let source = format!("//! A module.\n\n{planted}\n");
        assert!(
            !offences(&source, service, forbidden).is_empty(),
            "{planted}"
        );
    }
    for innocent in [
        "// use crate::drivers::sim;",
        "use outband_core::driver::Parts;",
        "use super::drivers;",
    ] {
        assert!(
            offences(innocent, service, forbidden).is_empty(),
            "{innocent}"
        );
    }
    assert_eq!(
        module_of("services/redfish/mod.rs"),
        "crate::services::redfish"
    );
}
