//! Keyboard and serial port: where what is typed ends up.

use outband_core::{
    driver::{BootBy, Observed},
    server::BootTarget,
};
use outband_protocol::{
    hid::{HeldKeys, Pointer, Usage, layout},
    ipmi::sel::{GENERATOR_BMC, SystemEvent},
};
use tokio::time::Instant;

use super::{
    Machine, Phase, Saw, Step, Wish, menu, os,
    os::Door,
    setup,
    shell::{Led, Request},
};

/// OS Stop, "Run-time Critical Stop" (IPMI 2.0 table 42-3, type 20h, offset 1).
const CRITICAL_STOP: SystemEvent = SystemEvent {
    generator: GENERATOR_BMC,
    sensor_type: 0x20,
    sensor_number: 0,
    assertion: true,
    event_type: 0x6F,
    data: [0x01, 0xFF, 0xFF],
};

impl Machine {
    /// Exactly these keys are held.
    pub(crate) fn hold(&mut self, keys: HeldKeys, now: Instant) {
        if keys == self.keys {
            return;
        }
        self.saw(Saw::from(&keys));
        let before = std::mem::replace(&mut self.keys, keys);
        for key in keys.newly_held(&before).filter(|key| !key.is_modifier()) {
            self.key(key, now);
        }
        self.follow(now);
    }

    /// The pointer reported. Nothing that runs here has a use for it.
    pub(crate) fn point(&mut self, pointer: Pointer) {
        self.saw(pointer.into());
    }

    /// Bytes came in at the serial port.
    pub(crate) fn receive(&mut self, bytes: &[u8], now: Instant) {
        self.saw(Saw::Serial { bytes: bytes.len() });
        for byte in bytes.iter().filter(|byte| byte.is_ascii()) {
            self.type_letter(Door::Port, char::from(*byte), now);
        }
        self.follow(now);
    }

    fn key(&mut self, key: Usage, now: Instant) {
        if self.lock_key(key) {
            return;
        }
        if key == Usage::DELETE && self.holds_control_and_alt() {
            self.restart(now);
            return;
        }
        match &mut self.phase {
            Phase::Post(post) if self.profile.blueprint.boot.has_set_up() => match key {
                Usage::DELETE => post.wish = Wish::SetUp,
                Usage::F12 => post.wish = Wish::Menu,
                _ => {}
            },
            Phase::Menu(menu) => match menu.key(key) {
                menu::Next::Stay => {}
                menu::Next::Boot(BootTarget::BiosSetup) => self.enter_set_up(),
                menu::Next::Boot(device) => self.boot_from(Some(device), now),
                menu::Next::Leave => self.choose(now),
            },
            Phase::SetUp(set_up) => match set_up.key(key) {
                setup::Next::Stay => {}
                setup::Next::Leave(order) => self.leave_set_up(order, now),
            },
            Phase::Boot(boot) if boot.step == Step::Nothing => {
                self.start_firmware(BootBy::Software, now);
            }
            Phase::Os(_) => {
                let leds = self.leds;
                let letter = layout::us(key, &self.keys, leds.caps_lock, leds.num_lock);
                if let Some(letter) = letter {
                    self.type_letter(Door::Keyboard, letter, now);
                }
            }
            Phase::Post(_) | Phase::Boot(_) | Phase::Off | Phase::Reset => {}
        }
    }

    /// A key that switches a light; `false` when it is none.
    fn lock_key(&mut self, key: Usage) -> bool {
        let mut leds = self.leds;
        let led = match key {
            Usage::CAPS_LOCK => &mut leds.caps_lock,
            Usage::NUM_LOCK => &mut leds.num_lock,
            Usage::SCROLL_LOCK => &mut leds.scroll_lock,
            _ => return false,
        };
        *led = !*led;
        if self.has_keyboard() {
            self.set_leds(leds);
        }
        true
    }

    /// Whether something runs that minds the keyboard.
    fn has_keyboard(&self) -> bool {
        match &self.phase {
            Phase::Off | Phase::Reset => false,
            Phase::Os(os) => !os.has_panicked(),
            _ => true,
        }
    }

    fn holds_control_and_alt(&self) -> bool {
        let either = |left, right| self.keys.holds(left) || self.keys.holds(right);
        either(Usage::LEFT_CONTROL, Usage::RIGHT_CONTROL)
            && either(Usage::LEFT_ALT, Usage::RIGHT_ALT)
    }

    /// Control, Alt and Delete.
    fn restart(&mut self, now: Instant) {
        match &self.phase {
            Phase::Os(_) => self.stop(os::After::Reboot, now),
            Phase::Off | Phase::Reset => {}
            _ => self.start_firmware(BootBy::Software, now),
        }
    }

    fn leave_set_up(&mut self, order: Option<Vec<BootTarget>>, now: Instant) {
        if let Some(order) = order
            && order != self.order
        {
            self.saw(Saw::BootOrder {
                order: order.clone(),
            });
            self.order = order;
            self.changes += 1;
        }
        self.start_firmware(BootBy::Software, now);
    }

    fn type_letter(&mut self, door: Door, letter: char, now: Instant) {
        let Phase::Os(os) = &mut self.phase else {
            return;
        };
        let request = os.typed(door, letter, &self.profile, now, &mut self.serial);
        match request {
            None | Some(Request::Load(_)) => {}
            Some(Request::Reboot) => self.stop(os::After::Reboot, now),
            Some(Request::PowerOff) => self.stop(os::After::Off, now),
            Some(Request::Panic) => {
                self.saw(Saw::Panic);
                self.observe(Observed::SystemEvent(CRITICAL_STOP));
            }
            Some(Request::Led(led, on)) => {
                let mut leds = self.leds;
                match led {
                    Led::Caps => leds.caps_lock = on,
                    Led::Num => leds.num_lock = on,
                    Led::Scroll => leds.scroll_lock = on,
                }
                self.set_leds(leds);
            }
        }
    }

    /// The operating system begins to shut down, if it is in a state to.
    pub(super) fn stop(&mut self, after: os::After, now: Instant) {
        if let Phase::Os(os) = &mut self.phase
            && os.stop(after, now)
        {
            self.saw(Saw::GoingDown);
        }
    }
}
