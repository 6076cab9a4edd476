//! IPMI and VNC secrets: sealed, apart from the login, and gone with their type.

use super::fakes::*;
use crate::access::{
    AccountChange, AccountId, AccountRefused, AccountType, LoginRefused, NewAccount, Role, Via,
};

use AccountType::{IPMI, KVMIP, Redfish};

fn with_ipmi() -> NewAccount {
    let mut new = new_account("lan", Role::Operator);
    new.types = vec![Redfish, IPMI];
    new
}

fn none() -> AccountChange {
    AccountChange::default()
}

async fn change(house: &House, change: AccountChange) -> Result<(), AccountRefused> {
    let id = house.gate.account_named("lan").unwrap().id;
    house
        .gate
        .change(&house.system(), id, change)
        .await
        .map(|_| ())
}

/// What a claim of the account's name is to be proven with.
fn ipmi(house: &House) -> Option<String> {
    let origin = by(Via::Ipmi, 1);
    let server = "1".parse().unwrap();
    let (_, key) = house.gate.claim(&origin, b"lan", &server).unwrap()?;
    let text = String::from_utf8(key.to_vec()).unwrap();
    Some(text.trim_end_matches('\0').to_owned())
}

#[tokio::test]
async fn with_the_type_ipmi_the_secret_follows_the_password_when_it_fits() {
    let house = House::empty();
    house
        .gate
        .create(&house.system(), with_ipmi())
        .await
        .unwrap();
    assert_eq!(ipmi(&house).as_deref(), Some(PASSWORD));

    let twenty_one = "x".repeat(21);
    let long = AccountChange {
        password: Some(secret(&twenty_one)),
        ..none()
    };
    let refused = change(&house, long).await.unwrap_err().to_string();
    assert!(refused.starts_with("Password: ") && refused.contains("can't exceed 20 bytes"));
    assert_eq!(ipmi(&house).as_deref(), Some(PASSWORD));

    change(
        &house,
        AccountChange {
            password: Some(secret("another horse")),
            ..none()
        },
    )
    .await
    .unwrap();
    assert_eq!(ipmi(&house).as_deref(), Some("another horse"));

    let mut long = with_ipmi();
    long.name = "lan2".into();
    long.password = secret(&twenty_one);
    let refused = house.gate.create(&house.system(), long).await;
    assert!(matches!(
        refused,
        Err(AccountRefused::Invalid {
            what: "Password",
            ..
        })
    ));
}

#[tokio::test]
async fn a_separate_ipmi_secret_leaves_the_login_alone_and_allows_a_long_password() {
    let house = House::empty();
    house
        .gate
        .create(&house.system(), with_ipmi())
        .await
        .unwrap();
    let apart = AccountChange {
        ipmi_secret: Some(b"lan only".to_vec().into()),
        ..none()
    };
    change(&house, apart).await.unwrap();
    assert_eq!(ipmi(&house).as_deref(), Some("lan only"));
    house.basic("lan", PASSWORD, 1).await.unwrap();
    assert!(house.basic("lan", "lan only", 1).await.is_err());

    let long = "x".repeat(60);
    let both = AccountChange {
        password: Some(secret(&long)),
        ipmi_secret: Some(b"apart again".to_vec().into()),
        ..none()
    };
    change(&house, both).await.unwrap();
    assert_eq!(ipmi(&house).as_deref(), Some("apart again"));
    house.basic("lan", &long, 1).await.unwrap();
}

#[tokio::test]
async fn a_secret_goes_with_its_type_and_does_not_come_back_with_it() {
    let house = House::empty();
    let mut new = with_ipmi();
    new.types = vec![Redfish, IPMI, KVMIP];
    house.gate.create(&house.system(), new).await.unwrap();
    change(
        &house,
        AccountChange {
            vnc_secret: Some(b"vnc".to_vec().into()),
            ..none()
        },
    )
    .await
    .unwrap();
    let has = |house: &House| {
        let account = house.gate.account_named("lan").unwrap();
        (account.has_ipmi_secret, account.has_vnc_secret)
    };
    assert_eq!(has(&house), (true, true));
    let types = |types| AccountChange {
        types: Some(types),
        ..none()
    };
    change(&house, types(vec![Redfish])).await.unwrap();
    assert_eq!(has(&house), (false, false));
    change(&house, types(vec![Redfish, IPMI, KVMIP]))
        .await
        .unwrap();
    assert_eq!(has(&house), (false, false));
    assert_eq!(ipmi(&house), None);

    change(&house, types(vec![Redfish])).await.unwrap();
    let apart = AccountChange {
        ipmi_secret: Some(b"lan only".to_vec().into()),
        ..none()
    };
    let refused = change(&house, apart).await;
    assert!(matches!(
        refused,
        Err(AccountRefused::Invalid {
            what: "IpmiSecret",
            ..
        })
    ));
    let vnc = AccountChange {
        vnc_secret: Some(b"123456789".to_vec().into()),
        ..none()
    };
    let refused = change(&house, vnc).await;
    assert!(matches!(
        refused,
        Err(AccountRefused::Invalid {
            what: "VncSecret",
            ..
        })
    ));
}

#[tokio::test]
async fn a_sealed_secret_fits_no_other_account() {
    let house = House::empty();
    house
        .gate
        .create(&house.system(), with_ipmi())
        .await
        .unwrap();
    {
        let mut inside = house.gate.inside.lock();
        let mut other = inside.book.named("lan").unwrap().clone();
        (other.id, other.slot) = inside.book.vacancy().unwrap();
        other.name = "thief".into();
        inside.book.add(other).unwrap();
    }
    let server = "1".parse().unwrap();
    let claim = house.gate.claim(&by(Via::Ipmi, 1), b"thief", &server);
    assert!(matches!(claim, Err(LoginRefused::Host(_))));
}

#[tokio::test]
async fn neither_the_store_nor_any_debug_text_nor_any_event_shows_a_secret() {
    let house = House::empty();
    let mut new = with_ipmi();
    new.types = vec![Redfish, IPMI, KVMIP];
    let mut texts = vec![format!("{new:?}")];
    house.gate.create(&house.system(), new).await.unwrap();
    let changed = AccountChange {
        password: Some(secret("planted password")),
        ipmi_secret: Some(b"planted lan".to_vec().into()),
        vnc_secret: Some(b"planted".to_vec().into()),
        ..none()
    };
    texts.push(format!("{changed:?}"));
    change(&house, changed).await.unwrap();
    house.basic("lan", "planted password", 1).await.unwrap();
    assert!(house.basic("lan", "planted wrong one", 1).await.is_err());
    texts.push(format!("{:?} {:?}", house.gate, house.gate.inside));
    let server = "1".parse().unwrap();
    let claim = house.gate.claim(&by(Via::Ipmi, 1), b"lan", &server);
    let (claim, _) = claim.unwrap().unwrap();
    house.gate.enter(&claim).unwrap();
    texts.push(format!("{claim:?}"));
    let key = Some(b"planted key".to_vec().into());
    let system = house.system();
    house.gate.set_bmc_key(&system, &server, key).await.unwrap();
    texts.push(format!("{:?}", house.audit));
    for value in house.store.values.lock().unwrap().values() {
        texts.push(String::from_utf8(value.clone()).unwrap());
    }
    for text in texts {
        // Also as numbers: `planted` in a list of bytes.
        for plain in [
            PASSWORD,
            "planted",
            "112, 108, 97, 110",
            "112,108,97,110",
            "$fake$",
        ] {
            let stored_verifier = plain == "$fake$" && text.contains("next_id");
            assert!(stored_verifier || !text.contains(plain), "{plain}: {text}");
        }
    }
    assert_eq!(house.gate.account_named("lan").unwrap().id, AccountId(1));
}
