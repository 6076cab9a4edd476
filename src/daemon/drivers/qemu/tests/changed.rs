//! Settings that change while a machine runs: it stays what it was started as until it was off.

use outband_core::{
    driver::{BootBy, Observed, Verb},
    server::{BootMode, BootTarget, OverrideLifetime},
};

use super::rig::{Rig, processes};
use crate::drivers::qemu::{Firmware, Settings};

const fn began(by: BootBy) -> Observed {
    Observed::BootBegan { by }
}

/// The memory that a machine's one process was started with, as QEMU was told.
fn memory(rig: &Rig) -> String {
    let [pid] = processes(&rig.machine())[..] else {
        panic!("one process");
    };
    let words = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap();
    let mut words = words.split('\0').skip_while(|word| *word != "-m");
    words.nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn a_machine_that_runs_stays_what_it_was_started_as() {
    let rig = Rig::new("changed").await;
    rig.verb(Verb::On).await;
    let before = processes(&rig.machine());
    let (folder, settings) = rig.die().await;
    let changed = Settings {
        memory: "512MiB".parse().unwrap(),
        ..settings.clone()
    };
    let rig = Rig::open(folder, changed.clone()).await;
    assert_eq!(processes(&rig.machine()), before);
    assert_eq!(rig.inventory.memory_mib(), Some(256));

    // Changed back there is nothing to take over, whatever was in between.
    let (folder, _) = rig.die().await;
    let mut rig = Rig::open(folder, settings).await;
    rig.observed_nothing_more();
    let (folder, _) = rig.die().await;
    let mut rig = Rig::open(folder, changed).await;
    rig.verb(Verb::Off).await;
    rig.observed_nothing_more();
    assert_eq!(rig.inventory.memory_mib(), Some(512));
    rig.verb(Verb::On).await;
    assert_eq!(rig.observes().await, began(BootBy::PowerOn));
    let (folder, settings) = rig.die().await;
    let rig = Rig::open(folder, settings).await;
    assert_eq!(rig.inventory.memory_mib(), Some(512));
    rig.stop().await;
}

#[tokio::test]
async fn a_machine_is_found_again_whatever_it_was_made_from() {
    let rig = Rig::new("made-from").await;
    rig.verb(Verb::On).await;
    let before = processes(&rig.machine());
    let (folder, settings) = rig.die().await;
    std::fs::write(folder.join("machine/machine.json"), "{\"of\": \"later\"}").unwrap();
    let rig = Rig::open(folder, settings).await;
    assert_eq!(processes(&rig.machine()), before);
    assert_eq!(rig.sensed.borrow().on, Some(true));
    rig.stop().await;
}

#[tokio::test]
async fn a_reset_changes_nothing_even_where_it_takes_another_process() {
    let mut rig = Rig::new("changed-once").await;
    rig.verb(Verb::On).await;
    rig.menu("the disk").await;
    let first = processes(&rig.machine());
    let (folder, settings) = rig.die().await;
    let changed = Settings {
        memory: "512MiB".parse().unwrap(),
        ..settings
    };
    let mut rig = Rig::open(folder, changed).await;
    rig.ask_for(1, BootTarget::Cd, OverrideLifetime::Once);
    rig.verb(Verb::Reset).await;
    rig.menu("the CD").await;
    assert_ne!(processes(&rig.machine()), first);
    assert_eq!(memory(&rig), "262144K");
    // So does the guest's own, and a daemon that comes back finds what was started from what.
    let mut rig = rig.die_and_return().await;
    rig.ask_for(1, BootTarget::Cd, OverrideLifetime::Once);
    rig.types(b"r");
    rig.menu("the disk").await;
    assert_eq!(memory(&rig), "262144K");
    assert_eq!(rig.inventory.memory_mib(), Some(256));
    rig.verb(Verb::Off).await;
    rig.verb(Verb::On).await;
    assert_eq!(memory(&rig), "524288K");
    rig.stop().await;
}

#[tokio::test]
async fn other_firmware_waits_for_a_power_on_too() {
    let mut rig = Rig::new("changed-firmware").await;
    rig.verb(Verb::On).await;
    rig.menu("the disk").await;
    let before = processes(&rig.machine());
    let (folder, settings) = rig.die().await;
    let changed = Settings {
        firmware: Firmware::Uefi,
        ..settings
    };
    let mut rig = Rig::open(folder, changed).await;
    assert_eq!(rig.boot.ability().native_mode, Some(BootMode::Uefi));
    rig.boot.set_override(None).unwrap();
    rig.types(b"r");
    assert_eq!(rig.observes().await, began(BootBy::Software));
    rig.menu("the disk").await;
    rig.verb(Verb::Reset).await;
    rig.menu("the disk").await;
    assert_eq!(processes(&rig.machine()), before);
    rig.verb(Verb::Off).await;
    rig.verb(Verb::On).await;
    // What UEFI says on the serial port when it comes to booting.
    rig.says("BdsDxe: ").await;
    rig.stop().await;
}
