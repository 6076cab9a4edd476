//! A number of bytes in the settings: `"16MiB"`, `"4GiB"`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::unit::{self, Unit};

/// A number of bytes with its unit.
///
/// Written as a whole number and one of `B`, `KiB`, `MiB`, `GiB`, `TiB`; shown in the largest of
/// them that leaves no rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Bytes(u64);

/// Why a text is no number of bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no size: write a whole number and B, KiB, MiB, GiB or TiB, as in \"4GiB\"")]
pub struct BadSize(String);

/// The units, largest first, in bytes.
const UNITS: [Unit; 5] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("B", 1),
];

impl Bytes {
    /// So many bytes.
    #[must_use]
    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// So many times 1,048,576 bytes.
    #[must_use]
    pub const fn mib(count: u32) -> Self {
        Self((count as u64) << 20)
    }

    /// The number of bytes.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl FromStr for Bytes {
    type Err = BadSize;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = unit::parse(text, &UNITS).ok_or_else(|| BadSize(unit::shown(text)))?;
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Bytes {
    type Error = BadSize;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Bytes> for String {
    fn from(size: Bytes) -> Self {
        size.to_string()
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&unit::show(self.0, &UNITS, "B"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_unit_counts_as_it_should() {
        for (text, bytes) in [
            ("0B", 0),
            ("12B", 12),
            ("2KiB", 2048),
            ("16MiB", 16 << 20),
            ("4GiB", 4 << 30),
            ("1TiB", 1 << 40),
        ] {
            assert_eq!(text.parse::<Bytes>().unwrap().get(), bytes, "{text}");
        }
    }

    #[test]
    fn other_units_and_what_does_not_fit_are_refused() {
        for bad in [
            "",
            "5",
            "GiB",
            "4GB",
            "4 GiB",
            "-1B",
            "1.5GiB",
            "99999999TiB",
        ] {
            assert!(bad.parse::<Bytes>().is_err(), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_shown_reads_back(bytes: u64) {
            let size = Bytes(bytes);
            proptest::prop_assert_eq!(size.to_string().parse::<Bytes>(), Ok(size));
        }
    }
}
