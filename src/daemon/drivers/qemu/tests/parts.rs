//! Screen, keys, lights, serial port, sensors, inventory.

use std::{sync::Arc, time::Duration};

use outband_core::{
    driver::{Frame, Picture, Verb},
    inventory::Inventory,
};
use outband_protocol::{
    hid::{HeldKeys, Usage},
    video::Size,
};
use tokio::{
    sync::watch,
    time::{Instant, timeout},
};

use super::rig::{HANG, Rig, disk_and_cd, scratch};

/// Waits for a frame that satisfies.
async fn frame(
    picture: &mut watch::Receiver<Picture>,
    satisfies: impl Fn(&Frame) -> bool,
) -> Arc<Frame> {
    let found = picture.wait_for(|picture| match picture {
        Picture::Frame(frame) => satisfies(frame),
        Picture::Starting | Picture::NoSignal => false,
    });
    let found = timeout(HANG, found).await.expect("no such frame");
    match &*found.unwrap() {
        Picture::Frame(frame) => frame.clone(),
        other => panic!("{other:?}"),
    }
}

fn lit(frame: &Frame) -> usize {
    let pixels = frame.bytes.chunks_exact(4);
    pixels.filter(|pixel| pixel[..3] != [0, 0, 0]).count()
}

fn one(key: Usage) -> HeldKeys {
    [key].into_iter().collect()
}

#[tokio::test]
async fn the_firmwares_text_is_in_the_picture() {
    let rig = Rig::new("picture").await;
    let mut picture = rig.display.watch();
    assert!(matches!(*picture.borrow(), Picture::NoSignal));
    rig.verb(Verb::On).await;
    let text = Size {
        width: 720,
        height: 400,
    };
    let shown = frame(&mut picture, |frame| {
        frame.size == text && lit(frame) > 1000
    })
    .await;
    assert_eq!(shown.stride, 720 * 4);
    assert_eq!(shown.bytes.len(), 720 * 4 * 400);
    rig.verb(Verb::Off).await;
    let dark = picture.wait_for(|picture| matches!(picture, Picture::NoSignal));
    timeout(HANG, dark).await.unwrap().unwrap();
    rig.stop().await;
}

#[tokio::test]
async fn who_comes_late_gets_the_whole_picture_and_nobody_costs_nothing() {
    let mut rig = Rig::new("late").await;
    rig.verb(Verb::On).await;
    rig.menu("the disk").await;
    let mut picture = rig.display.watch();
    let first = frame(&mut picture, |_| true).await;
    assert!(first.damage.is_none(), "the first frame is all new");
    // The serial port may be ahead of the screen.
    let shown = frame(&mut picture, |frame| lit(frame) > 1000).await;
    drop(picture);
    // The receiver is gone. Who comes at once may find the frame that is still held, who comes later
    // one that was captured anew; either is whole.
    let mut picture = rig.display.watch();
    let again = frame(&mut picture, |frame| frame.sequence >= shown.sequence).await;
    assert!(lit(&again) > 1000);
    rig.stop().await;
}

#[tokio::test]
async fn keys_move_the_menu_also_after_a_long_rest() {
    let mut rig = Rig::new("keys").await;
    rig.verb(Verb::On).await;
    rig.menu("the disk").await;
    let mut picture = rig.display.watch();
    // GRUB's highlighted line is a bar: one line of text of which most is lit.
    let bar = |frame: &Frame| {
        let mut lines = frame.bytes.chunks_exact(frame.stride * 16);
        lines.position(|line| {
            let pixels = line.chunks_exact(4);
            let lit = pixels.clone().filter(|pixel| pixel[..3] != [0, 0, 0]);
            lit.count() > pixels.len() / 2
        })
    };
    let mut at = bar(&*frame(&mut picture, |frame| bar(frame).is_some()).await);
    for rest in [0, 12] {
        // QEMU looks at an idle screen less and less often.
        tokio::time::sleep(Duration::from_secs(rest)).await;
        let pressed = Instant::now();
        rig.input.hold(one(Usage::DOWN)).unwrap();
        rig.input.hold(HeldKeys::NONE).unwrap();
        let moved = |frame: &Frame| bar(frame).is_some_and(|now| Some(now) != at);
        let shown = frame(&mut picture, moved).await;
        println!(
            "after {rest} s of rest: {} ms",
            pressed.elapsed().as_millis()
        );
        let now = bar(&shown);
        assert_eq!(now, at.map(|at| at + 1));
        at = now;
    }
    rig.stop().await;
}

#[tokio::test]
async fn the_lights_of_the_keyboard_come_back() {
    let mut rig = Rig::new("lights").await;
    rig.verb(Verb::On).await;
    rig.menu("the disk").await;
    let mut leds = rig.input.leds().unwrap();
    assert!(!leds.borrow().caps_lock);
    rig.input.hold(one(Usage::CAPS_LOCK)).unwrap();
    rig.input.hold(HeldKeys::NONE).unwrap();
    let lit = leds.wait_for(|leds| leds.caps_lock);
    let lit = timeout(HANG, lit).await.is_ok();
    assert!(lit, "the light stayed dark");
    rig.stop().await;
}

#[tokio::test]
async fn what_is_off_takes_no_keys_and_no_bytes() {
    let rig = Rig::new("no-keys").await;
    assert!(rig.input.hold(one(Usage::A)).is_err());
    assert!(rig.serial.send(b"x").is_err());
    rig.stop().await;
}

#[tokio::test]
async fn a_break_is_taken() {
    let mut rig = Rig::new("break").await;
    rig.verb(Verb::On).await;
    rig.menu("the disk").await;
    rig.serial.send_break().unwrap();
    // The task that sent it goes on.
    rig.verb(Verb::Off).await;
    rig.senses(false).await;
    rig.stop().await;
}

#[tokio::test]
async fn the_inventory_is_that_of_the_machine() {
    let rig = Rig::new("inventory").await;
    let inventory = &rig.inventory;
    assert_eq!(inventory.memory_mib(), Some(256));
    assert_eq!(inventory.processors[0].cores, Some(1));
    let size = std::fs::metadata(&rig.settings.disk[0].file).unwrap().len();
    assert_eq!(inventory.drives[0].bytes, Some(size));
    assert!(inventory.nics.is_empty() && inventory.manufacturer.is_none());
    assert!(inventory.bios_version.is_none(), "no firmware ran yet");
    rig.stop().await;
}

#[tokio::test]
async fn an_operating_system_is_told_who_the_machine_is() {
    let folder = scratch("identity");
    let settings = disk_and_cd(&folder);
    let uuid = "8a1f5c5e-0d3b-4d0c-9a58-2f4f0f7a1b2c";
    let identity = Inventory {
        manufacturer: Some("A, B & Sons".into()),
        model: Some("Box,serial=1".into()),
        serial_number: Some("S-42".into()),
        uuid: Some(uuid.into()),
        ..Inventory::default()
    };
    let mut rig = Rig::open_as(folder, settings, identity).await.unwrap();
    assert_eq!(rig.inventory.uuid.as_deref(), Some(uuid));
    rig.verb(Verb::On).await;
    rig.says("machine: A, B & Sons / Box,serial=1 / S-42\n")
        .await;
    rig.says(&format!("uuid: {uuid}\n")).await;
    rig.stop().await;
}

#[tokio::test]
async fn the_load_is_that_of_the_process() {
    let mut rig = Rig::new("load").await;
    let now = Instant::now();
    let later = |seconds| now + Duration::from_secs(seconds);
    let unknown = outband_core::sensors::Reading::Unknown;
    assert_eq!(rig.health.read(0, now), unknown);
    rig.verb(Verb::On).await;
    rig.menu("the disk").await;
    assert_eq!(rig.health.read(0, later(1)), unknown);
    let reading = rig.health.read(0, later(3600));
    assert!(matches!(reading, outband_core::sensors::Reading::Analog(load) if load < 50.0));
    rig.stop().await;
}
