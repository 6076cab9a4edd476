//! `mutate`: a BMC gets datagrams that nobody should send, and must serve others as if nothing were.
//!
//! What is changed: packets of real clients; the steps of logins that are under way; and in
//! sessions that stand, the contents before they are sealed, and the packet after it, with a check
//! value made right again or left wrong. Then every packet comes cut at every length, and every
//! request of a session also cut inside its seal.

mod attack;
mod cuts;
mod mutation;
mod stock;
mod wire;

use clap::Args;
use serde_json::json;

use self::attack::Attack;
use crate::{
    Failure, Found, owner,
    target::{Sources, Target},
};

/// `mutate`.
#[derive(Debug, Args)]
#[command(mut_arg("sources", |sources| sources.default_value("1000")))]
pub(crate) struct Mutate {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    sources: Sources,
    /// How many changed datagrams are sent
    #[arg(long, default_value_t = 10_000, value_name = "N")]
    count: u64,
    /// What the changes follow from; the same again makes the same changes
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
}

impl Mutate {
    pub(crate) fn run(self) -> Result<Found, Failure> {
        let sources = self.sources.all().collect();
        let mut attack = Attack::new(&self.target, self.seed, sources);
        let (done, served) = owner::served_while(&self.target, || Ok(attack.run(self.count)))?;
        let trouble = done.as_ref().err().map(ToString::to_string);
        let sent = &attack.sent;
        Ok(Found {
            line: json!({
                "mode": "mutate", "seed": self.seed, "changed": {
                    "outside": sent.outside, "setup": sent.setup, "sealed": sent.sealed,
                    "signed": sent.signed, "broken": sent.broken,
                },
                "cut": sent.cut, "sessions": sent.sessions, "lives": trouble.is_none(),
                "trouble": trouble, "owner": served.line(),
            }),
            good: trouble.is_none() && served.well(),
        })
    }
}

/// How many datagrams of each kind were sent.
#[derive(Debug, Default)]
struct Sent {
    /// Changed packets of real clients.
    outside: u64,
    /// Changed steps of a login.
    setup: u64,
    /// Sealed rightly around changed contents.
    sealed: u64,
    /// Changed, and made authentic again.
    signed: u64,
    /// Packets of a session, changed.
    broken: u64,
    /// Cut, of all kinds.
    cut: u64,
    /// How many sessions it took: what is sent in them also ends them.
    sessions: u64,
}

impl Sent {
    fn changed(&self) -> u64 {
        self.outside + self.setup + self.sealed + self.signed + self.broken
    }
}
