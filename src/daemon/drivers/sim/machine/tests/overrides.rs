//! Boot overrides: which boot uses one, and that no boot uses it twice.

use super::*;

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
fn an_override_taken_back_is_not_used() {
    let mut bench = Bench::new();
    bench.override_boot(1, BootTarget::Pxe, OverrideLifetime::Once);
    bench.machine.set_override(None).unwrap();
    bench.press(Line::PowerButton, 100);
    bench.wait(10_000);
    assert_eq!(bench.boots(), [(Some(BootTarget::Hdd), None)]);
}
