//! Whole numbers with a unit: the one way in which settings write times and sizes.

/// A unit's name, and how much it is of the smallest.
pub(super) type Unit = (&'static str, u64);

/// Reads a whole number and one of the units, without anything between them. `None` for anything
/// else, and for what 64 bits can't hold.
pub(super) fn parse(text: &str, units: &[Unit]) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

/// Writes a value in the largest unit that leaves no rest; nothing is written in `of_nothing`.
/// The units are ordered from the largest to the smallest, which is 1.
pub(super) fn show(value: u64, units: &[Unit], of_nothing: &str) -> String {
    if value == 0 {
        return format!("0{of_nothing}");
    }
    let unit = units
        .iter()
        .find(|(_, factor)| value.is_multiple_of(*factor));
    let (name, factor) = unit.copied().unwrap_or(("", 1));
    format!("{}{name}", value / factor)
}

/// What of a bad text is repeated to whoever wrote it.
pub(super) fn shown(text: &str) -> String {
    let start: String = text.chars().take(64).collect();
    start.escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNITS: [Unit; 2] = [("k", 1000), ("g", 1)];

    #[test]
    fn only_digits_and_a_unit_right_behind_them_are_a_value() {
        assert_eq!(parse("12k", &UNITS), Some(12_000));
        assert_eq!(parse("0012g", &UNITS), Some(12));
        for bad in [
            "", "k", "12", "+1k", "-1k", "1.5k", "1 k", " 1k", "1K", "1kg",
        ] {
            assert_eq!(parse(bad, &UNITS), None, "{bad}");
        }
    }

    #[test]
    fn what_does_not_fit_is_no_value() {
        assert_eq!(parse(&format!("{}g", u64::MAX), &UNITS), Some(u64::MAX));
        assert_eq!(parse(&format!("{}k", u64::MAX), &UNITS), None);
        assert_eq!(parse(&format!("{}0g", u64::MAX), &UNITS), None);
    }

    #[test]
    fn a_value_is_shown_in_the_largest_unit_without_a_rest() {
        assert_eq!(show(12_000, &UNITS, "g"), "12k");
        assert_eq!(show(12_001, &UNITS, "g"), "12001g");
        assert_eq!(show(0, &UNITS, "g"), "0g");
    }
}
