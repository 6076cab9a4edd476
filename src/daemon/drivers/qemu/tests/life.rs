//! On, off, resets, and being found again.

use outband_core::driver::{BootBy, Observed, Verb};

use super::rig::{HANG, Rig, disk_and_cd, processes, scratch};
use crate::drivers::qemu::{Fault, Settings, folder::Folder, monitor::Monitor};

const fn began(by: BootBy) -> Observed {
    Observed::BootBegan { by }
}

#[tokio::test]
async fn on_is_a_process_and_off_is_none() {
    let mut rig = Rig::new("on-off").await;
    assert_eq!(processes(&rig.machine()).len(), 0);
    rig.verb(Verb::On).await;
    rig.senses(true).await;
    assert_eq!(rig.observes().await, began(BootBy::PowerOn));
    assert_eq!(processes(&rig.machine()).len(), 1);
    rig.menu("the disk").await;
    rig.verb(Verb::Off).await;
    rig.senses(false).await;
    assert_eq!(processes(&rig.machine()).len(), 0);
    rig.observed_nothing_more();
    rig.stop().await;
}

#[tokio::test]
async fn a_reset_is_one_event_whoever_asks_for_it() {
    let mut rig = Rig::new("resets").await;
    rig.verb(Verb::On).await;
    assert_eq!(rig.observes().await, began(BootBy::PowerOn));
    rig.menu("the disk").await;
    rig.verb(Verb::Reset).await;
    assert_eq!(rig.observes().await, began(BootBy::Reset));
    rig.menu("the disk").await;
    // SeaBIOS's own resets came before the menu, and were no events.
    rig.observed_nothing_more();
    rig.types(b"l");
    assert_eq!(rig.observes().await, began(BootBy::Software));
    rig.menu("the disk").await;
    rig.observed_nothing_more();
    rig.senses(true).await;
    rig.stop().await;
}

#[tokio::test]
async fn a_guests_halt_is_off_with_its_cause() {
    let mut rig = Rig::new("halt").await;
    rig.verb(Verb::On).await;
    rig.menu("the disk").await;
    rig.types(b"h");
    assert_eq!(rig.observes().await, began(BootBy::PowerOn));
    assert_eq!(rig.observes().await, Observed::ShutDown);
    rig.senses(false).await;
    assert_eq!(processes(&rig.machine()).len(), 0);
    rig.stop().await;
}

#[tokio::test]
async fn a_soft_off_that_the_guest_ignores_changes_nothing() {
    let mut rig = Rig::new("soft").await;
    rig.verb(Verb::On).await;
    rig.menu("the disk").await;
    rig.verb(Verb::SoftOff).await;
    // The menu still answers.
    rig.types(b"w");
    rig.says("waiting: the disk").await;
    rig.senses(true).await;
    assert_eq!(rig.observes().await, began(BootBy::PowerOn));
    rig.observed_nothing_more();
    rig.stop().await;
}

#[tokio::test]
async fn a_diagnostic_interrupt_arrives() {
    let folder = scratch("nmi");
    let settings = disk_and_cd(&folder);
    // The boot sector of a demo's disk says what it sees; a boot loader does not.
    let mut disk = include_bytes!("../../../../../assets/boot-sector.bin").to_vec();
    disk.resize(1 << 20, 0);
    std::fs::write(&settings.disk[0].file, disk).unwrap();
    let mut rig = Rig::open(folder, settings).await;
    rig.verb(Verb::On).await;
    rig.says("this machine booted from its disk").await;
    for _ in 0..2 {
        rig.verb(Verb::Nmi).await;
        rig.says("A diagnostic interrupt came.").await;
    }
    assert_eq!(rig.observes().await, began(BootBy::PowerOn));
    rig.observed_nothing_more();
    rig.stop().await;
}

#[tokio::test]
async fn a_process_that_dies_is_off_and_says_why() {
    let mut rig = Rig::new("dies").await;
    rig.verb(Verb::On).await;
    assert_eq!(rig.observes().await, began(BootBy::PowerOn));
    let [pid] = processes(&rig.machine())[..] else {
        panic!("one process");
    };
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    let Observed::Failed { why } = rig.observes().await else {
        panic!("a failure");
    };
    assert_eq!(&*why, "QEMU ended with signal: 9 (SIGKILL)");
    rig.senses(false).await;
    rig.verb(Verb::On).await;
    rig.menu("the disk").await;
    rig.stop().await;
}

#[tokio::test]
async fn what_qemu_says_against_a_machine_is_passed_on() {
    let folder = scratch("refused");
    let settings = Settings {
        cd: Some("/nonexistent/x.iso".into()),
        ..Settings::default()
    };
    let rig = Rig::open(folder, settings).await;
    let fault = rig.power.carry_out(Verb::On).await.unwrap_err();
    assert!(fault.why.contains("/nonexistent/x.iso"), "{fault}");
    assert_eq!(rig.sensed.borrow().on, Some(false));
    rig.stop().await;
}

#[tokio::test]
async fn a_running_machine_is_found_again() {
    let mut rig = Rig::new("found").await;
    rig.verb(Verb::On).await;
    rig.menu("the disk").await;
    let before = processes(&rig.machine());
    let mut rig = rig.die_and_return().await;
    assert_eq!(rig.sensed.borrow().on, Some(true));
    assert_eq!(processes(&rig.machine()), before);
    rig.observed_nothing_more();
    rig.types(b"w");
    rig.says("waiting: the disk").await;
    rig.verb(Verb::Off).await;
    rig.senses(false).await;
    assert_eq!(processes(&rig.machine()).len(), 0);
    rig.stop().await;
}

#[tokio::test]
async fn a_machine_that_went_off_unseen_is_found_off() {
    let mut rig = Rig::new("unseen-off").await;
    rig.verb(Verb::On).await;
    rig.menu("the disk").await;
    rig.types(b"h");
    // Killed before it could see what came of it, or just after: both end in off.
    let mut rig = rig.die_and_return().await;
    rig.senses(false).await;
    assert_eq!(processes(&rig.machine()).len(), 0);
    rig.stop().await;
}

#[tokio::test]
async fn a_process_that_was_never_written_down_is_ended() {
    let rig = Rig::new("unknown").await;
    rig.verb(Verb::On).await;
    let (folder, settings) = rig.die().await;
    std::fs::remove_file(folder.join("machine/process.json")).unwrap();
    let rig = Rig::open(folder, settings).await;
    assert_eq!(rig.sensed.borrow().on, Some(false));
    assert_eq!(processes(&rig.machine()).len(), 0);
    rig.stop().await;
}

#[tokio::test]
async fn a_daemon_killed_while_it_switches_on_leaves_one_machine_or_none() {
    let mut rig = Rig::new("kill-loop").await;
    // A thorough run asks for more rounds.
    let rounds = std::env::var("OUTBAND_KILLS").map_or(10, |rounds| rounds.parse().unwrap());
    for round in 0..rounds {
        let power = rig.power.clone();
        let starting = tokio::spawn(async move { power.carry_out(Verb::On).await });
        // At another moment of the start each time: within it, and just after.
        tokio::time::sleep(std::time::Duration::from_millis(round * 29 % 300)).await;
        rig = rig.die_and_return().await;
        let _ = starting.await.unwrap();
        let on = rig.sensed.borrow().on == Some(true);
        assert_eq!(
            processes(&rig.machine()).len(),
            usize::from(on),
            "round {round}"
        );
        rig.verb(Verb::On).await;
        rig.menu("the disk").await;
        assert_eq!(processes(&rig.machine()).len(), 1, "round {round}");
        rig.verb(Verb::Off).await;
        assert_eq!(processes(&rig.machine()).len(), 0, "round {round}");
    }
    rig.stop().await;
}

#[test]
fn a_test_that_is_cut_off_leaves_no_machine() {
    let cut_off = std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let rig = Rig::new("cut-off").await;
            rig.verb(Verb::On).await;
            assert_eq!(processes(&rig.machine()).len(), 1);
            rig.folder
        })
    });
    let folder = cut_off.join().unwrap();
    let until = std::time::Instant::now() + HANG;
    while !processes(&folder.join("machine")).is_empty() {
        assert!(std::time::Instant::now() < until, "it lives on");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn only_one_daemon_has_a_machine() {
    let rig = Rig::new("two").await;
    let second = Rig::try_open(rig.folder.clone(), rig.settings.clone()).await;
    assert!(matches!(second, Err(Fault::Taken)));
    rig.stop().await;
}

/// A monitor that was told what to say, in a folder of its own.
async fn lies(name: &str, words: &'static str) -> Fault {
    let path = scratch(name);
    let folder = Folder::open(&path).unwrap();
    let listener = folder.listen().unwrap();
    let liar = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = listener.accept().unwrap();
        // Until the other end has had enough.
        let _ = stream.write_all(words.as_bytes());
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let fault = tokio::time::timeout(HANG, Monitor::connect(&folder)).await;
    let fault = fault.unwrap().unwrap_err();
    liar.join().unwrap();
    std::fs::remove_dir_all(path).unwrap();
    fault
}

#[tokio::test]
async fn a_qemu_that_lies_or_is_silent_is_cut_off() {
    use outband_protocol::qmp::Fault as Qmp;
    let nonsense = lies("nonsense", "{\"QMP\": \n").await;
    assert!(
        matches!(nonsense, Fault::Monitor(Qmp::Nonsense(_))),
        "{nonsense}"
    );
    let huge: &'static str = "[".repeat(2 << 20).leak();
    let huge = lies("huge", huge).await;
    assert!(
        matches!(huge, Fault::Monitor(Qmp::LineTooLong(_))),
        "{huge}"
    );
    let silent = lies("silent", "").await;
    assert!(matches!(silent, Fault::Monitor(Qmp::Silent(_))), "{silent}");
}
