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
use tokio::net::UnixStream;
use zeroize::Zeroizing;

use super::{Failure, block_on, client::Daemon, print, secret::SecretFrom, serve::SettingsFile};
use crate::{
    app::{
        self, folder,
        local::ACCOUNTS,
        orders::{Listed, Order, Secret},
        secrets::LOGIN_LENGTH,
    },
    settings::{Bytes, State},
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
    /// What is kept, and where.
    fn state(&self) -> Result<(PathBuf, Bytes), Failure> {
        if let Some(state) = &self.state {
            return Ok((state.clone(), State::default().events_max));
        }
        let State { dir, events_max } = self.file.load()?.settings.state;
        let dir = dir.ok_or_else(|| {
            Failure::new("the settings keep everything in memory: there is no folder to open")
        })?;
        Ok((dir, events_max))
    }

    /// Gives an order to who is there to carry it out.
    async fn tell(&self, order: Order) -> Result<Vec<Listed>, Failure> {
        let (state, events_max) = self.state()?;
        let socket = state.join(folder::SOCKET);
        if UnixStream::connect(&socket).await.is_err() {
            return Ok(app::offline::accounts(&state, events_max, order).await?);
        }
        let fail = |why: serde_json::Error| Failure::new(format!("the daemon's answer: {why}"));
        let order = serde_json::to_vec(&order).map(Zeroizing::new);
        let daemon = Daemon::Local(socket);
        let answer = daemon.ask(Method::POST, ACCOUNTS, Some(order.map_err(fail)?));
        serde_json::from_slice(&answer.await?.good()?).map_err(fail)
    }

    /// Gives an order that carries a secret.
    fn tell_secret(
        &self,
        from: &SecretFrom,
        what: &str,
        length: usize,
        order: impl FnOnce(Secret) -> Order,
    ) -> Result<(), Failure> {
        let secret = from.get(what, length)?;
        block_on(self.tell(order(Secret(secret.clone()))))?;
        from.tell(&secret);
        Ok(())
    }
}

impl User {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self {
            Self::List { json, place } => {
                let accounts = block_on(place.tell(Order::List))?;
                print(&if json {
                    serde_json::to_string_pretty(&accounts).unwrap_or_default() + "\n"
                } else {
                    table(&accounts)
                });
                Ok(())
            }
            Self::Remove { name, place } => {
                block_on(place.tell(Order::Remove { name }))?;
                Ok(())
            }
            Self::Add {
                name,
                role,
                types,
                servers,
                must_change,
                secret,
                place,
            } => place.tell_secret(&secret, "Password", LOGIN_LENGTH, |password| Order::Add {
                name,
                password,
                role: role.role(),
                types: account_types(&types),
                scope: if servers.is_empty() {
                    Scope::All
                } else {
                    Scope::Servers(servers)
                },
                must_change_password: must_change,
            }),
            Self::Passwd {
                name,
                secret,
                place,
            } => place.tell_secret(&secret, "Password", LOGIN_LENGTH, |password| {
                Order::Password { name, password }
            }),
            // IPMI takes 20 bytes and shows their hash to whoever asks: use them all.
            Self::Ipmi {
                name,
                secret,
                place,
            } => place.tell_secret(&secret, "IPMI secret", 20, |secret| Order::Ipmi {
                name,
                secret,
            }),
            // RFC 6143 section 7.2.2: eight characters count.
            Self::Vnc {
                name,
                secret,
                place,
            } => place.tell_secret(&secret, "VNC secret", 8, |secret| Order::Vnc {
                name,
                secret,
            }),
        }
    }
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
