//! Watching thresholds: one slow shared tick reads every sensor of every server, and what has been
//! crossed or left since the last tick becomes an event.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::time::{Instant, MissedTickBehavior};

use super::{Crossed, Factors, Reading, Threshold, crossed};
use crate::{
    bmc::Bmc,
    events::{EventKind, NewEvent, threshold_event},
    host::Audit,
    server::{SensorEntry, ServerHandle, ServerId},
};

/// How often all sensors are looked at.
pub const TICK: Duration = Duration::from_secs(5);

/// What was crossed at the last tick; servers at which nothing was are not in it.
#[derive(Debug, Default)]
pub struct Monitor {
    crossed: BTreeMap<ServerId, Vec<Crossed>>,
}

impl Monitor {
    /// Looks for as long as it is polled.
    pub async fn run(mut self, bmc: Arc<Bmc>) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            let servers = bmc.servers.all();
            self.crossed.retain(|id, _| servers.contains_key(id));
            for server in servers.values() {
                self.look(server, bmc.events.as_ref(), bmc.clock.now());
            }
        }
    }

    /// Looks at one server.
    pub fn look(&mut self, server: &ServerHandle, events: &dyn Audit, now: Instant) {
        let sensors = server.sensors();
        let before = self.crossed.get(server.id());
        let mut after = Vec::new();
        for (place, sensor) in sensors.iter().enumerate() {
            let was = before
                .and_then(|all| all.get(place))
                .copied()
                .unwrap_or_default();
            let reading = server.read_sensor(sensor, now);
            let is = crossed(&sensor.spec, was, reading);
            for (threshold, crossed) in is.changes(was) {
                events.record(event(server.id(), sensor, threshold, crossed, reading));
            }
            if is != Crossed::default() {
                after.resize(sensors.len(), Crossed::default());
                after[place] = is;
            }
        }
        if after.is_empty() {
            self.crossed.remove(server.id());
        } else {
            self.crossed.insert(server.id().clone(), after);
        }
    }
}

fn event(
    server: &ServerId,
    sensor: &SensorEntry,
    threshold: Threshold,
    crossed: bool,
    reading: Reading,
) -> NewEvent {
    let spec = &sensor.spec;
    let factors = Factors::for_range(spec.min, spec.max);
    let (text, raw) = match (reading, threshold.of(spec)) {
        (Reading::Analog(value), Some(bound)) => {
            let raw = (factors.raw(value), factors.raw(bound));
            (format!("{value:.2} {}", spec.kind.unit()), Some(raw))
        }
        _ => ("unknown".to_owned(), None),
    };
    NewEvent {
        server: Some(server.clone()),
        kind: EventKind::Threshold {
            sensor: spec.id.clone(),
            threshold: threshold.name().into(),
            crossed,
            reading: text.into(),
        },
        actor: None,
        sel: Some(threshold_event(
            spec.kind,
            sensor.number,
            threshold,
            crossed,
            raw,
        )),
    }
}
