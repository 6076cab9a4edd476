//! Buttons, mains and load: when the machine is on, and what it remembers of it.

use super::*;

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
