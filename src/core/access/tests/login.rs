//! Passwords and tokens become actors, and nothing else does.

use std::{sync::atomic::Ordering::SeqCst, time::Duration};

use super::fakes::*;
use crate::access::{
    AccountChange, AccountType, LoginRefused, Operation, Policy, Role, Via, sessions::PER_ACCOUNT,
};

#[tokio::test(start_paused = true)]
async fn a_session_makes_its_bearer_who_logged_in() {
    let house = House::furnished().await;
    house.heard();
    let session = house.session("op").await;
    let bearer = house.token(&session).unwrap();
    assert_eq!(&**bearer.name(), "op");
    assert_eq!(bearer.role(), Role::Operator);
    assert_eq!(bearer.session(), Some(session.id.clone()));
    assert_eq!(bearer.origin(), &from_host(1));
    assert_eq!(house.heard(), ["op came in by Redfish"]);

    // The actor of a request comes from where the request came from.
    let elsewhere = by(Via::Console, 9);
    let bearer = house.gate.token(elsewhere.clone(), &session.token).unwrap();
    assert_eq!(bearer.origin(), &elsewhere);
    assert_eq!(bearer.session(), Some(session.id.clone()));
}

#[tokio::test(start_paused = true)]
async fn tokens_are_new_long_and_not_told_by_public_names() {
    let house = House::furnished().await;
    let (one, two) = (house.session("op").await, house.session("op").await);
    assert_ne!(one.token, two.token);
    assert_ne!(one.id, two.id);
    assert_eq!(one.token.len(), 64);
    assert!(one.token.bytes().all(|b| b.is_ascii_hexdigit()));
    let (id, hidden) = one.token.split_at(16);
    assert_eq!(&*one.id.0, id);

    let all = format!("{one:?} {:?} {:?}", house.gate, house.gate.inside);
    assert!(!all.contains(hidden), "{all}");
    // Public name of one, secret of the other; half of it; what isn't one at all.
    let mixed = format!("{id}{}", &two.token[16..]);
    let odd = [
        "",
        id,
        &one.token[..63],
        "\u{e4}".repeat(32).as_str(),
        &mixed,
    ]
    .map(|odd| house.gate.token(from_host(1), odd));
    for refused in odd {
        assert!(matches!(refused, Err(LoginRefused::NoSession)));
    }
    let longer = format!("{}0", *one.token);
    assert!(house.gate.token(from_host(1), &longer).is_err());
}

#[tokio::test(start_paused = true)]
async fn every_refusal_has_the_same_words_and_the_same_cost() {
    let house = House::furnished().await;
    let admin = house.system();
    let off = house.add("off", Role::Administrator).await;
    let disable = AccountChange {
        enabled: Some(false),
        ..AccountChange::default()
    };
    house.gate.change(&admin, off.id, disable).await.unwrap();
    let mut lan = new_account("lan", Role::Administrator);
    lan.types = vec![AccountType::IPMI];
    house.gate.create(&admin, lan).await.unwrap();
    house.heard();

    let tries = [
        ("op", "wrong horse", "op failed 1x: the password is wrong"),
        (
            "nobody",
            PASSWORD,
            "nobody failed 1x: there is no such account",
        ),
        ("off", PASSWORD, "off failed 1x: the account is disabled"),
        (
            "lan",
            PASSWORD,
            "lan failed 1x: the account is not for this service",
        ),
        ("", "", " failed 1x: there is no such account"),
    ];
    for (name, password, audited) in tries {
        let before = house.hashes();
        let refused = house.try_session(name, password, 1).await.unwrap_err();
        assert!(matches!(refused, LoginRefused::Wrong));
        assert_eq!(house.hashes(), before + 1, "{name}");
        let refused = house.basic(name, password, 2).await.unwrap_err();
        assert_eq!(refused.to_string(), "the name or the password is wrong");
        assert_eq!(house.hashes(), before + 2, "{name}");
        assert_eq!(house.heard(), [audited, audited]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_password_longer_than_any_is_wrong_and_costs_no_longer_hash() {
    let house = House::furnished().await;
    assert!(house.basic("op", &"x".repeat(100_000), 1).await.is_err());
    assert!(house.hasher.longest.load(SeqCst) <= 128);
    assert_eq!(house.hashes(), 1);
}

#[tokio::test(start_paused = true)]
async fn each_way_in_needs_its_type_and_the_inner_ways_need_no_password() {
    use AccountType::{IPMI, KVMIP, Redfish, WebUI};
    let house = House::empty();
    let opens = [
        (Redfish, Via::Redfish, true),
        (Redfish, Via::Console, true),
        (Redfish, Via::Ipmi, false),
        (Redfish, Via::Vnc, false),
        (WebUI, Via::Redfish, false),
        (WebUI, Via::Console, true),
        (IPMI, Via::Ipmi, true),
        (IPMI, Via::Redfish, false),
        (KVMIP, Via::Vnc, true),
        (KVMIP, Via::Console, false),
        (Redfish, Via::Local, false),
        (Redfish, Via::Internal, false),
    ];
    for kind in [Redfish, WebUI, IPMI, KVMIP] {
        let mut new = new_account(&format!("{kind:?}"), Role::ReadOnly);
        new.types = vec![kind];
        house.gate.create(&house.system(), new).await.unwrap();
    }
    for (kind, via, may) in opens {
        let name = format!("{kind:?}");
        let actor = house.gate.password(by(via, 1), &name, secret(PASSWORD));
        assert_eq!(actor.await.is_ok(), may, "{kind:?} by {via:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn http_basic_hashes_once_in_half_a_minute_and_logs_in_once() {
    let house = House::furnished().await;
    house.heard();
    for _ in 0..100 {
        house.basic("op", PASSWORD, 1).await.unwrap();
    }
    assert_eq!(house.hashes(), 1);
    tokio::time::advance(Duration::from_secs(30)).await;
    house.basic("op", PASSWORD, 1).await.unwrap();
    assert_eq!(house.hashes(), 2);
    assert_eq!(house.heard(), ["op came in by Redfish"]);

    // What is remembered opens no other way in, and no other password.
    let vnc = house.gate.password(by(Via::Vnc, 1), "op", secret(PASSWORD));
    assert!(vnc.await.is_err());
    assert!(house.basic("op", "wrong horse", 1).await.is_err());
    assert_eq!(house.hashes(), 4);
}

#[tokio::test(start_paused = true)]
async fn there_are_only_so_many_sessions_in_all_and_of_one_account() {
    let policy = Policy {
        sessions_max: PER_ACCOUNT + 1,
        ..Policy::default()
    };
    let house = House::furnished().await;
    house.gate.set_policy(&house.system(), policy).unwrap();
    let mut sessions = Vec::new();
    for _ in 0..PER_ACCOUNT {
        sessions.push(house.session("op").await);
    }
    let refused = house.try_session("op", PASSWORD, 1).await.unwrap_err();
    assert!(matches!(refused, LoginRefused::TooManySessions));
    house.session("guest").await;
    let refused = house.try_session("root", PASSWORD, 1).await.unwrap_err();
    assert!(matches!(refused, LoginRefused::TooManySessions));

    // Nobody was thrown out for it, and one who leaves makes room.
    let first = house.token(&sessions[0]).unwrap();
    house
        .gate
        .end_session(&first, &sessions[0].id)
        .unwrap()
        .unwrap();
    house.session("root").await;
}

#[tokio::test(start_paused = true)]
async fn a_visitor_is_an_administrator_while_the_gate_is_off_and_not_a_moment_longer() {
    let house = House::furnished().await;
    assert!(house.gate.visitor(from_host(1)).is_err());
    let mut policy = house.gate.policy();
    policy.enabled = false;
    house.gate.set_policy(&house.system(), policy).unwrap();

    let visitor = house.gate.visitor(from_host(1)).unwrap();
    assert_eq!(visitor.role(), Role::Administrator);
    assert!(
        visitor
            .may(Operation::ControlPower, Some(&"1".parse().unwrap()))
            .is_ok()
    );
    let mut ended = visitor.ended().unwrap();

    policy.enabled = true;
    house.gate.set_policy(&house.system(), policy).unwrap();
    ended.wait_for(|ended| *ended).await.unwrap();
    assert!(visitor.may(Operation::ReadServer, None).is_err());
    assert!(house.gate.visitor(from_host(1)).is_err());
}

#[tokio::test(start_paused = true)]
async fn only_who_may_configure_the_manager_changes_the_rules() {
    let house = House::furnished().await;
    house.heard();
    let off = Policy {
        enabled: false,
        ..Policy::default()
    };
    for name in ["op", "guest"] {
        let actor = house.basic(name, PASSWORD, 1).await.unwrap();
        assert!(house.gate.set_policy(&actor, off).is_err());
    }
    assert_eq!(house.gate.policy(), Policy::default());
    let root = house.basic("root", PASSWORD, 1).await.unwrap();
    house.gate.set_policy(&root, off).unwrap();
    let heard = house.heard().pop().unwrap();
    assert!(
        heard.starts_with("settings by root: access is off;"),
        "{heard}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_failing_hasher_lets_nobody_in_and_is_nobodys_failure() {
    let house = House::furnished().await;
    house.hasher.fails.store(true, SeqCst);
    for _ in 0..20 {
        let refused = house.basic("op", PASSWORD, 1).await.unwrap_err();
        assert!(matches!(refused, LoginRefused::Host(_)));
    }
    house.hasher.fails.store(false, SeqCst);
    house.basic("op", PASSWORD, 1).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_inner_actors_are_administrators_under_their_own_names() {
    let house = House::empty();
    for (actor, name, via) in [
        (house.gate.local("jane\n"), "jane?", Via::Local),
        (
            house.gate.system("restore-policy"),
            "restore-policy",
            Via::Internal,
        ),
    ] {
        assert_eq!(&**actor.name(), name);
        assert_eq!(actor.origin().via, via);
        assert_eq!(actor.role(), Role::Administrator);
        assert!(actor.ended().is_none() && actor.account().is_none());
    }
}
