//! Every effective value, and where it came from.

use serde_json::Value;

use super::{KeyPath, Loaded, Step};

/// A line for each key: its value as it would be written, then its source. A server's keys stand
/// under its id; what is not set is shown as such.
#[must_use]
pub fn show(loaded: &Loaded) -> String {
    let mut lines = Vec::new();
    // Settings have text keys only and no numbers that JSON can't write.
    let values = serde_json::to_value(&loaded.settings).unwrap_or_default();
    walk(loaded, &KeyPath::default(), &values, &mut lines);
    let width = lines.iter().map(|(text, _)| text.len()).max().unwrap_or(0);
    let width = width.min(60);
    lines
        .iter()
        .map(|(text, source)| format!("{text:width$}  # {source}\n"))
        .collect()
}

fn walk(loaded: &Loaded, path: &KeyPath, value: &Value, lines: &mut Vec<(String, String)>) {
    match value {
        Value::Object(table) => {
            for (key, value) in table {
                walk(loaded, &path.key(key), value, lines);
            }
        }
        // Arrays of tables are walked; arrays of values are values.
        Value::Array(array) if array.first().is_some_and(Value::is_object) => {
            for (at, value) in array.iter().enumerate() {
                walk(loaded, &path.index(at), value, lines);
            }
        }
        Value::Null => lines.push(line(loaded, path, "(not set)".to_owned())),
        value => lines.push(line(loaded, path, value.to_string())),
    }
}

fn line(loaded: &Loaded, path: &KeyPath, value: String) -> (String, String) {
    let source = loaded.layers.own_source(path);
    (
        format!("{} = {value}", named(loaded, path)),
        source.to_string(),
    )
}

/// A key's name with the server's id in the place of its number.
fn named(loaded: &Loaded, path: &KeyPath) -> String {
    let mut names = Vec::new();
    for step in &path.0 {
        match step {
            Step::Key(key) => names.push(key.clone()),
            Step::Index(at) => names.push(match names.as_slice() {
                [only] if only == "server" => loaded
                    .settings
                    .server
                    .get(*at)
                    .map_or_else(|| at.to_string(), |server| server.id.to_string()),
                _ => at.to_string(),
            }),
        }
    }
    names.join(".")
}
