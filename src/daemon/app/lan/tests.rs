//! IPMI's doors: open while an account may use them, where the settings want them.

use std::net::{Ipv4Addr, UdpSocket as PlainSocket};

use outband_core::access::{Account, AccountChange, NewAccount, Role, Scope};
use tokio::net::UdpSocket;

use super::*;
use crate::{
    app::{
        boot::Daemon,
        tests::{A, B, HANG, MEMORY, demo, serve, settings, start},
    },
    settings::Server,
};

/// The first server's door, at any port of the loopback.
const LISTEN: &str = "[service.ipmi]\nlisten = [\"127.0.0.1:0\"]\n";

/// An account that may use IPMI.
async fn allow(daemon: &mut Daemon, name: &str) -> Account {
    let gate = &daemon.base.bmc.gate;
    let new = NewAccount {
        name: name.into(),
        password: "a good password".to_owned().into(),
        role: Role::Operator,
        enabled: true,
        types: vec![AccountType::IPMI],
        scope: Scope::All,
        must_change_password: false,
        one_time: false,
    };
    let account = gate.create(&gate.local("test"), new).await.unwrap();
    heard(daemon).await;
    account
}

async fn change(daemon: &mut Daemon, account: &Account, change: AccountChange) {
    let gate = &daemon.base.bmc.gate;
    let changed = gate.change(&gate.local("test"), account.id, change).await;
    changed.unwrap();
    heard(daemon).await;
}

/// What the daemon does when it hears that accounts have changed.
async fn heard(daemon: &mut Daemon) {
    let changed = daemon.lan.accounts_changed();
    timeout(HANG, changed).await.unwrap();
    daemon.look_at_lan().await;
}

/// Which server answers where.
fn doors(daemon: &Daemon) -> Vec<(String, SocketAddr)> {
    let open = daemon.open().ipmi.into_iter();
    open.map(|(server, at)| (server.to_string(), at)).collect()
}

fn only_door(daemon: &Daemon) -> SocketAddr {
    let [(server, at)] = doors(daemon).try_into().unwrap();
    assert_eq!(server, "a");
    at
}

/// Waits for the answer to a ping.
async fn answers(at: SocketAddr) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let ping = [6, 0, 0xFF, 6, 0, 0, 0x11, 0xBE, 0x80, 1, 0, 0];
    socket.send_to(&ping, at).await.unwrap();
    let mut pong = [0; 64];
    let received = timeout(HANG, socket.recv(&mut pong)).await.unwrap();
    assert_eq!((received.unwrap(), pong[8]), (28, 0x40));
}

/// A port that somebody else has.
fn busy() -> PlainSocket {
    PlainSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()
}

/// The settings for a server's door of its own.
fn own(server: &str, at: SocketAddr) -> String {
    format!("{server}listen.ipmi = \"{at}\"\n")
}

#[test]
fn the_shared_address_reaches_the_first_server_without_its_own() {
    let mut settings = Settings::default();
    for (id, own) in [("1", Some("127.0.0.1:1")), ("2", None), ("3", None)] {
        let mut server = Server::new(id.parse().unwrap());
        server.listen.ipmi = own.map(|own| own.parse().unwrap());
        settings.server.push(server);
    }
    let doors = |settings: &Settings| {
        let all = wanted(settings).into_iter();
        all.map(|w| format!("{} {}", w.server, w.address))
            .collect::<Vec<_>>()
    };
    assert_eq!(doors(&settings), ["1 127.0.0.1:1", "2 [::]:623"]);
    settings.service.ipmi.listen.clear();
    assert_eq!(doors(&settings), ["1 127.0.0.1:1"]);
    settings.service.ipmi.enabled = false;
    assert!(doors(&settings).is_empty());
}

#[tokio::test]
async fn a_door_is_open_while_an_account_may_use_it() {
    let mut daemon = start(&[MEMORY, LISTEN, A], &serve()).await;
    assert_eq!(doors(&daemon), []);
    let first = allow(&mut daemon, "first").await;
    let at = only_door(&daemon);
    answers(at).await;

    let second = allow(&mut daemon, "second").await;
    let enabled = |enabled| AccountChange {
        enabled: Some(enabled),
        ..AccountChange::default()
    };
    change(&mut daemon, &first, enabled(false)).await;
    assert_eq!(only_door(&daemon), at, "the second may use it");
    answers(at).await;
    let types = AccountChange {
        types: Some(vec![AccountType::Redfish]),
        ..AccountChange::default()
    };
    change(&mut daemon, &second, types).await;
    assert_eq!(doors(&daemon), []);
    PlainSocket::bind(at).unwrap();

    change(&mut daemon, &first, enabled(true)).await;
    answers(only_door(&daemon)).await;
}

#[tokio::test]
async fn the_account_of_a_demo_opens_the_door_at_the_start() {
    let daemon = start(&[MEMORY, LISTEN, A], &demo()).await;
    let at = only_door(&daemon);
    answers(at).await;
    daemon.stop(&demo()).await;
    PlainSocket::bind(at).unwrap();
}

#[tokio::test]
async fn a_demo_whose_port_is_busy_does_not_start() {
    let busy = busy();
    let at = busy.local_addr().unwrap();
    let settings = settings(&[MEMORY, &own(A, at)]);
    let why = Daemon::start(settings, &demo()).await.err().unwrap();
    assert!(why.to_string().contains(&at.to_string()), "{why}");
}

#[tokio::test]
async fn one_busy_port_keeps_no_other_door_closed_and_is_tried_again() {
    let busy = busy();
    let at = busy.local_addr().unwrap();
    let mut daemon = start(&[MEMORY, LISTEN, A, &own(B, at)], &serve()).await;
    allow(&mut daemon, "first").await;
    answers(only_door(&daemon)).await;
    assert!(daemon.lan.lacks_any());
    daemon.try_again().await;
    assert!(daemon.lan.lacks_any());
    drop(busy);
    daemon.try_again().await;
    assert!(!daemon.lan.lacks_any());
    assert_eq!(doors(&daemon)[1], ("b".to_owned(), at));
    answers(at).await;
}

#[tokio::test]
async fn a_reload_onto_a_busy_port_changes_nothing() {
    let mut daemon = start(&[MEMORY, LISTEN, A], &serve()).await;
    allow(&mut daemon, "first").await;
    let before = doors(&daemon);
    let busy = busy();
    let at = busy.local_addr().unwrap();
    let refused = daemon.change_to(settings(&[MEMORY, LISTEN, A, &own(B, at)]));
    let why = refused.await.unwrap_err().to_string();
    assert!(why.contains(&at.to_string()), "{why}");
    assert_eq!(doors(&daemon), before);
    assert!(daemon.base.bmc.servers.get("b").is_none());
    answers(before[0].1).await;
}

#[tokio::test]
async fn doors_come_go_and_move_with_the_settings() {
    let mut daemon = start(&[MEMORY, LISTEN, A], &serve()).await;
    allow(&mut daemon, "first").await;
    let shared = only_door(&daemon);

    // Another server with a door of its own: the first one's stays.
    let second = own(B, "127.0.0.2:0".parse().unwrap());
    let both = settings(&[MEMORY, LISTEN, A, &second]);
    let what = daemon.change_to(both).await.unwrap().join("; ");
    let open = doors(&daemon);
    assert_eq!(open.len(), 2);
    assert_eq!(open[0], ("a".to_owned(), shared));
    let (second, at) = &open[1];
    assert_eq!(second, "b");
    assert!(what.contains(&at.to_string()), "{what}");
    answers(*at).await;

    // The shared address goes to the second server, and its socket with it.
    let moved = settings(&[MEMORY, LISTEN, B]);
    daemon.change_to(moved).await.unwrap();
    assert_eq!(doors(&daemon), [("b".to_owned(), shared)]);
    answers(shared).await;

    let off = "[service.ipmi]\nenabled = false\n";
    daemon.change_to(settings(&[MEMORY, off, B])).await.unwrap();
    assert_eq!(doors(&daemon), []);
    PlainSocket::bind(shared).unwrap();
}

#[tokio::test]
async fn a_channel_goes_on_unless_its_own_settings_change() {
    let mut daemon = start(&[MEMORY, LISTEN, A], &serve()).await;
    allow(&mut daemon, "first").await;
    let at = only_door(&daemon);
    let first = daemon.lan.open[0].serving.id();
    let mut wanted = daemon.settings.clone();
    wanted.service.redfish.enabled = false;
    daemon.change_to(wanted.clone()).await.unwrap();
    assert_eq!(daemon.lan.open[0].serving.id(), first, "another service's");

    wanted.service.ipmi.sha1 = false;
    daemon.change_to(wanted).await.unwrap();
    assert_ne!(daemon.lan.open[0].serving.id(), first, "it begins anew");
    assert_eq!(only_door(&daemon), at, "with its socket");
    answers(at).await;
}

#[tokio::test]
async fn a_server_that_is_opened_anew_has_a_channel_of_its_own() {
    let mut daemon = start(&[MEMORY, LISTEN, A], &serve()).await;
    allow(&mut daemon, "first").await;
    let at = only_door(&daemon);
    let before = daemon.lan.open[0].server.clone();
    let without = settings(&[MEMORY, LISTEN, A, "power.driver = \"none\"\n"]);
    daemon.change_to(without).await.unwrap();
    assert_eq!(only_door(&daemon), at);
    let after = &daemon.lan.open[0].server;
    assert!(!after.is(&before));
    assert!(after.is(&daemon.base.bmc.servers.get("a").unwrap()));
    answers(at).await;
}
