//! What is booted, and how often.

use outband_core::{
    driver::{BootBy, Observed, Verb},
    server::{BootTarget, OverrideLifetime},
};
use outband_protocol::qmp::EventKind;

use super::rig::{HANG, Rig};
use crate::drivers::qemu::{
    folder::Folder,
    monitor::{Monitor, News},
};

const CD: BootTarget = BootTarget::Cd;
const ONCE: OverrideLifetime = OverrideLifetime::Once;

/// A machine that boots the CD by the override 7, just switched on.
async fn booted_once(name: &str) -> Rig {
    let mut rig = Rig::new(name).await;
    rig.ask_for(7, CD, ONCE);
    rig.verb(Verb::On).await;
    assert_eq!(rig.observes().await, Observed::OverrideUsed { id: 7 });
    let by = BootBy::PowerOn;
    assert_eq!(rig.observes().await, Observed::BootBegan { by });
    assert_eq!(rig.boot.last_used(), Some(7));
    rig.menu("the CD").await;
    rig
}

#[tokio::test]
async fn an_override_for_once_holds_for_one_boot_before_a_reset() {
    let mut rig = booted_once("once-reset").await;
    rig.verb(Verb::Reset).await;
    let by = BootBy::Reset;
    assert_eq!(rig.observes().await, Observed::BootBegan { by });
    rig.menu("the disk").await;
    assert_eq!(rig.sensed.borrow().on, Some(true));
    rig.observed_nothing_more();
    rig.stop().await;
}

#[tokio::test]
async fn an_override_for_once_holds_for_one_boot_before_the_guests_own_reboot() {
    let mut rig = booted_once("once-reboot").await;
    rig.types(b"r");
    let by = BootBy::Software;
    assert_eq!(rig.observes().await, Observed::BootBegan { by });
    rig.menu("the disk").await;
    rig.observed_nothing_more();
    rig.stop().await;
}

#[tokio::test]
async fn an_override_for_once_holds_for_one_boot_before_a_power_cycle() {
    let mut rig = booted_once("once-cycle").await;
    rig.verb(Verb::Off).await;
    rig.verb(Verb::On).await;
    rig.menu("the disk").await;
    rig.stop().await;
}

#[tokio::test]
async fn an_override_for_once_is_not_used_again_after_the_daemon_died() {
    let mut rig = booted_once("once-died").await;
    rig = rig.die_and_return().await;
    assert_eq!(rig.boot.last_used(), Some(7));
    // Core may not have heard that it was used.
    rig.ask_for(7, CD, ONCE);
    rig.types(b"r");
    let by = BootBy::Software;
    assert_eq!(rig.observes().await, Observed::BootBegan { by });
    rig.menu("the disk").await;
    rig.stop().await;
}

#[tokio::test]
async fn a_reboot_while_no_daemon_was_there_goes_on_when_it_returns() {
    let mut rig = booted_once("once-alone").await;
    rig.types(b"l");
    rig.says("later: the CD").await;
    let (folder, settings) = rig.die().await;
    // Somebody else listens to the machine until it has stopped at its reset.
    let machine = Folder::open(&folder.join("machine")).unwrap();
    let (mut monitor, _) = Monitor::connect(&machine).await.unwrap().unwrap();
    let is_stop = |news| matches!(news, News::Event(event) if event.kind == EventKind::Stop);
    let stopped = async { while !is_stop(monitor.news().await.unwrap()) {} };
    tokio::time::timeout(HANG, stopped).await.unwrap();
    drop((monitor, machine));
    let mut rig = Rig::open(folder, settings).await;
    assert_eq!(rig.sensed.borrow().on, Some(true));
    rig.boot.set_override(None).unwrap();
    let by = BootBy::Software;
    assert_eq!(rig.observes().await, Observed::BootBegan { by });
    rig.menu("the disk").await;
    rig.stop().await;
}

#[tokio::test]
async fn an_override_set_on_a_running_machine_holds_from_the_next_reset() {
    let mut rig = Rig::new("once-running").await;
    rig.verb(Verb::On).await;
    rig.menu("the disk").await;
    rig.ask_for(3, CD, ONCE);
    rig.verb(Verb::Reset).await;
    rig.menu("the CD").await;
    rig.types(b"r");
    rig.menu("the disk").await;
    // The same target again is another override.
    rig.ask_for(4, CD, ONCE);
    rig.types(b"r");
    rig.menu("the CD").await;
    assert_eq!(rig.boot.last_used(), Some(4));
    rig.stop().await;
}

#[tokio::test]
async fn an_override_that_is_taken_back_in_time_changes_nothing() {
    let mut rig = Rig::new("taken-back").await;
    rig.verb(Verb::On).await;
    rig.menu("the disk").await;
    rig.ask_for(3, CD, ONCE);
    rig.boot.set_override(None).unwrap();
    rig.types(b"r");
    rig.menu("the disk").await;
    assert_eq!(rig.boot.last_used(), None);
    rig.stop().await;
}

#[tokio::test]
async fn a_continuous_override_stays() {
    let mut rig = Rig::new("continuous").await;
    rig.ask_for(1, CD, OverrideLifetime::Continuous);
    rig.verb(Verb::On).await;
    rig.menu("the CD").await;
    rig.types(b"r");
    rig.menu("the CD").await;
    rig = rig.die_and_return().await;
    rig.ask_for(1, CD, OverrideLifetime::Continuous);
    rig.verb(Verb::Reset).await;
    rig.menu("the CD").await;
    rig.boot.set_override(None).unwrap();
    rig.verb(Verb::Reset).await;
    rig.menu("the disk").await;
    rig.stop().await;
}

#[tokio::test]
async fn the_network_boots_by_tftp() {
    let folder = super::rig::scratch("pxe");
    let mut settings = super::rig::disk_and_cd(&folder);
    std::fs::copy(
        super::rig::image_for("--pxe", "the network"),
        folder.join("boot.pxe"),
    )
    .unwrap();
    settings.nic = vec![crate::drivers::qemu::Nic {
        network: crate::drivers::qemu::Network::User {
            tftp: Some(folder.clone()),
            bootfile: Some("boot.pxe".into()),
        },
        mac: None,
        http_boot: None,
    }];
    let mut rig = Rig::open(folder, settings).await;
    rig.ask_for(1, BootTarget::Pxe, ONCE);
    rig.verb(Verb::On).await;
    rig.menu("the network").await;
    rig.types(b"r");
    rig.menu("the disk").await;
    rig.stop().await;
}
