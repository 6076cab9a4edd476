//! `outband user`: accounts and their separate secrets.
//!
//! A running daemon is told through its own socket; without one, the state folder is opened.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use http::Method;
use outband_core::{
    access::{AccountType, Role, Scope},
    server::ServerId,
};
use zeroize::Zeroizing;

use super::{Failure, block_on, client::Daemon, print, secret::SecretFrom, serve::SettingsFile};
use crate::app::{
    self, folder,
    local::ACCOUNTS,
    orders::{Listed, Order, Secret},
};

/// `outband user`.
#[derive(Debug, Subcommand)]
pub(super) enum User {
    /// Make an account
    Add {
        /// Its name
        name: String,
        /// What it may do
        #[arg(long, value_enum, default_value_t = RoleName::Administrator)]
        role: RoleName,
        /// What it may be used for; may be given several times [default: redfish and web]
        #[arg(long = "type", value_enum, value_name = "TYPE")]
        types: Vec<TypeName>,
        /// A server it reaches; may be given several times [default: all]
        #[arg(long = "server", value_name = "ID")]
        servers: Vec<ServerId>,
        /// Refuse everything but a change of the password until that is done
        #[arg(long)]
        must_change: bool,
        #[command(flatten)]
        secret: SecretFrom,
        #[command(flatten)]
        place: Place,
    },
    /// Remove an account
    Remove {
        /// Its name
        name: String,
        #[command(flatten)]
        place: Place,
    },
    /// Say who there is
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Set an account's login password
    Passwd {
        /// Its name
        name: String,
        #[command(flatten)]
        secret: SecretFrom,
        #[command(flatten)]
        place: Place,
    },
    /// Set an account's separate IPMI secret and let it use IPMI
    Ipmi {
        /// Its name
        name: String,
        #[command(flatten)]
        secret: SecretFrom,
        #[command(flatten)]
        place: Place,
    },
    /// Set an account's separate VNC secret and let it use VNC
    Vnc {
        /// Its name
        name: String,
        #[command(flatten)]
        secret: SecretFrom,
        #[command(flatten)]
        place: Place,
    },
}

/// A role by its short name.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum RoleName {
    /// May do everything
    Administrator,
    /// May work the servers
    Operator,
    /// May look
    Readonly,
}

/// What an account is for, by its short name.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum TypeName {
    /// Redfish and the native API
    Redfish,
    /// The page
    Web,
    /// IPMI over LAN
    Ipmi,
    /// VNC
    Vnc,
}

/// Whose accounts.
#[derive(Debug, Args)]
pub(super) struct Place {
    /// The state folder [default: the one that the settings name]
    #[arg(long, value_name = "DIR", conflicts_with = "config")]
    state: Option<PathBuf>,
    #[command(flatten)]
    file: SettingsFile,
}

impl Place {
    /// The state folder.
    pub(super) fn state(&self) -> Result<PathBuf, Failure> {
        if let Some(state) = &self.state {
            return Ok(state.clone());
        }
        self.file.load()?.settings.state.dir.ok_or_else(|| {
            Failure::new("the settings keep everything in memory: there is no folder to open")
        })
    }

    /// The daemon's own socket.
    pub(super) fn socket(&self) -> Result<PathBuf, Failure> {
        Ok(self.state()?.join(folder::SOCKET))
    }
}

impl User {
    pub(super) fn run(self) -> Result<(), Failure> {
        let (place, order, as_json) = match self {
            Self::List { json, place } => (place, Order::List, Some(json)),
            Self::Remove { name, place } => (place, Order::Remove { name }, None),
            Self::Add {
                name,
                role,
                types,
                servers,
                must_change,
                secret,
                place,
            } => {
                let order = Order::Add {
                    password: Secret(secret.get("Password", app::secrets::LOGIN_LENGTH)?),
                    name,
                    role: role.role(),
                    types: account_types(&types),
                    scope: if servers.is_empty() {
                        Scope::All
                    } else {
                        Scope::Servers(servers)
                    },
                    must_change_password: must_change,
                };
                (place, order, None)
            }
            Self::Passwd {
                name,
                secret,
                place,
            } => {
                let password = Secret(secret.get("Password", app::secrets::LOGIN_LENGTH)?);
                (place, Order::Password { name, password }, None)
            }
            Self::Ipmi {
                name,
                secret,
                place,
            } => {
                // IPMI takes 20 bytes and shows their hash to whoever asks: use them all.
                let secret = Secret(secret.get("IPMI secret", 20)?);
                (place, Order::Ipmi { name, secret }, None)
            }
            Self::Vnc {
                name,
                secret,
                place,
            } => {
                // RFC 6143 section 7.2.2: eight characters count.
                let secret = Secret(secret.get("VNC secret", 8)?);
                (place, Order::Vnc { name, secret }, None)
            }
        };
        let accounts = block_on(tell(&place, order))?;
        match as_json {
            Some(true) => {
                let json = serde_json::to_string_pretty(&accounts).unwrap_or_default();
                print(&format!("{json}\n"));
            }
            Some(false) => print(&table(&accounts)),
            None => {}
        }
        Ok(())
    }
}

/// Gives an order to who is there to carry it out.
async fn tell(place: &Place, order: Order) -> Result<Vec<Listed>, Failure> {
    let socket = place.socket()?;
    if tokio::net::UnixStream::connect(&socket).await.is_err() {
        return Ok(app::offline::accounts(&place.state()?, order).await?);
    }
    let order = serde_json::to_vec(&order).map(Zeroizing::new);
    let order = order.map_err(|why| Failure::new(why.to_string()))?;
    let daemon = Daemon::Local(socket);
    let body = daemon
        .ask(Method::POST, ACCOUNTS, Some(order))
        .await?
        .good()?;
    serde_json::from_slice(&body).map_err(|why| Failure::new(format!("the daemon's answer: {why}")))
}

impl RoleName {
    fn role(self) -> Role {
        match self {
            Self::Administrator => Role::Administrator,
            Self::Operator => Role::Operator,
            Self::Readonly => Role::ReadOnly,
        }
    }
}

fn account_types(names: &[TypeName]) -> Vec<AccountType> {
    if names.is_empty() {
        return vec![AccountType::Redfish, AccountType::WebUI];
    }
    let one = |name: &TypeName| match name {
        TypeName::Redfish => AccountType::Redfish,
        TypeName::Web => AccountType::WebUI,
        TypeName::Ipmi => AccountType::IPMI,
        TypeName::Vnc => AccountType::KVMIP,
    };
    names.iter().map(one).collect()
}

/// The accounts for people.
fn table(accounts: &[Listed]) -> String {
    let mut text = format!("{:<16}  {:<13}  {:<26}  state\n", "name", "role", "for");
    for account in accounts {
        let types: Vec<String> = account.types.iter().map(|t| format!("{t:?}")).collect();
        let mut state = Vec::new();
        if !account.enabled {
            state.push("disabled".to_owned());
        }
        if account.must_change_password {
            state.push("must change the password".to_owned());
        }
        if let Scope::Servers(servers) = &account.scope {
            let ids: Vec<&str> = servers.iter().map(ServerId::as_str).collect();
            state.push(format!("servers {}", ids.join(" ")));
        }
        let (name, role) = (&account.name, account.role.name());
        let (types, state) = (types.join(" "), state.join(", "));
        text.push_str(format!("{name:<16}  {role:<13}  {types:<26}  {state}").trim_end());
        text.push('\n');
    }
    text
}
