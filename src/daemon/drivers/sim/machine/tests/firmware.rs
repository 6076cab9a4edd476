//! Firmware: what it boots, its set-up and its boot menu.

use super::*;

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
fn a_machine_without_a_set_up_neither_offers_nor_opens_it() {
    let mut bench = Bench::with("board", fresh());
    bench.press(Line::PowerButton, 100);
    bench.hold([Usage::DELETE]);
    bench.wait(700);
    assert!(!bench.screen().contains("set-up"), "{}", bench.screen());
    bench.wait(500);
    assert_eq!(bench.boots(), [(Some(BootTarget::Hdd), None)]);
}
