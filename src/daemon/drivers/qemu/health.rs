//! What a virtual machine can honestly tell of its health: how busy its process is.

use std::sync::{Arc, Mutex, PoisonError};

use outband_core::{
    driver::Health,
    sensors::{Entity, Reading, SensorKind, SensorSpec},
};
use tokio::{sync::watch, time::Instant};

use super::{machine::Alive, process::stat_field};

/// Readings closer together than this are the same reading: ticks are too coarse.
const AT_LEAST: std::time::Duration = std::time::Duration::from_millis(500);

/// The load of a machine's process, in percent of its processors.
#[derive(Debug)]
pub(super) struct Load {
    alive: watch::Receiver<Option<Alive>>,
    sensors: Arc<[SensorSpec]>,
    last: Mutex<Option<Sample>>,
}

#[derive(Debug, Clone, Copy)]
struct Sample {
    pid: i32,
    ticks: u64,
    at: Instant,
    /// The load up to here, once there were two samples.
    load: Option<f64>,
}

impl Load {
    pub(super) fn new(alive: watch::Receiver<Option<Alive>>) -> Self {
        let sensor = SensorSpec {
            name: "CPU load".into(),
            entity: Entity { id: 3, instance: 1 },
            accuracy: 1.0,
            needs_power: true,
            ..SensorSpec::new("cpu-load", SensorKind::Percent, 0.0..=100.0)
        };
        Self {
            alive,
            sensors: Arc::new([sensor]),
            last: Mutex::new(None),
        }
    }

    fn load(&self, now: Instant) -> Option<f64> {
        let Alive { pid, cpus } = (*self.alive.borrow())?;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let before = last.filter(|sample| sample.pid == pid);
        if let Some(sample) = before
            && now.saturating_duration_since(sample.at) < AT_LEAST
        {
            return sample.load;
        }
        let ticks = ticks(pid)?;
        let load = before.map(|before| {
            let worked = ticks.saturating_sub(before.ticks) as f64 / ticks_per_second();
            let passed = now.saturating_duration_since(before.at).as_secs_f64();
            (100.0 * worked / passed / f64::from(cpus)).clamp(0.0, 100.0)
        });
        *last = Some(Sample {
            pid,
            ticks,
            at: now,
            load,
        });
        load
    }
}

impl Health for Load {
    fn sensors(&self) -> Arc<[SensorSpec]> {
        self.sensors.clone()
    }

    fn read(&self, _index: usize, now: Instant) -> Reading {
        self.load(now).map_or(Reading::Unknown, Reading::Analog)
    }
}

/// The processor time that a process has used (proc(5), fields 14 and 15).
fn ticks(pid: i32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(stat_field(&text, 14)? + stat_field(&text, 15)?)
}

fn ticks_per_second() -> f64 {
    rustix::param::clock_ticks_per_second() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_that_is_off_has_no_load_and_one_sample_says_nothing() {
        let alive = watch::Sender::new(None);
        let load = Load::new(alive.subscribe());
        let now = Instant::now();
        assert_eq!(load.read(0, now), Reading::Unknown);
        let pid = i32::try_from(std::process::id()).unwrap();
        alive.send_replace(Some(Alive { pid, cpus: 1 }));
        assert_eq!(load.read(0, now), Reading::Unknown);
        let later = now + std::time::Duration::from_secs(3600);
        assert!(matches!(load.read(0, later), Reading::Analog(load) if load < 50.0));
    }
}
