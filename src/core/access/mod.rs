//! The one gate: every service obtains an [`Actor`] here, and every command carries one.
//!
//! Proofs of identity (password, session token, the daemon's own socket) become actors in
//! [`gate`]; what an actor may do stands in one table in [`roles`]; who there is, in [`accounts`];
//! how long they stay, in [`sessions`]; how fast they may guess, in [`backoff`].

pub mod accounts;
mod actor;
pub mod backoff;
pub mod gate;
pub mod roles;
pub mod sessions;

pub use accounts::{Account, AccountChange, AccountId, AccountType, NewAccount};
pub use actor::{Actor, Denied, Origin, Scope, Via};
pub use gate::{AccountRefused, Gate, LoginRefused, NewSession, Policy};
pub use roles::{Operation, Privilege, Role};
pub use sessions::{SessionId, SessionView};
