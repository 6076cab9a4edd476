//! Who there is: names, roles, what each may use, and the secrets they prove themselves with.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Role, Scope};

/// An account's number: stable, never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AccountId(pub u32);

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What an account may be used for (Redfish `AccountTypes`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AccountType {
    /// Redfish and the native API.
    Redfish,
    /// The page.
    WebUI,
    /// IPMI over LAN.
    IPMI,
    /// VNC (Redfish `KVMIP`).
    KVMIP,
}

/// An account, as it is shown. Secrets are not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub id: AccountId,
    /// Its name: 1 to 16 bytes of printable ASCII without spaces and `:` (IPMI's limit).
    pub name: Arc<str>,
    /// Its role.
    pub role: Role,
    /// Whether it may be used at all.
    pub enabled: bool,
    /// What it may be used for, in ascending order.
    pub types: Vec<AccountType>,
    /// Which servers it reaches.
    pub scope: Scope,
    /// Its IPMI user id, 2 to 63; slot 1 is the null user, which is never enabled.
    pub slot: u8,
    /// Whether the password must be changed before anything else.
    pub must_change_password: bool,
    /// Whether an IPMI secret is set.
    pub has_ipmi_secret: bool,
    /// Whether a VNC secret is set.
    pub has_vnc_secret: bool,
    /// Counts up with each change: the basis of the ETag.
    pub revision: u64,
}

/// What a new account is made from.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Its name.
    pub name: String,
    /// Its password, 8 to 128 bytes (8 to 20 with [`AccountType::IPMI`]).
    pub password: Zeroizing<String>,
    /// Its role.
    pub role: Role,
    /// Whether it may be used.
    pub enabled: bool,
    /// What it may be used for.
    pub types: Vec<AccountType>,
    /// Which servers it reaches.
    pub scope: Scope,
    /// Whether the password must be changed before anything else.
    pub must_change_password: bool,
    /// Whether the password works once: after the first log-in with it, it opens nothing any more
    /// but for ten minutes and from the same address (see [`super::Gate::open_session`]).
    pub one_time: bool,
}

/// A change of an account; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct AccountChange {
    /// Its name.
    pub name: Option<String>,
    /// Its login password; with [`AccountType::IPMI`] the IPMI secret follows when it fits (20
    /// bytes), else the change is refused.
    pub password: Option<Zeroizing<String>>,
    /// The IPMI secret alone, 1 to 20 bytes.
    pub ipmi_secret: Option<Zeroizing<Vec<u8>>>,
    /// The VNC secret alone, 1 to 8 bytes (VNC authentication takes no more).
    pub vnc_secret: Option<Zeroizing<Vec<u8>>>,
    /// Its role.
    pub role: Option<Role>,
    /// Whether it may be used.
    pub enabled: Option<bool>,
    /// What it may be used for.
    pub types: Option<Vec<AccountType>>,
    /// Which servers it reaches.
    pub scope: Option<Scope>,
    /// Whether the password must be changed before anything else.
    pub must_change_password: Option<bool>,
}
