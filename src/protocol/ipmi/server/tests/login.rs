//! How a login goes, and what a console learns when it fails.

use std::{collections::BTreeSet, time::Duration};

use super::rig::{Console, GUID, Rig, Told, key, login};
use crate::ipmi::{
    Privilege, Suite,
    client::Heard,
    rakp::Status,
    server::{Config, Ended, PROOFS_A_MINUTE, Refusal},
};

#[test]
fn both_suites_log_in_with_one_key_and_with_two() {
    for suite in Suite::ALL {
        for bmc_key in [None, Some(key("the key of the BMC"))] {
            let mut config = Config::new(GUID);
            config.bmc_key = bmc_key.clone();
            let mut rig = Rig::with(config);
            let mut console = Console::with(login("admin", suite));
            assert_eq!(rig.log_in(&mut console).is_ok(), bmc_key.is_none());
            let mut asked = login("admin", suite);
            asked.bmc_key = bmc_key;
            let mut console = Console::with(asked).at("192.0.2.1:1001");
            assert_eq!(rig.log_in(&mut console), Ok(()));
            assert_eq!(console.app(&mut rig, 0x37, &[]).1, GUID);
        }
    }
}

#[test]
fn suite_3_can_be_switched_off() {
    let mut config = Config::new(GUID);
    config.sha1 = false;
    let mut rig = Rig::with(config);
    let mut console = Console::with(login("admin", Suite::Sha1));
    assert_eq!(rig.log_in(&mut console), Err(Some(Status::NO_SUITE)));
    let answer = rig.console("admin").app(&mut rig, 0x54, &[0x0E, 0, 0x80]);
    assert_eq!(answer.1, [1, 0xC0, 17, 0x03, 0x44, 0x81]);
}

/// A login as far as message 2.
fn proven(rig: &mut Rig, name: &str, port: u16) -> (Console, Vec<u8>) {
    let mut asked = login(name, Suite::Sha256);
    asked.role = Privilege::Administrator;
    let mut console = Console::with(asked).at(&format!("192.0.2.1:{port}"));
    assert_eq!(console.step(rig), Heard::Step);
    let answers = rig.send_from(console.peer, &console.due());
    (console, answers.concat())
}

#[test]
fn known_and_unknown_users_look_alike_until_the_proof() {
    let mut rig = Rig::new();
    let (mut known, to_known) = proven(&mut rig, "reader", 1);
    let (mut unknown, to_unknown) = proven(&mut rig, "nobody", 2);
    assert_eq!(to_known.len(), to_unknown.len());
    // Up to the ids and random numbers they are the same, whatever level was asked for.
    assert_eq!(to_known[..20], to_unknown[..20]);
    assert_eq!(rig.house.asked, 2);
    // And a wrong code is answered alike.
    for (console, answer) in [(&mut known, to_known), (&mut unknown, to_unknown)] {
        let id = &console.due()[20..24].to_vec();
        assert!(console.client.input(&mut answer.clone()).is_some());
        let mut rakp_3 = vec![6, 0, 0xFF, 7, 6, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 40, 0];
        rakp_3.extend([9, 0, 0, 0]);
        rakp_3.extend(id);
        rakp_3.extend([0xEE; 32]);
        let refused = rig.send_from(console.peer, &rakp_3);
        assert_eq!(refused[0][16..20], [9, 0x0F, 0, 0]);
        assert_eq!(refused[0].len(), 24);
        // Once: the setup is forgotten, and its id is none.
        let again = rig.send_from(console.peer, &rakp_3);
        assert_eq!(again[0][16..20], [9, 0x02, 0, 0]);
    }
    let refused = |name: &str| Told::Refused(name.into(), Refusal::Key);
    assert_eq!(rig.house.told, [refused("reader"), refused("nobody")]);
}

#[test]
fn the_null_user_gets_nothing() {
    let mut rig = Rig::new();
    let mut console = Console::with(login("", Suite::Sha256));
    assert_eq!(
        rig.log_in(&mut console),
        Err(Some(Status::UNAUTHORIZED_NAME))
    );
    assert_eq!(rig.house.asked, 0);
}

#[test]
fn more_than_the_users_level_is_refused_after_the_proof() {
    let mut rig = Rig::new();
    let mut asked = login("operator", Suite::Sha256);
    asked.role = Privilege::Administrator;
    let mut console = Console::with(asked);
    let refused = Err(Some(Status::UNAUTHORIZED_ROLE));
    assert_eq!(rig.log_in(&mut console), refused);
    assert_eq!(
        rig.house.told,
        [Told::Refused("operator".into(), Refusal::Privilege)]
    );
}

#[test]
fn the_channel_bounds_the_level() {
    let mut config = Config::new(GUID);
    config.limit = Privilege::Operator;
    let mut rig = Rig::with(config);
    assert_eq!(
        rig.log_in(&mut Console::of("admin")),
        Err(Some(Status::UNAUTHORIZED_ROLE))
    );
    rig.console("operator");
}

#[test]
fn steps_that_come_twice_are_answered_alike() {
    let mut rig = Rig::new();
    let mut console = Console::of("admin");
    loop {
        let due = console.due();
        let first = rig.send_from(console.peer, &due);
        assert_eq!(first.len(), 1);
        assert_eq!(rig.send_from(console.peer, &due), first);
        if console.client.input(&mut first[0].clone()) == Some(Heard::Standing) {
            assert_eq!(rig.send_from(console.peer, &due), first);
            break;
        }
    }
    assert_eq!(rig.count(), 1);
    assert_eq!(rig.house.told, [Told::LoggedIn("admin")]);
    assert_eq!(rig.house.asked, 1);
}

#[test]
fn a_source_gets_so_many_proofs_and_then_waits() {
    let mut rig = Rig::new();
    let tried = |rig: &mut Rig, port| proven(rig, "admin", port).1[17];
    for port in 0..u16::from(PROOFS_A_MINUTE) {
        assert_eq!(tried(&mut rig, port), Status::OK.0);
    }
    assert_eq!(tried(&mut rig, 100), Status::RESOURCES.0);
    assert_eq!(tried(&mut rig, 101), Status::RESOURCES.0);
    let told = Told::Throttled("192.0.2.1".parse().unwrap(), "admin".into());
    assert_eq!(rig.house.told, [told]);
    // Another source isn't bothered, nor is this one a minute later.
    let mut elsewhere = Console::of("admin").at("192.0.2.2:1");
    assert_eq!(rig.log_in(&mut elsewhere), Ok(()));
    rig.pass(Duration::from_secs(60));
    assert_eq!(tried(&mut rig, 102), Status::OK.0);
}

#[test]
fn who_knows_the_password_never_waits() {
    let mut rig = Rig::new();
    for _ in 0..200 {
        let mut console = rig.console("admin");
        console.app(
            &mut rig,
            0x3C,
            &console.client.managed().unwrap().to_le_bytes(),
        );
    }
    assert!(
        !rig.house
            .told
            .iter()
            .any(|told| matches!(told, Told::Throttled(..)))
    );
}

#[test]
fn the_house_can_ask_for_patience() {
    let mut rig = Rig::new();
    rig.house.later = true;
    let refused = Err(Some(Status::RESOURCES));
    assert_eq!(rig.log_in(&mut Console::of("admin")), refused);
}

#[test]
fn without_entropy_nobody_logs_in() {
    let mut rig = Rig::new();
    rig.house.dry = true;
    let refused = Err(Some(Status::RESOURCES));
    assert_eq!(rig.log_in(&mut Console::of("admin")), refused);
    rig.house.dry = false;
    let mut console = Console::of("admin");
    assert_eq!(console.step(&mut rig), Heard::Step);
    rig.house.dry = true;
    assert_eq!(rig.log_in(&mut console), refused);
}

#[test]
fn a_setup_ends_after_ten_seconds_and_an_unfinished_one_is_told() {
    let mut rig = Rig::new();
    let (mut console, answer) = proven(&mut rig, "admin", 1);
    console.client.input(&mut answer.clone());
    rig.pass(Duration::from_secs(10));
    assert_eq!(
        rig.house.told,
        [Told::Refused("admin".into(), Refusal::GaveUp)]
    );
    assert_eq!(rig.log_in(&mut console), Err(Some(Status::INVALID_SESSION)));
    rig.pass(Duration::from_secs(60));
    assert_eq!(rig.server.deadline(), None);
}

#[test]
fn setups_of_another_address_are_none() {
    let mut rig = Rig::new();
    let mut console = Console::of("admin");
    console.step(&mut rig);
    let mut console = console.at("192.0.2.1:1001");
    assert_eq!(rig.log_in(&mut console), Err(Some(Status::INVALID_SESSION)));
}

#[test]
fn ids_are_never_zero_and_never_twice() {
    let mut rig = Rig::new();
    let mut seen = BTreeSet::new();
    for port in 1..100 {
        let console = Console::of("admin").at(&format!("192.0.2.{port}:1"));
        let answer = rig.send_from(console.peer, &console.due());
        let id: [u8; 4] = answer[0][24..28].try_into().unwrap();
        assert!(id != [0; 4] && seen.insert(id));
    }
}

#[test]
fn floods_of_setups_do_not_shut_the_owner_out() {
    for flood in [64, 2_000, 100_000] {
        let mut rig = Rig::new();
        let mut owner = Console::of("admin");
        let strays = |rig: &mut Rig| {
            for n in 0..flood {
                let stray = Console::of("nobody").at(&format!("203.0.113.1:{}", 1 + n % 60_000));
                assert_eq!(rig.send_from(stray.peer, &stray.due()).len(), 1);
            }
        };
        // A whole flood before each of the owner's steps.
        for expected in [Heard::Step, Heard::Step, Heard::Standing] {
            strays(&mut rig);
            assert_eq!(owner.step(&mut rig), expected, "{flood}");
        }
    }
}

#[test]
fn a_flood_from_everywhere_spares_whoever_went_on_to_message_1() {
    let mut rig = Rig::new();
    let mut owner = Console::of("admin");
    for step in 0..2 {
        assert_eq!(owner.step(&mut rig), Heard::Step, "{step}");
    }
    for n in 0..5_000_u32 {
        let [_, _, a, b] = n.to_be_bytes();
        let stray = Console::of("nobody").at(&format!("203.0.{a}.{b}:1"));
        rig.send_from(stray.peer, &stray.due());
    }
    assert_eq!(owner.step(&mut rig), Heard::Standing);
}

#[test]
fn setups_are_bounded_however_far_they_went() {
    let mut rig = Rig::new();
    for n in 0..600 {
        // Of one source first, then of many.
        let host = if n < 200 { 1 } else { n % 250 };
        let mut stray = Console::with(login(&n.to_string(), Suite::Sha256));
        stray.peer = format!("203.0.113.{host}:{}", n + 1).parse().unwrap();
        assert_eq!(stray.step(&mut rig), Heard::Step);
        assert_eq!(rig.send_from(stray.peer, &stray.due()).len(), 1);
        assert!(
            rig.server.setups.count() <= if n < 200 { 64 } else { 256 },
            "{n}"
        );
    }
    let gave_up = |told: &&Told| matches!(told, Told::Refused(_, Refusal::GaveUp));
    let told = rig.house.told.iter().filter(gave_up).count();
    assert_eq!(told + rig.server.setups.count(), 600);
    rig.console("admin");
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
    let mut config = Config::new(GUID);
    config.sessions_of_user = 200;
    config.sessions = 200;
    let mut rig = Rig::with(config);
    for port in 1..=63 {
        let mut console = Console::of("admin").at(&format!("192.0.2.1:{port}"));
        rig.log_in(&mut console).unwrap();
    }
    let handles: BTreeSet<u8> = rig.server.sessions().map(|s| s.handle).collect();
    assert_eq!(handles, (1..=63).collect());
    let mut reader = Console::of("reader").at("192.0.2.2:1");
    assert_eq!(rig.log_in(&mut reader), Err(Some(Status::RESOURCES)));
}
