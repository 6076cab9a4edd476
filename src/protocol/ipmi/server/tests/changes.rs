//! Accounts and configurations that change while somebody logs in.

use std::{sync::Arc, time::Duration};

use super::rig::{Console, GUID, Rig, Told, key, login};
use crate::ipmi::{
    Suite,
    client::Heard,
    rakp::Status,
    server::{Config, PROOFS_A_MINUTE, Refusal},
};

/// A console that has taken so many steps of its login.
fn after(rig: &mut Rig, steps: usize, name: &str, suite: Suite) -> Console {
    let mut console = Console::with(login(name, suite)).at(&format!("192.0.2.1:{steps}"));
    for _ in 0..steps {
        assert_eq!(console.step(rig), Heard::Step);
    }
    console
}

#[test]
fn another_ones_change_ends_no_login_under_way() {
    for steps in 0..3 {
        let mut rig = Rig::new();
        let mut console = after(&mut rig, steps, "operator", Suite::Sha256);
        rig.change("admin");
        assert_eq!(rig.log_in(&mut console), Ok(()), "after step {steps}");
    }
}

#[test]
fn who_proves_the_key_of_an_account_that_has_changed_gets_no_session() {
    let mut rig = Rig::new();
    // However often that happens, it is no guess.
    for _ in 0..=PROOFS_A_MINUTE {
        rig.house.told.clear();
        rig.house.changed = None;
        let mut console = after(&mut rig, 2, "admin", Suite::Sha256);
        rig.change("admin");
        let refused = Err(Some(Status::INVALID_SESSION));
        assert_eq!(rig.log_in(&mut console), refused);
        let changed = Told::Refused("admin".into(), Refusal::Changed);
        assert_eq!(rig.house.told, [changed]);
        assert_eq!(rig.count(), 0);
    }
}

#[test]
fn a_change_makes_no_guess_go_uncounted_and_shows_no_name() {
    for name in ["admin", "nobody"] {
        let mut rig = Rig::new();
        let guess = after(&mut rig, 1, name, Suite::Sha256);
        let mut silent = Console::of(name).at("192.0.2.1:9");
        silent.step(&mut rig);
        for console in [&guess, &silent] {
            assert_eq!(rig.send_from(console.peer, &console.due()).len(), 1);
        }
        let first = rig.send_from(guess.peer, &guess.due());
        rig.change("admin");
        assert_eq!(rig.send_from(guess.peer, &guess.due()), first);
        // A wrong proof.
        let mut rakp_3 = vec![6, 0, 0xFF, 7, 6, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 40, 0];
        rakp_3.extend([9, 0, 0, 0]);
        rakp_3.extend(&guess.due()[20..24]);
        rakp_3.extend([0xEE; 32]);
        let refused = rig.send_from(guess.peer, &rakp_3);
        assert_eq!(refused[0][17], Status::INTEGRITY.0);
        rig.pass(Duration::from_secs(10));
        let told = [Refusal::Key, Refusal::GaveUp].map(|why| Told::Refused(name.into(), why));
        assert_eq!(rig.house.told, told);
    }
}

#[test]
fn a_new_bmc_key_holds_for_the_login_under_way() {
    let mut rig = Rig::new();
    let mut asked = login("admin", Suite::Sha256);
    asked.bmc_key = Some(key("two"));
    let mut console = Console::with(asked);
    for _ in 0..2 {
        assert_eq!(console.step(&mut rig), Heard::Step);
    }
    let mut config = Config::new(GUID);
    config.bmc_key = Some(key("two"));
    rig.server.configure(Arc::new(config), &mut rig.house);
    assert_eq!(rig.log_in(&mut console), Ok(()));
}

#[test]
fn a_suite_that_is_taken_no_more_ends_its_logins_and_no_others() {
    let mut rig = Rig::new();
    let mut old = after(&mut rig, 2, "reader", Suite::Sha1);
    let mut new = after(&mut rig, 1, "admin", Suite::Sha256);
    let mut config = Config::new(GUID);
    config.sha1 = false;
    rig.server.configure(Arc::new(config), &mut rig.house);
    // The proof was had.
    let left = Told::Refused("reader".into(), Refusal::GaveUp);
    assert_eq!(rig.house.told, [left]);
    let refused = Err(Some(Status::INVALID_SESSION));
    assert_eq!(rig.log_in(&mut old), refused);
    assert_eq!(rig.log_in(&mut new), Ok(()));
}
