//! The owner, who wants to be served while somebody else attacks.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use outband_protocol::ipmi::Privilege;
use serde_json::{Value, json};

use crate::{Failure, console::Console, dice::Dice, target::Target};

/// What became of the owner's sessions.
#[derive(Debug, Default)]
pub(crate) struct Served {
    sessions: u64,
    failed: u64,
    resent: u64,
    trouble: Option<String>,
}

impl Served {
    /// Whether there were sessions, and none failed.
    pub(crate) fn well(&self) -> bool {
        self.sessions > 0 && self.failed == 0
    }

    pub(crate) fn line(&self) -> Value {
        json!({
            "sessions": self.sessions, "failed": self.failed, "resent": self.resent,
            "trouble": self.trouble,
        })
    }

    fn count(&mut self, console: &mut Console) {
        match console.session() {
            Ok(()) => self.sessions += 1,
            Err(why) => {
                self.failed += 1;
                self.trouble.get_or_insert(why.to_string());
            }
        }
        self.resent = console.resent;
    }
}

/// Attacks while the owner has one session after the other, from another address than the attack.
/// The owner has one before it begins and one that begins after it ended.
pub(crate) fn served_while<T>(
    target: &Target,
    attack: impl FnOnce() -> Result<T, Failure>,
) -> Result<(T, Served), Failure> {
    let mut owner = target.console(Privilege::Administrator, None, &mut Dice::of_now())?;
    owner.session()?;
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let owner = scope.spawn(|| {
            let mut served = Served::default();
            loop {
                let last = over.load(Ordering::Acquire);
                served.count(&mut owner);
                if last {
                    return served;
                }
            }
        });
        let done = attack();
        over.store(true, Ordering::Release);
        let served = owner.join().map_err(|_| "the owner's thread failed")?;
        Ok((done?, served))
    })
}
