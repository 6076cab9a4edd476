//! The path of a key through the settings.

use std::fmt;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Into a table.
    Key(String),
    /// Into an array.
    Index(usize),
}

/// A path from the top: `server[0].power.driver`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct KeyPath(pub Vec<Step>);

impl KeyPath {
    /// The path of a key in tables, by its dotted name.
    #[must_use]
    pub fn dotted(name: &str) -> Self {
        Self(
            name.split('.')
                .map(|key| Step::Key(key.to_owned()))
                .collect(),
        )
    }

    /// The path of a key of the server at a place.
    #[must_use]
    pub fn server(index: usize, name: &str) -> Self {
        let mut path = Self::dotted("server").index(index);
        path.0.extend(Self::dotted(name).0);
        path
    }

    /// This path and a key after it.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.with(Step::Key(key.to_owned()))
    }

    /// This path and a place in an array after it.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(Step::Index(index))
    }

    fn with(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// The path without its last step; `None` at the top.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let (_, rest) = self.0.split_last()?;
        Some(Self(rest.to_vec()))
    }
}

impl From<&serde_path_to_error::Path> for KeyPath {
    fn from(path: &serde_path_to_error::Path) -> Self {
        use serde_path_to_error::Segment;
        let step = |segment: &Segment| match segment {
            Segment::Seq { index } => Some(Step::Index(*index)),
            Segment::Map { key } => Some(Step::Key(key.clone())),
            Segment::Enum { .. } | Segment::Unknown => None,
        };
        Self(path.iter().filter_map(step).collect())
    }
}

/// As the key is written in a file: places in arrays are left out, for the line tells them apart.
impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.0.iter().filter_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Index(_) => None,
        });
        for (at, key) in keys.enumerate() {
            let dot = if at == 0 { "" } else { "." };
            let bare = |b: u8| b.is_ascii_alphanumeric() || b"_-".contains(&b);
            if !key.is_empty() && key.bytes().all(bare) {
                write!(f, "{dot}{key}")?;
            } else {
                write!(f, "{dot}\"{}\"", key.escape_debug())?;
            }
        }
        Ok(())
    }
}
