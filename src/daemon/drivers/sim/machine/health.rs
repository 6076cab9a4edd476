//! Sensors: pure functions of time, power and load, computed when they are read.

use std::time::Duration;

use outband_core::sensors::Reading;
use tokio::time::Instant;

use crate::settings::profile::{Curve, Profile};

/// How long one waver of a reading lasts.
const RIPPLE: Duration = Duration::from_secs(7);

/// What the readings follow from.
#[derive(Debug)]
pub(super) struct Health {
    /// Whether the machine is on.
    on: bool,
    /// How busy it is, 0 to 1.
    activity: f32,
    /// Since when.
    since: Instant,
    /// Where each sensor stood then.
    from: Box<[f32]>,
}

impl Health {
    pub(super) fn new(profile: &Profile, now: Instant) -> Self {
        let curves = &profile.blueprint.sensors.curves;
        #[allow(clippy::cast_possible_truncation)]
        let from = curves.iter().map(|curve| curve.off as f32).collect();
        Self {
            on: false,
            activity: 0.0,
            since: now,
            from,
        }
    }

    /// Power or load changed: each sensor sets out for another goal from where it is.
    pub(super) fn set(&mut self, profile: &Profile, on: bool, activity: f32, now: Instant) {
        if (on, activity) == (self.on, self.activity) {
            return;
        }
        let curves = &profile.blueprint.sensors.curves;
        #[allow(clippy::cast_possible_truncation)]
        let from: Box<[f32]> = (0..)
            .zip(curves.iter())
            .map(|(index, curve)| match curve.start {
                Some(start) if on && !self.on => start as f32,
                _ => self.value(curve, index, now) as f32,
            })
            .collect();
        *self = Self {
            on,
            activity,
            since: now,
            from,
        };
    }

    /// As if it had been in the present state for ever: for a machine that is found running.
    pub(super) fn settle(&mut self, profile: &Profile) {
        #[allow(clippy::cast_possible_truncation)]
        for (from, curve) in self
            .from
            .iter_mut()
            .zip(profile.blueprint.sensors.curves.iter())
        {
            *from = goal(curve, self.on, self.activity) as f32;
        }
    }

    /// What a sensor reads, by its place in the profile.
    pub(super) fn read(&self, profile: &Profile, index: usize, now: Instant) -> Reading {
        let sensors = &profile.blueprint.sensors;
        let (Some(spec), Some(curve)) = (sensors.specs.get(index), sensors.curves.get(index))
        else {
            return Reading::Unknown;
        };
        if spec.needs_power && !self.on {
            return Reading::Unknown;
        }
        let running = now.saturating_duration_since(self.since);
        let waver = curve.ripple * wave(profile.seed, index, running);
        let value = self.value(curve, index, now) + waver;
        let steps = (value / curve.step).round() * curve.step;
        // Steps of tenths have no exact binary form: no digits beyond what is meant.
        let tidy = (steps * 1e6).round() / 1e6;
        Reading::Analog(tidy.clamp(spec.min, spec.max))
    }

    /// Where a sensor stands, without its wavering.
    fn value(&self, curve: &Curve, index: usize, now: Instant) -> f64 {
        let goal = goal(curve, self.on, self.activity);
        if curve.tau.is_zero() {
            return goal;
        }
        let from = self.from.get(index).map_or(goal, |from| f64::from(*from));
        let passed = now.saturating_duration_since(self.since);
        goal + (from - goal) * (-passed.as_secs_f64() / curve.tau.as_secs_f64()).exp()
    }
}

/// Where a sensor is heading.
fn goal(curve: &Curve, on: bool, activity: f32) -> f64 {
    if on {
        curve.idle + (curve.full - curve.idle) * f64::from(activity)
    } else {
        curve.off
    }
}

/// A number from -1 to 1 that looks random and is the same each time it is asked for.
fn wave(seed: u64, index: usize, running: Duration) -> f64 {
    let period = running.as_secs() / RIPPLE.as_secs();
    let place = u64::try_from(index).unwrap_or(0);
    // The finaliser of SplitMix64.
    let mut mixed = seed ^ period.rotate_left(32) ^ place.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let sixteen = (mixed >> 48) as u16;
    f64::from(sixteen) / f64::from(u16::MAX) * 2.0 - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pc() -> Profile {
        Profile::builtin("pc").unwrap()
    }

    fn place(profile: &Profile, id: &str) -> usize {
        let specs = &profile.blueprint.sensors.specs;
        specs.iter().position(|spec| &*spec.id == id).unwrap()
    }

    fn analog(reading: Reading) -> f64 {
        match reading {
            Reading::Analog(value) => value,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_cpu_warms_up_under_load_and_cools_down_again() {
        let (profile, start) = (pc(), Instant::now());
        let cpu = place(&profile, "cpu-temp");
        let mut health = Health::new(&profile, start);
        assert_eq!(health.read(&profile, cpu, start), Reading::Unknown);

        health.set(&profile, true, 0.0, start);
        let minutes = |n: u64| start + Duration::from_secs(n * 60);
        let cold = analog(health.read(&profile, cpu, start));
        let idle = analog(health.read(&profile, cpu, minutes(10)));
        health.set(&profile, true, 1.0, minutes(10));
        let soon = analog(health.read(&profile, cpu, minutes(10) + Duration::from_secs(10)));
        let busy = analog(health.read(&profile, cpu, minutes(20)));
        health.set(&profile, true, 0.0, minutes(20));
        let again = analog(health.read(&profile, cpu, minutes(30)));
        assert!(
            cold < idle && idle < soon && soon < busy,
            "{cold} {idle} {soon} {busy}"
        );
        assert!((idle - again).abs() <= 1.0, "{idle} {again}");
    }

    #[test]
    fn a_reading_depends_on_nothing_but_time_and_state() {
        let (profile, start) = (pc(), Instant::now());
        let mut health = Health::new(&profile, start);
        health.set(&profile, true, 0.3, start);
        let later = start + Duration::from_secs(1234);
        for index in 0..profile.blueprint.sensors.specs.len() {
            let reading = health.read(&profile, index, later);
            assert_eq!(reading, health.read(&profile, index, later));
        }
    }

    #[test]
    fn what_needs_no_power_reads_while_the_machine_is_off() {
        let (profile, now) = (pc(), Instant::now());
        let health = Health::new(&profile, now);
        let battery = place(&profile, "vbat");
        assert!((analog(health.read(&profile, battery, now)) - 3.045).abs() < 1e-9);
        assert_eq!(health.read(&profile, 9999, now), Reading::Unknown);
    }

    proptest::proptest! {
        #[test]
        fn readings_stay_within_range_and_off_every_threshold_in_health(
            secs in 0u64..1_000_000, load in 0u8..=100, which in 0usize..3
        ) {
            let name = Profile::names().nth(which).unwrap();
            let (profile, start) = (Profile::builtin(name).unwrap(), Instant::now());
            let mut health = Health::new(&profile, start);
            health.set(&profile, true, f32::from(load) / 100.0, start);
            let now = start + Duration::from_secs(secs);
            for (index, spec) in profile.blueprint.sensors.specs.iter().enumerate() {
                let value = analog(health.read(&profile, index, now));
                proptest::prop_assert!(value >= spec.min && value <= spec.max);
                let limits = &spec.thresholds;
                for high in [limits.upper_caution, limits.upper_critical].into_iter().flatten() {
                    proptest::prop_assert!(value < high, "{name} {} {value}", spec.id);
                }
                for low in [limits.lower_caution, limits.lower_critical].into_iter().flatten() {
                    proptest::prop_assert!(value > low, "{name} {} {value}", spec.id);
                }
            }
        }
    }
}
