//! The one gate: every service obtains an [`Actor`] here, and every command carries one.
//!
//! Proofs of identity (password, session token, the daemon's own socket) become actors in
//! [`gate`]; what an actor may do stands in one table in [`roles`]; who there is, in [`accounts`];
//! how long they stay, in [`sessions`]; how fast they may guess, in [`backoff`].
//!
//! Behind these: `login` turns passwords and tokens into actors, and `verify` says whether a
//! password is right; `claim` lets in who proves a secret without sending it, with the key of a
//! channel in `bmc_key`; `change` makes, changes and removes accounts, and `turn` makes each change
//! durable, then true, and ends what rested on it, where `proofs` has what actors without a session
//! rest on; `sweep` ends sessions in time. `book` holds the accounts and the rules between them as
//! plain data, `rules` has the rules of each value, `stored` the book's place in the store.

pub mod accounts;
mod actor;
mod audit;
pub mod backoff;
mod bmc_key;
mod book;
mod change;
mod claim;
mod diff;
pub mod gate;
mod kept_policy;
mod locked;
mod login;
mod proofs;
mod queue;
mod refused;
pub mod roles;
pub mod rules;
mod secrets;
pub mod sessions;
mod stored;
mod sweep;
#[cfg(test)]
mod tests;
mod turn;
mod verify;
mod verify_cache;
mod views;

pub use accounts::{Account, AccountChange, AccountId, AccountType, NewAccount};
pub use actor::{Actor, Denied, Origin, Scope, Via};
pub use claim::{Claim, LanKey};
pub use gate::{Gate, GateHost, NewSession, Policy};
pub use refused::{AccountRefused, LoginRefused};
pub use roles::{Operation, Privilege, Role};
pub use sessions::{SessionId, SessionView};

use locked::Locked;
