//! Reading the properties that a client sends: each of its type, none that isn't known, and every
//! mistake told at once.
//!
//! A change is all or nothing: a handler reads all it knows, then [`Fields::finish`] complains of
//! what is left, and only then anything is done.

use std::ops::RangeInclusive;

use serde_json::Value;
use zeroize::Zeroizing;

use super::{
    messages::{Message, base},
    reply::{Outcome, Reply},
};
use crate::services::json::Object;

/// The most mistakes that are told at once.
const PROBLEMS_MAX: usize = 32;

/// The properties of a request's body that have not been read yet.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    body: Object,
    /// The resource as it is: it tells a read-only property from an unknown one.
    current: &'a Value,
    /// Where these properties stand in the body, as a JSON pointer.
    pointer: String,
    problems: Vec<Message>,
}

impl<'a> Fields<'a> {
    /// The properties of a body that changes this resource.
    ///
    /// # Errors
    /// A reply when there is nothing in it to act upon.
    pub(super) fn of(mut body: Object, current: &'a Value) -> Outcome<Self> {
        if body.is_empty() {
            return Err(Box::new(Reply::bad(&[Message::new(&base::EMPTY_JSON, [])])));
        }
        // Annotations (`@odata.etag` and the like) may come along from a read; they say nothing.
        body.retain(|name, _| !name.contains('@'));
        if body.is_empty() {
            return Err(Box::new(Reply::bad(&[Message::new(
                &base::NO_OPERATION,
                [],
            )])));
        }
        Ok(Self {
            body,
            current,
            pointer: String::new(),
            problems: Vec::new(),
        })
    }

    /// The properties of a body that makes something new.
    ///
    /// # Errors
    /// As [`Fields::of`].
    pub(super) fn of_new(body: Object) -> Outcome<Fields<'static>> {
        Fields::of(body, &Value::Null)
    }

    fn at(&self, name: &str) -> String {
        format!("{}/{name}", self.pointer)
    }

    /// Tells of a mistake with a property.
    pub(super) fn problem(&mut self, name: &str, message: Message) {
        if self.problems.len() < PROBLEMS_MAX {
            let message = message.about(&self.at(name));
            self.problems.push(message);
        }
    }

    fn wrong_type(&mut self, name: &str, value: &Value) {
        let value = short(value);
        let message = Message::new(&base::PROPERTY_VALUE_TYPE_ERROR, [&value, name]);
        self.problem(name, message);
    }

    /// A text.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        match self.body.remove(name)? {
            Value::String(text) => Some(text),
            other => {
                self.wrong_type(name, &other);
                None
            }
        }
    }

    /// A text, or `null` for an empty one.
    pub(super) fn text_or_null(&mut self, name: &str) -> Option<String> {
        if self.body.get(name).is_some_and(Value::is_null) {
            self.body.remove(name);
            return Some(String::new());
        }
        self.text(name)
    }

    /// A text that no reply repeats.
    pub(super) fn secret(&mut self, name: &str) -> Option<Zeroizing<String>> {
        match self.body.remove(name)? {
            Value::String(text) => Some(Zeroizing::new(text)),
            _ => {
                let message = Message::new(&base::PROPERTY_VALUE_ERROR, [name]);
                self.problem(name, message);
                None
            }
        }
    }

    /// A truth value.
    pub(super) fn flag(&mut self, name: &str) -> Option<bool> {
        let value = self.body.remove(name)?;
        if !value.is_boolean() {
            self.wrong_type(name, &value);
        }
        value.as_bool()
    }

    /// A whole number within bounds.
    pub(super) fn whole(&mut self, name: &str, bounds: RangeInclusive<u64>) -> Option<u64> {
        let value = self.body.remove(name)?;
        if !value.is_i64() && !value.is_u64() {
            self.wrong_type(name, &value);
            return None;
        }
        let number = value.as_u64().filter(|number| bounds.contains(number));
        if number.is_none() {
            let args = [&short(&value), name];
            let message = Message::new(&base::PROPERTY_VALUE_OUT_OF_RANGE, args);
            let (least, most) = bounds.into_inner();
            self.problem(name, message.saying(format!("It is {least} to {most}.")));
        }
        number
    }

    /// One of a list of words; `meaning` gives what a word means, and `words` are all there are.
    pub(super) fn choice<T>(
        &mut self,
        name: &str,
        words: &[&str],
        meaning: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let word = self.text(name)?;
        let known = words.contains(&word.as_str());
        let meaning = known.then(|| meaning(&word)).flatten();
        if meaning.is_none() {
            let message = not_in_list(&word, name, words);
            self.problem(name, message);
        }
        meaning
    }

    /// A list of words of which each is one of a list.
    pub(super) fn choices<T>(
        &mut self,
        name: &str,
        words: &[&str],
        meaning: impl Fn(&str) -> Option<T>,
    ) -> Option<Vec<T>> {
        let value = self.body.remove(name)?;
        let Value::Array(items) = &value else {
            self.wrong_type(name, &value);
            return None;
        };
        let mut list = Vec::new();
        for item in items {
            let Some(word) = item.as_str() else {
                self.wrong_type(name, &value);
                return None;
            };
            let Some(item) = meaning(word).filter(|_| words.contains(&word)) else {
                let message = not_in_list(word, name, words);
                self.problem(name, message);
                return None;
            };
            list.push(item);
        }
        Some(list)
    }

    /// An object of properties.
    pub(super) fn object<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Fields<'_>) -> T,
    ) -> Option<T> {
        let mut body = match self.body.remove(name)? {
            Value::Object(body) => body,
            other => {
                self.wrong_type(name, &other);
                return None;
            }
        };
        body.retain(|name, _| !name.contains('@'));
        let mut fields = Fields {
            body,
            current: &self.current[name],
            pointer: self.at(name),
            problems: std::mem::take(&mut self.problems),
        };
        let value = read(&mut fields);
        fields.complain();
        self.problems = fields.problems;
        Some(value)
    }

    /// Tells that a property is needed and missing.
    pub(super) fn missing(&mut self, name: &str) {
        self.problem(name, Message::new(&base::PROPERTY_MISSING, [name]));
    }

    /// Complains of what nobody read.
    fn complain(&mut self) {
        for name in self.body.keys().cloned().collect::<Vec<_>>() {
            let definition = match self.current.get(&name) {
                Some(_) => &base::PROPERTY_NOT_WRITABLE,
                None => &base::PROPERTY_UNKNOWN,
            };
            self.problem(&name, Message::new(definition, [&name]));
        }
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// A reply that tells of every mistake.
    pub(super) fn finish(mut self) -> Outcome<()> {
        self.complain();
        if self.problems.is_empty() {
            return Ok(());
        }
        Err(Box::new(Reply::bad(&self.problems)))
    }
}

/// A word is none of those that there are.
fn not_in_list(word: &str, name: &str, words: &[&str]) -> Message {
    Message::new(&base::PROPERTY_VALUE_NOT_IN_LIST, [word, name])
        .saying(format!("Acceptable values: {}.", words.join(", ")))
}

/// A value, as short as a message can carry it.
pub(super) fn short(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(_) => "[...]".to_owned(),
        Value::Object(_) => "{...}".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What a reader of these properties complains of: `message property`, in order.
    fn complaints(body: Value) -> Vec<String> {
        let current = json!({
            "AssetTag": "x", "Id": "1", "Boot": {"Enabled": "Once", "ReadOnly": 1},
        });
        let Value::Object(body) = body else {
            panic!("no object")
        };
        let read = Fields::of(body, &current).and_then(|mut fields| {
            fields.text("AssetTag");
            fields.flag("Lit");
            fields.whole("Timeout", 30..=60);
            fields.choices("Types", &["A", "B"], |word| Some(word.to_owned()));
            fields.secret("Password");
            fields.object("Boot", |fields| {
                fields.choice("Enabled", &["Once"], |word| Some(word.to_owned()))
            });
            fields.finish()
        });
        let Err(reply) = read else { return Vec::new() };
        let body: Value = serde_json::from_slice(&reply.body).unwrap();
        let messages = body["error"]["@Message.ExtendedInfo"].as_array().unwrap();
        let line = |message: &Value| {
            let id = message["MessageId"].as_str().unwrap();
            let id = id.rsplit('.').next().unwrap();
            let about = message["RelatedProperties"][0].as_str().unwrap_or("");
            format!("{id} {about}")
        };
        messages.iter().map(line).collect()
    }

    #[test]
    fn properties_of_their_type_are_taken() {
        let body = json!({
            "AssetTag": "rack", "Lit": true, "Timeout": 30, "Types": ["B", "A"],
            "Password": "secret", "Boot": {"Enabled": "Once"}, "@odata.etag": "x",
        });
        assert_eq!(complaints(body), [] as [&str; 0]);
    }

    #[test]
    fn each_mistake_has_its_message_and_its_place() {
        for (body, complaint) in [
            (json!({}), "EmptyJSON "),
            (json!({"@odata.id": "x"}), "NoOperation "),
            (json!({"Bogus": 1}), "PropertyUnknown #/Bogus"),
            (json!({"Id": "2"}), "PropertyNotWritable #/Id"),
            (json!({"AssetTag": 7}), "PropertyValueTypeError #/AssetTag"),
            (
                json!({"AssetTag": null}),
                "PropertyValueTypeError #/AssetTag",
            ),
            (json!({"Lit": "yes"}), "PropertyValueTypeError #/Lit"),
            (json!({"Timeout": 29}), "PropertyValueOutOfRange #/Timeout"),
            (json!({"Timeout": -1}), "PropertyValueOutOfRange #/Timeout"),
            (json!({"Timeout": 30.5}), "PropertyValueTypeError #/Timeout"),
            (json!({"Types": "A"}), "PropertyValueTypeError #/Types"),
            (json!({"Types": ["C"]}), "PropertyValueNotInList #/Types"),
            (
                json!({"Password": 12345678}),
                "PropertyValueError #/Password",
            ),
            (json!({"Boot": "Pxe"}), "PropertyValueTypeError #/Boot"),
            (
                json!({"Boot": {"Enabled": "Enabled"}}),
                "PropertyValueNotInList #/Boot/Enabled",
            ),
            (
                json!({"Boot": {"ReadOnly": 2}}),
                "PropertyNotWritable #/Boot/ReadOnly",
            ),
            (
                json!({"Boot": {"Bogus": 2}}),
                "PropertyUnknown #/Boot/Bogus",
            ),
        ] {
            assert_eq!(complaints(body.clone()), [complaint], "{body}");
        }
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let body = json!({"Boot": {"Bogus": 1}, "AssetTag": 1, "Id": "2", "Lit": true});
        assert_eq!(
            complaints(body),
            [
                "PropertyValueTypeError #/AssetTag",
                "PropertyUnknown #/Boot/Bogus",
                "PropertyNotWritable #/Id",
            ]
        );
    }

    #[test]
    fn a_body_of_mistakes_is_answered_briefly() {
        let body: Object = (0..5000).map(|n| (format!("p{n}"), n.into())).collect();
        let current = Value::Null;
        let Err(reply) = Fields::of(body, &current).and_then(Fields::finish) else {
            panic!("all of them are unknown")
        };
        assert!(reply.body.len() < 20_000, "{}", reply.body.len());
    }
}
