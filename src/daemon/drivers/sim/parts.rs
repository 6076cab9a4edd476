//! The parts of the contract, each a thin hand on the shared machine.

use std::{collections::BTreeSet, fmt, sync::Arc};

use outband_core::{
    driver::{
        Boot, BootAbility, Display, DriverFault, Health, Input, Line, Lines, Picture, Sensed,
        Serial, SerialSink, Timings,
    },
    sensors::{Reading, SensorSpec},
    server::BootOverride,
};
use outband_protocol::hid::{HeldKeys, Leds, Pointer};
use tokio::{sync::watch, time::Instant};

use super::{machine::Saw, shared::Shared};

/// The most bytes that the serial port takes at once; its answers may be longer than what is sent.
const SEND_MAX: usize = 256;

/// What every part holds. When the last is dropped the machine's task ends.
pub(super) struct Hold(Arc<Shared>);

impl Hold {
    pub(super) fn new(shared: Arc<Shared>) -> Arc<Self> {
        Arc::new(Self(shared))
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.state().abandoned = true;
        self.0.notify.notify_one();
    }
}

impl fmt::Debug for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a simulated machine")
    }
}

/// Screen, keyboard, serial port, sensors and boot of a machine.
#[derive(Debug, Clone)]
pub(super) struct Machine(pub(super) Arc<Hold>);

impl Machine {
    fn shared(&self) -> &Shared {
        &self.0.0
    }
}

/// The front panel.
#[derive(Debug)]
pub(super) struct Panel(pub(super) Arc<Hold>);

impl Lines for Panel {
    fn present(&self) -> BTreeSet<Line> {
        let front = &self.0.0.profile.blueprint.front;
        [
            (Line::PowerButton, true),
            (Line::ResetButton, front.reset),
            (Line::Nmi, front.nmi),
            (Line::Identify, front.identify),
        ]
        .into_iter()
        .filter_map(|(line, present)| present.then_some(line))
        .collect()
    }

    fn drive(&mut self, line: Line, pressed: bool) -> Result<(), DriverFault> {
        if !self.present().contains(&line) {
            return Err(DriverFault {
                part: "power",
                why: "this machine has no such line".into(),
            });
        }
        self.0
            .0
            .act(|machine, now| machine.drive(line, pressed, now));
        Ok(())
    }

    fn sensed(&self) -> watch::Receiver<Sensed> {
        self.0.0.sensed()
    }

    fn senses_power(&self) -> bool {
        self.0.0.profile.blueprint.front.power_led
    }

    fn sees_boots(&self) -> bool {
        true
    }

    fn timings(&self) -> Timings {
        self.0.0.profile.blueprint.front.timings()
    }
}

impl Drop for Panel {
    fn drop(&mut self) {
        self.0.0.act(|machine, now| {
            for line in [
                Line::PowerButton,
                Line::ResetButton,
                Line::Nmi,
                Line::Identify,
            ] {
                machine.drive(line, false, now);
            }
        });
    }
}

impl Display for Machine {
    fn watch(&self) -> watch::Receiver<Picture> {
        self.shared().watch_display()
    }
}

impl Input for Machine {
    fn hold(&self, keys: HeldKeys) -> Result<(), DriverFault> {
        self.shared().act(|machine, now| {
            // A keyboard without power has nothing to report to.
            if machine.sensed().on == Some(false) && !keys.is_empty() {
                let why = "the machine is off".into();
                return Err(DriverFault { part: "input", why });
            }
            machine.hold(keys, now);
            Ok(())
        })
    }

    fn point(&self, pointer: Pointer) -> Result<(), DriverFault> {
        self.shared().act(|machine, _| machine.point(pointer));
        Ok(())
    }

    fn leds(&self) -> Option<watch::Receiver<Leds>> {
        Some(self.shared().leds())
    }
}

impl Serial for Machine {
    fn attach(&self, sink: Arc<dyn SerialSink>) {
        self.shared().state().sink = Some(sink);
    }

    fn send(&self, bytes: &[u8]) -> Result<usize, DriverFault> {
        let taken = bytes.get(..SEND_MAX).unwrap_or(bytes);
        self.shared()
            .act(|machine, now| machine.receive(taken, now));
        Ok(taken.len())
    }

    fn send_break(&self) -> Result<(), DriverFault> {
        self.shared().act(|machine, _| machine.saw(Saw::Break));
        Ok(())
    }
}

impl Health for Machine {
    fn sensors(&self) -> Arc<[SensorSpec]> {
        self.shared().profile.blueprint.sensors.specs.clone()
    }

    fn read(&self, index: usize, now: Instant) -> Reading {
        self.shared().state().machine.read(index, now)
    }
}

impl Boot for Machine {
    fn ability(&self) -> BootAbility {
        let plan = &self.shared().profile.blueprint.boot;
        BootAbility {
            targets: plan.targets.clone(),
            modes: plan.modes.clone(),
            native_mode: plan.native_mode,
        }
    }

    fn set_override(&self, boot_override: Option<BootOverride>) -> Result<(), DriverFault> {
        self.shared()
            .act(|machine, _| machine.set_override(boot_override))
    }

    fn last_used(&self) -> Option<u64> {
        self.shared().state().machine.last_used()
    }
}
