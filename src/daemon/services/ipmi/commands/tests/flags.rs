//! The boot flags, written as the clients do and read back by Redfish too.

use outband_core::{
    driver::{Abilities, BootAbility},
    server::{BootMode, BootOverride, BootTarget, Command, OverrideLifetime},
};

use super::*;

async fn set(bench: &Bench, flags: [u8; 5]) -> u8 {
    let answer = bench.ask(&[&[0x00, 0x08, 5], &flags[..]].concat()).await;
    assert_eq!(answer.len(), 1);
    answer[0]
}

async fn get(bench: &Bench) -> [u8; 5] {
    let answer = bench.ask(&[0x00, 0x09, 5, 0, 0]).await;
    assert_eq!(answer[..3], [0x00, 0x01, 0x05]);
    answer[3..].try_into().unwrap()
}

/// How long, from where and with which firmware Redfish says that is booted.
async fn shown(bench: &Bench) -> [String; 3] {
    let system = bench.rig.get("/redfish/v1/Systems/1").await;
    ["Enabled", "Target", "Mode"].map(|what| {
        let value = &system["Boot"][format!("BootSourceOverride{what}")];
        value.as_str().unwrap_or_default().to_owned()
    })
}

#[tokio::test]
async fn an_override_is_set_read_back_and_taken_back() {
    let bench = Bench::new().await;
    for (flags, words) in [
        ([0x80, 0x04, 0, 0, 0], ["Once", "Pxe", "UEFI"]),
        ([0xC0, 0x04, 0, 0, 0], ["Continuous", "Pxe", "UEFI"]),
        ([0xA0, 0x08, 0, 0, 0], ["Once", "Hdd", "UEFI"]),
        ([0xE0, 0x08, 0, 0, 0], ["Continuous", "Hdd", "UEFI"]),
    ] {
        assert_eq!(set(&bench, flags).await, 0x00, "{flags:02x?}");
        assert_eq!(get(&bench).await, flags);
        assert_eq!(shown(&bench).await, words);
        // No device, and flags that do not count.
        for back in [[0x80, 0, 0, 0, 0], [0x00, 0x04, 0, 0, 0]] {
            assert_eq!(set(&bench, flags).await, 0x00);
            assert_eq!(set(&bench, back).await, 0x00);
            assert_eq!(get(&bench).await, [0; 5]);
            assert_eq!(shown(&bench).await, ["Disabled", "None", "UEFI"]);
        }
    }
}

#[tokio::test]
async fn flags_that_are_marked_invalid_are_taken_back() {
    let bench = Bench::new().await;
    for mark in [&[0x85][..], &[0x85, 0xC0, 0x08, 0, 0, 0]] {
        assert_eq!(set(&bench, [0x80, 0x04, 0, 0, 0]).await, 0x00);
        // Marked valid they stay as they are.
        assert_eq!(bench.ask(&[0x00, 0x08, 0x05]).await, [0x00]);
        assert_eq!(get(&bench).await, [0x80, 0x04, 0, 0, 0]);
        assert_eq!(bench.ask(&[&[0x00, 0x08], mark].concat()).await, [0x00]);
        assert_eq!(get(&bench).await, [0; 5]);
    }
}

#[tokio::test]
async fn what_no_machine_here_can_do_is_refused_and_changes_nothing() {
    let bench = Bench::new().await;
    let held = [0x80, 0x04, 0, 0, 0];
    assert_eq!(set(&bench, held).await, 0x00);
    for (byte, bits) in [
        // Reserved.
        (0, 0x1F),
        // Clear the CMOS, lock the keyboard, blank the screen, lock the reset button.
        (1, 0b1100_0011),
        // Power button, quiet, traps, sleep button, console.
        (2, 0b1011_0111),
        // Shared mode and the serial port's switch; the device's instance.
        (3, 0xFF),
        (4, 0xFF),
    ] {
        for bit in (0..8).map(|bit| 1 << bit).filter(|bit| bits & bit != 0) {
            let mut flags = [0xC0, 0x08, 0, 0, 0];
            flags[byte] |= bit;
            assert_eq!(set(&bench, flags).await, 0xCC, "{flags:02x?}");
            assert_eq!(get(&bench).await, held);
        }
    }
    for length in [0, 1, 4, 6, 17] {
        let request = [&[0x00, 0x08, 5, 0x80][..], &vec![0; length]].concat();
        let code = if length == 4 { 0x00 } else { 0xC7 };
        assert_eq!(bench.ask(&request).await, [code], "{length}");
    }
}

#[tokio::test]
async fn each_selector_is_one_target_where_the_server_has_it() {
    let bench = Bench::new().await;
    let all = |targets: &[BootTarget]| Abilities {
        boot: Some(BootAbility {
            targets: targets.iter().copied().collect(),
            ..BootAbility::default()
        }),
        ..Abilities::default()
    };
    let every = [BootTarget::Floppy, BootTarget::Usb];
    let with_floppy = bench.with(|now| now.abilities = all(&every).into());
    let without = bench.with(|now| now.abilities = all(&every[1..]).into());
    for selector in 0..16 {
        let wanted = match selector {
            1 => Some(BootTarget::Pxe),
            2 => Some(BootTarget::Hdd),
            4 => Some(BootTarget::Diags),
            5 => Some(BootTarget::Cd),
            6 => Some(BootTarget::BiosSetup),
            15 => Some(BootTarget::Floppy),
            // Safe mode, what is connected from afar, and what is reserved.
            _ => None,
        };
        let request = [0x00, 0x08, 5, 0x80, selector << 2, 0, 0, 0];
        let (then, _) = bench.carry(&with_floppy, &request);
        match (then, wanted) {
            (Ok(Then::Submit(Command::BootOverride(Some(held)))), Some(target)) => {
                assert_eq!(held.target, target);
            }
            (Ok(Then::Submit(Command::BootOptions(_))), None) if selector == 0 => {}
            (Err(Completion::INVALID_FIELD), None) => {}
            (then, wanted) => panic!("{selector}: {then:?}, {wanted:?}"),
        }
    }
    let (then, _) = bench.carry(&without, &[0x00, 0x08, 5, 0x80, 15 << 2, 0, 0, 0]);
    let Ok(Then::Submit(Command::BootOverride(Some(held)))) = then else {
        panic!("{then:?}")
    };
    assert_eq!(held.target, BootTarget::Usb);
    // The engine refuses what the server can't be booted from: this one has no CD drive.
    assert_eq!(set(&bench, [0x80, 5 << 2, 0, 0, 0]).await, 0xCC);
    assert_eq!(get(&bench).await, [0; 5]);
}

#[tokio::test]
async fn an_override_by_another_way_is_read_as_far_as_the_flags_can_say_it() {
    let bench = Bench::new().await;
    let once = OverrideLifetime::Once;
    for (target, mode, read) in [
        (BootTarget::Diags, None, [0x05, 0x80, 0x10]),
        (BootTarget::Cd, Some(BootMode::Legacy), [0x05, 0x80, 0x14]),
        (BootTarget::BiosSetup, None, [0x05, 0x80, 0x18]),
        (BootTarget::Usb, None, [0x05, 0x80, 0x3C]),
        (BootTarget::Floppy, None, [0x05, 0x80, 0x3C]),
        // It has no selector: the parameter is invalid.
        (BootTarget::UefiHttp, Some(BootMode::Uefi), [0x85, 0, 0]),
    ] {
        let now = bench.with(|now| {
            now.boot_override = Some(BootOverride {
                id: 1,
                target,
                lifetime: once,
                mode,
            });
        });
        let answer = bench.read(&now, &[0x00, 0x09, 5, 0, 0]);
        let wanted = [&[0x00, 0x01], &read[..], &[0; 3]].concat();
        assert_eq!(answer, wanted, "{target:?}");
    }
}

/// `ipmitool chassis bootdev disk options=persistent,efiboot`, and again after a writer that was
/// cut off.
#[tokio::test]
async fn as_ipmitool_writes_it() {
    let bench = Bench::new().await;
    for begin in [0x00, 0x81] {
        assert_eq!(bench.ask(&[0x00, 0x08, 0, 1]).await, [begin]);
        assert_eq!(bench.ask(&[0x00, 0x08, 4, 1, 1]).await, [0x00]);
        assert_eq!(set(&bench, [0xE0, 0x08, 0, 0, 0]).await, 0x00);
        // Its attempt to commit may fail.
        assert_eq!(bench.ask(&[0x00, 0x08, 0, 2]).await, [0xCC]);
    }
    assert_eq!(bench.ask(&[0x00, 0x08, 0, 0]).await, [0x00]);
    assert_eq!(shown(&bench).await, ["Continuous", "Hdd", "UEFI"]);
}

/// Ironic's raw commands, which pyghmi sends alike.
#[tokio::test]
async fn as_ironic_and_pyghmi_write_it() {
    let bench = Bench::new().await;
    assert_eq!(bench.ask(&[0x00, 0x08, 0x03, 0x08]).await, [0x00]);
    assert_eq!(set(&bench, [0xE0, 0x04, 0, 0, 0]).await, 0x00);
    assert_eq!(shown(&bench).await, ["Continuous", "Pxe", "UEFI"]);
    assert_eq!(set(&bench, [0xA0, 0x08, 0, 0, 0]).await, 0x00);
    assert_eq!(shown(&bench).await, ["Once", "Hdd", "UEFI"]);
    // pyghmi's "default".
    assert_eq!(set(&bench, [0, 0, 0, 0, 0]).await, 0x00);
    assert_eq!(shown(&bench).await, ["Disabled", "None", "UEFI"]);
}

/// `ipmiutil reset -p`: verbose, and without a password. Neither is kept.
#[tokio::test]
async fn as_ipmiutil_writes_it() {
    let bench = Bench::new().await;
    assert_eq!(set(&bench, [0x80, 0x04, 0x48, 0, 0]).await, 0x00);
    assert_eq!(shown(&bench).await, ["Once", "Pxe", "UEFI"]);
    assert_eq!(get(&bench).await, [0x80, 0x04, 0, 0, 0]);
}

/// FreeIPMI's `ipmi-config --commit` writes the fields one by one, each with all that it has read
/// and always as valid; the device is not the first.
#[tokio::test]
async fn as_freeipmi_writes_it_field_by_field() {
    let bench = Bench::new().await;
    for (byte, mask, bits) in [
        (0, 0x40, 0x40),
        (0, 0x20, 0x20),
        (1, 0x80, 0x00),
        (1, 0x3C, 0x04),
        (2, 0xFF, 0x00),
        (4, 0xFF, 0x00),
    ] {
        let mut flags = get(&bench).await;
        flags[byte] = flags[byte] & !mask | bits;
        flags[0] |= 0x80;
        assert_eq!(set(&bench, flags).await, 0x00, "{flags:02x?}");
        let read = get(&bench).await;
        flags[0] &= if read[1] == 0 { 0x7F } else { 0xFF };
        assert_eq!(read, flags, "without a device nothing is in force");
    }
    assert_eq!(get(&bench).await, [0xE0, 0x04, 0, 0, 0]);
    assert_eq!(shown(&bench).await, ["Continuous", "Pxe", "UEFI"]);
    // What waited for its device doesn't come back when the override goes.
    assert_eq!(set(&bench, [0xE0, 0x00, 0, 0, 0]).await, 0x00);
    assert_eq!(get(&bench).await, [0; 5]);
}

#[tokio::test]
async fn efi_is_not_noted_where_it_can_not_be_asked_for() {
    let bench = Bench::new().await;
    let legacy = Abilities {
        boot: Some(BootAbility::default()),
        ..Abilities::default()
    };
    let now = bench.with(|now| now.abilities = legacy.into());
    let (then, _) = bench.carry(&now, &[0x00, 0x08, 5, 0xA0, 0, 0, 0, 0]);
    assert_eq!(then.unwrap_err(), Completion::INVALID_FIELD);
}
