//! What a virtual machine can honestly tell of its health: how busy its process is, and what it
//! moves.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use outband_core::{
    driver::Health,
    sensors::{Entity, Reading, SensorKind, SensorSpec},
};
use tokio::{sync::watch, time::Instant};

use super::{
    process::processor_time,
    rates::{Counter, counts_cards},
    settings::Settings,
    shared::{Alive, Shared},
};

/// Readings closer together than this are the same reading: ticks are too coarse.
const AT_LEAST: Duration = Duration::from_millis(500);

/// The fastest that a rate goes, in MB/s: what is faster is shown as this.
const FASTEST: f64 = 10_000.0;

/// A machine's sensors: the load of its process in percent of its processors, and what it moves.
#[derive(Debug)]
pub(super) struct Vitals {
    shared: Arc<Shared>,
    alive: watch::Receiver<Option<Alive>>,
    sensors: Arc<[SensorSpec]>,
    last: Mutex<Option<Sample>>,
}

#[derive(Debug, Clone, Copy)]
struct Sample {
    pid: i32,
    /// The processor time that it had used.
    worked: Duration,
    at: Instant,
    /// The load up to here, once there were two samples.
    load: Option<f64>,
}

/// What there may be, in the order of the sensors; those of cards are left out where nothing counts.
/// Which there are follows from the settings, what they read from the process: where that was started
/// from other settings, a sensor that nothing counts for is unknown until the next power-on.
const RATES: [(Counter, &str, &str, Entity); 4] = [
    (Counter::Read, "disk-read", "Disk read", DISKS),
    (Counter::Written, "disk-write", "Disk write", DISKS),
    (Counter::Received, "net-receive", "Net receive", BOARD),
    (Counter::Sent, "net-send", "Net send", BOARD),
];

/// Entities (IPMI 2.0 table 43-13): processor, disks, board.
const PROCESSOR: Entity = Entity { id: 3, instance: 1 };
const DISKS: Entity = Entity { id: 4, instance: 1 };
const BOARD: Entity = Entity { id: 7, instance: 1 };

fn sensor(id: &str, name: &str, entity: Entity, kind: SensorKind, max: f64) -> SensorSpec {
    SensorSpec {
        name: name.into(),
        entity,
        accuracy: max / 100.0,
        needs_power: true,
        ..SensorSpec::new(id, kind, 0.0..=max)
    }
}

impl Vitals {
    pub(super) fn new(shared: Arc<Shared>, settings: &Settings) -> Self {
        let count = if counts_cards(&settings.nic) { 4 } else { 2 };
        let load = sensor(
            "cpu-load",
            "CPU load",
            PROCESSOR,
            SensorKind::Percent,
            100.0,
        );
        let rates = RATES
            .iter()
            .take(count)
            .map(|(_, id, name, entity)| sensor(id, name, *entity, SensorKind::DataRate, FASTEST));
        Self {
            alive: shared.alive.subscribe(),
            shared,
            sensors: [load].into_iter().chain(rates).collect(),
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
        let worked = processor_time(pid)?;
        let load = before.map(|before| {
            let worked = worked.saturating_sub(before.worked).as_secs_f64();
            let passed = now.saturating_duration_since(before.at).as_secs_f64();
            (100.0 * worked / passed / f64::from(cpus)).clamp(0.0, 100.0)
        });
        *last = Some(Sample {
            pid,
            worked,
            at: now,
            load,
        });
        load
    }
}

impl Health for Vitals {
    fn sensors(&self) -> Arc<[SensorSpec]> {
        self.sensors.clone()
    }

    fn read(&self, index: usize, now: Instant) -> Reading {
        let reading = match index.checked_sub(1) {
            None => self.load(now),
            Some(at) => RATES.get(at).and_then(|(counter, ..)| {
                let rate = self.shared.rates.of(*counter, now)?;
                Some((rate / 1e6).min(FASTEST))
            }),
        };
        reading.map_or(Reading::Unknown, Reading::Analog)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_that_is_off_has_no_load_and_one_sample_says_nothing() {
        let shared = Arc::new(Shared::new(None));
        let load = Vitals::new(shared.clone(), &Settings::default());
        let now = Instant::now();
        assert_eq!(load.read(0, now), Reading::Unknown);
        let pid = i32::try_from(std::process::id()).unwrap();
        shared.alive.send_replace(Some(Alive { pid, cpus: 1 }));
        assert_eq!(load.read(0, now), Reading::Unknown);
        let later = now + Duration::from_secs(3600);
        assert!(matches!(load.read(0, later), Reading::Analog(load) if load < 50.0));
    }
}
