//! Values with a unit in a profile.

/// A length of time, written as everywhere in the settings, of at most ten minutes.
pub(super) mod duration {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, de::Error};

    use crate::settings::Time;

    /// Nothing a simulated server does takes longer.
    const MAX: Time = Time::seconds(600);

    pub(in super::super) fn deserialize<'de, D>(deserializer: D) -> Result<Duration, D::Error>
    where
        D: Deserializer<'de>,
    {
        match Time::deserialize(deserializer)? {
            time if time > MAX => Err(D::Error::custom(format!("{time}: at most {MAX}"))),
            time => Ok(time.into()),
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        fn read(text: &str) -> Result<Duration, String> {
            use serde::de::{IntoDeserializer, value::StrDeserializer};
            let text: StrDeserializer<'_, serde::de::value::Error> = text.into_deserializer();
            deserialize(text).map_err(|why| why.to_string())
        }

        #[test]
        fn a_length_of_time_has_its_unit_and_an_end() {
            assert_eq!(read("1500ms"), Ok(Duration::from_millis(1500)));
            assert_eq!(read("10m"), Ok(Duration::from_secs(600)));
            assert_eq!(read("601s"), Err("601s: at most 10m".to_owned()));
            assert!(
                read("2")
                    .unwrap_err()
                    .starts_with("`2` is no length of time")
            );
        }
    }
}
