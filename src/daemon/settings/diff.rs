//! Which settings differ, by key.

use serde::Serialize;
use serde_json::Value;

use super::Server;

/// The dotted keys whose values differ. An array is one value.
pub fn changed_keys(before: &impl Serialize, after: &impl Serialize) -> Vec<String> {
    // Settings have text keys only and no numbers that JSON can't write.
    let [before, after] = [serde_json::to_value(before), serde_json::to_value(after)];
    let mut keys = Vec::new();
    walk(
        "",
        &before.unwrap_or_default(),
        &after.unwrap_or_default(),
        &mut keys,
    );
    keys
}

/// What differs in a server: its keys, and what its profile's file says.
#[must_use]
pub fn changes_of(before: &Server, after: &Server) -> Vec<String> {
    let mut changes = changed_keys(before, after);
    if before.profile == after.profile && before.blueprint != after.blueprint {
        changes.push("what the profile says".to_owned());
    }
    changes
}

fn walk(path: &str, before: &Value, after: &Value, keys: &mut Vec<String>) {
    let (Value::Object(old), Value::Object(new)) = (before, after) else {
        if before != after {
            keys.push(path.to_owned());
        }
        return;
    };
    // Keys come and go with a value's kind; both sides are looked through, each key once.
    let only_new = new.keys().filter(|key| !old.contains_key(*key));
    for key in old.keys().chain(only_new) {
        let path = match path {
            "" => key.clone(),
            path => format!("{path}.{key}"),
        };
        let [before, after] = [old, new].map(|table| table.get(key).unwrap_or(&Value::Null));
        walk(&path, before, after, keys);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Access, Time};

    #[test]
    fn only_what_differs_is_named() {
        let before = Access::default();
        let after = Access {
            session_idle: Time::seconds(60),
            ..before.clone()
        };
        assert_eq!(changed_keys(&before, &before), [""; 0]);
        assert_eq!(changed_keys(&before, &after), ["session_idle"]);
    }

    #[test]
    fn keys_within_tables_and_keys_that_come_and_go_are_named() {
        let before = serde_json::json!({"a": {"b": 1, "c": [1]}, "d": 1});
        let after = serde_json::json!({"a": {"b": 2, "c": [2]}, "e": 1});
        assert_eq!(changed_keys(&before, &after), ["a.b", "a.c", "d", "e"]);
    }

    #[test]
    fn another_profile_of_the_same_name_is_a_change() {
        let mut before = Server::new("1".parse().unwrap());
        before.blueprint = before.read_profile().ok();
        let mut after = before.clone();
        assert_eq!(changes_of(&before, &after), [""; 0]);
        after.profile = "board".to_owned();
        after.blueprint = after.read_profile().ok();
        assert_eq!(changes_of(&before, &after), ["profile"]);
        after.profile.clone_from(&before.profile);
        assert_eq!(changes_of(&before, &after), ["what the profile says"]);
    }
}
