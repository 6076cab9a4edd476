//! A length of time in the settings: `"500ms"`, `"30s"`, `"5m"`, `"24h"`.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

use super::unit::{self, Unit};

/// A length of time with its unit, in whole milliseconds.
///
/// Written as a whole number and one of `ms`, `s`, `m`, `h`, `d`; shown in the largest of them that
/// leaves no rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Time {
    ms: u64,
}

/// Why a text is no length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no length of time: write a whole number and ms, s, m, h or d, as in \"500ms\"")]
pub struct BadTime(String);

/// The units, largest first, in milliseconds.
const UNITS: [Unit; 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

impl Time {
    /// So many seconds.
    #[must_use]
    pub const fn seconds(seconds: u32) -> Self {
        Self {
            ms: seconds as u64 * 1000,
        }
    }
}

impl From<Time> for Duration {
    fn from(time: Time) -> Self {
        Self::from_millis(time.ms)
    }
}

impl FromStr for Time {
    type Err = BadTime;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let ms = unit::parse(text, &UNITS).ok_or_else(|| BadTime(unit::shown(text)))?;
        Ok(Self { ms })
    }
}

impl TryFrom<String> for Time {
    type Error = BadTime;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Time> for String {
    fn from(time: Time) -> Self {
        time.to_string()
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&unit::show(self.ms, &UNITS, "s"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_unit_counts_as_it_should() {
        for (text, ms) in [
            ("0s", 0),
            ("500ms", 500),
            ("30s", 30_000),
            ("5m", 300_000),
            ("24h", 86_400_000),
            ("2d", 172_800_000),
        ] {
            let time: Time = text.parse().unwrap();
            assert_eq!(Duration::from(time), Duration::from_millis(ms), "{text}");
        }
    }

    #[test]
    fn a_number_without_a_unit_and_other_nonsense_are_refused() {
        for bad in [
            "",
            "5",
            "s",
            "-1s",
            "1.5s",
            "5 s",
            "5S",
            "1w",
            "99999999999999999999s",
        ] {
            assert!(bad.parse::<Time>().is_err(), "{bad}");
        }
        assert!(format!("{}d", u64::MAX).parse::<Time>().is_err());
    }

    proptest::proptest! {
        #[test]
        fn what_is_shown_reads_back(ms: u64) {
            let time = Time { ms };
            proptest::prop_assert_eq!(time.to_string().parse::<Time>(), Ok(time));
        }
    }
}
