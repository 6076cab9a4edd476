//! What a machine does, told by its own outputs, without sleeping.

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

#[test]
fn a_press_switches_on_and_the_boot_is_told_step_by_step() {
    let mut bench = Bench::new();
    assert!(!bench.is_on());
    assert_eq!(bench.screen(), "dark");
    bench.press(Line::PowerButton, 100);
    assert!(bench.is_on());
    bench.wait(10_000);
    let told = [
        BEGAN_ON,
        Observed::Progress(BootProgress::Firmware),
        Observed::Booted {
            target: Some(BootTarget::Hdd),
            label: None,
            used: None,
        },
        Observed::Progress(BootProgress::OsBootStarted),
        Observed::Progress(BootProgress::OsRunning),
    ];
    assert_eq!(bench.observed, told);
    assert!(bench.screen().contains("sim-1 login:"));
    assert!(bench.serial.ends_with("sim-1 login: "), "{}", bench.serial);
}

#[test]
fn an_idle_machine_has_no_deadline() {
    assert_eq!(Bench::new().machine.deadline(), None);
    assert_eq!(Bench::running().machine.deadline(), None);
}

#[test]
fn a_short_press_shuts_the_system_down() {
    let mut bench = Bench::running();
    bench.press(Line::PowerButton, 100);
    assert!(bench.is_on());
    assert!(bench.machine.sensed().disk_active.unwrap());
    bench.wait(1000);
    assert!(bench.screen().contains("System going down for power-off."));
    assert!(bench.is_on());
    bench.wait(1000);
    assert!(!bench.is_on());
    let told = [Observed::ShutDown, Observed::Progress(BootProgress::None)];
    assert_eq!(bench.observed, told);
    assert_eq!(bench.screen(), "dark");
}

#[test]
fn a_held_button_forces_off_at_its_time_and_not_earlier() {
    let mut bench = Bench::running();
    bench.machine.drive(Line::PowerButton, true, bench.now);
    bench.wait(599);
    assert!(bench.is_on());
    bench.wait(1);
    assert!(!bench.is_on());
    bench.wait(10_000);
    bench.machine.drive(Line::PowerButton, false, bench.now);
    bench.wait(10_000);
    assert!(!bench.is_on());
    assert_eq!(bench.count(&Observed::ShutDown), 0);
    assert!(bench.saw.contains(&Saw::PowerOff {
        why: OffBy::HeldButton
    }));
    assert!(bench.saw.contains(&Saw::PowerButtonUp {
        held_ms: 10_600,
        ignored: None
    }));
}

#[test]
fn the_press_that_switches_on_may_last() {
    let mut bench = Bench::new();
    bench.press(Line::PowerButton, 60_000);
    bench.wait(60_000);
    assert!(bench.is_on());
    assert_eq!(bench.boots().len(), 1);
}

#[test]
fn firmware_goes_off_at_a_short_press_because_nothing_can_shut_down() {
    let mut bench = Bench::new();
    bench.press(Line::PowerButton, 100);
    bench.wait(500);
    bench.press(Line::PowerButton, 100);
    assert!(!bench.is_on());
}

#[test]
fn reset_starts_firmware_anew_once_the_button_is_released() {
    let mut bench = Bench::running();
    bench.machine.drive(Line::ResetButton, true, bench.now);
    bench.wait(5000);
    assert_eq!(bench.screen(), "dark");
    assert_eq!(bench.count(&BEGAN_RESET), 0);
    bench.machine.drive(Line::ResetButton, false, bench.now);
    bench.wait(10_000);
    assert_eq!(bench.count(&BEGAN_RESET), 1);
    assert_eq!(bench.boots(), [(Some(BootTarget::Hdd), None)]);
    assert!(bench.is_on());
}

#[test]
fn reset_means_nothing_while_off() {
    let mut bench = Bench::new();
    bench.press(Line::ResetButton, 100);
    bench.wait(5000);
    assert!(!bench.is_on() && bench.observed.is_empty());
}

#[test]
fn once_is_used_by_one_boot_and_continuous_by_every_boot() {
    let mut bench = Bench::new();
    bench.label = Some("LIVE_12".into());
    bench.override_boot(5, BootTarget::Cd, OverrideLifetime::Once);
    bench.press(Line::PowerButton, 100);
    bench.wait(10_000);
    bench.press(Line::ResetButton, 100);
    bench.wait(10_000);
    bench.override_boot(6, BootTarget::Cd, OverrideLifetime::Continuous);
    for _ in 0..2 {
        bench.press(Line::ResetButton, 100);
        bench.wait(10_000);
    }
    let (cd, hdd) = (Some(BootTarget::Cd), Some(BootTarget::Hdd));
    assert_eq!(
        bench.boots(),
        [(cd, Some(5)), (hdd, None), (cd, Some(6)), (cd, Some(6))]
    );
    assert_eq!(bench.machine.last_used(), Some(6));
}

#[test]
fn a_used_override_is_remembered_before_the_boot_goes_on() {
    let mut bench = Bench::new();
    bench.override_boot(9, BootTarget::Hdd, OverrideLifetime::Once);
    bench.press(Line::PowerButton, 100);
    bench.saves = false;
    bench.wait(60_000);
    assert_eq!(
        bench.boots(),
        [],
        "nothing was booted without a memory of it"
    );
    assert_eq!(bench.machine.record(BOOT).last_used, Some(9));
    bench.saves = true;
    bench.wait(0);
    assert_eq!(bench.boots(), [(Some(BootTarget::Hdd), Some(9))]);
}

#[test]
fn a_used_override_that_is_handed_over_again_is_not_used_again() {
    let mut bench = Bench::with(
        "pc",
        remembering(Record {
            format: FORMAT,
            boot_id: BOOT,
            on: false,
            running: None,
            order: vec![],
            last_used: Some(3),
        }),
    );
    bench.override_boot(3, BootTarget::BiosSetup, OverrideLifetime::Once);
    bench.press(Line::PowerButton, 100);
    bench.wait(10_000);
    assert_eq!(bench.boots(), [(Some(BootTarget::Hdd), None)]);
}

#[test]
fn the_set_up_uses_an_override_when_it_is_entered() {
    let mut bench = Bench::new();
    bench.override_boot(2, BootTarget::BiosSetup, OverrideLifetime::Once);
    bench.press(Line::PowerButton, 100);
    bench.wait(2000);
    assert_eq!(bench.boots(), [(Some(BootTarget::BiosSetup), Some(2))]);
    assert!(bench.screen().contains("Set-up"));
    bench.hold([Usage::ESCAPE]);
    bench.hold([Usage::ENTER]);
    bench.wait(10_000);
    assert_eq!(bench.count(&BEGAN_SOFT), 1);
    assert_eq!(bench.boots()[1..], [(Some(BootTarget::Hdd), None)]);
}

#[test]
fn a_network_boot_that_finds_nothing_leaves_the_boot_to_the_next_device() {
    let mut bench = Bench::new();
    bench.override_boot(1, BootTarget::Pxe, OverrideLifetime::Once);
    bench.press(Line::PowerButton, 100);
    bench.wait(2500);
    assert!(
        bench.screen().contains("PXE over IPv4"),
        "{}",
        bench.screen()
    );
    assert_eq!(bench.boots(), []);
    bench.wait(10_000);
    assert_eq!(bench.boots(), [(Some(BootTarget::Hdd), Some(1))]);
    assert!(bench.serial.contains("NET-E53"));
}

#[test]
fn the_label_of_the_medium_is_told_and_shown() {
    let mut bench = Bench::new();
    bench.label = Some("RESCUE".into());
    bench.override_boot(1, BootTarget::Cd, OverrideLifetime::Once);
    bench.press(Line::PowerButton, 100);
    bench.wait(2200);
    assert!(bench.screen().contains("Booting from CD: RESCUE"));
    let told = Observed::Booted {
        target: Some(BootTarget::Cd),
        label: Some("RESCUE".into()),
        used: Some(1),
    };
    assert_eq!(bench.count(&told), 1);
    bench.wait(10_000);
    assert!(bench.screen().contains("live login:"), "{}", bench.screen());
}

#[test]
fn an_empty_machine_says_so_and_starts_anew_at_a_key() {
    let mut bench = Bench::with(
        "pc",
        Beginning {
            disk: false,
            ..fresh()
        },
    );
    bench.press(Line::PowerButton, 100);
    bench.wait(10_000);
    assert!(bench.screen().contains("No bootable device"));
    assert_eq!(bench.boots(), [(None, None)]);
    bench.hold([Usage::SPACE]);
    assert_eq!(bench.count(&BEGAN_SOFT), 1);
}

#[test]
fn delete_enters_the_set_up_and_the_order_saved_there_is_obeyed_and_kept() {
    let mut bench = Bench::new();
    bench.label = Some("X".into());
    bench.press(Line::PowerButton, 100);
    bench.wait(500);
    bench.hold([Usage::DELETE]);
    bench.wait(2000);
    bench.hold([Usage::RIGHT]);
    bench.hold([Usage::new(0x2D).unwrap()]);
    bench.hold([Usage::new(0x43).unwrap()]);
    bench.hold([Usage::ENTER]);
    bench.wait(10_000);
    assert_eq!(bench.boots(), [(Some(BootTarget::Cd), None)]);
    let record = bench.machine.record(BOOT);
    assert_eq!(record.order[..2], [BootTarget::Cd, BootTarget::Hdd]);
    let again = Bench::with("pc", remembering(record));
    assert_eq!(again.machine.order[..2], [BootTarget::Cd, BootTarget::Hdd]);
}

#[test]
fn f12_opens_the_boot_menu_and_leaves_the_override_for_another_boot() {
    let mut bench = Bench::new();
    bench.label = Some("X".into());
    bench.override_boot(4, BootTarget::Pxe, OverrideLifetime::Once);
    bench.press(Line::PowerButton, 100);
    bench.wait(1500);
    bench.hold([Usage::F12]);
    bench.wait(1000);
    assert!(bench.screen().contains("Boot from"), "{}", bench.screen());
    bench.hold([Usage::DOWN]);
    bench.hold([Usage::ENTER]);
    bench.wait(10_000);
    assert_eq!(bench.boots(), [(Some(BootTarget::Cd), None)]);
    assert_eq!(bench.machine.boot_override.unwrap().id, 4);
}

#[test]
fn control_alt_delete_restarts_system_and_firmware() {
    let chord = [Usage::LEFT_CONTROL, Usage::LEFT_ALT, Usage::DELETE];
    let mut bench = Bench::running();
    bench.hold(chord);
    bench.wait(1600);
    assert_eq!(bench.count(&BEGAN_SOFT), 1);
    bench.hold(chord);
    assert_eq!(bench.count(&BEGAN_SOFT), 2);
}

#[test]
fn people_log_in_on_screen_and_serial_port_apart() {
    let mut bench = Bench::running();
    bench.serial.clear();
    bench.type_text("root\n");
    bench.type_text("uname");
    assert!(bench.screen().contains("root@sim-1:~# uname"));
    assert_eq!(
        bench.serial, "",
        "typing on the keyboard is not seen at the port"
    );
    bench.send("root\runame\r");
    assert!(
        bench.serial.contains("SimOS 1.0 sim-1 x86-64\r\n"),
        "{}",
        bench.serial
    );
}

#[test]
fn the_shell_restarts_and_switches_off() {
    let mut bench = Bench::running();
    bench.send("root\nreboot\n");
    bench.wait(10_000);
    assert_eq!(bench.count(&BEGAN_SOFT), 1);
    bench.send("root\npoweroff\n");
    bench.wait(10_000);
    assert!(!bench.is_on());
    assert_eq!(bench.count(&Observed::ShutDown), 1);
}

#[test]
fn lights_follow_lock_keys_and_the_shell_and_go_out_with_the_power() {
    let lit = |num_lock, caps_lock, scroll_lock| Leds {
        num_lock,
        caps_lock,
        scroll_lock,
    };
    let mut bench = Bench::new();
    bench.hold([Usage::CAPS_LOCK]);
    assert_eq!(bench.machine.leds(), Leds::default(), "without power none");
    let mut bench = Bench::running();
    bench.hold([Usage::CAPS_LOCK]);
    bench.hold([Usage::NUM_LOCK]);
    assert_eq!(bench.machine.leds(), lit(true, true, false));
    bench.send("root\nled scroll on\nled caps off\n");
    assert_eq!(bench.machine.leds(), lit(true, false, true));
    bench.press(Line::PowerButton, 700);
    assert_eq!(bench.machine.leds(), Leds::default());
}

#[test]
fn nmi_is_seen_on_screen_and_port_and_in_the_log() {
    let mut bench = Bench::running();
    bench.press(Line::Nmi, 100);
    assert!(bench.screen().contains("NMI received"));
    assert!(bench.serial.contains("NMI received"));
    let logged: Vec<_> = bench
        .observed
        .iter()
        .filter_map(|observed| match observed {
            Observed::SystemEvent(event) => Some((event.sensor_type, event.data[0])),
            _ => None,
        })
        .collect();
    assert_eq!(logged, [(0x13, 0)]);
    let mut off = Bench::new();
    off.press(Line::Nmi, 100);
    assert!(off.observed.is_empty());
}

#[test]
fn a_panic_helps_only_by_reset_or_a_held_button() {
    let mut bench = Bench::running();
    bench.send("root\npanic\n");
    bench.press(Line::PowerButton, 100);
    bench.hold([Usage::LEFT_CONTROL, Usage::LEFT_ALT, Usage::DELETE]);
    bench.hold([Usage::CAPS_LOCK]);
    bench.wait(60_000);
    assert!(bench.is_on() && bench.count(&BEGAN_SOFT) == 0);
    assert_eq!(bench.machine.leds(), Leds::default());
    bench.press(Line::ResetButton, 100);
    bench.wait(10_000);
    assert_eq!(bench.count(&BEGAN_RESET), 1);
}

#[test]
fn a_deaf_system_ignores_short_presses_and_still_goes_off_when_forced() {
    let mut bench = Bench::running();
    bench.faults.set(Fault::DeafSoftOff);
    bench.press(Line::PowerButton, 100);
    bench.wait(60_000);
    assert!(bench.is_on());
    assert!(bench.saw.contains(&Saw::PowerButtonUp {
        held_ms: 100,
        ignored: Some("deaf-soft-off")
    }));
    bench.press(Line::PowerButton, 700);
    assert!(!bench.is_on());
    assert_eq!(bench.faults.list()[0].struck, 1, "one press, one strike");
}

#[test]
fn a_stuck_reset_does_nothing() {
    let mut bench = Bench::running();
    bench.faults.set(Fault::StuckReset);
    bench.press(Line::ResetButton, 100);
    bench.wait(10_000);
    assert!(bench.observed.is_empty());
    assert!(bench.screen().contains("login:"));
}

#[test]
fn a_slow_self_test_takes_so_many_times_as_long() {
    let mut bench = Bench::new();
    bench.faults.set(Fault::SlowPost { factor: 10 });
    bench.press(Line::PowerButton, 100);
    bench.wait(19_800);
    assert_eq!(bench.boots(), []);
    bench.wait(200);
    assert_eq!(bench.boots(), [(Some(BootTarget::Hdd), None)]);
}

#[test]
fn a_dead_light_and_a_lost_signal_are_only_seen_from_outside() {
    let bench = Bench::running();
    let light = bench.faults.set(Fault::DeadPowerLed);
    let signal = bench.faults.set(Fault::NoSignal);
    assert!(!bench.is_on());
    assert_eq!(bench.screen(), "dark");
    bench.faults.clear(light);
    bench.faults.clear(signal);
    assert!(bench.is_on());
    assert!(bench.screen().contains("login:"));
}

#[test]
fn a_sensor_reads_what_a_fault_says() {
    let bench = Bench::running();
    let place = |id: &str| {
        let specs = &bench.machine.profile.blueprint.sensors.specs;
        specs.iter().position(|spec| &*spec.id == id).unwrap()
    };
    let fault = |sensor: &str, value| Fault::SensorValue {
        sensor: sensor.to_owned(),
        value,
    };
    bench.faults.set(fault("cpu-temp", Some(99.5)));
    bench.faults.set(fault("cpu-fan", None));
    let read = |id| bench.machine.read(place(id), bench.now);
    assert_eq!(read("cpu-temp"), Reading::Analog(99.5));
    assert_eq!(read("cpu-fan"), Reading::Unknown);
    assert!(matches!(read("board-temp"), Reading::Analog(_)));
}

#[test]
fn load_makes_the_machine_draw_power() {
    let mut bench = Bench::running();
    let specs = bench.machine.profile.blueprint.sensors.specs.clone();
    let power = specs.iter().position(|spec| &*spec.id == "power").unwrap();
    let watts = |bench: &Bench| match bench.machine.read(power, bench.now) {
        Reading::Analog(watts) => watts,
        other => panic!("{other:?}"),
    };
    bench.wait(60_000);
    let idle = watts(&bench);
    bench.send("root\nload 100\n");
    bench.wait(60_000);
    assert!(watts(&bench) > idle + 80.0);
    bench.press(Line::PowerButton, 700);
    bench.wait(60_000);
    assert!(watts(&bench) < idle / 2.0);
}

#[test]
fn a_running_machine_is_found_running_without_a_new_boot() {
    let record = Bench::running().machine.record(BOOT);
    assert!(record.on && record.running.is_some());
    let mut found = Bench::with("pc", remembering(record));
    found.wait(60_000);
    assert!(found.is_on());
    let known = [Observed::Progress(BootProgress::OsRunning)];
    assert_eq!(found.observed, known, "how far it came, and no boot");
    assert!(found.saw.is_empty());
    assert!(found.screen().contains("sim-1 login:"));
}

#[test]
fn a_machine_that_was_starting_goes_on_starting() {
    let mut bench = Bench::new();
    bench.press(Line::PowerButton, 100);
    let mut found = Bench::with("pc", remembering(bench.machine.record(BOOT)));
    assert!(found.is_on());
    found.wait(10_000);
    assert_eq!(found.count(&BEGAN_ON), 0);
    assert_eq!(found.boots(), [(Some(BootTarget::Hdd), None)]);
}

#[test]
fn a_machine_that_lost_its_mains_is_off() {
    let mut record = Bench::running().machine.record(BOOT);
    record.boot_id = BootId([8; 16]);
    let found = Bench::with("pc", remembering(record));
    assert!(!found.is_on());
    assert_eq!(
        found.saw,
        [Saw::PowerOff {
            why: OffBy::MainsLost
        }]
    );
    assert!(!found.machine.record(BOOT).on);
}

#[test]
fn overrides_that_the_firmware_does_not_know_are_refused() {
    let mut bench = Bench::with("board", fresh());
    let asked = |target, mode| {
        Some(BootOverride {
            id: 1,
            target,
            lifetime: OverrideLifetime::Once,
            mode,
        })
    };
    let machine = &mut bench.machine;
    assert!(machine.set_override(asked(BootTarget::Cd, None)).is_err());
    let uefi = Some(BootMode::Uefi);
    assert!(machine.set_override(asked(BootTarget::Pxe, uefi)).is_err());
    assert!(machine.set_override(asked(BootTarget::Pxe, None)).is_ok());
}

#[test]
fn a_machine_without_a_set_up_neither_offers_nor_opens_it() {
    let mut bench = Bench::with("board", fresh());
    bench.press(Line::PowerButton, 100);
    bench.hold([Usage::DELETE]);
    bench.wait(700);
    assert!(!bench.screen().contains("set-up"), "{}", bench.screen());
    bench.wait(500);
    assert_eq!(bench.boots(), [(Some(BootTarget::Hdd), None)]);
}

#[test]
fn an_override_taken_back_is_not_used() {
    let mut bench = Bench::new();
    bench.override_boot(1, BootTarget::Pxe, OverrideLifetime::Once);
    bench.machine.set_override(None).unwrap();
    bench.press(Line::PowerButton, 100);
    bench.wait(10_000);
    assert_eq!(bench.boots(), [(Some(BootTarget::Hdd), None)]);
}

/// Something that is done to a machine.
#[derive(Debug, Clone)]
enum Deed {
    Drive(Line, bool),
    Keys(u8, u8),
    Bytes(Vec<u8>),
    Wait(u16),
    Override(u64, BootTarget),
}

fn deeds() -> impl proptest::strategy::Strategy<Value = Vec<Deed>> {
    use proptest::prelude::*;
    let line = prop_oneof![
        Just(Line::PowerButton),
        Just(Line::ResetButton),
        Just(Line::Nmi)
    ];
    let target = prop_oneof![
        Just(BootTarget::Hdd),
        Just(BootTarget::Cd),
        Just(BootTarget::Pxe),
        Just(BootTarget::BiosSetup)
    ];
    let deed = prop_oneof![
        3 => (line, any::<bool>()).prop_map(|(line, on)| Deed::Drive(line, on)),
        2 => (4u8..=0x53, 0xE0u8..=0xE7).prop_map(|(key, with)| Deed::Keys(key, with)),
        1 => proptest::collection::vec(any::<u8>(), 0..20).prop_map(Deed::Bytes),
        4 => (0u16..5000).prop_map(Deed::Wait),
        1 => (1u64..9, target).prop_map(|(id, to)| Deed::Override(id, to)),
    ];
    proptest::collection::vec(deed, 0..60)
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_is_done_no_once_is_used_twice_and_time_never_stands_still(deeds in deeds()) {
        let mut bench = Bench::new();
        bench.label = Some("L".into());
        for deed in deeds {
            match deed {
                Deed::Drive(line, on) => bench.machine.drive(line, on, bench.now),
                Deed::Keys(key, with) => bench.hold([Usage::new(with), Usage::new(key)].into_iter().flatten()),
                Deed::Bytes(bytes) => bench.machine.receive(&bytes, bench.now),
                Deed::Wait(ms) => bench.wait(ms.into()),
                Deed::Override(id, target) => {
                    bench.override_boot(id, target, OverrideLifetime::Once);
                    // Overrides are numbered upwards; an older one than was used never comes back.
                    if Some(id) <= bench.machine.last_used() {
                        bench.machine.set_override(None).unwrap();
                    }
                }
            }
            bench.wait(0);
            proptest::prop_assert!(bench.machine.deadline().is_none_or(|due| due > bench.now));
            let _ = bench.machine.scene(bench.now);
        }
        let mut used: Vec<_> = bench.boots().into_iter().filter_map(|(_, used)| used).collect();
        let all = used.len();
        used.dedup();
        proptest::prop_assert_eq!(all, used.len());
    }
}
