//! Coming in by IPMI: who gets a claim, what it opens and for how long, and what all of it tells.

use std::{
    sync::{Arc, atomic::Ordering::SeqCst},
    time::Duration,
};

use super::fakes::*;
use crate::{
    access::{
        Account, AccountChange, AccountType, Claim, LanKey, LoginRefused, NewAccount, Operation,
        Origin, Policy, Role, Scope, SessionId, Via,
    },
    server::ServerId,
};

use AccountType::{IPMI, KVMIP, Redfish, WebUI};

fn lan() -> NewAccount {
    let mut new = new_account("lan", Role::Operator);
    new.types = vec![Redfish, IPMI];
    new
}

fn none() -> AccountChange {
    AccountChange::default()
}

fn server(id: &str) -> ServerId {
    id.parse().unwrap()
}

fn here() -> Origin {
    by(Via::Ipmi, 2)
}

async fn make(house: &House, new: NewAccount) -> Account {
    house.gate.create(&house.system(), new).await.unwrap()
}

async fn change(house: &House, name: &str, change: AccountChange) {
    let id = house.gate.account_named(name).unwrap().id;
    let system = house.system();
    house.gate.change(&system, id, change).await.unwrap();
}

type Claimed = Option<(Arc<Claim>, LanKey)>;

fn try_claim(house: &House, name: &[u8]) -> Result<Claimed, LoginRefused> {
    house.gate.claim(&here(), name, &server("1"))
}

fn claim(house: &House, name: &str) -> Arc<Claim> {
    try_claim(house, name.as_bytes()).unwrap().unwrap().0
}

fn entered(house: &House, name: &str) -> Arc<Claim> {
    let claim = claim(house, name);
    house.gate.enter(&claim).unwrap();
    assert!(!claim.is_over());
    claim
}

/// A house with the account `lan`.
async fn house() -> House {
    let house = House::furnished().await;
    make(&house, lan()).await;
    house
}

#[tokio::test(start_paused = true)]
async fn a_claim_opens_nothing_before_its_proof_and_makes_an_actor_then() {
    let house = house().await;
    house.heard();
    let (claim, key) = try_claim(&house, b"lan").unwrap().unwrap();
    assert_eq!(key[..PASSWORD.len()], *PASSWORD.as_bytes());
    assert_eq!(key[PASSWORD.len()..], [0; 20 - PASSWORD.len()]);
    let account = house.gate.account_named("lan").unwrap();
    assert_eq!(claim.account(), account.id);
    assert_eq!((&**claim.name(), claim.role()), ("lan", Role::Operator));
    assert_eq!(claim.slot(), account.slot);
    assert!(claim.is_over() && claim.actor().is_none());
    assert!(house.heard().is_empty());

    house.gate.enter(&claim).unwrap();
    assert!(!claim.is_over());
    let actor = claim.actor().unwrap();
    assert_eq!(actor.account(), Some(account.id));
    assert_eq!((&**actor.name(), actor.role()), ("lan", Role::Operator));
    assert_eq!((actor.origin(), actor.session()), (&here(), None));
    let power = Operation::ControlPower;
    assert_eq!(actor.may(power, Some(&server("1"))), Ok(()));
    assert_eq!(house.heard(), ["lan came in by Ipmi"]);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_claimed_after_the_same_work_whoever_it_is() {
    let house = house().await;
    for (name, types) in [("off", vec![Redfish, IPMI]), ("web", vec![Redfish, KVMIP])] {
        make(
            &house,
            NewAccount {
                name: name.into(),
                types,
                ..lan()
            },
        )
        .await;
    }
    for name in ["bare", "must", "away"] {
        let mut new = lan();
        new.name = name.into();
        make(&house, new).await;
    }
    let off = Some(false);
    let (enabled, must) = (off, Some(true));
    change(&house, "off", AccountChange { enabled, ..none() }).await;
    // The type goes and comes back, the secret doesn't.
    for types in [vec![Redfish], vec![Redfish, IPMI]] {
        let types = Some(types);
        change(&house, "bare", AccountChange { types, ..none() }).await;
    }
    let must_change_password = must;
    let musts = AccountChange {
        must_change_password,
        ..none()
    };
    change(&house, "must", musts).await;
    let scope = Some(Scope::Servers(vec![server("2"), server("3")]));
    change(&house, "away", AccountChange { scope, ..none() }).await;

    let opened = |house: &House| std::mem::take(&mut *house.sealer.opened.lock().unwrap());
    opened(&house);
    assert!(try_claim(&house, b"lan").unwrap().is_some());
    let work = opened(&house);
    assert_eq!(work.len(), 1);
    let names: [&[u8]; 8] = [
        b"off", b"web", b"bare", b"must", b"away", b"nobody", b"la\xFF", b"lan\0",
    ];
    for name in names {
        assert!(try_claim(&house, name).unwrap().is_none(), "{name:?}");
        assert_eq!(opened(&house), work, "{name:?}");
    }
    let away = house.gate.claim(&here(), b"away", &server("3"));
    assert!(away.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_key_file_that_is_lost_tells_no_names() {
    let house = house().await;
    house.sealer.fails.store(true, SeqCst);
    for name in [&b"lan"[..], b"nobody"] {
        let refused = try_claim(&house, name).unwrap_err();
        assert!(matches!(refused, LoginRefused::Host(_)));
    }
    // Where nobody has a secret, there is none to be opened.
    let house = House::furnished().await;
    house.sealer.fails.store(true, SeqCst);
    assert!(try_claim(&house, b"root").unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn the_back_off_of_all_services_is_asked_before_the_name() {
    let house = house().await;
    for name in ["lan", "nobody"] {
        for n in 0..11 {
            if n % 2 == 0 {
                house.gate.attempt_failed(&here(), name, "the key is wrong");
            } else {
                assert!(house.basic(name, "wrong horse", 2).await.is_err());
            }
        }
        house.sealer.opened.lock().unwrap().clear();
        let refused = try_claim(&house, name.as_bytes()).unwrap_err();
        let LoginRefused::TooMany { retry_after } = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(retry_after, Duration::from_secs(1));
        assert!(house.sealer.opened.lock().unwrap().is_empty());
    }
    // From elsewhere the owner gets in; and here after the wait, which forgives.
    let elsewhere = house.gate.claim(&by(Via::Ipmi, 3), b"lan", &server("1"));
    assert!(elsewhere.unwrap().is_some());
    tokio::time::advance(Duration::from_secs(1)).await;
    entered(&house, "lan");
    for _ in 0..10 {
        house
            .gate
            .attempt_failed(&here(), "lan", "the key is wrong");
    }
    entered(&house, "lan");
}

#[tokio::test(start_paused = true)]
async fn a_change_ends_who_came_in_and_what_was_claimed_before() {
    let changes = [
        AccountChange {
            password: Some(secret("new horse")),
            ..none()
        },
        AccountChange {
            ipmi_secret: Some(b"lan only".to_vec().into()),
            ..none()
        },
        AccountChange {
            role: Some(Role::ReadOnly),
            ..none()
        },
        AccountChange {
            enabled: Some(false),
            ..none()
        },
        AccountChange {
            types: Some(vec![Redfish]),
            ..none()
        },
        AccountChange {
            scope: Some(Scope::Servers(vec![server("1")])),
            ..none()
        },
        AccountChange {
            name: Some("other".into()),
            ..none()
        },
        AccountChange {
            must_change_password: Some(true),
            ..none()
        },
    ];
    for changed in changes {
        let house = house().await;
        let what = format!("{changed:?}");
        let (before, standing) = (claim(&house, "lan"), entered(&house, "lan"));
        let actor = standing.actor().unwrap().clone();
        let mut ended = actor.ended().unwrap();
        assert!(house.gate.still_stands(&before));
        change(&house, "lan", changed).await;
        assert!(!house.gate.still_stands(&before), "{what}");
        assert!(standing.is_over() && actor.has_ended(), "{what}");
        ended.wait_for(|ended| *ended).await.unwrap();
        let refused = house.gate.enter(&before);
        assert!(matches!(refused, Err(LoginRefused::Wrong)), "{what}");
        assert!(before.is_over() && before.actor().is_none());
        let heard = house.heard();
        let last = "lan failed 1x: the account changed meanwhile";
        assert_eq!(heard.last().unwrap(), last);
    }
}

#[tokio::test(start_paused = true)]
async fn a_removed_account_is_out_and_its_namesake_inherits_nothing() {
    let house = house().await;
    let standing = entered(&house, "lan");
    let id = standing.account();
    house.gate.remove(&house.system(), id).await.unwrap();
    assert!(standing.is_over());
    make(&house, lan()).await;
    assert!(standing.is_over());
    assert!(house.gate.enter(&standing).is_err() && !house.gate.still_stands(&standing));
}

#[tokio::test(start_paused = true)]
async fn what_does_not_concern_ipmi_ends_nothing_there_nor_ipmi_anything_elsewhere() {
    let house = House::furnished().await;
    let mut new = lan();
    new.types = vec![Redfish, IPMI, KVMIP];
    make(&house, new).await;
    let standing = entered(&house, "lan");
    let vnc_secret = Some(b"vnc".to_vec().into());
    let vnc = AccountChange {
        vnc_secret,
        ..none()
    };
    change(&house, "lan", vnc).await;
    change(
        &house,
        "op",
        AccountChange {
            enabled: Some(false),
            ..none()
        },
    )
    .await;
    assert!(!standing.is_over() && house.gate.still_stands(&standing));

    let by_password = house.basic("lan", PASSWORD, 1).await.unwrap();
    let ipmi_secret = Some(b"lan only".to_vec().into());
    let lan_only = AccountChange {
        ipmi_secret,
        ..none()
    };
    change(&house, "lan", lan_only).await;
    assert!(standing.is_over() && !by_password.has_ended());
}

#[tokio::test(start_paused = true)]
async fn a_change_that_fails_ends_nothing() {
    let house = house().await;
    let standing = entered(&house, "lan");
    let changes = house.gate.changes();
    house.store.fails.store(true, SeqCst);
    let id = standing.account();
    let ipmi_secret = Some(b"lan only".to_vec().into());
    let lan_only = AccountChange {
        ipmi_secret,
        ..none()
    };
    let refused = house.gate.change(&house.system(), id, lan_only).await;
    assert!(refused.is_err());
    assert!(!standing.is_over() && !changes.has_changed().unwrap());
}

#[tokio::test(start_paused = true)]
async fn the_log_hears_of_a_visit_once_and_of_who_closed_anothers_session() {
    let house = house().await;
    house.heard();
    for _ in 0..100 {
        entered(&house, "lan");
        tokio::time::advance(Duration::from_secs(10)).await;
    }
    assert_eq!(house.heard(), ["lan came in by Ipmi"]);
    // From elsewhere it is another visit, and so it is after half an hour.
    let elsewhere = house.gate.claim(&by(Via::Ipmi, 3), b"lan", &server("1"));
    house.gate.enter(&elsewhere.unwrap().unwrap().0).unwrap();
    tokio::time::advance(Policy::default().session_idle).await;
    let standing = entered(&house, "lan");
    assert_eq!(house.heard(), ["lan came in by Ipmi"; 2]);

    let root = house.basic("root", PASSWORD, 1).await.unwrap();
    house.heard();
    let session = SessionId("1/3".into());
    house.gate.closed_by(&standing, &session, &root);
    assert_eq!(
        house.heard(),
        ["session over by root: ended by another; it was lan's"]
    );
}

#[tokio::test(start_paused = true)]
async fn with_access_switched_off_ipmi_keeps_its_secrets() {
    let house = house().await;
    let standing = entered(&house, "lan");
    for enabled in [false, true] {
        let policy = Policy {
            enabled,
            ..Policy::default()
        };
        house.gate.set_policy(&house.system(), policy).unwrap();
        assert!(!standing.is_over());
        assert!(try_claim(&house, b"nobody").unwrap().is_none());
        assert_eq!(entered(&house, "lan").role(), Role::Operator);
    }
}

#[tokio::test(start_paused = true)]
async fn a_way_is_open_while_an_account_may_use_it() {
    let house = House::empty();
    let open =
        |house: &House| [Redfish, WebUI, IPMI, KVMIP].map(|kind| house.gate.lets_in_by(kind));
    assert_eq!(open(&house), [false; 4]);
    let mut new = lan();
    new.types = vec![Redfish, IPMI, KVMIP];
    make(&house, new).await;
    assert_eq!(open(&house), [true, false, true, false]);
    let vnc_secret = Some(b"vnc".to_vec().into());
    let vnc = AccountChange {
        vnc_secret,
        ..none()
    };
    change(&house, "lan", vnc).await;
    assert_eq!(open(&house), [true, false, true, true]);
    for must in [true, false] {
        let must_change_password = Some(must);
        let musts = AccountChange {
            must_change_password,
            ..none()
        };
        change(&house, "lan", musts).await;
        assert_eq!(open(&house), [!must, false, !must, !must]);
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_changes_finds_them_done() {
    let house = house().await;
    let standing = entered(&house, "lan");
    let mut changes = house.gate.changes();
    assert!(!changes.has_changed().unwrap());
    let gate = house.gate.clone();
    let seen = tokio::spawn(async move {
        changes.changed().await.unwrap();
        (standing.is_over(), gate.lets_in_by(IPMI))
    });
    tokio::task::yield_now().await;
    let enabled = Some(false);
    change(&house, "lan", AccountChange { enabled, ..none() }).await;
    assert_eq!(seen.await.unwrap(), (true, false));
}
