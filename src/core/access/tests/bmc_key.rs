//! K_g: sealed, durable before it holds, each server's own, and read from the disk once.

use std::sync::atomic::Ordering::SeqCst;

use futures_util::FutureExt;
use zeroize::Zeroizing;

use super::fakes::*;
use crate::{
    access::{AccountRefused, Denied, Policy, Role, Scope},
    host::Key,
    server::ServerId,
};

fn server(id: &str) -> ServerId {
    id.parse().unwrap()
}

fn key(bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    Some(bytes.to_vec().into())
}

fn found(house: &House, id: &str) -> Option<[u8; 20]> {
    house.gate.bmc_key(&server(id)).unwrap().map(|key| *key)
}

async fn set(
    house: &House,
    id: &str,
    key: Option<Zeroizing<Vec<u8>>>,
) -> Result<(), AccountRefused> {
    let system = house.system();
    house.gate.set_bmc_key(&system, &server(id), key).await
}

const TWENTY: &[u8; 20] = b"twenty bytes of key.";

#[tokio::test]
async fn a_key_is_filled_up_belongs_to_one_server_and_outlives_a_restart() {
    let house = House::empty();
    let mut changes = house.gate.changes();
    assert_eq!(found(&house, "1"), None);
    set(&house, "1", key(b"short")).await.unwrap();
    assert!(changes.has_changed().unwrap());
    changes.mark_unchanged();
    let mut short = [0; 20];
    short[..5].copy_from_slice(b"short");
    assert_eq!(found(&house, "1"), Some(short));
    assert_eq!(found(&house, "2"), None);
    set(&house, "2", key(TWENTY)).await.unwrap();
    assert_eq!(
        house.heard(),
        [
            "1 by test: set the IPMI key (K_g)",
            "2 by test: set the IPMI key (K_g)"
        ]
    );
    let again = House::over(house.store.clone(), Policy::default()).unwrap();
    assert_eq!(found(&again, "1"), Some(short));
    assert_eq!(found(&again, "2"), Some(*TWENTY));

    set(&again, "1", None).await.unwrap();
    // A key of zeros is none.
    set(&again, "2", key(&[0; 20])).await.unwrap();
    assert_eq!([found(&again, "1"), found(&again, "2")], [None, None]);
    let gone = "by test: take the IPMI key (K_g) away";
    assert_eq!(again.heard(), [format!("1 {gone}"), format!("2 {gone}")]);
    assert!(house.store.values.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_key_is_read_from_the_store_once() {
    let house = House::empty();
    set(&house, "1", key(TWENTY)).await.unwrap();
    let again = House::over(house.store.clone(), Policy::default()).unwrap();
    let before = house.store.loads.load(SeqCst);
    for _ in 0..100 {
        assert_eq!(found(&again, "1"), Some(*TWENTY));
        assert_eq!(found(&again, "2"), None);
    }
    assert_eq!(house.store.loads.load(SeqCst), before + 2);
}

#[tokio::test]
async fn a_key_holds_once_it_is_durable_and_not_when_it_can_not_be() {
    let house = House::empty();
    set(&house, "1", key(b"old")).await.unwrap();
    let old = found(&house, "1");
    house.store.door.shut();
    let mut setting = Box::pin(set(&house, "1", key(TWENTY)));
    assert!((&mut setting).now_or_never().is_none());
    assert_eq!(found(&house, "1"), old);
    house.store.door.open();
    setting.await.unwrap();
    assert_eq!(found(&house, "1"), Some(*TWENTY));

    house.store.fails.store(true, SeqCst);
    house.heard();
    let refused = set(&house, "1", None).await;
    assert!(matches!(refused, Err(AccountRefused::Host(_))));
    assert_eq!(found(&house, "1"), Some(*TWENTY));
    assert!(house.heard().is_empty());
}

#[tokio::test]
async fn a_change_whose_asker_is_gone_is_carried_through() {
    let house = House::empty();
    let running = house.run().await;
    let mut changes = house.gate.changes();
    house.store.door.shut();
    let mut setting = Box::pin(set(&house, "1", key(TWENTY)));
    assert!((&mut setting).now_or_never().is_none());
    drop(setting);
    house.store.door.open();
    changes.changed().await.unwrap();
    assert_eq!(found(&house, "1"), Some(*TWENTY));
    running.abort();
}

#[tokio::test]
async fn who_may_not_configure_the_server_sets_no_key() {
    let house = House::furnished().await;
    let mut new = new_account("one", Role::Administrator);
    new.scope = Scope::Servers(vec![server("1")]);
    house.gate.create(&house.system(), new).await.unwrap();
    for (name, id, allowed) in [
        ("root", "1", true),
        ("one", "1", true),
        ("one", "2", false),
        ("op", "1", false),
        ("guest", "1", false),
    ] {
        let actor = house.basic(name, PASSWORD, 1).await.unwrap();
        let server = server(id);
        match house.gate.set_bmc_key(&actor, &server, key(TWENTY)).await {
            Ok(()) => assert!(allowed, "{name}"),
            Err(AccountRefused::Denied(Denied::Privilege(_) | Denied::Server)) => {
                assert!(!allowed, "{name}");
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(found(&house, "2"), None);
}

#[tokio::test]
async fn an_empty_key_and_one_of_21_bytes_are_refused() {
    let house = House::empty();
    for wrong in [&[][..], &[7; 21]] {
        let refused = set(&house, "1", key(wrong)).await.unwrap_err();
        assert!(refused.to_string().starts_with("BmcKey: "));
    }
    assert_eq!(found(&house, "1"), None);
}

#[tokio::test]
async fn a_sealed_key_fits_no_other_server_and_a_damaged_one_is_no_absent_one() {
    let house = House::empty();
    set(&house, "1", key(TWENTY)).await.unwrap();
    let of = |id: &str| Key {
        server: Some(server(id)),
        kind: "bmc-key",
    };
    {
        let mut values = house.store.values.lock().unwrap();
        let moved = values[&of("1")].clone();
        values.insert(of("2"), moved);
        values.insert(of("3"), vec![1]);
        values.insert(of("4"), vec![2, b'0']);
    }
    for id in ["2", "3", "4"] {
        assert!(house.gate.bmc_key(&server(id)).is_err(), "{id}");
        // It may be seen to later: nothing was remembered.
        house.store.values.lock().unwrap().remove(&of(id));
        assert_eq!(found(&house, id), None);
    }
}
