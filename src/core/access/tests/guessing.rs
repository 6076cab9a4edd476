//! Whoever guesses is slowed down, and nobody else is.

use std::time::Duration;

use futures_util::{FutureExt, future::join_all};

use super::fakes::*;
use crate::access::{LoginRefused, Via};

fn wait(refused: LoginRefused) -> Duration {
    match refused {
        LoginRefused::TooMany { retry_after } => retry_after,
        other => panic!("{other:?}"),
    }
}

async fn fail(house: &House, times: usize) {
    for _ in 0..times {
        let refused = house.try_session("root", "wrong horse", 2).await;
        assert!(matches!(refused.unwrap_err(), LoginRefused::Wrong));
    }
}

#[tokio::test(start_paused = true)]
async fn after_eleven_failures_the_password_is_not_looked_at_and_others_get_in() {
    let house = House::furnished().await;
    fail(&house, 11).await;
    let before = house.hashes();
    let refused = house.try_session("root", PASSWORD, 2).await.unwrap_err();
    assert_eq!(wait(refused), Duration::from_secs(1));
    assert_eq!(house.hashes(), before);

    house.try_session("root", PASSWORD, 3).await.unwrap();
    house.try_session("op", PASSWORD, 2).await.unwrap();
    tokio::time::advance(Duration::from_secs(1)).await;
    house.try_session("root", PASSWORD, 2).await.unwrap();
    // The success cleared what was before it.
    fail(&house, 10).await;
    house.try_session("root", PASSWORD, 2).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_count_is_shared_by_all_services() {
    let house = House::furnished().await;
    for n in 0..11 {
        let via = [Via::Redfish, Via::Console, Via::Vnc][n % 3];
        let origin = by(via, 2);
        if n % 2 == 0 {
            let refused = house.gate.password(origin, "root", secret("wrong horse"));
            assert!(refused.await.is_err());
        } else {
            house
                .gate
                .attempt_failed(&origin, "root", "the test says so");
        }
    }
    let refused = house.gate.attempt_allowed(&by(Via::Ipmi, 2), "root");
    assert_eq!(wait(refused.unwrap_err()), Duration::from_secs(1));
    house
        .gate
        .attempt_allowed(&by(Via::Ipmi, 3), "root")
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_remembered_password_does_not_pass_by_the_back_off() {
    let house = House::furnished().await;
    house.basic("root", PASSWORD, 2).await.unwrap();
    fail(&house, 11).await;
    wait(house.basic("root", PASSWORD, 2).await.unwrap_err());
    house.basic("root", PASSWORD, 3).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn whoever_keeps_knocking_waits_no_longer_than_told() {
    let house = House::furnished().await;
    fail(&house, 11).await;
    for wait in [1, 2, 4, 8] {
        tokio::time::advance(Duration::from_secs(wait)).await;
        fail(&house, 1).await;
    }
    // Each knock comes 0.1 s after the last; the wait is 16 s from the fifteenth failure.
    for _ in 0..159 {
        tokio::time::advance(Duration::from_millis(100)).await;
        wait(house.try_session("root", PASSWORD, 2).await.unwrap_err());
    }
    tokio::time::advance(Duration::from_millis(100)).await;
    house.try_session("root", PASSWORD, 2).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn guesses_at_once_are_no_more_than_guesses_one_by_one() {
    let house = House::furnished().await;
    let tries = (0..50).map(|n| {
        let house = &house;
        async move {
            house
                .try_session("root", &format!("guess number {n}"), 2)
                .await
        }
    });
    let refused = join_all(tries).await;
    let wrong = refused
        .iter()
        .filter(|r| matches!(r, Err(LoginRefused::Wrong)));
    assert_eq!(wrong.count(), 11);
    assert_eq!(house.hashes(), 11);
}

#[tokio::test(start_paused = true)]
async fn one_source_has_one_password_looked_at_while_another_is_served() {
    let house = House::furnished().await;
    house.basic("guest", PASSWORD, 1).await.unwrap();
    house.hasher.door.shut();
    let before = house.hashes();
    let mut many: Vec<_> = (0..20)
        .map(|_| Box::pin(house.basic("op", PASSWORD, 2)))
        .collect();
    for one in &mut many {
        assert!(one.now_or_never().is_none());
    }
    assert_eq!(house.hashes(), before + 1);
    let mut other = Box::pin(house.basic("op", PASSWORD, 3));
    assert!((&mut other).now_or_never().is_none());
    assert_eq!(house.hashes(), before + 2);
    house.hasher.door.open();
    other.await.unwrap();
    // The rest of them find the password remembered.
    for one in many {
        one.await.unwrap();
    }
    assert_eq!(house.hashes(), before + 2);
}

#[tokio::test(start_paused = true)]
async fn whoever_hangs_up_before_the_answer_has_failed() {
    let house = House::furnished().await;
    house.basic("root", PASSWORD, 3).await.unwrap();
    house.hasher.door.shut();
    for _ in 0..11 {
        let mut guess = Box::pin(house.basic("root", "wrong horse", 2));
        assert!((&mut guess).now_or_never().is_none());
    }
    house.hasher.door.open();
    wait(house.basic("root", PASSWORD, 2).await.unwrap_err());
}

#[tokio::test(start_paused = true)]
async fn two_hundred_failures_over_all_names_shut_the_source_out_of_every_name() {
    let house = House::furnished().await;
    for n in 0..200 {
        let refused = house
            .try_session(&format!("user{n}"), "wrong horse", 2)
            .await;
        assert!(matches!(refused.unwrap_err(), LoginRefused::Wrong));
    }
    let refused = house.try_session("root", PASSWORD, 2).await.unwrap_err();
    assert!(wait(refused) >= Duration::from_secs(300));
    house.try_session("root", PASSWORD, 3).await.unwrap();

    // The log hears of the source once a second, whatever names it makes up.
    tokio::time::advance(Duration::from_secs(1)).await;
    house.heard();
    for n in 0..1000 {
        assert!(house.try_session(&format!("new{n}"), "x", 2).await.is_err());
    }
    assert_eq!(house.heard(), ["new0 failed 1x: too many failures before"]);
    tokio::time::advance(Duration::from_secs(305)).await;
    house.try_session("root", PASSWORD, 2).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn failures_that_were_held_back_reach_the_log_within_a_second() {
    let house = House::furnished().await;
    let running = house.run().await;
    house.heard();
    fail(&house, 5).await;
    assert_eq!(house.heard(), ["root failed 1x: the password is wrong"]);
    tokio::time::sleep(Duration::from_millis(1001)).await;
    assert_eq!(house.heard(), ["root failed 4x: the password is wrong"]);
    running.abort();
}
