//! Points in time, as Redfish writes them (ISO 8601).

use outband_core::host::Stamp;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// `2026-11-24T14:28:00Z`, to the second; `None` for years that the form can't write.
pub(super) fn iso(stamp: Stamp) -> Option<String> {
    let seconds = stamp.unix_ms.div_euclid(1000);
    let time = OffsetDateTime::from_unix_timestamp(seconds).ok()?;
    time.format(&Rfc3339).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_written_to_the_second() {
        let stamp = |unix_ms| Stamp {
            unix_ms,
            synchronised: true,
        };
        assert_eq!(
            iso(stamp(1_700_000_000_999)).unwrap(),
            "2023-11-14T22:13:20Z"
        );
        assert_eq!(iso(stamp(-1)).unwrap(), "1969-12-31T23:59:59Z");
        assert_eq!(iso(stamp(i64::MAX)), None);
    }
}
