//! Accounts that change while their sessions stand.

use outband_core::access::{Account, AccountChange, AccountType, Role, Scope};
use outband_protocol::ipmi::{
    Privilege::{Administrator, User},
    rakp::Status,
};
use zeroize::Zeroizing;

use super::{Bench, Console, DEVICE_ID, login};

/// Changes after which who came in before has no right to be in.
fn endings() -> Vec<(&'static str, AccountChange)> {
    let none = AccountChange::default;
    vec![
        (
            "disabled",
            AccountChange {
                enabled: Some(false),
                ..none()
            },
        ),
        (
            "another role",
            AccountChange {
                role: Some(Role::Operator),
                ..none()
            },
        ),
        (
            "another password",
            AccountChange {
                password: Some(Zeroizing::new("another password".into())),
                ..none()
            },
        ),
        (
            "another IPMI secret",
            AccountChange {
                ipmi_secret: Some(Zeroizing::new(b"another secret".to_vec())),
                ..none()
            },
        ),
        (
            "not for IPMI any more",
            AccountChange {
                types: Some(vec![AccountType::Redfish]),
                ..none()
            },
        ),
        (
            "another scope",
            AccountChange {
                scope: Some(Scope::Servers(vec!["1".parse().unwrap()])),
                ..none()
            },
        ),
        (
            "a password to be changed",
            AccountChange {
                must_change_password: Some(true),
                ..none()
            },
        ),
        (
            "another name",
            AccountChange {
                name: Some("somebody".into()),
                ..none()
            },
        ),
    ]
}

/// An account that may log in and change everything.
async fn guest(bench: &Bench) -> Account {
    let types = vec![AccountType::Redfish, AccountType::IPMI];
    let account = bench
        .rig
        .account_for(types, "guest", Role::Administrator, Scope::All);
    account.await
}

#[tokio::test]
async fn a_change_of_what_rights_rest_on_ends_the_session() {
    for (what, change) in endings() {
        let bench = Bench::new().await;
        let channel = bench.channel("1");
        let mut boss = Console::administrator(&channel).await;
        let account = guest(&bench).await;
        let mut guest = Console::of(&channel, "guest", Administrator).await;
        assert_eq!(guest.ask(DEVICE_ID, &[]).await[0], 0);
        bench.rig.change(&account, change).await;
        assert!(guest.is_over(&mut boss).await, "{what}");
    }
}

#[tokio::test]
async fn a_change_while_somebody_logs_in_is_that_accounts_alone() {
    for (what, change) in endings() {
        let bench = Bench::new().await;
        let channel = bench.channel("1");
        let mut boss = Console::administrator(&channel).await;
        let account = guest(&bench).await;
        let mut under_way = Vec::new();
        for name in ["guest", "eye"] {
            let mut console = Console::begun(&channel, login(name, User)).await;
            for _ in 0..2 {
                console.step().await.unwrap();
            }
            under_way.push(console);
        }
        bench.rig.change(&account, change).await;
        // By then the channel has heard of it.
        boss.ask(DEVICE_ID, &[]).await;
        let [guest, eye] = &mut under_way[..] else {
            panic!("two log in")
        };
        let refused = Err(Some(Status::INVALID_SESSION));
        assert_eq!(guest.go_on().await, refused, "{what}");
        assert_eq!(eye.go_on().await, Ok(()), "{what}");
        assert_eq!(eye.ask(DEVICE_ID, &[]).await[0], 0);
    }
}

#[tokio::test]
async fn an_account_that_is_removed_is_out() {
    let bench = Bench::new().await;
    let channel = bench.channel("1");
    let mut boss = Console::administrator(&channel).await;
    let mut hand = Console::of(&channel, "hand", User).await;
    let gate = &bench.rig.bmc.gate;
    let account = gate.account_named("hand").unwrap();
    let removed = gate.remove(&gate.local("test"), account.id).await;
    removed.unwrap();
    assert!(hand.is_over(&mut boss).await);
    let again = Console::new(&channel, login("hand", User)).await;
    assert_eq!(again.err(), Some(None));
}

#[tokio::test]
async fn another_ones_change_ends_nothing() {
    let bench = Bench::new().await;
    let channel = bench.channel("1");
    let mut hand = Console::of(&channel, "hand", User).await;
    let eye = bench.rig.bmc.gate.account_named("eye").unwrap();
    let change = AccountChange {
        enabled: Some(false),
        ..AccountChange::default()
    };
    bench.rig.change(&eye, change).await;
    assert_eq!(hand.ask(DEVICE_ID, &[]).await[0], 0);
}
