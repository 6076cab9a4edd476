//! Firmware: from power or reset through the self-test to a system, the set-up or nothing.

use std::sync::Arc;

use outband_core::{
    driver::{BootBy, Observed},
    faults::{Fault, FaultKind},
    server::{BootProgress, BootTarget, OverrideLifetime},
};
use outband_protocol::hid::Leds;
use tokio::time::Instant;

use super::{Boot, Machine, Menu, Os, Phase, Post, Saw, SetUp, Step, System, Wish, evidence, os};

impl Machine {
    /// A self-test that begins now.
    pub(super) fn new_post(&self, now: Instant) -> Post {
        Post {
            since: now,
            takes: self.profile.blueprint.times.post,
            wish: Wish::Nothing,
        }
    }

    /// Firmware begins to run.
    pub(super) fn start_firmware(&mut self, by: BootBy, now: Instant) {
        let mut post = self.new_post(now);
        if let Some(Fault::SlowPost { factor }) = self.faults.strikes(FaultKind::SlowPost) {
            post.takes = post.takes.saturating_mul(factor);
        }
        self.set_leds(Leds::default());
        self.running = None;
        self.changes += 1;
        self.saw(Saw::Post {
            by: evidence::boot_by(by),
        });
        self.observe(Observed::BootBegan { by });
        self.progress(BootProgress::Firmware);
        let known = |text: &Option<String>| text.clone().unwrap_or_default();
        let made_of = &self.profile.inventory;
        let banner = format!(
            "\n\n{} {}\n{} {}\n",
            known(&made_of.bios_vendor),
            known(&made_of.bios_version),
            known(&made_of.manufacturer),
            known(&made_of.model)
        );
        os::send(&banner, &mut self.serial);
        self.phase = Phase::Post(post);
    }

    /// The self-test is over.
    pub(super) fn self_test_done(&mut self, now: Instant) {
        let Phase::Post(post) = &self.phase else {
            return;
        };
        match post.wish {
            Wish::SetUp => self.enter_set_up(),
            Wish::Menu => self.phase = Phase::Menu(Menu::new(&self.order)),
            Wish::Nothing => self.choose(now),
        }
    }

    pub(super) fn enter_set_up(&mut self) {
        self.saw(Saw::SetUp);
        self.progress(BootProgress::Setup);
        self.phase = Phase::SetUp(SetUp::new(&self.order));
    }

    /// Chooses what to boot: what the override says, then what the order says.
    pub(super) fn choose(&mut self, now: Instant) {
        let native = self.profile.blueprint.boot.native_mode;
        let Some(asked) = self.boot_override else {
            self.boot_from(self.order.first().copied(), now);
            return;
        };
        if asked.lifetime == OverrideLifetime::Once {
            self.boot_override = None;
        }
        if self.last_used != Some(asked.id) {
            self.last_used = Some(asked.id);
            self.changes += 1;
        }
        let order = self.order_from(Some(asked.target));
        let mut boot = Boot::new(order.into_iter(), Some(asked.id), asked.mode.or(native));
        // Nobody may find this override unused once the boot has gone on.
        boot.step = Step::Remember(self.changes);
        self.phase = Phase::Boot(Box::new(boot));
        if self.saved >= self.changes {
            self.try_next(now);
        }
    }

    /// Tries a device that someone chose, then the others in their order.
    pub(super) fn boot_from(&mut self, first: Option<BootTarget>, now: Instant) {
        let order = self.order_from(first);
        let mode = self.profile.blueprint.boot.native_mode;
        self.phase = Phase::Boot(Box::new(Boot::new(order.into_iter(), None, mode)));
        self.try_next(now);
    }

    fn order_from(&self, first: Option<BootTarget>) -> Vec<BootTarget> {
        let rest = self.order.iter().copied();
        let rest = rest.filter(|target| Some(*target) != first);
        first.into_iter().chain(rest).collect()
    }

    /// What the boot waited for has come.
    pub(super) fn boot_step_done(&mut self, now: Instant) {
        let Phase::Boot(boot) = &mut self.phase else {
            return;
        };
        match &boot.step {
            Step::Remember(change) => {
                if self.saved >= *change {
                    self.try_next(now);
                }
            }
            Step::Network(target, _) => {
                let said = Boot::nothing_on(*target);
                self.say(&said);
                self.try_next(now);
            }
            Step::Load(system, ..) => {
                let system = system.clone();
                match boot.loaded() {
                    Some(line) => self.say(line),
                    None => {
                        let os = Os::start(system, &self.profile, now);
                        self.phase = Phase::Os(Box::new(os));
                    }
                }
            }
            Step::Medium | Step::Nothing => {}
        }
    }

    /// The drive was looked at.
    pub(super) fn medium_read(&mut self, label: Option<Arc<str>>, now: Instant) {
        match label {
            Some(label) => self.load(BootTarget::Cd, Some(label), now),
            None => {
                self.say(&Boot::nothing_on(BootTarget::Cd));
                self.try_next(now);
            }
        }
    }

    /// Tries devices until one takes its time or has a system.
    pub(super) fn try_next(&mut self, now: Instant) {
        while let Phase::Boot(boot) = &mut self.phase {
            match boot.next() {
                Some(BootTarget::Hdd) if self.disk => return self.load(BootTarget::Hdd, None, now),
                Some(BootTarget::Cd) => {
                    boot.step = Step::Medium;
                    return;
                }
                Some(target @ (BootTarget::Pxe | BootTarget::UefiHttp)) => {
                    let until = now + self.profile.blueprint.times.network;
                    boot.step = Step::Network(target, until);
                    let nic = self.profile.inventory.nics.first();
                    let said = Boot::asking(target, nic.and_then(|nic| nic.mac.as_deref()));
                    return self.say(&said);
                }
                Some(BootTarget::BiosSetup) => {
                    self.booted(Some(BootTarget::BiosSetup), None);
                    return self.enter_set_up();
                }
                Some(target) => self.say(&Boot::nothing_on(target)),
                None => {
                    boot.step = Step::Nothing;
                    self.booted(None, None);
                    return self.say("\nNo bootable device. Press any key to start anew.\n");
                }
            }
        }
    }

    /// A system was found: its loader begins.
    fn load(&mut self, target: BootTarget, label: Option<Arc<str>>, now: Instant) {
        let system = System { target, label };
        let Phase::Boot(boot) = &mut self.phase else {
            return;
        };
        let said = Boot::found(&system, boot.mode);
        boot.step = Step::Load(system.clone(), now, 0);
        self.booted(Some(target), system.label.clone());
        self.progress(BootProgress::OsBootStarted);
        self.running = Some(system);
        self.changes += 1;
        self.say(&said);
    }

    fn booted(&mut self, target: Option<BootTarget>, label: Option<Arc<str>>) {
        let Phase::Boot(boot) = &self.phase else {
            return;
        };
        let (used, mode) = (boot.used, boot.mode);
        self.saw(Saw::Boot {
            target,
            label: label.clone(),
            used,
            mode,
        });
        self.observe(Observed::Booted {
            target,
            label,
            used,
        });
    }

    /// Firmware prints on screen and serial port.
    fn say(&mut self, text: &str) {
        if let Phase::Boot(boot) = &mut self.phase {
            boot.terminal.print(text);
            os::send(text, &mut self.serial);
        }
    }
}
