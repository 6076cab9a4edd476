//! Too many clients, and too few descriptors.

use std::process::Command;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::*;

/// Says to the test itself that it is the child process whose descriptors run out.
const CHILD: &str = "OUTBAND_TEST_FEW_DESCRIPTORS";

/// A thousand sockets need more than the usual soft limit.
pub(super) fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    setrlimit(Resource::Nofile, raised).unwrap();
}

#[tokio::test]
async fn the_newest_of_an_address_is_closed_and_the_others_go_on() {
    let limits = Limits::new(100, 2);
    let house = House::with_limits(Kind::Plain, router(), patient(), limits);
    let mut first = house.connect_from("127.0.0.2").await;
    let mut second = house.connect_from("127.0.0.2").await;
    assert!(ask(&mut first, GET).await.ends_with("hello"));
    assert!(ask(&mut second, GET).await.ends_with("hello"));
    let mut third = house.connect_from("127.0.0.2").await;
    assert_eq!(rest(&mut third).await, "");
    assert!(ask(&mut first, GET).await.ends_with("hello"));
    let mut elsewhere = house.connect_from("127.0.0.3").await;
    assert!(ask(&mut elsewhere, GET).await.ends_with("hello"));

    drop(first);
    within(async {
        while house.limits.view().open > 2 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let mut fourth = house.connect_from("127.0.0.2").await;
    assert!(ask(&mut fourth, GET).await.ends_with("hello"));
}

#[tokio::test]
async fn the_total_holds_whatever_the_addresses() {
    let limits = Limits::new(2, 2);
    let house = House::with_limits(Kind::Plain, router(), patient(), limits);
    let mut kept = Vec::new();
    for source in ["127.0.0.2", "127.0.0.3"] {
        let mut stream = house.connect_from(source).await;
        assert!(ask(&mut stream, GET).await.ends_with("hello"));
        kept.push(stream);
    }
    let mut third = house.connect_from("127.0.0.4").await;
    assert_eq!(rest(&mut third).await, "");
    assert!(ask(&mut kept[0], GET).await.ends_with("hello"));
}

/// The limit is the process's, so this test runs itself in a process of its own.
#[test]
fn without_descriptors_the_newest_are_closed_and_the_loop_goes_on() {
    if std::env::var_os(CHILD).is_some() {
        return few_descriptors();
    }
    let name =
        "listen::tests::caps::without_descriptors_the_newest_are_closed_and_the_loop_goes_on";
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success(), "{output}");
    assert!(output.contains("1 passed"), "{output}");
}

#[tokio::main(flavor = "current_thread")]
async fn few_descriptors() {
    let house = House::plain(patient());
    let mut served = house.connect().await;
    assert!(ask(&mut served, GET).await.ends_with("hello"));

    // Room for a few connections; each takes two, for both ends are in this process.
    let open = std::fs::read_dir("/proc/self/fd").unwrap().count() as u64;
    let limit = getrlimit(Resource::Nofile);
    let few = Rlimit {
        current: Some(open + 9),
        ..limit
    };
    setrlimit(Resource::Nofile, few).unwrap();
    let mut flood = Vec::new();
    while let Ok(socket) = TcpSocket::new_v4() {
        flood.push(socket.connect(house.address).await.unwrap());
    }
    assert!(flood.len() >= 5, "{}", flood.len());
    // The process has no descriptor left but the reserve: of those that wait, the newest are closed.
    let mut closed = 0;
    while let Some(mut newest) = flood.pop() {
        let silence = timeout(SHORT, newest.read_u8()).await;
        if silence.is_err() {
            flood.push(newest);
            break;
        }
        closed += 1;
        // Keeps its descriptor, so that no room comes by itself.
        std::mem::forget(newest);
    }
    assert!(closed > 0);
    assert!(
        ask(&mut served, GET).await.ends_with("hello"),
        "others are served"
    );
    drop(flood);
    setrlimit(Resource::Nofile, limit).unwrap();
    let mut later = house.connect().await;
    assert!(
        ask(&mut later, GET).await.ends_with("hello"),
        "and later ones"
    );
}

#[tokio::test]
async fn connections_that_are_reset_as_they_come_leave_nothing_behind() {
    let house = House::plain(patient());
    for _ in 0..15 {
        let mut storm = Vec::new();
        for _ in 0..200 {
            let mut stream = house.connect_from("127.0.0.2").await;
            _ = stream.write_all(GET.as_bytes()).await;
            stream.set_zero_linger().unwrap();
            storm.push(stream);
        }
    }
    let mut later = house.connect().await;
    assert!(ask(&mut later, GET).await.ends_with("hello"));
    drop(later);
    house.empty().await;
}
