//! The system on the disk: log-ins, shell, lights, and what reaches it.

use super::*;

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
