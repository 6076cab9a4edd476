//! Values with a unit in a profile.

/// A length of time as text: a whole number and `ms` or `s`, at most ten minutes.
pub(super) mod duration {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, de::Error};

    /// Nothing a simulated server does takes longer.
    const MAX: Duration = Duration::from_secs(600);

    pub(in super::super) fn deserialize<'de, D>(deserializer: D) -> Result<Duration, D::Error>
    where
        D: Deserializer<'de>,
    {
        let text = String::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| {
            D::Error::custom(format!(
                "`{}` is no length of time up to ten minutes, such as \"500ms\" or \"2s\"",
                text.escape_debug()
            ))
        })
    }

    fn parse(text: &str) -> Option<Duration> {
        let duration = if let Some(number) = text.strip_suffix("ms") {
            Duration::from_millis(whole(number)?.into())
        } else {
            Duration::from_secs(whole(text.strip_suffix('s')?)?.into())
        };
        (duration <= MAX).then_some(duration)
    }

    /// A number without the sign that `parse` would take.
    fn whole(text: &str) -> Option<u32> {
        text.bytes().all(|b| b.is_ascii_digit()).then_some(())?;
        text.parse().ok()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn only_a_whole_number_with_its_unit_is_a_length_of_time() {
            assert_eq!(parse("1500ms"), Some(Duration::from_millis(1500)));
            assert_eq!(parse("2s"), Some(Duration::from_secs(2)));
            for bad in [
                "",
                "s",
                "2",
                "+2s",
                "2 s",
                "1.5s",
                "601s",
                "99999999999s",
                "2m",
            ] {
                assert_eq!(parse(bad), None, "{bad}");
            }
        }
    }
}
