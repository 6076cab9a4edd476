//! The simulated computer itself, without the world around it: buttons, keys and bytes go in with
//! the time, events, bytes and a screen come out.
//!
//! Nothing here waits or does I/O. Whoever runs a machine calls [`Machine::advance`] when
//! [`Machine::deadline`] has come, fetches what came out, and carries out the [`Work`] it asks for.

mod boot;
mod buttons;
mod evidence;
mod firmware;
mod health;
mod keys;
mod menu;
mod os;
mod post;
mod record;
mod scene;
mod setup;
mod shell;
mod terminal;
#[cfg(test)]
mod tests;
mod text;

use std::sync::Arc;

use outband_core::{
    driver::{BootBy, DriverFault, Observed, Sensed},
    faults::FaultKind,
    host::BootId,
    sensors::Reading,
    server::{BootOverride, BootProgress, BootTarget, OverrideLifetime},
};
use outband_protocol::hid::{HeldKeys, Leds};
use tokio::time::Instant;

pub(crate) use evidence::Saw;
pub(crate) use record::{FORMAT, Record};
pub(crate) use scene::{Scene, TextMode};
#[cfg(test)]
pub(crate) use text::Ink;
pub(crate) use text::{Cell, Grid, letter_of};

use self::{
    boot::{Boot, Step},
    buttons::Press,
    evidence::OffBy,
    health::Health,
    menu::Menu,
    os::Os,
    post::{Post, Wish},
    record::System,
    setup::SetUp,
};
use super::faults::Faults;
use crate::settings::profile::Profile;

/// A small computer.
#[derive(Debug)]
pub(crate) struct Machine {
    profile: Arc<Profile>,
    faults: Arc<dyn Faults>,
    /// Whether there is a system on its disk.
    disk: bool,
    phase: Phase,
    power_button: Option<Press>,
    reset_button: Option<Press>,
    nmi: bool,
    identify: bool,
    keys: HeldKeys,
    leds: Leds,
    /// The boot order in its memory.
    order: Vec<BootTarget>,
    boot_override: Option<BootOverride>,
    last_used: Option<u64>,
    running: Option<System>,
    health: Health,
    /// Counts the changes of what a [`Record`] holds.
    changes: u64,
    /// The last change that was saved.
    saved: u64,
    effects: Vec<Effect>,
    serial: Vec<u8>,
}

/// What a machine is doing.
#[derive(Debug)]
enum Phase {
    Off,
    /// On, and the reset button is held.
    Reset,
    Post(Post),
    Menu(Menu),
    SetUp(SetUp),
    Boot(Box<Boot>),
    Os(Box<Os>),
}

/// What comes out of a machine.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Effect {
    /// The world should know.
    Observe(Observed),
    /// It belongs in the evidence.
    Saw(Saw),
}

/// What a machine needs done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Work {
    /// Save its record; then [`Machine::saved`] with this number.
    Save(u64),
    /// Read the label of the medium in its drive; then [`Machine::medium`].
    ReadLabel,
}

/// How a machine begins.
#[derive(Debug)]
pub(crate) struct Beginning {
    /// What it remembers, from the present run of the device or an earlier one.
    pub(crate) record: Option<Record>,
    /// The present run of the device.
    pub(crate) boot_id: BootId,
    /// Whether it starts on when it remembers nothing.
    pub(crate) on: bool,
    /// Whether there is a system on its disk.
    pub(crate) disk: bool,
}

impl Machine {
    /// A machine as it is when the daemon comes.
    pub(crate) fn new(
        profile: Arc<Profile>,
        faults: Arc<dyn Faults>,
        beginning: Beginning,
        now: Instant,
    ) -> Self {
        let mut machine = Self {
            health: Health::new(&profile, now),
            order: profile.blueprint.boot.order.clone(),
            faults,
            disk: beginning.disk,
            phase: Phase::Off,
            power_button: None,
            reset_button: None,
            nmi: false,
            identify: false,
            keys: HeldKeys::NONE,
            leds: Leds::default(),
            boot_override: None,
            last_used: None,
            running: None,
            changes: 0,
            saved: 0,
            effects: Vec::new(),
            serial: Vec::new(),
            profile,
        };
        let disk_system = System {
            target: BootTarget::Hdd,
            label: None,
        };
        match beginning.record {
            Some(record) => {
                machine.remember_order(&record.order);
                machine.last_used = record.last_used;
                if !record.on {
                } else if record.boot_id != beginning.boot_id {
                    machine.saw(Saw::PowerOff {
                        why: OffBy::MainsLost,
                    });
                    machine.changes += 1;
                } else if let Some(system) = record.running {
                    machine.found_running(system, now);
                } else {
                    // Firmware ran: it goes on, without a new boot being announced.
                    machine.phase = Phase::Post(machine.new_post(now));
                }
            }
            None => {
                machine.changes += 1;
                if beginning.on && beginning.disk {
                    machine.found_running(disk_system, now);
                } else if beginning.on {
                    machine.phase = Phase::Post(machine.new_post(now));
                }
            }
        }
        machine.follow(now);
        machine.health.settle(&machine.profile);
        machine
    }

    /// Its system was running before the daemon came.
    fn found_running(&mut self, system: System, now: Instant) {
        self.progress(BootProgress::OsRunning);
        let os = Os::found_running(system.clone(), &self.profile, now);
        self.running = Some(system);
        self.phase = Phase::Os(Box::new(os));
    }

    /// Takes over a boot order, without devices that the machine doesn't have and with those that
    /// it lacks.
    fn remember_order(&mut self, order: &[BootTarget]) {
        let known = &self.profile.blueprint.boot.order;
        let mut kept: Vec<_> = Vec::with_capacity(known.len());
        for target in order.iter().chain(known) {
            if known.contains(target) && !kept.contains(target) {
                kept.push(*target);
            }
        }
        self.order = kept;
    }

    /// Lets time pass: everything that was due up to `now` happens, in its order.
    pub(crate) fn advance(&mut self, now: Instant) {
        while let Some(due) = self.deadline().filter(|due| *due <= now) {
            self.fire(due);
            self.follow(due);
        }
    }

    /// When something happens by itself; `None` while nothing will.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let held = self.forced_off_at();
        let phase = match &self.phase {
            Phase::Post(post) => Some(post.ends()),
            Phase::Boot(boot) => boot.deadline(self.profile.blueprint.times.loader),
            Phase::Os(os) => os.deadline(&self.profile),
            Phase::Off | Phase::Reset | Phase::Menu(_) | Phase::SetUp(_) => None,
        };
        [held, phase].into_iter().flatten().min()
    }

    /// The earliest deadline has come.
    fn fire(&mut self, now: Instant) {
        if self.forced_off_at().is_some_and(|at| at <= now) {
            self.force_off();
            return;
        }
        match &mut self.phase {
            Phase::Post(_) => self.self_test_done(now),
            Phase::Boot(_) => self.boot_step_done(now),
            Phase::Os(os) => {
                let came = os.fire(&self.profile, now, &mut self.serial);
                self.system_came(came, now);
            }
            Phase::Off | Phase::Reset | Phase::Menu(_) | Phase::SetUp(_) => {}
        }
    }

    fn system_came(&mut self, came: os::Came, now: Instant) {
        match came {
            os::Came::Nothing => {}
            os::Came::Running => {
                self.saw(Saw::OsRunning);
                self.progress(BootProgress::OsRunning);
            }
            os::Came::Down(os::After::Reboot) => self.start_firmware(BootBy::Software, now),
            os::Came::Down(os::After::Off) => {
                self.observe(Observed::ShutDown);
                self.power_off(OffBy::Software);
            }
        }
    }

    /// Makes the sensors follow what the machine is doing.
    fn follow(&mut self, now: Instant) {
        let activity = match &self.phase {
            Phase::Off | Phase::Reset => 0.0,
            Phase::Post(_) => 0.35,
            Phase::Menu(_) | Phase::SetUp(_) => 0.15,
            Phase::Boot(_) => 0.2,
            Phase::Os(os) => os.activity(),
        };
        self.health.set(&self.profile, self.is_on(), activity, now);
    }

    /// Whether there is power.
    pub(crate) const fn is_on(&self) -> bool {
        !matches!(self.phase, Phase::Off)
    }

    /// What its lights say.
    pub(crate) fn sensed(&self) -> Sensed {
        let front = &self.profile.blueprint.front;
        let dark = || self.faults.active(FaultKind::DeadPowerLed).is_some();
        let disk = match &self.phase {
            Phase::Boot(boot) => matches!(boot.step, Step::Load(..)),
            Phase::Os(os) => os.uses_disk(),
            _ => false,
        };
        Sensed {
            on: front.power_led.then(|| self.is_on() && !dark()),
            disk_active: front.disk_led.then_some(disk),
        }
    }

    /// The keyboard's lights.
    pub(crate) const fn leds(&self) -> Leds {
        self.leds
    }

    /// What its graphics adapter puts out.
    pub(crate) fn scene(&self, now: Instant) -> Scene {
        if self.faults.active(FaultKind::NoSignal).is_some() {
            return Scene::Dark;
        }
        match &self.phase {
            Phase::Off | Phase::Reset => Scene::Dark,
            Phase::Post(post) => post.scene(&self.profile, now),
            Phase::Menu(menu) => {
                let post = self.new_post(now);
                let mut grid = post.page(&self.profile, 1.0);
                menu.paint(&mut grid);
                Scene::Text {
                    mode: TextMode::SelfTest,
                    grid,
                    cursor: None,
                }
            }
            Phase::SetUp(set_up) => Scene::Text {
                mode: TextMode::Vga,
                grid: set_up.paint(&self.profile),
                cursor: None,
            },
            Phase::Boot(boot) => boot.scene(),
            Phase::Os(os) => os.scene(&self.profile),
        }
    }

    /// Whether the screen draws itself, so that it wants to be looked at again soon.
    pub(crate) const fn is_moving(&self) -> bool {
        matches!(self.phase, Phase::Post(_))
    }

    /// What a sensor reads.
    pub(crate) fn read(&self, index: usize, now: Instant) -> Reading {
        let spec = self.profile.blueprint.sensors.specs.get(index);
        match spec.and_then(|spec| self.faults.sensor_value(&spec.id)) {
            Some(Some(value)) => Reading::Analog(value),
            Some(None) => Reading::Unknown,
            None => self.health.read(&self.profile, index, now),
        }
    }

    /// Makes an override the one that the next boot obeys, or takes it back.
    ///
    /// # Errors
    /// [`DriverFault`] when the firmware knows no such target or mode.
    pub(crate) fn set_override(
        &mut self,
        boot_override: Option<BootOverride>,
    ) -> Result<(), DriverFault> {
        let plan = &self.profile.blueprint.boot;
        if let Some(asked) = boot_override {
            let fault = |why: &str| DriverFault {
                part: "boot",
                why: why.into(),
            };
            if !plan.targets.contains(&asked.target) {
                return Err(fault("the firmware knows no such boot target"));
            }
            if asked.mode.is_some_and(|mode| !plan.modes.contains(&mode)) {
                return Err(fault("the firmware knows no such boot mode"));
            }
        }
        // One that was used is not used again, even if it is handed over again.
        self.boot_override = boot_override.filter(|asked| {
            asked.lifetime == OverrideLifetime::Continuous || Some(asked.id) != self.last_used
        });
        Ok(())
    }

    /// The last override that a boot used.
    pub(crate) const fn last_used(&self) -> Option<u64> {
        self.last_used
    }

    /// What the machine needs done now.
    pub(crate) fn work(&self) -> Option<Work> {
        if self.saved < self.changes {
            return Some(Work::Save(self.changes));
        }
        match &self.phase {
            Phase::Boot(boot) if boot.step == Step::Medium => Some(Work::ReadLabel),
            _ => None,
        }
    }

    /// What is to be saved.
    pub(crate) fn record(&self, boot_id: BootId) -> Record {
        Record {
            format: FORMAT,
            boot_id,
            on: self.is_on(),
            running: self.running.clone(),
            order: self.order.clone(),
            last_used: self.last_used,
        }
    }

    /// Everything up to this change was saved, as well as it can be.
    pub(crate) fn saved(&mut self, change: u64, now: Instant) {
        self.saved = self.saved.max(change);
        if matches!(&self.phase, Phase::Boot(boot) if matches!(boot.step, Step::Remember(_))) {
            self.boot_step_done(now);
        }
        self.follow(now);
    }

    /// The label of the medium in its drive; `None` when there is none that can be booted.
    pub(crate) fn medium(&mut self, label: Option<Arc<str>>, now: Instant) {
        if matches!(&self.phase, Phase::Boot(boot) if boot.step == Step::Medium) {
            self.medium_read(label, now);
        }
        self.follow(now);
    }

    /// What came out since it was last fetched.
    pub(crate) fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// What the serial port sent since it was last fetched.
    pub(crate) fn take_serial(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.serial)
    }

    fn observe(&mut self, observed: Observed) {
        self.effects.push(Effect::Observe(observed));
    }

    fn progress(&mut self, progress: BootProgress) {
        self.observe(Observed::Progress(progress));
    }

    pub(crate) fn saw(&mut self, saw: Saw) {
        self.effects.push(Effect::Saw(saw));
    }

    fn set_leds(&mut self, leds: Leds) {
        if leds != self.leds {
            self.leds = leds;
            self.saw(leds.into());
        }
    }
}
