//! Whether two series of times differ.

/// How far two series are apart.
#[derive(Debug, PartialEq)]
pub(crate) struct Distance {
    /// Between their medians.
    pub(crate) medians: f64,
    /// Welch's t of both, without the slowest twentieth of all: what the machine did otherwise meets
    /// both alike, and hides what is looked for. From 4.5 on they differ for certain (so the leakage
    /// tests of cryptography have it).
    pub(crate) t: f64,
}

impl Distance {
    pub(crate) fn of(one: &[f64], other: &[f64]) -> Self {
        let mut all = [one, other].concat();
        all.sort_by(f64::total_cmp);
        let longest = all.get(all.len() * 19 / 20).copied().unwrap_or(f64::MAX);
        let cut = |series: &[f64]| -> Vec<f64> {
            let fast = series.iter().copied().filter(|time| *time <= longest);
            fast.collect()
        };
        Self {
            medians: median(one) - median(other),
            t: welch(&cut(one), &cut(other)),
        }
    }
}

/// The middle; 0 of none.
pub(crate) fn median(series: &[f64]) -> f64 {
    let mut sorted = series.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

/// Welch's t: the distance of the means, in units of what chance makes of it.
fn welch(one: &[f64], other: &[f64]) -> f64 {
    let ((mean, error), (other_mean, other_error)) = (moments(one), moments(other));
    let chance = (error + other_error).sqrt();
    if chance > 0.0 {
        (mean - other_mean) / chance
    } else {
        0.0
    }
}

/// The mean, and the square of its standard error.
fn moments(series: &[f64]) -> (f64, f64) {
    let count = series.len() as f64;
    if count < 2.0 {
        return (0.0, 0.0);
    }
    let mean = series.iter().sum::<f64>() / count;
    let squares: f64 = series.iter().map(|time| (time - mean).powi(2)).sum();
    (mean, squares / (count - 1.0) / count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;

    /// Times around so many microseconds, now and then a very long one.
    fn series(dice: &mut Dice, around: f64) -> Vec<f64> {
        let time = |_| {
            let noise = (0..4).map(|_| dice.below(1000) as f64).sum::<f64>() / 1000.0;
            let late = if dice.below(50) == 0 { 500.0 } else { 0.0 };
            around + noise + late
        };
        (0..5000).map(time).collect()
    }

    #[test]
    fn a_tenth_of_a_microsecond_is_found_and_nothing_where_there_is_nothing() {
        let mut dice = Dice::new(7);
        let base = series(&mut dice, 50.0);
        let same = Distance::of(&series(&mut dice, 50.0), &base);
        assert!(same.t.abs() < 4.5 && same.medians.abs() < 0.1, "{same:?}");
        let slower = Distance::of(&series(&mut dice, 50.1), &base);
        assert!(slower.t > 4.5 && slower.medians > 0.0, "{slower:?}");
    }

    #[test]
    fn few_or_no_times_make_no_distance() {
        let none = Distance {
            medians: 0.0,
            t: 0.0,
        };
        assert_eq!(Distance::of(&[], &[]), none);
        assert_eq!(Distance::of(&[3.0], &[3.0]), none);
        assert_eq!(welch(&[1.0, 3.0], &[4.0, 6.0]), -3.0 / 2f64.sqrt());
    }
}
