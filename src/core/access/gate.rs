//! The gate itself: proofs in, actors out.

use std::{sync::Arc, time::Duration};

use zeroize::Zeroizing;

use super::{
    Account, AccountChange, AccountId, Actor, Denied, NewAccount, Origin, SessionId, SessionView,
};
use crate::{
    events::EventLog,
    host::{Clock, Entropy, Hasher, HostFault, Sealer, Store},
};

/// The rules of the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Whether accounts are asked for at all. Off makes every visitor an Administrator.
    pub enabled: bool,
    /// A session ends after so long without a request (30 s to 86,400 s, DSP0266 section 13.3.3).
    pub session_idle: Duration,
    /// A session ends after so long in any case.
    pub session_absolute: Duration,
    /// How many sessions there may be at once; one more is refused.
    pub sessions_max: usize,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            enabled: true,
            session_idle: Duration::from_secs(30 * 60),
            session_absolute: Duration::from_secs(24 * 60 * 60),
            sessions_max: 1024,
        }
    }
}

/// Why nobody was let in.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LoginRefused {
    /// Name or password is wrong, the account is disabled, or it is not for this service. Which of
    /// them stands in the audit log and nowhere else.
    #[error("the name or the password is wrong")]
    Wrong,
    /// Too many failures; ask again after so long.
    #[error("too many failed log-ins; try again in {} s", retry_after.as_secs())]
    TooMany {
        /// How long to wait, rounded up to whole seconds.
        retry_after: Duration,
    },
    /// The token belongs to no session.
    #[error("the session has ended or never was")]
    NoSession,
    /// There are as many sessions as there may be.
    #[error("too many sessions are open")]
    TooManySessions,
    /// The machine beneath failed.
    #[error(transparent)]
    Host(#[from] HostFault),
}

/// Why an account was not made, changed or removed. Nothing has changed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AccountRefused {
    /// The actor may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is no such account.
    #[error("there is no such account")]
    NoSuchAccount,
    /// Another account has the name.
    #[error("another account has this name")]
    NameTaken,
    /// A value is outside what it may be.
    #[error("{what}: {why}")]
    Invalid {
        /// Which: `UserName`, `Password`, `IpmiSecret`, `VncSecret`, `AccountTypes`.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// It is the last enabled Administrator.
    #[error("the last Administrator can't be removed, disabled or demoted")]
    LastAdministrator,
    /// There are as many accounts as IPMI has slots.
    #[error("there are as many accounts as there may be")]
    Full,
    /// The machine beneath failed.
    #[error(transparent)]
    Host(#[from] HostFault),
}

/// A session just opened. The token is shown once, here.
#[derive(Debug)]
pub struct NewSession {
    /// Its public name.
    pub id: SessionId,
    /// The secret that proves it: at least 128 bits, URL-safe text.
    pub token: Zeroizing<String>,
    /// Who it makes its bearer.
    pub actor: Arc<Actor>,
}

/// What the gate stands on.
#[derive(Debug, Clone)]
pub struct GateHost {
    /// Where accounts are kept.
    pub store: Arc<dyn Store>,
    /// How passwords are verified.
    pub hasher: Arc<dyn Hasher>,
    /// How recoverable secrets are sealed.
    pub sealer: Arc<dyn Sealer>,
    /// Where randomness comes from.
    pub entropy: Arc<dyn Entropy>,
    /// The clocks.
    pub clock: Arc<dyn Clock>,
    /// Where it is written down.
    pub events: Arc<EventLog>,
}

/// The one gate.
#[derive(Debug)]
pub struct Gate {
    #[allow(dead_code)]
    host: GateHost,
    #[allow(dead_code)]
    policy: Policy,
}

#[allow(clippy::todo, unused_variables)]
impl Gate {
    /// Opens the gate over the stored accounts.
    ///
    /// # Errors
    /// [`HostFault`] when the accounts can't be read.
    pub fn open(host: GateHost, policy: Policy) -> Result<Arc<Self>, HostFault> {
        todo!()
    }

    /// The rules in force.
    #[must_use]
    pub fn policy(&self) -> Policy {
        todo!()
    }

    /// Changes the rules: an actor's doing, or the settings' with [`Gate::system`].
    ///
    /// # Errors
    /// [`Denied`] when the actor may not.
    pub fn set_policy(&self, actor: &Actor, policy: Policy) -> Result<(), Denied> {
        todo!()
    }

    /// A visitor without any proof: an Administrator while the gate is off, else refused.
    ///
    /// # Errors
    /// [`LoginRefused::Wrong`] while the gate is on.
    pub fn visitor(&self, origin: Origin) -> Result<Arc<Actor>, LoginRefused> {
        todo!()
    }

    /// Somebody on the device itself, by the daemon's own socket: an Administrator.
    #[must_use]
    pub fn local(&self, name: &str) -> Arc<Actor> {
        todo!()
    }

    /// The daemon itself, acting for a policy: an Administrator named after it (`restore-policy`).
    #[must_use]
    pub fn system(&self, policy: &'static str) -> Arc<Actor> {
        todo!()
    }

    /// Name and password of one request (HTTP Basic). Verified secrets are remembered for half a
    /// minute by a keyed hash, and forgotten when the account changes.
    ///
    /// # Errors
    /// [`LoginRefused`].
    pub async fn password(
        &self,
        origin: Origin,
        name: &str,
        password: Zeroizing<String>,
    ) -> Result<Arc<Actor>, LoginRefused> {
        todo!()
    }

    /// Opens a session for name and password.
    ///
    /// # Errors
    /// [`LoginRefused`].
    pub async fn open_session(
        &self,
        origin: Origin,
        name: &str,
        password: Zeroizing<String>,
    ) -> Result<NewSession, LoginRefused> {
        todo!()
    }

    /// The bearer of a session's token. Keeps the session from being idle.
    ///
    /// # Errors
    /// [`LoginRefused::NoSession`].
    pub fn token(&self, origin: Origin, token: &str) -> Result<Arc<Actor>, LoginRefused> {
        todo!()
    }

    /// The open sessions, oldest first: all of them for who may end them, else the actor's own.
    #[must_use]
    pub fn sessions(&self, actor: &Actor) -> Vec<SessionView> {
        todo!()
    }

    /// Ends a session: one's own with `ConfigureSelf`, another's with `EndSessions`. Also while the
    /// password must be changed.
    ///
    /// # Errors
    /// `None` when the actor sees no such session; [`Denied`] when it may not be ended by the actor.
    pub fn end_session(&self, actor: &Actor, id: &SessionId) -> Option<Result<(), Denied>> {
        todo!()
    }

    /// The accounts by id: all of them for who may read them, else the actor's own.
    #[must_use]
    pub fn accounts(&self, actor: &Actor) -> Vec<Account> {
        todo!()
    }

    /// Whether there is an account at all.
    #[must_use]
    pub fn has_accounts(&self) -> bool {
        todo!()
    }

    /// Makes an account; durable when it returns.
    ///
    /// # Errors
    /// [`AccountRefused`].
    pub async fn create(&self, actor: &Actor, new: NewAccount) -> Result<Account, AccountRefused> {
        todo!()
    }

    /// Changes an account: one's own password with `ConfigureSelf`, anything with
    /// `ConfigureAccounts`. Durable when it returns; by then every session, connection and cached
    /// secret that rested on what changed (password, role, enabled, types, scope) has ended, but the
    /// session that the change came through, when it was its own password that changed.
    ///
    /// # Errors
    /// [`AccountRefused`].
    pub async fn change(
        &self,
        actor: &Actor,
        id: AccountId,
        change: AccountChange,
    ) -> Result<Account, AccountRefused> {
        todo!()
    }

    /// Removes an account and ends all that rested on it; durable when it returns.
    ///
    /// # Errors
    /// [`AccountRefused`].
    pub async fn remove(&self, actor: &Actor, id: AccountId) -> Result<(), AccountRefused> {
        todo!()
    }
}
