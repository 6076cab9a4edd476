//! What is done in a session, and how it ends.

use std::{sync::atomic::Ordering::SeqCst, time::Duration};

use outband_core::{
    events::EventKind,
    inventory::Inventory,
    server::{Outcome, PowerAction, PowerState},
};
use outband_protocol::ipmi::Privilege::{Administrator, Operator, User};
use tokio::time::{sleep, timeout};

use super::{
    Bench, CHASSIS_CONTROL, CHASSIS_STATUS, CLOSE_SESSION, Console, DEVICE_ID, HANG, Options,
    SESSION_INFO, login,
};

const ON: &[u8] = &[1];
const CYCLE: &[u8] = &[2];

/// How many commands of these words were accepted.
fn accepted(bench: &Bench, words: &str) -> usize {
    let events = bench.events();
    let is = |kind: &&EventKind| match kind {
        EventKind::Accepted { command } => **command == *words,
        _ => false,
    };
    events.iter().filter(is).count()
}

#[tokio::test]
async fn power_on_is_answered_when_it_is_accepted_and_ends_in_the_snapshot() {
    let bench = Bench::new().await;
    let channel = bench.channel("1");
    bench.rig.slow.store(true, SeqCst);
    let mut console = Console::of(&channel, "hand", Operator).await;
    assert_eq!(console.ask(CHASSIS_CONTROL, ON).await, [0]);
    let server = bench.server("1");
    let pending = server.snapshot().pending.map(|pending| pending.action);
    assert_eq!(pending, Some(PowerAction::On), "it takes three seconds");
    // What crosses it is to be sent again.
    assert_eq!(console.ask(CHASSIS_CONTROL, CYCLE).await, [0xC0]);

    let mut snapshots = server.watch();
    let ended = snapshots.wait_for(|now| now.last_outcome.is_some());
    let now = timeout(HANG, ended).await.unwrap().unwrap().clone();
    assert_eq!(now.last_outcome.as_ref().unwrap().outcome, Outcome::Done);
    assert_eq!(now.power, PowerState::On);
    let status = console.ask(CHASSIS_STATUS, &[]).await;
    assert_eq!(status, [0, 0x01, 0x10, 0x00], "on, by a command of IPMI");
    assert_eq!(console.ask((0x00, 0x07), &[]).await, [0, 0x01, 0x01]);
}

#[tokio::test]
async fn what_is_refused_by_the_engine_has_its_code() {
    let bench = Bench::new().await;
    let channel = bench.channel("1");
    let mut console = Console::of(&channel, "hand", Operator).await;
    // Off, there is nothing to be reset; and there is no diagnostic interrupt.
    assert_eq!(console.ask(CHASSIS_CONTROL, &[3]).await, [0xD5]);
    assert_eq!(console.ask(CHASSIS_CONTROL, &[4]).await, [0xCC]);
    assert_eq!(console.ask((0x00, 0x7F), &[]).await, [0xC1]);
}

#[tokio::test]
async fn a_request_that_comes_again_is_carried_out_once() {
    let bench = Bench::new().await;
    let channel = bench.channel("1");
    let mut console = Console::of(&channel, "hand", Operator).await;
    // The second finds the first under way or answered; the third finds it answered.
    console.send(40, CHASSIS_CONTROL, ON).await;
    console.send(40, CHASSIS_CONTROL, ON).await;
    assert_eq!(console.hear().await, (40, vec![0]));
    console.send(40, CHASSIS_CONTROL, ON).await;
    assert_eq!(console.hear().await, (40, vec![0]));
    assert_eq!(accepted(&bench, "power on"), 1, "{:?}", bench.events());
    // The same command with another number is another request.
    console.send(41, CHASSIS_CONTROL, ON).await;
    while console.hear().await != (41, vec![0]) {}
    assert_eq!(accepted(&bench, "power on"), 2);
}

#[tokio::test]
async fn a_datagram_that_comes_again_is_not_answered() {
    let bench = Bench::new().await;
    let channel = bench.channel("1");
    let mut console = Console::of(&channel, "eye", User).await;
    let mut other = Console::administrator(&channel).await;
    let datagram = console.sealed(9, DEVICE_ID, &[]);
    console.socket.send(&datagram).await.unwrap();
    assert_eq!(console.hear().await.0, 9);
    console.socket.send(&datagram).await.unwrap();
    other.ask(DEVICE_ID, &[]).await;
    assert!(console.is_silent());
}

#[tokio::test]
async fn reading_is_all_that_who_may_only_read_may() {
    let bench = Bench::new().await;
    let channel = bench.channel("1");
    let mut console = Console::of(&channel, "eye", User).await;
    assert_eq!(console.ask(CHASSIS_STATUS, &[]).await[0], 0);
    assert_eq!(console.ask(CHASSIS_CONTROL, ON).await, [0xD4]);
    assert_eq!(accepted(&bench, "power on"), 0);
    // An Administrator whose session has not risen may no more.
    let login = login("boss", Administrator);
    let mut console = Console::new(&channel, login).await.unwrap();
    assert_eq!(console.ask(CHASSIS_CONTROL, ON).await, [0xD4]);
}

#[tokio::test]
async fn a_session_that_another_closes_is_over_and_it_is_written_down() {
    let bench = Bench::new().await;
    let channel = bench.channel("1");
    let mut hand = Console::of(&channel, "hand", Operator).await;
    let mut boss = Console::administrator(&channel).await;
    let id = hand.client.managed().unwrap();
    assert_eq!(boss.ask(CLOSE_SESSION, &id.to_le_bytes()).await, [0]);
    assert!(hand.is_over(&mut boss).await);
    let ended = bench.event(|kind| matches!(kind, EventKind::SessionEnded { .. }));
    assert_eq!(
        ended.await,
        EventKind::SessionEnded {
            session: format!("ipmi-{id:08x}").into(),
            why: "ended by another; it was hand's".into(),
        }
    );
}

#[tokio::test]
async fn a_session_that_closes_itself_is_over_and_that_is_no_event() {
    let bench = Bench::new().await;
    let channel = bench.channel("1");
    let mut hand = Console::of(&channel, "hand", Operator).await;
    let mut boss = Console::administrator(&channel).await;
    let id = hand.client.managed().unwrap();
    assert_eq!(hand.ask(CLOSE_SESSION, &id.to_le_bytes()).await, [0]);
    assert!(hand.is_over(&mut boss).await);
    let ended = |kind: &EventKind| matches!(kind, EventKind::SessionEnded { .. });
    assert!(!bench.events().iter().any(ended));
}

#[tokio::test(start_paused = true)]
async fn a_silent_session_ends_by_itself() {
    let bench = Bench::new().await;
    let channel = bench.channel("1");
    let mut first = Console::of(&channel, "hand", Operator).await;
    sleep(Duration::from_secs(50)).await;
    let mut second = Console::administrator(&channel).await;
    let sessions = |answer: Vec<u8>| answer[3];
    assert_eq!(sessions(second.ask(SESSION_INFO, &[0]).await), 2);
    sleep(Duration::from_secs(11)).await;
    assert_eq!(sessions(second.ask(SESSION_INFO, &[0]).await), 1);
    assert!(first.is_over(&mut second).await);
}

#[tokio::test]
async fn a_channel_that_ends_takes_its_sessions_with_it_and_gives_the_socket_back() {
    let bench = Bench::new().await;
    let channel = bench.channel("1");
    let address = channel.address;
    let mut before = Console::administrator(&channel).await;
    let socket = channel.end().await;
    assert_eq!(socket.local_addr(), address);
    let channel = bench.channel_on("1", Options { sha1: true }, socket);
    let mut after = Console::administrator(&channel).await;
    assert!(before.is_over(&mut after).await);
}

#[tokio::test]
async fn the_system_guid_is_what_the_driver_finds_now() {
    const GUID: (u8, u8) = (0x06, 0x37);
    let bench = Bench::new().await;
    let channel = bench.channel("1");
    let mut before = Console::administrator(&channel).await;
    let kept = before.ask(GUID, &[]).await;
    let mut under_way = Console::begun(&channel, login("eye", User)).await;
    for _ in 0..2 {
        under_way.step().await.unwrap();
    }
    let own = |uuid: &str| Inventory {
        uuid: Some(uuid.to_owned()),
        ..Inventory::default()
    };
    let found = own("0f0e0d0c-0b0a-0908-0706-050403020100");
    bench.rig.first_is(found).await;
    let of_server = [&[0][..], &(0..16).collect::<Vec<u8>>()].concat();
    assert_eq!(before.ask(GUID, &[]).await, of_server);
    // A login that began with the old one goes on with it; another one has the new one in its proofs.
    assert_eq!(under_way.go_on().await, Ok(()));
    let mut after = Console::administrator(&channel).await;
    assert_eq!(after.ask(GUID, &[]).await, of_server);
    bench.rig.first_is(Inventory::default()).await;
    assert_eq!(after.ask(GUID, &[]).await, kept);
}

#[tokio::test]
async fn two_servers_do_not_share_their_sessions() {
    let bench = Bench::new().await;
    let (one, two) = (bench.channel("1"), bench.channel("2"));
    let mut first = Console::administrator(&one).await;
    let mut second = Console::administrator(&two).await;
    assert_eq!(first.ask(CHASSIS_CONTROL, ON).await, [0]);
    let mut snapshots = bench.server("1").watch();
    let on = snapshots.wait_for(|now| now.power == PowerState::On);
    timeout(HANG, on).await.unwrap().unwrap();
    assert_eq!(first.ask(CHASSIS_STATUS, &[]).await[1], 1);
    assert_eq!(second.ask(CHASSIS_STATUS, &[]).await[1], 0);
    assert_eq!(first.ask(SESSION_INFO, &[0]).await[3], 1);
    assert_ne!(
        first.ask((0x06, 0x37), &[]).await,
        second.ask((0x06, 0x37), &[]).await,
        "each has a GUID of its own"
    );
}
