//! The reading factors of a sensor data record, made from a sensor's range by one pure function
//! (IPMI 2.0 section 36.3: `y = (M * x + B * 10^K1) * 10^K2`).

/// Reading factors for an unsigned raw byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Factors {
    /// `M`, 1 to 511.
    pub m: i16,
    /// `B`, -512 to 511.
    pub b: i16,
    /// `K1`, the exponent of `B`, -8 to 7.
    pub b_exp: i8,
    /// `K2`, the exponent of the result, -8 to 7.
    pub r_exp: i8,
}

fn power(exponent: i8) -> f64 {
    10f64.powi(exponent.into())
}

impl Factors {
    /// The factors that spread a range over the 256 raw values as finely as they can.
    ///
    /// `min` is less than `max`, and both are finite; ranges beyond what the exponents can express
    /// (about 1e10) are cut.
    #[must_use]
    #[allow(clippy::cast_possible_truncation)] // rounded, and bounded by the loops
    pub fn for_range(min: f64, max: f64) -> Self {
        let step = (max - min) / 255.0;
        // The smallest exponent at which M still fits gives M the most digits.
        let r_exp = (-8..=7)
            .find(|exp| (step / power(*exp)).ceil() <= 511.0)
            .unwrap_or(7);
        let m = (step / power(r_exp)).ceil().clamp(1.0, 511.0);
        let offset = min / power(r_exp);
        let b_exp = (-8..=7)
            .find(|exp| (offset / power(*exp)).abs() <= 511.0)
            .unwrap_or(7);
        // Rounded down, so that the whole range is covered.
        let b = (offset / power(b_exp)).floor().clamp(-512.0, 511.0);
        Self {
            m: m as i16,
            b: b as i16,
            b_exp,
            r_exp,
        }
    }

    /// The value of a raw byte.
    #[must_use]
    pub fn value(self, raw: u8) -> f64 {
        (f64::from(self.m) * f64::from(raw) + f64::from(self.b) * power(self.b_exp))
            * power(self.r_exp)
    }

    /// The raw byte nearest to a value; values outside the range become the nearest end.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // clamped to a byte
    pub fn raw(self, value: f64) -> u8 {
        let exact =
            (value / power(self.r_exp) - f64::from(self.b) * power(self.b_exp)) / f64::from(self.m);
        exact.round().clamp(0.0, 255.0) as u8
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn common_ranges_keep_their_precision() {
        for (min, max, value, off) in [
            (0.0, 127.0, 23.5, 0.3),
            (0.0, 16.0, 12.06, 0.04),
            (0.0, 20_000.0, 9_300.0, 40.0),
            (-40.0, 125.0, -3.0, 0.4),
        ] {
            let factors = Factors::for_range(min, max);
            let back = factors.value(factors.raw(value));
            assert!(
                (back - value).abs() <= off,
                "{value} became {back} by {factors:?}"
            );
        }
    }

    proptest! {
        /// Every value of a range comes back within a step and a half, and within the field widths.
        #[test]
        fn every_range_is_covered(min in -1e6..1e6f64, span in 1e-3..1e6f64, part in 0.0..1.0f64) {
            let max = min + span;
            let factors = Factors::for_range(min, max);
            prop_assert!((1..=511).contains(&factors.m) && (-512..=511).contains(&factors.b));
            let value = min + span * part;
            let back = factors.value(factors.raw(value));
            // B has three digits: a small span far from zero is known only that well.
            let step = f64::from(factors.m) * power(factors.r_exp);
            let coarse = power(factors.b_exp) * power(factors.r_exp);
            prop_assert!((back - value).abs() <= 1.5 * step + coarse, "{value} {back} {factors:?}");
        }
    }
}
