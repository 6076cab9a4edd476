//! The name of a server.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

/// A server's id: 1 to 32 of `A-Z a-z 0-9 . _ -`, beginning with a letter or digit. It stands in
/// URLs, file names and log lines, and can't do harm in any of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ServerId(Arc<str>);

/// Why a text is no server id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no server id: 1 to 32 of A-Z a-z 0-9 . _ - are, beginning with a letter or digit, \
     other than `outband`"
)]
pub struct BadServerId(String);

impl ServerId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ServerId {
    type Err = BadServerId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let first = text
            .bytes()
            .next()
            .is_some_and(|b| b.is_ascii_alphanumeric());
        let rest = text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        // `outband` names the manager that is the daemon itself.
        if first && rest && text.len() <= 32 && text != "outband" {
            Ok(Self(text.into()))
        } else {
            Err(BadServerId(text.chars().take(64).collect()))
        }
    }
}

impl TryFrom<String> for ServerId {
    type Error = BadServerId;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ServerId> for String {
    fn from(id: ServerId) -> Self {
        id.0.as_ref().to_owned()
    }
}

impl fmt::Display for ServerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_could_do_harm_are_refused() {
        for bad in [
            "",
            ".",
            "..",
            "-rf",
            "a/b",
            "a b",
            "outband",
            "\u{e4}",
            &"x".repeat(33),
        ] {
            assert!(bad.parse::<ServerId>().is_err(), "{bad}");
        }
        for good in ["1", "web1", "rack-3.node_2"] {
            assert_eq!(good.parse::<ServerId>().unwrap().as_str(), good);
        }
    }
}
