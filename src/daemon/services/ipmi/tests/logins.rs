//! Who gets in, and what is written down about it.

use outband_core::{
    access::{AccountType, Role, Scope, Via},
    events::EventKind,
};
use outband_protocol::ipmi::{
    Privilege::{Administrator, Operator, User},
    Suite,
    rakp::Status,
};

use super::{Bench, CHASSIS_STATUS, Console, DEVICE_ID, Login, Options, key, login};

#[tokio::test]
async fn both_suites_let_in_and_the_visit_is_written_down_once() {
    let bench = Bench::new().await;
    let channel = bench.channel("1");
    for suite in Suite::ALL {
        let with = login("boss", Administrator);
        let mut console = Console::new(&channel, Login { suite, ..with })
            .await
            .unwrap();
        assert_eq!(console.ask(CHASSIS_STATUS, &[]).await[..2], [0, 0]);
    }
    let came = EventKind::LoggedIn { via: Via::Ipmi };
    let times = bench.events().iter().filter(|kind| **kind == came).count();
    assert_eq!(times, 1, "{:?}", bench.events());
}

#[tokio::test]
async fn suite_3_can_be_switched_off() {
    let bench = Bench::new().await;
    let channel = bench.channel_with("1", Options { sha1: false });
    for (suite, refusal) in [(Suite::Sha1, Some(Status::NO_SUITE)), (Suite::Sha256, None)] {
        let with = login("boss", User);
        let console = Console::new(&channel, Login { suite, ..with }).await;
        assert_eq!(console.err(), refusal.map(Some), "{suite:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_opens_nothing_and_is_written_down() {
    let bench = Bench::new().await;
    let channel = bench.channel("1");
    let wrong = Login {
        key: key(b"a bad password"),
        ..login("boss", User)
    };
    assert_eq!(Console::new(&channel, wrong).await.err(), Some(None));
    let failed = |kind: &EventKind| match kind {
        EventKind::LoginFailed { name, .. } => &**name == "boss",
        _ => false,
    };
    // The client saw by itself that it was wrong, and gave up: that shows after ten seconds.
    bench.event(failed).await;
}

#[tokio::test]
async fn who_may_not_log_in_gets_the_answer_that_a_wrong_password_gets() {
    let bench = Bench::new().await;
    let channel = bench.channel("1");
    let ipmi = || vec![AccountType::IPMI];
    let second = Scope::Servers(vec!["2".parse().unwrap()]);
    let narrow = bench
        .rig
        .account_for(ipmi(), "narrow", Role::Administrator, second);
    narrow.await;
    // `admin` has no IPMI secret.
    for name in ["nobody", "admin", "narrow"] {
        let console = Console::new(&channel, login(name, User)).await;
        assert_eq!(console.err(), Some(None), "{name}");
    }
    let second = bench.channel("2");
    let mut console = Console::of(&second, "narrow", Administrator).await;
    assert_eq!(console.ask(DEVICE_ID, &[]).await[0], 0);
}

#[tokio::test]
async fn a_role_limits_the_level() {
    let bench = Bench::new().await;
    let channel = bench.channel("1");
    for (name, levels) in [
        ("boss", &[User, Operator, Administrator][..]),
        ("hand", &[User, Operator]),
        ("eye", &[User]),
    ] {
        for level in [User, Operator, Administrator] {
            let console = Console::new(&channel, login(name, level)).await;
            let refusal = console.err();
            let refused = (!levels.contains(&level)).then_some(Some(Status::UNAUTHORIZED_ROLE));
            assert_eq!(refusal, refused, "{name} {level:?}");
        }
    }
}

#[tokio::test]
async fn the_null_user_is_told_to_be_none() {
    let bench = Bench::new().await;
    let channel = bench.channel("1");
    let console = Console::new(&channel, login("", User)).await;
    assert_eq!(console.err(), Some(Some(Status::UNAUTHORIZED_NAME)));
}
