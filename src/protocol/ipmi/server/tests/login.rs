//! How a login goes, and what a console learns when it fails.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use super::rig::{Console, GUID, Rig, Told, key, login};
use crate::ipmi::{
    Privilege, Suite,
    client::Heard,
    mac::MADE,
    rakp::Status,
    server::{Config, PROOFS_A_MINUTE, Refusal, Server},
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

/// What a step costs: codes made or compared, questions to the house, bytes of entropy.
fn cost(rig: &mut Rig, step: impl FnOnce(&mut Rig)) -> [usize; 3] {
    let so_far = |rig: &Rig| [MADE.get(), rig.house.asked, rig.house.drawn];
    let before = so_far(rig);
    step(rig);
    std::array::from_fn(|what| so_far(rig)[what] - before[what])
}

#[test]
fn known_and_unknown_users_cost_the_same_work() {
    for suite in Suite::ALL {
        let costs = ["reader", "nobody"].map(|name| {
            let mut rig = Rig::new();
            let mut console = Console::with(login(name, suite));
            assert_eq!(console.step(&mut rig), Heard::Step);
            let (peer, message_1) = (console.peer, console.due());
            let send =
                |rig: &mut Rig, bytes: &[u8]| assert_eq!(rig.send_from(peer, bytes).len(), 1);
            let first = cost(&mut rig, |rig| send(rig, &message_1));
            let again = cost(&mut rig, |rig| send(rig, &message_1));
            let mut message_3 = vec![6, 0, 0xFF, 7, 6, 0x14, 0, 0, 0, 0, 0, 0, 0, 0];
            message_3.extend([8 + suite.code_len() as u8, 0, 9, 0, 0, 0]);
            message_3.extend(&message_1[20..24]);
            message_3.extend(vec![0xEE; suite.code_len()]);
            let refused = cost(&mut rig, |rig| send(rig, &message_3));
            assert_eq!(rig.house.told, [Told::Refused(name.into(), Refusal::Key)]);
            [first, again, refused]
        });
        assert_eq!(costs[0], [[1, 1, 16], [1, 0, 0], [1, 0, 0]]);
        assert_eq!(costs[1], costs[0], "{suite:?}");
    }
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

/// The status of message 2; `None` where there is none.
fn tried(rig: &mut Rig, port: u16) -> Option<Status> {
    let (_, answer) = proven(rig, "admin", port);
    answer.get(17).copied().map(Status)
}

#[test]
fn a_source_gets_so_many_proofs_and_then_waits() {
    let mut rig = Rig::new();
    for port in 0..u16::from(PROOFS_A_MINUTE) {
        assert_eq!(tried(&mut rig, port), Some(Status::OK));
    }
    assert_eq!(tried(&mut rig, 100), None);
    assert_eq!(rig.house.told, []);
    // No login followed for a while: it is refused now.
    rig.pass(Duration::from_secs(1));
    assert_eq!(tried(&mut rig, 101), Some(Status::RESOURCES));
    assert_eq!(tried(&mut rig, 102), Some(Status::RESOURCES));
    let told = Told::Throttled("192.0.2.1".parse().unwrap(), "admin".into());
    assert_eq!(rig.house.told, [told]);
    // Another source isn't bothered, nor is this one a minute later.
    let mut elsewhere = Console::of("admin").at("192.0.2.2:1");
    assert_eq!(rig.log_in(&mut elsewhere), Ok(()));
    rig.pass(Duration::from_secs(59));
    assert_eq!(tried(&mut rig, 103), Some(Status::OK));
}

#[test]
fn servers_of_one_house_share_the_limit() {
    let mut rig = Rig::new();
    let mut other = Server::new(Arc::new(Config::new(GUID)), [0xD1; 20].into());
    for port in 0..u16::from(PROOFS_A_MINUTE) {
        assert_eq!(tried(&mut rig, port), Some(Status::OK));
        std::mem::swap(&mut rig.server, &mut other);
    }
    rig.pass(Duration::from_secs(1));
    for port in 100..102 {
        assert_eq!(tried(&mut rig, port), Some(Status::RESOURCES));
        std::mem::swap(&mut rig.server, &mut other);
    }
    let told = Told::Throttled("192.0.2.1".parse().unwrap(), "admin".into());
    assert_eq!(rig.house.told, [told]);
}

#[test]
fn who_logs_in_many_times_at_once_gets_in_after_asking_again() {
    let mut rig = Rig::new();
    let port = |n| format!("192.0.2.1:{n}");
    let mut consoles: Vec<_> = (1..=30)
        .map(|n| Console::of("admin").at(&port(n)))
        .collect();
    for console in &mut consoles {
        assert_eq!(console.step(&mut rig), Heard::Step);
    }
    // All of them send message 1 before any sends message 3.
    for (n, console) in (1..).zip(&mut consoles) {
        let answers = rig.send_from(console.peer, &console.due());
        assert_eq!(answers.len(), usize::from(n <= PROOFS_A_MINUTE), "{n}");
        for mut answer in answers {
            assert_eq!(console.client.input(&mut answer), Some(Heard::Step));
        }
    }
    for console in &mut consoles {
        assert_eq!(rig.log_in(console), Ok(()));
    }
    assert_eq!(rig.count(), 30);
    assert_eq!(rig.house.told, vec![Told::LoggedIn("admin"); 30]);
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
    // As often as it asks: what wasn't given doesn't count as a proof.
    for _ in 0..100 {
        assert_eq!(rig.log_in(&mut Console::of("admin")), refused);
    }
    assert_eq!(rig.house.asked, 100);
    rig.house.later = false;
    rig.console("admin");
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
fn each_proof_that_is_left_for_another_one_is_told() {
    /// Where message 1 has its random number: after RMCP's header, the session's, and two numbers.
    const RANDOM: usize = 4 + 12 + 8;
    let mut rig = Rig::new();
    let mut console = Console::with(login("admin", Suite::Sha256));
    assert_eq!(console.step(&mut rig), Heard::Step);
    let mut first = console.due();
    for left in 0..3 {
        first[RANDOM] += 1;
        assert_eq!(rig.send_from(console.peer, &first).len(), 1);
        // The same once more is no other.
        assert_eq!(rig.send_from(console.peer, &first).len(), 1);
        assert_eq!(rig.house.told.len(), left);
    }
    let left = Told::Refused("admin".into(), Refusal::GaveUp);
    assert!(rig.house.told.iter().all(|told| *told == left));
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
fn a_pool_full_of_setups_that_went_on_does_not_shut_the_owner_out() {
    for hosts in [8_u32, 600] {
        let mut rig = Rig::new();
        let stray = |n: u32| {
            let [_, _, a, b] = (n % hosts).to_be_bytes();
            Console::with(login(&n.to_string(), Suite::Sha256))
                .at(&format!("203.0.{a}.{b}:{}", n + 1))
        };
        for n in 0..600 {
            let mut stray = stray(n);
            assert_eq!(stray.step(&mut rig), Heard::Step);
            assert_eq!(rig.send_from(stray.peer, &stray.due()).len(), 1);
        }
        let mut owner = Console::of("admin");
        for (nth, expected) in [Heard::Step, Heard::Step, Heard::Standing]
            .into_iter()
            .enumerate()
        {
            assert_eq!(
                owner.step(&mut rig),
                expected,
                "{hosts} addresses, step {nth}"
            );
            // Newcomers, which are where the owner is for a moment: at the first step.
            for n in 0..100 {
                let stray = stray(10_000 + 100 * nth as u32 + n);
                rig.send_from(stray.peer, &stray.due());
            }
        }
    }
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
