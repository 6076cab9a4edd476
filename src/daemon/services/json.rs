//! JSON objects from outside: bounded in depth, and no name twice.
//!
//! `serde_json` bounds the depth (128) and refuses lone surrogates and numbers that are none; of two
//! members with one name it would keep the last, so that what was checked by one reader might not be
//! what another acts on. Here that is refused.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// A JSON object.
pub(super) type Object = Map<String, Value>;

/// Why bytes are no object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadJson {
    /// It is no JSON.
    #[error("this is no JSON: {0}")]
    Malformed(String),
    /// A name stands twice in an object.
    #[error("`{0}` stands twice in one object")]
    Duplicate(String),
    /// It is JSON, and no object.
    #[error("a JSON object is needed")]
    NoObject,
}

/// The object that these bytes are.
///
/// # Errors
/// [`BadJson`].
pub(super) fn object(bytes: &[u8]) -> Result<Object, BadJson> {
    let mut duplicate = None;
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let seed = Strict {
        duplicate: &mut duplicate,
    };
    let read = seed
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value));
    match (read, duplicate) {
        (_, Some(name)) => Err(BadJson::Duplicate(name)),
        (Err(why), None) => Err(BadJson::Malformed(why.to_string())),
        (Ok(Value::Object(object)), None) => Ok(object),
        (Ok(_), None) => Err(BadJson::NoObject),
    }
}

/// Reads a value and stops at the first name that stands twice.
struct Strict<'a> {
    duplicate: &'a mut Option<String>,
}

impl Strict<'_> {
    fn again(&mut self) -> Strict<'_> {
        Strict {
            duplicate: self.duplicate,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.again())? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Object::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.contains_key(&name) {
                *self.duplicate = Some(name.chars().take(64).collect());
                return Err(A::Error::custom("a name stands twice"));
            }
            let value = members.next_value_seed(self.again())?;
            object.insert(name, value);
        }
        Ok(object.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_read_as_it_is() {
        let text = r#"{"a":1,"b":[-2,1.5,null,true],"c":{"d":"\u00e4"}}"#;
        let read = Value::Object(object(text.as_bytes()).unwrap());
        assert_eq!(read, serde_json::from_str::<Value>(text).unwrap());
    }

    #[test]
    fn what_is_no_json_is_malformed() {
        let deep = "[".repeat(10_000);
        for bad in [
            "",
            "{",
            "{}x",
            r#"{"a":1e400}"#,
            r#"{"a":"\ud800"}"#,
            &deep,
            "{'a':1}",
        ] {
            let refused = object(bad.as_bytes());
            assert!(matches!(refused, Err(BadJson::Malformed(_))), "{bad:.20}");
        }
        assert!(matches!(
            object(b"{\"a\":\"\xff\"}"),
            Err(BadJson::Malformed(_))
        ));
    }

    #[test]
    fn a_name_that_stands_twice_is_named() {
        let twice = object(br#"{"a":{"RoleId":"x","b":1,"RoleId":"y"}}"#);
        assert_eq!(twice, Err(BadJson::Duplicate("RoleId".into())));
    }

    #[test]
    fn json_that_is_no_object_is_told_apart() {
        for other in ["[]", "null", "\"x\"", "1"] {
            assert_eq!(object(other.as_bytes()), Err(BadJson::NoObject), "{other}");
        }
    }
}
