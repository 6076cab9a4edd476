//! K_g: set through one session, and needed for the next.

use outband_protocol::ipmi::Privilege::{Administrator, Operator, User};

use super::{Bench, Console, DEVICE_ID, Login, SET_KEYS, Served, key, login};

const K_G: &[u8; 20] = b"the key of a channel";

/// Sets K_g.
async fn set(console: &mut Console, key: &[u8; 20]) -> Vec<u8> {
    console
        .ask(SET_KEYS, &[&[0x0E, 1, 1], &key[..]].concat())
        .await
}

/// Whether a login with such a K_g leads to a session.
async fn lets_in(channel: &Served, bmc_key: Option<&[u8]>) -> bool {
    let login = Login {
        bmc_key: bmc_key.map(key),
        ..login("eye", User)
    };
    match Console::new(channel, login).await {
        Ok(mut console) => console.ask(DEVICE_ID, &[]).await[0] == 0,
        // The client saw that the BMC has another key.
        Err(why) => why.is_some(),
    }
}

/// Whether the channel says that it needs two keys.
async fn wants_two(console: &mut Console) -> bool {
    let capabilities = console.ask((0x06, 0x38), &[0x8E, 4]).await;
    capabilities[3] & 0x20 != 0
}

#[tokio::test]
async fn kg_holds_for_the_next_login_and_twenty_zeros_take_it_away() {
    let bench = Bench::new().await;
    let (channel, other) = (bench.channel("1"), bench.channel("2"));
    let mut boss = Console::administrator(&channel).await;
    assert!(!wants_two(&mut boss).await);
    assert_eq!(set(&mut boss, K_G).await, [0, 0]);
    assert!(wants_two(&mut boss).await, "the session that set it stands");
    assert!(!lets_in(&channel, None).await);
    assert!(!lets_in(&channel, Some(b"another key")).await);
    assert!(lets_in(&channel, Some(K_G)).await);
    assert!(lets_in(&other, None).await, "each server has its own");

    assert_eq!(set(&mut boss, &[0; 20]).await, [0, 0]);
    assert!(!wants_two(&mut boss).await);
    assert!(lets_in(&channel, None).await);
    assert!(!lets_in(&channel, Some(K_G)).await);
}

#[tokio::test]
async fn kg_outlives_the_channel() {
    let bench = Bench::new().await;
    let channel = bench.channel("1");
    let mut boss = Console::administrator(&channel).await;
    assert_eq!(set(&mut boss, K_G).await, [0, 0]);
    channel.end().await;
    let channel = bench.channel("1");
    assert!(!lets_in(&channel, None).await);
    assert!(lets_in(&channel, Some(K_G)).await);
}

#[tokio::test]
async fn kg_is_an_administrators_to_set() {
    let bench = Bench::new().await;
    let channel = bench.channel("1");
    for (name, level) in [("boss", Operator), ("hand", Operator), ("eye", User)] {
        let mut console = Console::of(&channel, name, level).await;
        assert_eq!(set(&mut console, K_G).await, [0xD4], "{name}");
    }
    let mut boss = Console::of(&channel, "boss", Administrator).await;
    assert!(!wants_two(&mut boss).await);
}
