//! The tables of crates in ARCHITECTURE.md: what the workspace stands on has its line, and no line
//! speaks of what is not there.

use std::collections::BTreeSet;

use crate::root;

/// Below this line stand the crates that are decided on and not used yet.
const TO_COME: &str = "### To come";

fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}

/// The names in backticks of the first cell of every line of the tables in a text.
fn named(text: &str) -> BTreeSet<String> {
    let cells = text.lines().filter_map(|line| {
        let (first, _) = line.strip_prefix('|')?.split_once('|')?;
        Some(first)
    });
    cells
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .map(str::to_owned)
        .collect()
}

/// The crates with a line, and those with a line among what is to come.
fn written() -> (BTreeSet<String>, BTreeSet<String>) {
    let text = read("ARCHITECTURE.md");
    let (_, section) = text.split_once("## What it stands on").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let (used, to_come) = section.split_once(TO_COME).unwrap();
    (named(used), named(to_come))
}

/// The workspace's dependencies but for its own members.
fn dependencies() -> BTreeSet<String> {
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let all = manifest["workspace"]["dependencies"].as_table().unwrap();
    let foreign = all.iter().filter(|(_, value)| value.get("path").is_none());
    foreign.map(|(name, _)| name.clone()).collect()
}

#[test]
fn every_dependency_has_its_line_and_every_line_is_a_dependency() {
    let (used, _) = written();
    let dependencies = dependencies();
    let silent: Vec<_> = dependencies.difference(&used).collect();
    assert!(silent.is_empty(), "not in ARCHITECTURE.md: {silent:?}");
    let unreal: Vec<_> = used.difference(&dependencies).collect();
    assert!(unreal.is_empty(), "not in Cargo.toml: {unreal:?}");
}

#[test]
fn what_is_to_come_has_not_come() {
    let (used, to_come) = written();
    assert!(!to_come.is_empty());
    let come: Vec<_> = to_come.intersection(&dependencies()).cloned().collect();
    assert!(
        come.is_empty(),
        "to be moved into the first table: {come:?}"
    );
    let twice: Vec<_> = to_come.intersection(&used).collect();
    assert!(twice.is_empty(), "in both tables: {twice:?}");
}

#[test]
fn every_dependency_is_somebodys() {
    let mut taken = BTreeSet::new();
    for member in ["protocol", "core", "daemon"] {
        let manifest: toml::Table = read(&format!("src/{member}/Cargo.toml")).parse().unwrap();
        for table in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let table = manifest.get(table).and_then(toml::Value::as_table);
            taken.extend(table.into_iter().flat_map(toml::Table::keys).cloned());
        }
    }
    let idle: Vec<_> = dependencies().difference(&taken).cloned().collect();
    assert!(idle.is_empty(), "no member needs {idle:?}");
}

#[test]
fn a_line_names_what_stands_in_backticks_in_its_first_cell() {
    let text = "| crate | where |\n|---|---|\n| `a`, `b-c` | `d` |\nnot `e`\n";
    assert_eq!(named(text), BTreeSet::from(["a".into(), "b-c".into()]));
}
