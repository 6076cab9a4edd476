//! What rested on an account or a session ends with it, everywhere and in time.

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt;
use tokio::{sync::watch, time::Instant};

use super::fakes::*;
use crate::access::{
    AccountChange, AccountType, Actor, Denied, LoginRefused, NewSession, Operation, Policy, Role,
    Scope,
};

const MINUTE: Duration = Duration::from_secs(60);

fn policy(idle: Duration, absolute: Duration) -> Policy {
    Policy {
        session_idle: idle,
        session_absolute: absolute,
        ..Policy::default()
    }
}

/// Waits until an actor's rights have ended, and says how long that took.
async fn end_of(mut ended: watch::Receiver<bool>) -> Duration {
    let start = Instant::now();
    ended.wait_for(|ended| *ended).await.unwrap();
    start.elapsed()
}

fn ended(actor: &Actor) -> bool {
    actor.may(Operation::ConfigureSelf, None) == Err(Denied::Ended)
}

#[tokio::test(start_paused = true)]
async fn an_idle_session_ends_in_time_though_nobody_calls() {
    let house = House::furnished().await;
    house
        .gate
        .set_policy(&house.system(), policy(MINUTE, 10 * MINUTE))
        .unwrap();
    let running = house.run().await;
    let session = house.session("op").await;
    house.heard();
    let took = end_of(session.actor.ended().unwrap()).await;
    assert!(
        took >= MINUTE && took < MINUTE + Duration::from_secs(1),
        "{took:?}"
    );
    assert_eq!(house.heard(), ["session over by op: idle"]);
    assert!(house.token(&session).is_err());
    running.abort();
}

#[tokio::test(start_paused = true)]
async fn a_session_in_use_ends_when_its_time_is_up() {
    let house = House::furnished().await;
    house
        .gate
        .set_policy(&house.system(), policy(MINUTE, 10 * MINUTE))
        .unwrap();
    let running = house.run().await;
    let session = house.session("op").await;
    house.heard();
    let end = session.actor.ended().unwrap();
    for n in 0..19 {
        tokio::time::sleep(MINUTE / 2).await;
        // A request now, and a key pressed on an open connection then.
        if n % 2 == 0 {
            house.token(&session).unwrap();
        } else {
            house.gate.touch(&session.actor);
        }
        assert!(!*end.borrow());
    }
    let took = end_of(end).await;
    assert!(took < MINUTE / 2 + Duration::from_secs(1), "{took:?}");
    assert_eq!(house.heard(), ["session over by op: its time was up"]);
    running.abort();
}

#[tokio::test(start_paused = true)]
async fn a_token_is_refused_by_the_clock_and_nothing_revives_its_session() {
    let house = House::furnished().await;
    house
        .gate
        .set_policy(&house.system(), policy(MINUTE, 10 * MINUTE))
        .unwrap();
    let session = house.session("op").await;
    tokio::time::advance(MINUTE - Duration::from_millis(1)).await;
    house.token(&session).unwrap();
    tokio::time::advance(MINUTE).await;
    house.gate.touch(&session.actor);
    let refused = house.token(&session);
    assert!(matches!(refused, Err(LoginRefused::NoSession)));
    assert!(ended(&session.actor));
}

#[tokio::test(start_paused = true)]
async fn shorter_limits_hold_for_the_sessions_that_are_open() {
    let house = House::furnished().await;
    let running = house.run().await;
    let session = house.session("op").await;
    tokio::time::sleep(MINUTE).await;
    house
        .gate
        .set_policy(&house.system(), policy(2 * MINUTE, 10 * MINUTE))
        .unwrap();
    let took = end_of(session.actor.ended().unwrap()).await;
    assert!(
        took >= MINUTE && took < MINUTE + Duration::from_secs(1),
        "{took:?}"
    );
    running.abort();
}

/// Whoever rests on the account `op`.
struct Tenants {
    session: NewSession,
    by_session: Arc<Actor>,
    by_password: Arc<Actor>,
}

impl Tenants {
    async fn of(house: &House) -> Self {
        let session = house.session("op").await;
        Self {
            by_session: house.token(&session).unwrap(),
            by_password: house.basic("op", PASSWORD, 1).await.unwrap(),
            session,
        }
    }

    fn are_out(&self, house: &House) -> [bool; 3] {
        let no_token = house.token(&self.session).is_err();
        [ended(&self.by_session), ended(&self.by_password), no_token]
    }
}

#[tokio::test(start_paused = true)]
async fn every_change_that_matters_ends_all_that_rested_on_the_account() {
    let none = AccountChange::default;
    let changes = [
        (
            "another's password",
            AccountChange {
                password: Some(secret("new horse")),
                ..none()
            },
        ),
        (
            "role",
            AccountChange {
                role: Some(Role::ReadOnly),
                ..none()
            },
        ),
        (
            "disabled",
            AccountChange {
                enabled: Some(false),
                ..none()
            },
        ),
        (
            "types",
            AccountChange {
                types: Some(vec![AccountType::WebUI]),
                ..none()
            },
        ),
        (
            "scope",
            AccountChange {
                scope: Some(Scope::Servers(vec![])),
                ..none()
            },
        ),
        (
            "name",
            AccountChange {
                name: Some("operator".into()),
                ..none()
            },
        ),
        (
            "must change",
            AccountChange {
                must_change_password: Some(true),
                ..none()
            },
        ),
    ];
    for (what, change) in changes {
        let house = House::furnished().await;
        let tenants = Tenants::of(&house).await;
        let bystander = house.session("guest").await;
        assert_eq!(tenants.are_out(&house), [false; 3]);
        let id = tenants.by_session.account().unwrap();
        house
            .gate
            .change(&house.system(), id, change)
            .await
            .unwrap();
        assert_eq!(tenants.are_out(&house), [true; 3], "{what}");
        assert!(house.token(&bystander).is_ok());

        // The password is looked at anew, and what was remembered of it is gone.
        let before = house.hashes();
        let _ = house.basic("op", PASSWORD, 1).await;
        assert_eq!(house.hashes(), before + 1, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn removal_ends_all_and_a_namesake_inherits_nothing() {
    let house = House::furnished().await;
    let tenants = Tenants::of(&house).await;
    let id = tenants.by_session.account().unwrap();
    house.heard();
    house.gate.remove(&house.system(), id).await.unwrap();
    assert_eq!(
        house.heard(),
        [
            "op by test: removed",
            "session over by test: the account was removed; it was op's"
        ]
    );
    assert_eq!(tenants.are_out(&house), [true; 3]);
    let namesake = house.add("op", Role::ReadOnly).await;
    assert_ne!(namesake.id, id);
    assert_eq!(tenants.are_out(&house), [true; 3]);
}

#[tokio::test(start_paused = true)]
async fn changes_that_do_not_matter_to_a_login_end_nothing() {
    let house = House::furnished().await;
    let mut new = new_account("both", Role::Operator);
    new.types = vec![AccountType::Redfish, AccountType::IPMI, AccountType::KVMIP];
    let account = house.gate.create(&house.system(), new).await.unwrap();
    let session = house.session("both").await;
    let change = AccountChange {
        ipmi_secret: Some(b"lan secret".to_vec().into()),
        vnc_secret: Some(b"vnc".to_vec().into()),
        role: Some(Role::Operator),
        ..AccountChange::default()
    };
    let after = house
        .gate
        .change(&house.system(), account.id, change)
        .await
        .unwrap();
    assert_eq!(after.revision, account.revision + 1);
    assert!(house.token(&session).is_ok());
}

#[tokio::test(start_paused = true)]
async fn ones_own_new_password_ends_all_but_the_session_it_came_through() {
    let house = House::furnished().await;
    let tenants = Tenants::of(&house).await;
    let here = house.session("op").await;
    let actor = house.token(&here).unwrap();
    let change = AccountChange {
        password: Some(secret("new horse")),
        ..AccountChange::default()
    };
    let id = actor.account().unwrap();
    house.gate.change(&actor, id, change).await.unwrap();
    assert_eq!(tenants.are_out(&house), [true; 3]);
    assert!(!ended(&actor));
    assert!(house.token(&here).is_ok());
    assert!(house.basic("op", PASSWORD, 1).await.is_err());
    assert!(house.basic("op", "new horse", 1).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_password_that_changes_while_it_is_looked_at_opens_nothing() {
    let house = House::furnished().await;
    let id = house.gate.account_named("op").unwrap().id;
    house.hasher.door.shut();
    let mut login = Box::pin(house.try_session("op", PASSWORD, 1));
    assert!((&mut login).now_or_never().is_none());
    let change = AccountChange {
        password: Some(secret("new horse")),
        ..AccountChange::default()
    };
    house
        .gate
        .change(&house.system(), id, change)
        .await
        .unwrap();
    house.hasher.door.open();
    assert!(matches!(login.await, Err(LoginRefused::Wrong)));
}

#[tokio::test(start_paused = true)]
async fn each_sees_and_ends_their_own_sessions_and_an_administrator_all() {
    let house = House::furnished().await;
    let (root, op, guest) = (
        house.session("root").await,
        house.session("op").await,
        house.session("guest").await,
    );
    let ids = |actor: &Actor| -> Vec<_> {
        let views = house.gate.sessions(actor);
        views.into_iter().map(|view| view.id).collect()
    };
    assert_eq!(
        ids(&root.actor),
        [root.id.clone(), op.id.clone(), guest.id.clone()]
    );
    assert_eq!(ids(&op.actor), std::slice::from_ref(&op.id));
    assert_eq!(ids(&guest.actor), std::slice::from_ref(&guest.id));

    assert!(house.gate.end_session(&op.actor, &guest.id).is_none());
    assert!(house.gate.end_session(&guest.actor, &root.id).is_none());
    assert!(house.token(&guest).is_ok());

    house.heard();
    assert_eq!(
        house.gate.end_session(&guest.actor, &guest.id),
        Some(Ok(()))
    );
    assert_eq!(house.gate.end_session(&root.actor, &op.id), Some(Ok(())));
    assert_eq!(
        house.heard(),
        [
            "session over by guest: logged out",
            "session over by root: ended by another; it was op's"
        ]
    );
    assert!(ended(&op.actor) && ended(&guest.actor));
    // Who is out sees nothing and ends nothing.
    assert!(ids(&op.actor).is_empty());
    assert!(house.gate.accounts(&op.actor).is_empty());
    assert!(house.gate.end_session(&op.actor, &root.id).is_none());
}

#[tokio::test(start_paused = true)]
async fn an_idle_limit_that_a_client_set_outlives_a_restart_and_the_settings() {
    let house = House::furnished().await;
    let idle = Duration::from_secs(77);
    let system = house.system();
    house.gate.set_session_idle(&system, idle).await.unwrap();
    let again = House::over(house.store.clone(), policy(MINUTE, 10 * MINUTE)).unwrap();
    assert_eq!(again.gate.policy().session_idle, idle);
    again
        .gate
        .set_policy(&again.system(), policy(2 * MINUTE, 20 * MINUTE))
        .unwrap();
    assert_eq!(again.gate.policy(), policy(idle, 20 * MINUTE));
}
