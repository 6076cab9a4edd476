//! Who is asking.

use std::{net::IpAddr, sync::Arc};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::{AccountId, Operation, Privilege, Role, SessionId};
use crate::server::ServerId;

/// Which way a request came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// Redfish.
    Redfish,
    /// The native API and the page.
    Console,
    /// IPMI.
    Ipmi,
    /// VNC.
    Vnc,
    /// The daemon's own socket: a person on the device.
    Local,
    /// The daemon itself: a policy, a watchdog.
    Internal,
}

/// Where a request came from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    /// By which way.
    pub via: Via,
    /// From which address; `None` for the daemon's own socket and the daemon itself.
    pub source: Option<IpAddr>,
}

/// Which servers an actor reaches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// All of them.
    All,
    /// These; an account has them in ascending order, each once.
    Servers(Vec<ServerId>),
}

impl Scope {
    /// Whether a server is among them.
    #[must_use]
    pub fn reaches(&self, server: &ServerId) -> bool {
        match self {
            Self::All => true,
            Self::Servers(ids) => ids.binary_search(server).is_ok(),
        }
    }
}

/// Somebody who asks, as the gate made them. Only [`super::Gate`] makes one.
#[derive(Debug, Clone)]
pub struct Actor {
    pub(super) account: Option<AccountId>,
    pub(super) name: Arc<str>,
    pub(super) role: Role,
    pub(super) scope: Scope,
    pub(super) origin: Origin,
    pub(super) session: Option<SessionId>,
    pub(super) must_change_password: bool,
    /// Turns `true` when the session, or what the proof rested on, has ended.
    pub(super) ended: Option<watch::Receiver<bool>>,
}

/// Why an actor may not do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The role lacks a privilege.
    #[error("the role lacks the privilege")]
    Privilege(Privilege),
    /// The server is not among those the account reaches. Services answer as if it were not there.
    #[error("the server is out of the account's reach")]
    Server,
    /// The password must be changed before anything else.
    #[error("the password must be changed first")]
    PasswordChangeRequired,
    /// The session has ended.
    #[error("the session has ended")]
    Ended,
}

impl Actor {
    /// An actor that reaches everything, for tests of what lies behind the gate.
    #[cfg(test)]
    pub(crate) fn of_role(role: Role) -> Self {
        Self {
            account: Some(AccountId(1)),
            name: "somebody".into(),
            role,
            scope: Scope::All,
            origin: Origin {
                via: Via::Redfish,
                source: None,
            },
            session: None,
            must_change_password: false,
            ended: None,
        }
    }

    /// The same actor with rights that end, for such tests.
    #[cfg(test)]
    pub(crate) fn until(mut self, ended: watch::Receiver<bool>) -> Self {
        self.ended = Some(ended);
        self
    }

    /// The same actor by another way.
    #[cfg(test)]
    pub(crate) fn through(mut self, via: Via) -> Self {
        self.origin.via = via;
        self
    }

    /// The account's id; `None` for the daemon itself, its socket, and visitors while access is off.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        self.account
    }

    /// The name to write in logs.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The role.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// Where the request came from.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The session, where there is one.
    #[must_use]
    pub fn session(&self) -> Option<SessionId> {
        self.session.clone()
    }

    /// Whether the password must be changed before anything else.
    #[must_use]
    pub fn must_change_password(&self) -> bool {
        self.must_change_password
    }

    /// Turns `true` when the actor's rights have ended: whoever keeps a connection open for the
    /// actor closes it then. `None` for actors that don't end.
    #[must_use]
    pub fn ended(&self) -> Option<watch::Receiver<bool>> {
        self.ended.clone()
    }

    /// Resolves when its rights have ended; never for an actor whose rights rest on nothing that ends.
    /// May be given up and asked again.
    pub async fn until_ended(&self) {
        match self.ended() {
            // A gate that is gone vouches for nobody.
            Some(mut ended) => drop(ended.wait_for(|ended| *ended).await),
            None => std::future::pending().await,
        }
    }

    /// Whether the actor's rights have ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.ended.as_ref().is_some_and(|ended| *ended.borrow())
    }

    /// Whether the actor reaches a server.
    #[must_use]
    pub fn reaches(&self, server: &ServerId) -> bool {
        self.scope.reaches(server)
    }

    /// Whether the actor may do this to a server, or to the daemon where `server` is `None`.
    ///
    /// Whoever reaches certain servers only has no say over the daemon and the accounts, whatever
    /// the role: they could else widen their own reach.
    ///
    /// # Errors
    /// [`Denied`] with the reason.
    pub fn may(&self, operation: Operation, server: Option<&ServerId>) -> Result<(), Denied> {
        if self.has_ended() {
            return Err(Denied::Ended);
        }
        if server.is_some_and(|server| !self.reaches(server)) {
            return Err(Denied::Server);
        }
        if self.must_change_password && operation != Operation::ConfigureSelf {
            return Err(Denied::PasswordChangeRequired);
        }
        let privilege = operation.needs();
        let everybodys = server.is_none()
            && matches!(
                privilege,
                Privilege::ConfigureManager | Privilege::ConfigureUsers
            );
        if self.role.has(privilege) && (self.scope == Scope::All || !everybodys) {
            Ok(())
        } else {
            Err(Denied::Privilege(privilege))
        }
    }
}
