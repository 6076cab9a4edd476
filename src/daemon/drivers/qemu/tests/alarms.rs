//! What an operating system in trouble tells: a panic, and a watchdog that nobody feeds.

use outband_core::{
    driver::{BootBy, Observed, Verb},
    server::{BootTarget, OverrideLifetime},
};

use super::rig::Rig;

const fn began(by: BootBy) -> Observed {
    Observed::BootBegan { by }
}

#[tokio::test]
async fn a_panic_becomes_an_entry_and_changes_nothing() {
    let mut rig = Rig::new("panic").await;
    rig.verb(Verb::On).await;
    assert_eq!(rig.observes().await, began(BootBy::PowerOn));
    rig.menu("the disk").await;
    rig.types(b"p");
    let Observed::SystemEvent(event) = rig.observes().await else {
        panic!("an entry of the system event log");
    };
    // OS stop, run-time critical stop.
    assert_eq!((event.sensor_type, event.data[0]), (0x20, 0x01));
    rig.types(b"w");
    rig.says("waiting: the disk").await;
    rig.senses(true).await;
    rig.observed_nothing_more();
    rig.stop().await;
}

#[tokio::test]
async fn a_watchdog_that_nobody_feeds_resets_and_is_named() {
    let mut rig = Rig::new("dog").await;
    rig.verb(Verb::On).await;
    assert_eq!(rig.observes().await, began(BootBy::PowerOn));
    rig.menu("the disk").await;
    rig.types(b"d");
    assert_eq!(rig.observes().await, began(BootBy::Watchdog));
    rig.menu("the disk").await;
    rig.observed_nothing_more();
    rig.stop().await;
}

#[tokio::test]
async fn a_watchdog_is_named_also_where_another_process_takes_over() {
    let mut rig = Rig::new("dog-once").await;
    rig.ask_for(1, BootTarget::Cd, OverrideLifetime::Once);
    rig.verb(Verb::On).await;
    assert_eq!(rig.observes().await, Observed::OverrideUsed { id: 1 });
    assert_eq!(rig.observes().await, began(BootBy::PowerOn));
    rig.menu("the CD").await;
    rig.types(b"d");
    assert_eq!(rig.observes().await, began(BootBy::Watchdog));
    rig.menu("the disk").await;
    rig.observed_nothing_more();
    rig.stop().await;
}
