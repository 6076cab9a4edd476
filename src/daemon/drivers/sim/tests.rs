//! What the contract promises, kept by the parts and the task, in paused time.

use std::{
    sync::{Mutex, Weak, atomic::Ordering},
    time::Duration,
};

use outband_core::{
    driver::{BootBy, Line, Lines, Observed, Picture, Sensed, SerialSink},
    faults::{Fault, FaultKind},
    host::Stamp,
    server::{BootOverride, BootProgress, BootTarget, OverrideLifetime},
};
use outband_protocol::{
    hid::{HeldKeys, Usage},
    ipmi::sel::{GENERATOR_BMC, SystemEvent},
};
use tokio::{sync::watch, time::Instant};

use super::{fake::FakeFaults, scratch::Scratch, *};

const BOOT: BootId = BootId([1; 16]);

#[derive(Debug)]
struct TestClock;

impl Clock for TestClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wall(&self) -> Stamp {
        Stamp {
            unix_ms: 1_700_000_000_000,
            synchronised: true,
        }
    }
}

/// An opened machine.
struct Rig {
    parts: Parts,
    shared: Weak<Shared>,
    faults: Arc<FakeFaults>,
}

impl Rig {
    fn open(settings: SimSettings, boot: BootId, folder: Option<&Path>) -> Self {
        let faults = Arc::new(FakeFaults::new());
        let profile = Profile::builtin("pc").unwrap();
        let (parts, shared) = open_with(
            settings,
            Arc::new(profile),
            faults.clone(),
            Arc::new(TestClock),
            boot,
            folder.map(Path::to_owned),
        )
        .unwrap();
        Self {
            parts,
            shared,
            faults,
        }
    }

    fn new() -> Self {
        Self::open(SimSettings::default(), BOOT, None)
    }

    /// One that runs its system already.
    fn running() -> Self {
        let settings = SimSettings {
            start: Start::On,
            ..SimSettings::default()
        };
        Self::open(settings, BOOT, None)
    }

    fn lines(&mut self) -> &mut dyn Lines {
        match &mut self.parts.power {
            Some(Power::Lines(lines)) => &mut **lines,
            other => panic!("{other:?}"),
        }
    }

    async fn press(&mut self, line: Line, ms: u64) {
        self.lines().drive(line, true).unwrap();
        tokio::time::sleep(Duration::from_millis(ms)).await;
        self.lines().drive(line, false).unwrap();
    }

    async fn observed(&mut self) -> Observed {
        self.parts.observed.as_mut().unwrap().recv().await.unwrap()
    }

    /// Waits for a boot; gives its target and the override it used.
    async fn booted(&mut self) -> (Option<BootTarget>, Option<Arc<str>>, Option<u64>) {
        loop {
            if let Observed::Booted {
                target,
                label,
                used,
            } = self.observed().await
            {
                return (target, label, used);
            }
        }
    }

    fn override_once(&self, id: u64, target: BootTarget) {
        let asked = BootOverride {
            id,
            target,
            lifetime: OverrideLifetime::Once,
            mode: None,
        };
        let boot = self.parts.boot.as_ref().unwrap();
        boot.set_override(Some(asked)).unwrap();
    }

    fn turns(&self) -> u64 {
        self.shared.upgrade().unwrap().turns.load(Ordering::Relaxed)
    }

    fn is_on(&mut self) -> bool {
        self.lines().sensed().borrow().on.unwrap()
    }
}

async fn until_on(sensed: &mut watch::Receiver<Sensed>, on: bool) {
    sensed
        .wait_for(|sensed| sensed.on == Some(on))
        .await
        .unwrap();
}

/// A sink that keeps what it got.
#[derive(Debug, Default)]
struct Kept(Mutex<Vec<u8>>);

impl Kept {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl SerialSink for Kept {
    fn received(&self, bytes: &[u8]) {
        self.0.lock().unwrap().extend_from_slice(bytes);
    }
}

#[tokio::test(start_paused = true)]
async fn a_press_is_sensed_and_the_boot_is_observed() {
    let mut rig = Rig::new();
    let mut sensed = rig.lines().sensed();
    rig.press(Line::PowerButton, 100).await;
    until_on(&mut sensed, true).await;
    let by = BootBy::PowerOn;
    assert_eq!(rig.observed().await, Observed::BootBegan { by });
    assert_eq!(rig.booted().await, (Some(BootTarget::Hdd), None, None));
}

#[tokio::test(start_paused = true)]
async fn a_shut_down_is_told_before_the_light_goes_out() {
    let mut rig = Rig::running();
    let mut sensed = rig.lines().sensed();
    assert_eq!(sensed.borrow().on, Some(true));
    rig.press(Line::PowerButton, 100).await;
    until_on(&mut sensed, false).await;
    let observed = rig.parts.observed.as_mut().unwrap();
    let known = Observed::Progress(BootProgress::OsRunning);
    assert_eq!(observed.try_recv(), Ok(known));
    assert_eq!(observed.try_recv(), Ok(Observed::ShutDown));
}

#[tokio::test(start_paused = true)]
async fn an_idle_machine_never_wakes_up() {
    for mut rig in [Rig::new(), Rig::running()] {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let before = rig.turns();
        tokio::time::sleep(Duration::from_secs(7 * 24 * 3600)).await;
        assert_eq!(rig.turns(), before, "on: {}", rig.is_on());
    }
}

#[tokio::test(start_paused = true)]
async fn the_task_ends_with_the_last_part() {
    let mut rig = Rig::running();
    let display = rig.parts.display.take();
    let mut observed = rig.parts.observed.take().unwrap();
    rig.parts = Parts::default();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(rig.shared.upgrade().is_some(), "one part is still held");
    drop(display);
    while observed.recv().await.is_some() {}
    assert!(rig.shared.upgrade().is_none());
}

#[tokio::test(start_paused = true)]
async fn dropping_the_panel_releases_the_button() {
    let mut rig = Rig::running();
    let mut sensed = rig.lines().sensed();
    rig.lines().drive(Line::PowerButton, true).unwrap();
    rig.parts.power = None;
    // Released at once, it was a short press: the system shuts down.
    assert!(
        tokio::time::timeout(Duration::from_secs(1), until_on(&mut sensed, false))
            .await
            .is_err()
    );
    until_on(&mut sensed, false).await;
}

#[tokio::test(start_paused = true)]
async fn frames_are_numbered_and_come_only_while_someone_looks() {
    let mut rig = Rig::new();
    let display = rig.parts.display.clone().unwrap();
    let mut watched = display.watch();
    assert!(matches!(*watched.borrow(), Picture::Starting));
    watched.changed().await.unwrap();
    assert!(matches!(*watched.borrow(), Picture::NoSignal));

    for pressed in [true, false] {
        rig.lines().drive(Line::PowerButton, pressed).unwrap();
    }
    let mut last = 0;
    let mut sizes = std::collections::BTreeSet::new();
    while !sizes.contains(&(1024, 768)) || sizes.len() < 3 {
        watched.changed().await.unwrap();
        if let Picture::Frame(frame) = &*watched.borrow_and_update() {
            assert_eq!(frame.sequence, last + 1);
            last = frame.sequence;
            sizes.insert((frame.size.width, frame.size.height));
            let whole = frame.stride * usize::from(frame.size.height);
            assert_eq!(frame.bytes.len(), whole);
        }
    }
    drop(watched);
    tokio::time::sleep(Duration::from_secs(20)).await;
    let before = rig.turns();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(rig.turns(), before, "nobody looks: no blinking cursor");

    let mut again = display.watch();
    assert!(
        matches!(*again.borrow(), Picture::Starting),
        "no stale frame"
    );
    again.changed().await.unwrap();
    let shown = again.borrow().clone();
    match shown {
        Picture::Frame(frame) => {
            assert_eq!(frame.damage.as_ref().unwrap().len(), 1, "all of it");
            assert!(frame.sequence > last);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn the_cursor_blinks_twice_a_second_while_someone_looks() {
    let rig = Rig::running();
    let mut watched = rig.parts.display.as_ref().unwrap().watch();
    watched.changed().await.unwrap();
    watched.borrow_and_update();
    let begun = Instant::now();
    for _ in 0..10 {
        watched.changed().await.unwrap();
        watched.borrow_and_update();
    }
    let passed = begun.elapsed();
    assert!(
        passed.abs_diff(Duration::from_secs(5)) < Duration::from_millis(50),
        "{passed:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn people_log_in_at_the_serial_port() {
    let rig = Rig::running();
    let serial = rig.parts.serial.as_ref().unwrap();
    let kept = Arc::new(Kept::default());
    serial.attach(kept.clone());
    for text in ["root\r", "uname\r"] {
        assert_eq!(serial.send(text.as_bytes()).unwrap(), text.len());
    }
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert!(
        kept.text().contains("SimOS 1.0 sim-1 x86-64\r\n"),
        "{}",
        kept.text()
    );
    assert_eq!(serial.send(&[b'x'; 5000]).unwrap(), 256, "no more at once");
    serial.send_break().unwrap();
}

#[tokio::test(start_paused = true)]
async fn lock_keys_switch_the_lights() {
    let rig = Rig::running();
    let input = rig.parts.input.as_ref().unwrap();
    let mut leds = input.leds().unwrap();
    input
        .hold([Usage::CAPS_LOCK].into_iter().collect())
        .unwrap();
    input.hold(HeldKeys::NONE).unwrap();
    leds.changed().await.unwrap();
    assert!(leds.borrow().caps_lock);
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_misses_nothing_and_gets_it_in_order() {
    let mut rig = Rig::running();
    // Each reset begins two observations; the channel holds sixteen.
    for _ in 0..20 {
        rig.press(Line::ResetButton, 10).await;
    }
    let by = BootBy::Reset;
    let mut began = 0;
    while began < 20 {
        if rig.observed().await == (Observed::BootBegan { by }) {
            began += 1;
        }
    }
    assert_eq!(rig.booted().await.0, Some(BootTarget::Hdd));
}

#[tokio::test(start_paused = true)]
async fn the_medium_in_the_drive_is_booted_by_its_label() {
    let scratch = Scratch::new("medium");
    let settings = SimSettings {
        cd: Some(scratch.image("live.iso", "LIVE 13")),
        ..SimSettings::default()
    };
    let mut rig = Rig::open(settings, BOOT, None);
    rig.override_once(4, BootTarget::Cd);
    rig.press(Line::PowerButton, 100).await;
    let label = Some("LIVE 13".into());
    assert_eq!(rig.booted().await, (Some(BootTarget::Cd), label, Some(4)));
}

#[tokio::test(start_paused = true)]
async fn an_empty_drive_is_passed_over() {
    let mut rig = Rig::new();
    rig.override_once(4, BootTarget::Cd);
    rig.press(Line::PowerButton, 100).await;
    assert_eq!(rig.booted().await, (Some(BootTarget::Hdd), None, Some(4)));
}

#[tokio::test(start_paused = true)]
async fn a_used_override_stands_in_the_file_before_the_boot_is_told() {
    let scratch = Scratch::new("used");
    let mut rig = Rig::open(SimSettings::default(), BOOT, Some(scratch.path()));
    rig.override_once(77, BootTarget::Hdd);
    rig.press(Line::PowerButton, 100).await;
    assert_eq!(rig.booted().await.2, Some(77));
    let record = memory::load(&scratch.path().join(memory::FILE)).unwrap();
    assert_eq!(record.unwrap().last_used, Some(77));
}

#[tokio::test(start_paused = true)]
async fn the_daemon_finds_its_machine_again_unless_mains_were_lost() {
    let scratch = Scratch::new("again");
    let open = |boot| Rig::open(SimSettings::default(), boot, Some(scratch.path()));
    let mut rig = open(BOOT);
    rig.override_once(5, BootTarget::Hdd);
    rig.press(Line::PowerButton, 100).await;
    rig.booted().await;
    end(rig).await;

    let mut rig = open(BOOT);
    assert!(rig.is_on());
    assert_eq!(rig.parts.boot.as_ref().unwrap().last_used(), Some(5));
    tokio::time::sleep(Duration::from_secs(60)).await;
    let known = Observed::Progress(BootProgress::OsRunning);
    assert_eq!(rig.observed().await, known);
    let told = rig.parts.observed.as_mut().unwrap().try_recv();
    assert!(told.is_err(), "no boot: {told:?}");
    end(rig).await;

    let mut rig = open(BootId([2; 16]));
    assert!(!rig.is_on());
    end(rig).await;
    assert!(!open(BOOT).is_on(), "and it stays off");
}

/// Lets go of a machine and waits until its task has ended.
async fn end(mut rig: Rig) {
    let mut observed = rig.parts.observed.take().unwrap();
    drop(rig);
    while observed.recv().await.is_some() {}
}

#[tokio::test(start_paused = true)]
async fn the_evidence_tells_what_the_machine_saw() {
    let scratch = Scratch::new("evidence");
    let journal = scratch.path().join("saw.jsonl");
    let settings = SimSettings {
        journal: Some(journal.clone()),
        ..SimSettings::default()
    };
    let mut rig = Rig::open(settings, BOOT, None);
    rig.override_once(8, BootTarget::Hdd);
    rig.press(Line::Identify, 1).await;
    rig.press(Line::PowerButton, 100).await;
    rig.booted().await;
    rig.press(Line::PowerButton, 700).await;
    let text = std::fs::read_to_string(&journal).unwrap();
    let seen: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let names: Vec<_> = seen
        .iter()
        .map(|line| line["saw"].as_str().unwrap())
        .collect();
    let wanted = [
        "identify-on",
        "identify-off",
        "power-button-down",
        "power-on",
        "post",
        "power-button-up",
        "boot",
        "power-button-down",
        "power-off",
        "power-button-up",
    ];
    assert_eq!(names, wanted);
    assert_eq!(seen[0]["at_ms"], 1_700_000_000_000_i64);
    assert_eq!(seen[5]["held_ms"], 100);
    assert_eq!(seen[6]["override"], 8);
    assert_eq!(seen[6]["target"], "hdd");
    assert_eq!(seen[8]["why"], "held-button");
}

#[tokio::test(start_paused = true)]
async fn files_that_cannot_be_opened_are_named() {
    let scratch = Scratch::new("unopened");
    let nowhere = scratch.path().join("no/such/file");
    let cd = SimSettings {
        cd: Some(nowhere.clone()),
        ..SimSettings::default()
    };
    let journal = SimSettings {
        journal: Some(nowhere.clone()),
        ..SimSettings::default()
    };
    std::fs::write(scratch.path().join(memory::FILE), "{").unwrap();
    let broken = (SimSettings::default(), scratch.path().join(memory::FILE));
    for (settings, path) in [(cd, nowhere.clone()), (journal, nowhere), broken] {
        let why = open_with(
            settings,
            Arc::new(Profile::builtin("pc").unwrap()),
            Arc::new(FakeFaults::new()),
            Arc::new(TestClock),
            BOOT,
            Some(scratch.path().to_owned()),
        )
        .unwrap_err();
        let path = path.display().to_string();
        assert!(
            why.to_string().starts_with(&format!("sim: {path}: ")),
            "{why}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_dead_power_light_is_sensed_dark_while_the_fault_lasts() {
    let mut rig = Rig::running();
    assert!(rig.parts.faults.contains(&FaultKind::DeadPowerLed));
    let mut sensed = rig.lines().sensed();
    let fault = rig.faults.set(Fault::DeadPowerLed);
    until_on(&mut sensed, false).await;
    rig.faults.clear(fault);
    until_on(&mut sensed, true).await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_signal_is_shown_while_the_fault_lasts() {
    let rig = Rig::running();
    let mut watched = rig.parts.display.as_ref().unwrap().watch();
    let fault = rig.faults.set(Fault::NoSignal);
    let dark = |picture: &Picture| matches!(picture, Picture::NoSignal);
    watched.wait_for(dark).await.unwrap();
    rig.faults.clear(fault);
    watched.wait_for(|picture| !dark(picture)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_entry_for_the_log_happens_once_and_at_once() {
    let mut rig = Rig::new();
    rig.faults.set(Fault::SelEntry {
        sensor_type: 0x0C,
        sensor_number: 3,
        event_type: 0x6F,
        data: [1, 2, 3],
    });
    let entry = SystemEvent {
        generator: GENERATOR_BMC,
        sensor_type: 0x0C,
        sensor_number: 3,
        assertion: true,
        event_type: 0x6F,
        data: [1, 2, 3],
    };
    assert_eq!(rig.observed().await, Observed::SystemEvent(entry));
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(rig.parts.observed.as_mut().unwrap().try_recv().is_err());
    assert!(rig.faults.list().is_empty());
}

#[test]
fn without_a_runtime_nothing_is_opened() {
    let opened = open_with(
        SimSettings::default(),
        Arc::new(Profile::builtin("pc").unwrap()),
        Arc::new(FakeFaults::new()),
        Arc::new(TestClock),
        BOOT,
        None,
    );
    assert!(opened.is_err());
}
