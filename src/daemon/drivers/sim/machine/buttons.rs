//! The front panel: what the buttons do.

use outband_core::{
    driver::{BootBy, Line, Observed},
    faults::FaultKind,
    server::BootProgress,
};
use outband_protocol::{
    hid::Leds,
    ipmi::sel::{GENERATOR_BMC, SystemEvent},
};
use tokio::time::Instant;

use super::{Machine, OffBy, Phase, Saw, os};

/// Critical Interrupt, "Front Panel NMI / Diagnostic Interrupt" (IPMI 2.0 table 42-3, type 13h,
/// offset 0); event data 2 and 3 are unspecified.
const FRONT_PANEL_NMI: SystemEvent = SystemEvent {
    generator: GENERATOR_BMC,
    sensor_type: 0x13,
    sensor_number: 0,
    assertion: true,
    event_type: 0x6F,
    data: [0x00, 0xFF, 0xFF],
};

/// A button that is down.
#[derive(Debug, Clone, Copy)]
pub(super) struct Press {
    since: Instant,
    /// It has had its effect, on or off: neither releasing nor holding it means more.
    spent: bool,
}

impl Press {
    const fn new(since: Instant, spent: bool) -> Self {
        Self { since, spent }
    }

    fn held_ms(&self, now: Instant) -> u64 {
        let held = now.saturating_duration_since(self.since).as_millis();
        u64::try_from(held).unwrap_or(u64::MAX)
    }
}

impl Machine {
    /// A line of the front panel changes. Asking for the state that it has does nothing.
    pub(crate) fn drive(&mut self, line: Line, pressed: bool, now: Instant) {
        match line {
            Line::PowerButton => self.power_button(pressed, now),
            Line::ResetButton => self.reset_button(pressed, now),
            Line::Nmi => self.nmi(pressed),
            Line::Identify => self.identify(pressed),
        }
        self.follow(now);
    }

    fn power_button(&mut self, pressed: bool, now: Instant) {
        match (self.power_button, pressed) {
            (None, true) => {
                let was_off = !self.is_on();
                self.power_button = Some(Press::new(now, was_off));
                self.saw(Saw::PowerButtonDown);
                if was_off {
                    self.saw(Saw::PowerOn);
                    self.start_firmware(BootBy::PowerOn, now);
                }
            }
            (Some(press), false) => {
                self.power_button = None;
                let short = !press.spent;
                let ignored = short && self.deaf();
                self.saw(Saw::PowerButtonUp {
                    held_ms: press.held_ms(now),
                    ignored: ignored.then_some("deaf-soft-off"),
                });
                if short && !ignored {
                    self.asked_to_stop(now);
                }
            }
            (None, false) | (Some(_), true) => {}
        }
    }

    /// Whether the operating system ignores this press.
    fn deaf(&self) -> bool {
        let listens = matches!(&self.phase, Phase::Os(os) if os.listens());
        listens && self.faults.strikes(FaultKind::DeafSoftOff).is_some()
    }

    /// The power button was pressed briefly while the machine is on.
    fn asked_to_stop(&mut self, now: Instant) {
        match &self.phase {
            Phase::Os(_) => self.stop(os::After::Off, now),
            Phase::Off | Phase::Reset => {}
            // Firmware has nothing to shut down.
            _ => self.power_off(OffBy::Button),
        }
    }

    /// When the held power button forces the machine off.
    pub(super) fn forced_off_at(&self) -> Option<Instant> {
        let press = self.power_button.filter(|press| !press.spent)?;
        self.is_on()
            .then(|| press.since + self.profile.blueprint.front.forced_off_after)
    }

    /// The power button was held long enough.
    pub(super) fn force_off(&mut self) {
        if let Some(press) = &mut self.power_button {
            press.spent = true;
        }
        self.power_off(OffBy::HeldButton);
    }

    pub(super) fn power_off(&mut self, why: OffBy) {
        self.phase = Phase::Off;
        self.running = None;
        self.changes += 1;
        self.set_leds(Leds::default());
        self.saw(Saw::PowerOff { why });
        self.progress(BootProgress::None);
    }

    fn reset_button(&mut self, pressed: bool, now: Instant) {
        match (self.reset_button, pressed) {
            (None, true) => {
                self.reset_button = Some(Press::new(now, false));
                let stuck = self.is_on() && self.faults.strikes(FaultKind::StuckReset).is_some();
                self.saw(Saw::ResetButtonDown {
                    ignored: stuck.then_some("stuck-reset"),
                });
                if self.is_on() && !stuck {
                    self.phase = Phase::Reset;
                    self.running = None;
                    self.changes += 1;
                    self.set_leds(Leds::default());
                }
            }
            (Some(press), false) => {
                self.reset_button = None;
                self.saw(Saw::ResetButtonUp {
                    held_ms: press.held_ms(now),
                });
                if matches!(self.phase, Phase::Reset) {
                    self.start_firmware(BootBy::Reset, now);
                }
            }
            (None, false) | (Some(_), true) => {}
        }
    }

    fn nmi(&mut self, pressed: bool) {
        let begins = pressed && !self.nmi;
        self.nmi = pressed;
        if !begins {
            return;
        }
        self.saw(Saw::Nmi);
        if let Phase::Os(os) = &mut self.phase {
            os.interrupt(&mut self.serial);
        }
        if self.is_on() {
            self.observe(Observed::SystemEvent(FRONT_PANEL_NMI));
        }
    }

    fn identify(&mut self, lit: bool) {
        if lit != self.identify {
            self.identify = lit;
            self.saw(if lit {
                Saw::IdentifyOn
            } else {
                Saw::IdentifyOff
            });
        }
    }
}
