//! Faults: what a machine does when one strikes.

use super::*;

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
