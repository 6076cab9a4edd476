//! The table of sessions: how many there are, and who makes room for whom.

use std::{collections::BTreeSet, time::Duration};

use super::rig::{Console, GUID, Rig, Told, login};
use crate::ipmi::{
    Privilege, Suite,
    message::net_fn,
    rakp::Status,
    server::{Config, Ended},
};

const FULL: Result<(), Option<Status>> = Err(Some(Status::RESOURCES));

/// A server that one user may have all sessions of.
fn rig() -> Rig {
    let mut config = Config::new(GUID);
    config.sessions_of_user = 200;
    config.sessions = 200;
    Rig::with(config)
}

/// Logs a user in so often, from ports from this one on.
fn fill(rig: &mut Rig, name: &str, ports: std::ops::Range<u16>) -> Vec<Console> {
    let mut all = Vec::new();
    for port in ports {
        let mut console = Console::of(name).at(&format!("192.0.2.1:{port}"));
        rig.log_in(&mut console).unwrap();
        all.push(console);
    }
    all
}

#[test]
fn a_user_has_so_many_sessions_and_a_silent_one_makes_room() {
    let mut config = Config::new(GUID);
    config.sessions_of_user = 2;
    let mut rig = Rig::with(config);
    for port in 1..=2 {
        let mut console = Console::of("admin").at(&format!("192.0.2.1:{port}"));
        rig.log_in(&mut console).unwrap();
    }
    let mut third = Console::of("admin");
    assert_eq!(rig.log_in(&mut third), Err(Some(Status::RESOURCES)));
    rig.console("operator");
    rig.house.told.clear();
    rig.pass(Duration::from_secs(5));
    rig.console("admin");
    let told = [
        Told::Ended("admin", Ended::Replaced),
        Told::LoggedIn("admin"),
    ];
    assert_eq!(rig.house.told, told);
    assert_eq!(rig.count(), 3);
}

#[test]
fn there_are_63_sessions_at_most_with_handles_of_their_own() {
    let mut rig = rig();
    fill(&mut rig, "admin", 1..64);
    let handles: BTreeSet<u8> = rig.server.sessions().map(|s| s.handle).collect();
    assert_eq!(handles, (1..=63).collect());
    for name in ["reader", "operator"] {
        let mut console = Console::of(name).at("192.0.2.2:1");
        assert_eq!(rig.log_in(&mut console), FULL);
    }
}

#[test]
fn users_who_may_do_less_do_not_keep_an_administrator_out() {
    let mut rig = rig();
    let mut own = fill(&mut rig, "admin", 1..2);
    let mut readers = fill(&mut rig, "reader", 2..32);
    let mut operators = fill(&mut rig, "operator", 32..64);
    rig.pass(Duration::from_secs(1));
    // Each of them speaks; the operator who speaks first is the one that is silent longest.
    for console in own.iter_mut().chain(&mut operators).chain(&mut readers) {
        rig.now += Duration::from_millis(1);
        console.ask(&mut rig, (net_fn::CHASSIS, 0x01), &[]);
    }
    rig.house.told.clear();
    let goes = rig.id_of(&operators[0]);
    for name in ["reader", "operator"] {
        let mut another = Console::of(name).at("192.0.2.2:1");
        assert_eq!(rig.log_in(&mut another), FULL);
    }
    assert_eq!(rig.count(), 63);
    rig.house.told.clear();
    let mut admin = Console::of("admin").at("192.0.2.2:1");
    assert_eq!(rig.log_in(&mut admin), Ok(()));
    let told = [
        Told::Ended("operator", Ended::Outranked),
        Told::LoggedIn("admin"),
    ];
    assert_eq!(rig.house.told, told);
    assert_eq!(rig.count(), 63);
    assert!(rig.server.sessions().all(|session| session.id != goes));
    // One of its own that is silent goes before another's.
    rig.pass(Duration::from_secs(5));
    rig.house.told.clear();
    fill(&mut rig, "admin", 100..101);
    let told = [
        Told::Ended("admin", Ended::Replaced),
        Told::LoggedIn("admin"),
    ];
    assert_eq!(rig.house.told, told);
}

#[test]
fn no_administrators_session_makes_room_for_another_ones() {
    let mut rig = rig();
    // However low a level it was opened for.
    for port in 1..64 {
        let mut asked = login("admin", Suite::Sha256);
        asked.role = Privilege::User;
        let mut console = Console::with(asked).at(&format!("192.0.2.1:{port}"));
        rig.log_in(&mut console).unwrap();
    }
    let mut admin = Console::of("admin").at("192.0.2.2:1");
    assert_eq!(rig.log_in(&mut admin), FULL);
    assert_eq!(rig.count(), 63);
}

#[test]
fn an_administrator_has_no_more_sessions_than_a_user_may() {
    let mut config = Config::new(GUID);
    config.sessions = 4;
    config.sessions_of_user = 2;
    let mut rig = Rig::with(config);
    fill(&mut rig, "reader", 1..3);
    fill(&mut rig, "admin", 3..5);
    let mut admin = Console::of("admin").at("192.0.2.2:1");
    assert_eq!(rig.log_in(&mut admin), FULL);
}
