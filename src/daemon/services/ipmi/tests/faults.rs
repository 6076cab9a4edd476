//! Faults on the way to the channel, and what no fault and no client may do to it.

use std::time::Duration;

use outband_core::faults::{Fault, FaultScope};
use outband_protocol::ipmi::Privilege::User;
use tokio::{net::UdpSocket, time::timeout};

use super::{Bench, Console, DEVICE_ID, HANG, Served};
use crate::services::ipmi::channel::LATE_MAX;

fn times(times: u32) -> FaultScope {
    FaultScope {
        times: Some(times),
        ..FaultScope::default()
    }
}

/// A ping (ASF 2.0 section 3.2.4.2) with this tag, and the tag of the next pong.
async fn ping(socket: &UdpSocket, tag: u8) {
    let ping = [6, 0, 0xFF, 6, 0, 0, 0x11, 0xBE, 0x80, tag, 0, 0];
    socket.send(&ping).await.unwrap();
}

async fn pong(socket: &UdpSocket) -> u8 {
    let mut answer = [0; 64];
    let received = timeout(HANG, socket.recv(&mut answer));
    assert_eq!(received.await.unwrap().unwrap(), 28);
    assert_eq!(answer[8], 0x40);
    answer[9]
}

async fn socket(channel: &Served) -> UdpSocket {
    let socket = UdpSocket::bind(("127.0.0.1", 0)).await.unwrap();
    socket.connect(channel.address).await.unwrap();
    socket
}

#[tokio::test]
async fn a_lost_datagram_is_not_answered_and_the_next_one_is() {
    let bench = Bench::new().await;
    let channel = bench.channel("1");
    let mut console = Console::of(&channel, "eye", User).await;
    let server = bench.server("1");
    server.set_fault(Fault::LostDatagrams, times(1)).unwrap();
    console.send(1, DEVICE_ID, &[]).await;
    console.send(2, DEVICE_ID, &[]).await;
    assert_eq!(console.hear().await.0, 2);
    // As a client does that had no answer.
    console.send(1, DEVICE_ID, &[]).await;
    assert_eq!(console.hear().await.0, 1);
}

#[tokio::test(start_paused = true)]
async fn a_late_datagram_is_answered_after_those_that_came_later() {
    let bench = Bench::new().await;
    let channel = bench.channel("1");
    let mut console = Console::of(&channel, "eye", User).await;
    let late = Fault::LateDatagrams { by_ms: 5_000 };
    bench.server("1").set_fault(late, times(1)).unwrap();
    console.send(1, DEVICE_ID, &[]).await;
    console.send(2, DEVICE_ID, &[]).await;
    assert_eq!(console.hear().await.0, 2);
    let before = tokio::time::Instant::now();
    assert_eq!(console.hear().await.0, 1);
    // The clock goes on when everything waits for it, and then goes where it was waited for.
    assert!(before.elapsed() >= Duration::from_millis(4_900));
}

#[tokio::test]
async fn a_fault_of_one_server_is_not_anothers() {
    let bench = Bench::new().await;
    let (one, two) = (bench.channel("1"), bench.channel("2"));
    let server = bench.server("1");
    let lost = server.set_fault(Fault::LostDatagrams, FaultScope::default());
    let (first, second) = (socket(&one).await, socket(&two).await);
    ping(&first, 1).await;
    ping(&second, 2).await;
    assert_eq!(pong(&second).await, 2);
    assert!(server.faults().clear(lost.unwrap()));
    ping(&first, 3).await;
    assert_eq!(pong(&first).await, 3, "the first one is lost for good");
}

#[tokio::test(start_paused = true)]
async fn what_is_held_back_is_bounded() {
    const TAGS: u16 = 100;
    let bench = Bench::new().await;
    let channel = bench.channel("1");
    let too_many = u16::try_from(LATE_MAX).unwrap() + TAGS;
    let late = Fault::LateDatagrams { by_ms: 60_000 };
    let scope = times(too_many.into());
    bench.server("1").set_fault(late, scope).unwrap();
    let socket = socket(&channel).await;
    for n in 0..too_many {
        ping(&socket, 0).await;
        if n % 32 == 0 {
            // The channel takes them before there are more than a socket holds.
            tokio::task::yield_now().await;
        }
    }
    ping(&socket, 1).await;
    assert_eq!(
        pong(&socket).await,
        1,
        "the fault has struck for the last time"
    );
    for n in 0..LATE_MAX {
        // They come a minute later, which is longer than any hang.
        let mut answer = [0; 64];
        let received = timeout(2 * HANG + HANG, socket.recv(&mut answer));
        received.await.unwrap().unwrap();
        assert_eq!(answer[9], 0, "{n}");
    }
    ping(&socket, 2).await;
    assert_eq!(pong(&socket).await, 2, "no more than so many were kept");
}

#[tokio::test]
async fn what_is_no_message_does_no_harm() {
    let bench = Bench::new().await;
    let channel = bench.channel("1");
    let mut console = Console::of(&channel, "eye", User).await;
    let stranger = socket(&channel).await;
    for length in [0, 1, 3, 4, 5, 16, 100, 1_024, 1_025, 9_000, 60_000] {
        for byte in [0x00, 0x06, 0xFF] {
            stranger.send(&vec![byte; length]).await.unwrap();
        }
        let head = [6, 0, 0xFF, 7, 6];
        let with_head = head.into_iter().chain(vec![0xA5; length]);
        let datagram: Vec<u8> = with_head.collect();
        stranger.send(&datagram).await.unwrap();
        assert_eq!(console.ask(DEVICE_ID, &[]).await[0], 0, "{length}");
    }
}
