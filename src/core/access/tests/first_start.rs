//! A password that was printed once, and passwords that must be changed.

use std::time::Duration;

use futures_util::FutureExt;

use super::fakes::*;
use crate::access::{AccountChange, AccountRefused, Denied, LoginRefused, Operation, Policy, Role};

const PRINTED: &str = "printed once";

async fn first_start() -> House {
    let house = House::empty();
    let mut new = new_account("admin", Role::Administrator);
    new.password = secret(PRINTED);
    new.one_time = true;
    house
        .gate
        .create(&house.gate.system("first-start"), new)
        .await
        .unwrap();
    house
}

fn to(password: &str) -> AccountChange {
    AccountChange {
        password: Some(secret(password)),
        ..AccountChange::default()
    }
}

fn is_out(refused: Result<impl Sized, LoginRefused>) -> bool {
    matches!(refused, Err(LoginRefused::Wrong))
}

#[tokio::test(start_paused = true)]
async fn a_printed_password_opens_one_session_that_can_only_change_it() {
    let house = first_start().await;
    let session = house.try_session("admin", PRINTED, 1).await.unwrap();
    let actor = house.token(&session).unwrap();
    assert!(actor.must_change_password());
    for operation in Operation::ALL {
        let may = actor.may(operation, None);
        if operation == Operation::ConfigureSelf {
            assert_eq!(may, Ok(()));
        } else {
            assert_eq!(may, Err(Denied::PasswordChangeRequired));
        }
    }
    assert!(is_out(house.try_session("admin", PRINTED, 2).await));
    // Nor from the same address: the session is there to make the change.
    assert!(is_out(house.try_session("admin", PRINTED, 1).await));
    assert_eq!(house.gate.accounts(&actor).len(), 1);

    let id = actor.account().unwrap();
    let more = AccountChange {
        must_change_password: Some(false),
        ..AccountChange::default()
    };
    let refused = house.gate.change(&actor, id, more).await;
    assert!(matches!(
        refused,
        Err(AccountRefused::Denied(Denied::PasswordChangeRequired))
    ));
    let same = house.gate.change(&actor, id, to(PRINTED)).await;
    assert!(matches!(
        same,
        Err(AccountRefused::Invalid {
            what: "Password",
            ..
        })
    ));

    let account = house
        .gate
        .change(&actor, id, to("my own horse"))
        .await
        .unwrap();
    assert!(!account.must_change_password);
    // The session goes on, and may now do what an Administrator may.
    let actor = house.token(&session).unwrap();
    assert_eq!(actor.may(Operation::ConfigureAccounts, None), Ok(()));
    assert!(is_out(house.try_session("admin", PRINTED, 1).await));
    for from in 1..4 {
        house
            .try_session("admin", "my own horse", from)
            .await
            .unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_of_http_basic_can_look_and_then_change_from_the_same_address() {
    let house = first_start().await;
    let actor = house.basic("admin", PRINTED, 1).await.unwrap();
    assert_eq!(house.gate.accounts(&actor).len(), 1);
    assert!(is_out(house.basic("admin", PRINTED, 2).await));
    tokio::time::advance(Duration::from_secs(599)).await;
    let actor = house.basic("admin", PRINTED, 1).await.unwrap();
    let id = actor.account().unwrap();
    house
        .gate
        .change(&actor, id, to("my own horse"))
        .await
        .unwrap();
    assert!(is_out(house.basic("admin", PRINTED, 1).await));
    house.basic("admin", "my own horse", 2).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn ten_minutes_after_its_first_use_it_is_dead_until_set_anew_on_the_device() {
    let house = first_start().await;
    house.basic("admin", PRINTED, 1).await.unwrap();
    tokio::time::advance(Duration::from_secs(600)).await;
    assert!(is_out(house.basic("admin", PRINTED, 1).await));

    let id = house.gate.account_named("admin").unwrap().id;
    let jane = house.gate.local("jane");
    let account = house
        .gate
        .change(&jane, id, to("set by jane"))
        .await
        .unwrap();
    // It is not jane's own: whoever logs in with it must still change it.
    assert!(account.must_change_password);
    for from in 1..4 {
        house.basic("admin", "set by jane", from).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_revives_no_used_password_and_kills_no_unused_one() {
    let unused = first_start().await;
    let again = House::over(unused.store.clone(), Policy::default()).unwrap();
    again.basic("admin", PRINTED, 1).await.unwrap();
    let again = House::over(unused.store.clone(), Policy::default()).unwrap();
    assert!(is_out(again.basic("admin", PRINTED, 1).await));
}

#[tokio::test(start_paused = true)]
async fn of_two_who_come_at_once_one_gets_in() {
    let house = first_start().await;
    house.store.door.shut();
    let mut first = Box::pin(house.basic("admin", PRINTED, 1));
    let mut second = Box::pin(house.basic("admin", PRINTED, 2));
    assert!((&mut first).now_or_never().is_none());
    assert!((&mut second).now_or_never().is_none());
    house.store.door.open();
    assert!(first.await.is_ok());
    assert!(is_out(second.await));
}

#[tokio::test(start_paused = true)]
async fn a_use_that_can_not_be_written_down_opens_nothing_and_uses_nothing_up() {
    use std::sync::atomic::Ordering::SeqCst;
    let house = first_start().await;
    house.store.fails.store(true, SeqCst);
    let refused = house.basic("admin", PRINTED, 1).await;
    assert!(matches!(refused, Err(LoginRefused::Host(_))));
    house.store.fails.store(false, SeqCst);
    house.basic("admin", PRINTED, 2).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_wrong_guess_and_a_wrong_door_use_nothing_up() {
    let house = first_start().await;
    assert!(is_out(house.basic("admin", "printed twice", 1).await));
    let vnc = by(crate::access::Via::Vnc, 1);
    assert!(is_out(
        house.gate.password(vnc, "admin", secret(PRINTED)).await
    ));
    house.basic("admin", PRINTED, 2).await.unwrap();
}
