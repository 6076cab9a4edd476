//! Why the gate refuses: one list for log-ins, one for accounts.

use std::time::Duration;

use super::Denied;
use crate::host::HostFault;

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

/// Why an account was not made, changed or removed, or a key not set. Nothing has changed.
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
        /// Which: `UserName`, `Password`, `IpmiSecret`, `VncSecret`, `BmcKey`,
        /// `AccountTypes`, `Scope`.
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
