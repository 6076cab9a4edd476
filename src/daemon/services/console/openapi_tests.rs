//! `schemas/openapi.json` and the table of routes say the same.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::routes;

const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

fn document() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/openapi.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Each operation of the document: path, method, and what is said of it.
fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, item)| {
            let members = item.as_object().unwrap().iter();
            let methods = members.filter(|(name, _)| METHODS.contains(&name.as_str()));
            methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
        })
        .collect()
}

#[test]
fn each_route_is_described_and_nothing_else_is() {
    let mut described = BTreeMap::<String, BTreeSet<String>>::new();
    let document = document();
    for (path, method, _) in operations(&document) {
        let methods = described.entry(path.to_owned()).or_default();
        methods.insert(method.to_ascii_uppercase());
    }
    let there = routes::all().map(|(path, methods)| {
        let methods = methods.into_iter().map(str::to_owned);
        (path, methods.collect::<BTreeSet<_>>())
    });
    assert_eq!(described, there.collect());
}

#[test]
fn each_operation_has_a_name_of_its_own_and_says_what_it_does_and_answers() {
    let document = document();
    let mut names = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let what = format!("{method} {path}");
        let name = operation["operationId"].as_str().unwrap();
        assert!(names.insert(name), "{name} stands twice");
        assert!(
            operation["summary"]
                .as_str()
                .is_some_and(|words| !words.is_empty()),
            "{what}"
        );
        let answers = operation["responses"].as_object().unwrap();
        assert!(
            answers.keys().any(|status| status.starts_with(['1', '2'])),
            "{what}"
        );
        for parameter in path.split('/').filter_map(|part| part.strip_prefix('{')) {
            let name = parameter.trim_end_matches('}');
            assert!(
                document["paths"][path]["parameters"]
                    .to_string()
                    .contains(name)
                    || document["paths"][path]["parameters"]
                        .to_string()
                        .contains("Server"),
                "{what}"
            );
        }
    }
}

#[test]
fn what_is_referred_to_is_there_and_used() {
    fn references(value: &Value, into: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                let reference = members.get("$ref").and_then(Value::as_str);
                into.extend(reference.map(str::to_owned));
                members.values().for_each(|member| references(member, into));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, into)),
            _ => {}
        }
    }
    let document = document();
    let mut named = BTreeSet::new();
    references(&document, &mut named);
    for name in &named {
        let pointer = name.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{name}");
    }
    for kind in ["schemas", "responses", "parameters"] {
        for name in document["components"][kind].as_object().unwrap().keys() {
            let name = format!("#/components/{kind}/{name}");
            assert!(named.contains(&name), "{name} is used by nothing");
        }
    }
}
