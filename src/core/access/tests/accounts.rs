//! Accounts are made, changed and removed by who may, one change after the other, and stay.

use std::{
    collections::HashMap,
    sync::{Mutex, atomic::Ordering::SeqCst},
};

use futures_util::FutureExt;

use super::fakes::*;
use crate::{
    access::{
        Account, AccountChange, AccountId, AccountRefused, AccountType, Actor, Denied, Policy,
        Privilege, Role, Scope,
    },
    host::Key,
};

fn none() -> AccountChange {
    AccountChange::default()
}

fn new_password(password: &str) -> AccountChange {
    AccountChange {
        password: Some(secret(password)),
        ..none()
    }
}

fn key() -> Key {
    Key {
        server: None,
        kind: "accounts",
    }
}

fn all(house: &House) -> Vec<Account> {
    house.gate.accounts(&house.system())
}

#[tokio::test]
async fn accounts_outlive_the_gate_and_ids_never_come_back() {
    let house = House::furnished().await;
    let gone = house.gate.account_named("guest").unwrap();
    house.gate.remove(&house.system(), gone.id).await.unwrap();
    let before = all(&house);

    let again = House::over(house.store.clone(), Policy::default()).unwrap();
    assert!(again.gate.has_accounts());
    assert_eq!(all(&again), before);
    again.basic("op", PASSWORD, 1).await.unwrap();
    let new = again.add("new", Role::ReadOnly).await;
    assert_eq!((new.id, new.slot), (AccountId(4), gone.slot));
    assert!(!House::empty().gate.has_accounts());
}

#[tokio::test]
async fn what_a_newer_version_wrote_is_refused_and_left_alone() {
    let house = House::furnished().await;
    let good = house
        .store
        .values
        .lock()
        .unwrap()
        .get(&key())
        .cloned()
        .unwrap();
    let newer = [&[2], &good[1..]].concat();
    let torn = good[..good.len() / 2].to_vec();
    let twins = String::from_utf8(good.clone())
        .unwrap()
        .replace("\"op\"", "\"root\"");
    for bad in [newer, torn, twins.into_bytes(), vec![]] {
        let store = FakeStore {
            values: Mutex::new(HashMap::from([(key(), bad.clone())])),
            ..FakeStore::default()
        };
        let store = std::sync::Arc::new(store);
        assert!(House::over(store.clone(), Policy::default()).is_err());
        assert_eq!(store.values.lock().unwrap().get(&key()), Some(&bad));
    }
}

#[tokio::test]
async fn a_failing_store_changes_nothing_and_is_said() {
    let house = House::furnished().await;
    let session = house.session("op").await;
    let before = all(&house);
    let op = session.actor.account().unwrap();
    house.store.fails.store(true, SeqCst);
    house.heard();
    let admin = house.system();

    let made = house
        .gate
        .create(&admin, new_account("new", Role::Operator))
        .await;
    assert!(matches!(made, Err(AccountRefused::Host(_))));
    let changed = house
        .gate
        .change(&admin, op, new_password("new horse"))
        .await;
    assert!(matches!(changed, Err(AccountRefused::Host(_))));
    let removed = house.gate.remove(&admin, op).await;
    assert!(matches!(removed, Err(AccountRefused::Host(_))));
    assert_eq!(all(&house), before);
    assert!(house.token(&session).is_ok());
    assert!(house.heard().is_empty());

    house.store.fails.store(false, SeqCst);
    house.add("new", Role::Operator).await;
}

#[tokio::test]
async fn nothing_is_true_before_it_is_durable() {
    let house = House::furnished().await;
    let op = house.gate.account_named("op").unwrap();
    house.store.door.shut();
    let admin = house.system();
    let mut change = Box::pin(house.gate.change(&admin, op.id, new_password("new horse")));
    assert!((&mut change).now_or_never().is_none());
    house.basic("op", PASSWORD, 1).await.unwrap();
    assert!(house.basic("op", "new horse", 1).await.is_err());
    house.store.door.open();
    change.await.unwrap();
    assert!(house.basic("op", PASSWORD, 1).await.is_err());
    house.basic("op", "new horse", 1).await.unwrap();
}

/// Asks for a new password of `op`, and goes away while it is on its way to the disk.
async fn abandon_a_change(house: &House) {
    let op = house.gate.account_named("op").unwrap();
    house.store.door.shut();
    let admin = house.system();
    let mut change = Box::pin(house.gate.change(&admin, op.id, new_password("new horse")));
    assert!((&mut change).now_or_never().is_none());
    drop(change);
    house.store.door.open();
}

#[tokio::test]
async fn a_change_whose_asker_is_gone_is_finished_by_the_sweeper() {
    let house = House::furnished().await;
    let session = house.session("op").await;
    let running = house.run().await;
    abandon_a_change(&house).await;
    let mut ended = session.actor.ended().unwrap();
    ended.wait_for(|ended| *ended).await.unwrap();
    house.basic("op", "new horse", 1).await.unwrap();
    running.abort();
}

#[tokio::test]
async fn a_change_whose_asker_is_gone_is_finished_before_the_next_one() {
    let house = House::furnished().await;
    abandon_a_change(&house).await;
    house.add("next", Role::ReadOnly).await;
    house.basic("op", "new horse", 1).await.unwrap();
    let again = House::over(house.store.clone(), Policy::default()).unwrap();
    again.basic("op", "new horse", 1).await.unwrap();
    assert!(again.gate.account_named("next").is_some());
}

#[tokio::test]
async fn changes_at_once_lose_nothing() {
    let house = House::furnished().await;
    let admin = house.system();
    let op = house.gate.account_named("op").unwrap();
    let changes = [
        AccountChange {
            role: Some(Role::ReadOnly),
            ..none()
        },
        AccountChange {
            enabled: Some(false),
            ..none()
        },
        AccountChange {
            types: Some(vec![AccountType::WebUI]),
            ..none()
        },
        AccountChange {
            must_change_password: Some(true),
            ..none()
        },
    ];
    house.store.door.shut();
    let mut running: Vec<_> = changes
        .into_iter()
        .map(|change| Box::pin(house.gate.change(&admin, op.id, change)))
        .collect();
    for change in &mut running {
        assert!(change.now_or_never().is_none());
    }
    house.store.door.open();
    for change in running {
        change.await.unwrap();
    }
    let after = house.gate.account_named("op").unwrap();
    assert_eq!(after.role, Role::ReadOnly);
    assert!(!after.enabled && after.must_change_password);
    assert_eq!(after.types, [AccountType::WebUI]);
    assert_eq!(after.revision, op.revision + 4);
}

#[tokio::test]
async fn two_administrators_who_demote_each_other_leave_one() {
    let house = House::furnished().await;
    let other = house.add("root2", Role::Administrator).await;
    let (a, b) = (house.session("root").await, house.session("root2").await);
    let demote = || AccountChange {
        role: Some(Role::ReadOnly),
        ..none()
    };
    let id = a.actor.account().unwrap();
    house.store.door.shut();
    let mut first = Box::pin(house.gate.change(&a.actor, other.id, demote()));
    let mut second = Box::pin(house.gate.change(&b.actor, id, demote()));
    assert!((&mut first).now_or_never().is_none());
    assert!((&mut second).now_or_never().is_none());
    house.store.door.open();
    first.await.unwrap();
    // By the time of its turn, the second one's right has ended.
    let refused = second.await.unwrap_err();
    assert!(matches!(refused, AccountRefused::Denied(Denied::Ended)));
}

#[tokio::test]
async fn the_last_administrator_stays_whoever_asks() {
    let house = House::furnished().await;
    let root = house.gate.account_named("root").unwrap();
    let lesser = [
        AccountChange {
            enabled: Some(false),
            ..none()
        },
        AccountChange {
            role: Some(Role::Operator),
            ..none()
        },
        AccountChange {
            types: Some(vec![AccountType::IPMI]),
            ..none()
        },
        AccountChange {
            scope: Some(Scope::Servers(vec![])),
            ..none()
        },
    ];
    let own = house.session("root").await.actor;
    for actor in [house.system(), house.gate.local("jane"), own] {
        for change in lesser.clone() {
            let refused = house.gate.change(&actor, root.id, change).await;
            assert!(matches!(refused, Err(AccountRefused::LastAdministrator)));
        }
        let refused = house.gate.remove(&actor, root.id).await;
        assert!(matches!(refused, Err(AccountRefused::LastAdministrator)));
    }
    assert_eq!(house.gate.account_named("root"), Some(root));
}

async fn refused(house: &House, actor: &Actor, id: AccountId, change: AccountChange) -> Privilege {
    match house.gate.change(actor, id, change).await {
        Err(AccountRefused::Denied(Denied::Privilege(privilege))) => privilege,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn without_configure_users_one_changes_ones_own_password_and_nothing_else() {
    let house = House::furnished().await;
    let root = house.gate.account_named("root").unwrap().id;
    for name in ["op", "guest"] {
        let actor = house.session(name).await.actor;
        let own = actor.account().unwrap();
        let users = Privilege::ConfigureUsers;
        assert_eq!(
            refused(&house, &actor, root, new_password("new horse")).await,
            users
        );
        let missing = AccountId(99);
        assert_eq!(
            refused(&house, &actor, missing, new_password("new horse")).await,
            users
        );
        let more = [
            AccountChange {
                role: Some(Role::Administrator),
                ..none()
            },
            AccountChange {
                enabled: Some(true),
                ..none()
            },
            AccountChange {
                types: Some(vec![AccountType::IPMI]),
                ..none()
            },
            AccountChange {
                scope: Some(Scope::All),
                ..none()
            },
            AccountChange {
                name: Some("x".into()),
                ..none()
            },
            AccountChange {
                ipmi_secret: Some(b"secret".to_vec().into()),
                ..none()
            },
            AccountChange {
                vnc_secret: Some(b"secret".to_vec().into()),
                ..none()
            },
            AccountChange {
                must_change_password: Some(false),
                ..none()
            },
            none(),
        ];
        for change in more {
            assert_eq!(refused(&house, &actor, own, change.clone()).await, users);
            let with_password = AccountChange {
                password: Some(secret("new horse")),
                ..change
            };
            if !with_password.only_password() {
                assert_eq!(refused(&house, &actor, own, with_password).await, users);
            }
        }
        let made = house
            .gate
            .create(&actor, new_account("x", Role::ReadOnly))
            .await;
        assert!(matches!(made, Err(AccountRefused::Denied(_))));
        let removed = house.gate.remove(&actor, own).await;
        assert!(matches!(removed, Err(AccountRefused::Denied(_))));

        let seen = house.gate.accounts(&actor);
        assert_eq!(seen.iter().map(|a| a.id).collect::<Vec<_>>(), [own]);
        house
            .gate
            .change(&actor, own, new_password("new horse"))
            .await
            .unwrap();
        house.basic(name, "new horse", 1).await.unwrap();
    }
}

#[tokio::test]
async fn an_administrator_of_some_servers_has_no_say_over_accounts() {
    let house = House::furnished().await;
    let mut new = new_account("some", Role::Administrator);
    new.scope = Scope::Servers(vec!["1".parse().unwrap()]);
    house.gate.create(&house.system(), new).await.unwrap();
    let actor = house.session("some").await.actor;
    let own = actor.account().unwrap();
    let wider = AccountChange {
        scope: Some(Scope::All),
        ..none()
    };
    assert_eq!(
        refused(&house, &actor, own, wider).await,
        Privilege::ConfigureUsers
    );
    let made = house
        .gate
        .create(&actor, new_account("x", Role::Administrator))
        .await;
    assert!(matches!(made, Err(AccountRefused::Denied(_))));
    assert_eq!(house.gate.accounts(&actor).len(), 1);
    house
        .gate
        .change(&actor, own, new_password("new horse"))
        .await
        .unwrap();
}

#[tokio::test]
async fn bad_values_and_taken_names_are_refused_before_anything_is_hashed_or_written() {
    let house = House::furnished().await;
    let admin = house.system();
    let commits = house.store.commits.load(SeqCst);
    let make = async |spoil: fn(&mut crate::access::NewAccount)| {
        let mut new = new_account("new", Role::ReadOnly);
        spoil(&mut new);
        house.gate.create(&admin, new).await.unwrap_err()
    };
    for (spoil, what) in [
        (
            (|new| new.name = "a:b".into()) as fn(&mut crate::access::NewAccount),
            "UserName",
        ),
        (|new| new.password = secret("short"), "Password"),
        (|new| new.types = vec![], "AccountTypes"),
    ] {
        match make(spoil).await {
            AccountRefused::Invalid { what: got, .. } => assert_eq!(got, what),
            other => panic!("{other:?}"),
        }
    }
    let taken = make(|new| new.name = "op".into()).await;
    assert!(matches!(taken, AccountRefused::NameTaken));
    let op = house.gate.account_named("op").unwrap().id;
    let rename = AccountChange {
        name: Some("guest".into()),
        ..none()
    };
    let refused = house.gate.change(&admin, op, rename).await;
    assert!(matches!(refused, Err(AccountRefused::NameTaken)));
    let missing = house.gate.change(&admin, AccountId(99), none()).await;
    assert!(matches!(missing, Err(AccountRefused::NoSuchAccount)));
    let missing = house.gate.remove(&admin, AccountId(99)).await;
    assert!(matches!(missing, Err(AccountRefused::NoSuchAccount)));
    assert_eq!(house.store.commits.load(SeqCst), commits);
}

#[tokio::test]
async fn a_change_that_changes_nothing_writes_nothing() {
    let house = House::furnished().await;
    let op = house.gate.account_named("op").unwrap();
    let commits = house.store.commits.load(SeqCst);
    let same = AccountChange {
        role: Some(op.role),
        enabled: Some(true),
        ..none()
    };
    let after = house
        .gate
        .change(&house.system(), op.id, same)
        .await
        .unwrap();
    assert_eq!(after, op);
    assert_eq!(house.store.commits.load(SeqCst), commits);
}

#[tokio::test]
async fn every_change_is_an_event_in_words() {
    let house = House::empty();
    let op = house.add("op", Role::Operator).await;
    let change = AccountChange {
        role: Some(Role::ReadOnly),
        password: Some(secret("new horse")),
        types: Some(vec![AccountType::KVMIP, AccountType::Redfish]),
        vnc_secret: Some(b"vnc".to_vec().into()),
        ..none()
    };
    let jane = house.gate.local("jane");
    house.gate.change(&jane, op.id, change).await.unwrap();
    house.gate.remove(&jane, op.id).await.unwrap();
    assert_eq!(
        house.heard(),
        [
            "op by test: made, as Operator",
            "op by jane: new password, new VNC secret, role ReadOnly, types [Redfish, KVMIP]",
            "op by jane: removed",
        ]
    );
}
