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
    /// Its name: 1 to 16 bytes of printable ASCII without spaces and `:`, `/`, `"`, `\\`.
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
#[derive(Clone)]
pub struct NewAccount {
    /// Its name: 1 to 16 bytes of printable ASCII without spaces and `:`, `/`, `"`, `\\`.
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
    /// Whether the password works once, and must be changed before anything else: after the first
    /// log-in with it, it opens nothing any more, except for ten minutes, from the same address and
    /// until it opens a session, so that a client of HTTP Basic can change it.
    pub one_time: bool,
}

impl fmt::Debug for NewAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewAccount")
            .field("name", &self.name)
            .field("role", &self.role)
            .field("types", &self.types)
            .finish_non_exhaustive()
    }
}

/// A change of an account; what is `None` stays.
///
/// Taking [`AccountType::IPMI`] or [`AccountType::KVMIP`] from an account erases its IPMI or VNC
/// secret, so that an old secret doesn't come back with the type.
#[derive(Clone, Default)]
pub struct AccountChange {
    /// Its name.
    pub name: Option<String>,
    /// Its login password; with [`AccountType::IPMI`] the IPMI secret follows when it fits (20
    /// bytes), else the change is refused. A password set here is no one-time password.
    pub password: Option<Zeroizing<String>>,
    /// The IPMI secret alone, 1 to 20 bytes. Whoever came in by IPMI is out then.
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
    /// Whether the password must be changed before anything else. Where this is `None`, it is no
    /// longer so once somebody has changed their own password.
    pub must_change_password: Option<bool>,
}

impl AccountChange {
    /// Whether nothing but the password is changed.
    pub(super) fn only_password(&self) -> bool {
        let Self {
            name,
            password,
            ipmi_secret,
            vnc_secret,
            role,
            enabled,
            types,
            scope,
            must_change_password,
        } = self;
        password.is_some()
            && name.is_none()
            && ipmi_secret.is_none()
            && vnc_secret.is_none()
            && role.is_none()
            && enabled.is_none()
            && types.is_none()
            && scope.is_none()
            && must_change_password.is_none()
    }
}

impl fmt::Debug for AccountChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountChange")
            .field("name", &self.name)
            .field("password", &self.password.is_some())
            .field("ipmi_secret", &self.ipmi_secret.is_some())
            .field("vnc_secret", &self.vnc_secret.is_some())
            .field("role", &self.role)
            .field("enabled", &self.enabled)
            .field("types", &self.types)
            .field("scope", &self.scope)
            .field("must_change_password", &self.must_change_password)
            .finish()
    }
}
