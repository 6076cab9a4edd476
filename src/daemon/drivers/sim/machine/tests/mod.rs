//! What a machine does, told by its own outputs, without sleeping.

mod anything;
mod faults;
mod firmware;
mod overrides;
mod power;
mod system;

use std::{sync::Arc, time::Duration};

use outband_core::{
    driver::{BootBy, Line, Observed},
    faults::Fault,
    host::BootId,
    server::{BootMode, BootOverride, BootProgress, BootTarget, OverrideLifetime},
};
use outband_protocol::hid::{HeldKeys, Leds, Usage, layout};
use tokio::time::Instant;

use super::*;
use crate::drivers::sim::fake::FakeFaults;

const BOOT: BootId = BootId([7; 16]);

/// A machine on a bench: a clock, a drive, and everything that came out.
struct Bench {
    machine: Machine,
    faults: Arc<FakeFaults>,
    now: Instant,
    label: Option<Arc<str>>,
    /// Whether its memory works.
    saves: bool,
    observed: Vec<Observed>,
    saw: Vec<Saw>,
    serial: String,
}

impl Bench {
    fn with(profile: &str, beginning: Beginning) -> Self {
        let faults = Arc::new(FakeFaults::new());
        let profile = Arc::new(Profile::builtin(profile).unwrap());
        let now = Instant::now();
        let mut bench = Self {
            machine: Machine::new(profile, faults.clone(), beginning, now),
            faults,
            now,
            label: None,
            saves: true,
            observed: Vec::new(),
            saw: Vec::new(),
            serial: String::new(),
        };
        bench.collect();
        bench
    }

    fn new() -> Self {
        Self::with("pc", fresh())
    }

    /// One that has been switched on and runs its system.
    fn running() -> Self {
        let mut bench = Self::new();
        bench.press(Line::PowerButton, 100);
        bench.wait(10_000);
        bench.observed.clear();
        bench.saw.clear();
        bench
    }

    /// Lets time pass, from deadline to deadline, and does the work that the machine asks for.
    fn wait(&mut self, ms: u64) {
        let end = self.now + Duration::from_millis(ms);
        loop {
            self.collect();
            match self.machine.deadline().filter(|due| *due <= end) {
                Some(due) => {
                    self.now = due;
                    self.machine.advance(due);
                }
                None => break,
            }
        }
        self.now = end;
        self.machine.advance(end);
        self.collect();
    }

    fn collect(&mut self) {
        while let Some(work) = self.machine.work() {
            match work {
                Work::Save(_) if !self.saves => break,
                Work::Save(change) => self.machine.saved(change, self.now),
                Work::ReadLabel => self.machine.medium(self.label.clone(), self.now),
            }
        }
        for effect in self.machine.take_effects() {
            match effect {
                Effect::Observe(observed) => self.observed.push(observed),
                Effect::Saw(saw) => self.saw.push(saw),
            }
        }
        let sent = self.machine.take_serial();
        self.serial.push_str(std::str::from_utf8(&sent).unwrap());
    }

    fn press(&mut self, line: Line, ms: u64) {
        self.machine.drive(line, true, self.now);
        self.wait(ms);
        self.machine.drive(line, false, self.now);
        self.collect();
    }

    fn hold(&mut self, keys: impl IntoIterator<Item = Usage>) {
        let keys: HeldKeys = keys.into_iter().collect();
        self.machine.hold(keys, self.now);
        self.machine.hold(HeldKeys::NONE, self.now);
        self.collect();
    }

    fn type_text(&mut self, text: &str) {
        for letter in text.chars() {
            let keys = layout::us_keys(letter).unwrap();
            self.hold(keys.iter());
        }
    }

    fn send(&mut self, text: &str) {
        self.machine.receive(text.as_bytes(), self.now);
        self.collect();
    }

    fn screen(&self) -> String {
        match self.machine.scene(self.now) {
            Scene::Text { grid, .. } => (0..grid.rows())
                .map(|row| grid.line_text(row) + "\n")
                .collect(),
            Scene::Splash { .. } => "splash".to_owned(),
            Scene::Dark => "dark".to_owned(),
        }
    }

    fn is_on(&self) -> bool {
        self.machine.sensed().on.unwrap()
    }

    fn override_boot(&mut self, id: u64, target: BootTarget, lifetime: OverrideLifetime) {
        let asked = BootOverride {
            id,
            target,
            lifetime,
            mode: None,
        };
        self.machine.set_override(Some(asked)).unwrap();
    }

    /// What boots were seen, oldest first.
    fn boots(&self) -> Vec<(Option<BootTarget>, Option<u64>)> {
        self.observed
            .iter()
            .filter_map(|observed| match observed {
                Observed::Booted { target, used, .. } => Some((*target, *used)),
                _ => None,
            })
            .collect()
    }

    fn count(&self, wanted: &Observed) -> usize {
        self.observed.iter().filter(|seen| *seen == wanted).count()
    }
}

fn fresh() -> Beginning {
    Beginning {
        record: None,
        boot_id: BOOT,
        on: false,
        disk: true,
    }
}

fn remembering(record: Record) -> Beginning {
    Beginning {
        record: Some(record),
        ..fresh()
    }
}

const BEGAN_ON: Observed = Observed::BootBegan {
    by: BootBy::PowerOn,
};
const BEGAN_RESET: Observed = Observed::BootBegan { by: BootBy::Reset };
const BEGAN_SOFT: Observed = Observed::BootBegan {
    by: BootBy::Software,
};
