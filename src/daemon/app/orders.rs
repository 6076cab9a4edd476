//! Orders about accounts from who sits at the device: carried out by the daemon when it runs, by
//! the command itself when it doesn't.

use outband_core::access::{
    Account, AccountChange, AccountId, AccountRefused, AccountType, Actor, Gate, NewAccount, Role,
    Scope,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// A secret on its way to the gate. Its `Debug` shows nothing.
#[derive(Clone)]
pub struct Secret(pub Zeroizing<String>);

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Zeroizing::new(text)))
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// What is to be done.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Order {
    /// Say who there is.
    List,
    /// Make an account.
    Add {
        /// Its name.
        name: String,
        /// Its password.
        password: Secret,
        /// Its role.
        role: Role,
        /// What it may be used for.
        types: Vec<AccountType>,
        /// Which servers it reaches.
        scope: Scope,
        /// Whether the password must be changed at the first log-in.
        must_change_password: bool,
    },
    /// Set an account's login password.
    Password {
        /// Whose.
        name: String,
        /// The password.
        password: Secret,
    },
    /// Set an account's separate IPMI secret, and let it use IPMI.
    Ipmi {
        /// Whose.
        name: String,
        /// The secret.
        secret: Secret,
    },
    /// Set an account's separate VNC secret, and let it use VNC.
    Vnc {
        /// Whose.
        name: String,
        /// The secret.
        secret: Secret,
    },
    /// Remove an account.
    Remove {
        /// Whose.
        name: String,
    },
}

/// An account, as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Its number.
    pub id: AccountId,
    /// Its name.
    pub name: String,
    /// Its role.
    pub role: Role,
    /// Whether it may be used.
    pub enabled: bool,
    /// What it may be used for.
    pub types: Vec<AccountType>,
    /// Which servers it reaches.
    pub scope: Scope,
    /// Its IPMI user id.
    pub slot: u8,
    /// Whether the password must be changed first.
    pub must_change_password: bool,
    /// Whether an IPMI secret is set.
    pub has_ipmi_secret: bool,
    /// Whether a VNC secret is set.
    pub has_vnc_secret: bool,
}

impl From<Account> for Listed {
    fn from(account: Account) -> Self {
        Self {
            id: account.id,
            name: account.name.as_ref().to_owned(),
            role: account.role,
            enabled: account.enabled,
            types: account.types,
            scope: account.scope,
            slot: account.slot,
            must_change_password: account.must_change_password,
            has_ipmi_secret: account.has_ipmi_secret,
            has_vnc_secret: account.has_vnc_secret,
        }
    }
}

/// Carries an order out, and says who there is then.
///
/// # Errors
/// [`AccountRefused`]; nothing has changed then.
pub async fn carry_out(
    gate: &Gate,
    actor: &Actor,
    order: Order,
) -> Result<Vec<Listed>, AccountRefused> {
    match order {
        Order::List => {}
        Order::Add {
            name,
            password,
            role,
            types,
            scope,
            must_change_password,
        } => {
            let new = NewAccount {
                name,
                password: password.0,
                role,
                enabled: true,
                types,
                scope,
                must_change_password,
                one_time: false,
            };
            gate.create(actor, new).await?;
        }
        Order::Password { name, password } => {
            let change = AccountChange {
                password: Some(password.0),
                // Whoever sits at the device chose it: there is nothing left to change.
                must_change_password: Some(false),
                ..AccountChange::default()
            };
            gate.change(actor, find(gate, actor, &name)?.id, change)
                .await?;
        }
        Order::Ipmi { name, secret } => {
            let account = find(gate, actor, &name)?;
            let change = AccountChange {
                ipmi_secret: Some(bytes(&secret)),
                types: with(&account, AccountType::IPMI),
                ..AccountChange::default()
            };
            gate.change(actor, account.id, change).await?;
        }
        Order::Vnc { name, secret } => {
            let account = find(gate, actor, &name)?;
            let change = AccountChange {
                vnc_secret: Some(bytes(&secret)),
                types: with(&account, AccountType::KVMIP),
                ..AccountChange::default()
            };
            gate.change(actor, account.id, change).await?;
        }
        Order::Remove { name } => {
            gate.remove(actor, find(gate, actor, &name)?.id).await?;
        }
    }
    Ok(gate.accounts(actor).into_iter().map(Listed::from).collect())
}

/// The account of a name.
pub(super) fn find(gate: &Gate, actor: &Actor, name: &str) -> Result<Account, AccountRefused> {
    let accounts = gate.accounts(actor);
    let found = accounts.into_iter().find(|a| a.name.as_ref() == name);
    found.ok_or(AccountRefused::NoSuchAccount)
}

fn bytes(secret: &Secret) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(secret.0.as_bytes().to_vec())
}

/// The account's types with one more; `None` when it has it already.
fn with(account: &Account, more: AccountType) -> Option<Vec<AccountType>> {
    (!account.types.contains(&more)).then(|| {
        let mut types = account.types.clone();
        types.push(more);
        types
    })
}
