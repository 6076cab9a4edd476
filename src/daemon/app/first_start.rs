//! Seeing that somebody can get in: no default password anywhere.

use std::path::PathBuf;

use outband_core::access::{
    AccountChange, AccountRefused, AccountType, Gate, NewAccount, Role, Scope, rules,
};
use zeroize::Zeroizing;

use super::{AppFault, orders::find, secrets};
use crate::settings::{Access, Settings};

/// The name of the first account.
pub(super) const ADMIN: &str = "admin";

/// What the first account may be used for.
const TYPES: [AccountType; 2] = [AccountType::Redfish, AccountType::WebUI];

/// The systemd credential with the first password.
const CREDENTIAL: &str = "outband.password";

/// How many characters VNC authentication takes (RFC 6143 section 7.2.2).
const VNC_LENGTH: usize = 8;

/// Makes the first account of `serve` where there is none and accounts are asked for.
///
/// Its password comes from the file that the settings name, else from the systemd credential
/// `outband.password`; else one is made up, and returned to be printed. Wherever it comes from it
/// works once and must be changed: it stood in a file, passed through a provisioning system or was
/// on a screen, and others may have read it.
pub(super) async fn serve(
    gate: &Gate,
    access: &Access,
) -> Result<Option<Zeroizing<String>>, AppFault> {
    if !access.enabled || gate.has_accounts() {
        return Ok(None);
    }
    let (password, made_up) = match access.first_password_file.clone().or_else(credential) {
        Some(file) => (secrets::from_file(&file)?, false),
        None => (secrets::made_up(secrets::LOGIN_LENGTH)?, true),
    };
    let new = NewAccount {
        name: ADMIN.to_owned(),
        password: password.clone(),
        role: Role::Administrator,
        enabled: true,
        types: TYPES.to_vec(),
        scope: Scope::All,
        must_change_password: true,
        one_time: true,
    };
    gate.create(&gate.system("first-start"), new)
        .await
        .map_err(refused)?;
    Ok(made_up.then_some(password))
}

/// Looks whether the file with the first password will do, where the next start is the first one on
/// its state: a later one doesn't read it.
///
/// # Errors
/// [`AppFault`] in one sentence.
pub fn check(settings: &Settings) -> Result<(), AppFault> {
    let is_new = settings.state.dir.as_ref().is_none_or(|dir| !dir.exists());
    match &settings.access.first_password_file {
        Some(file) if settings.access.enabled && is_new => {
            let password = secrets::from_file(file)?;
            rules::password(&password, &TYPES).map_err(refused)
        }
        _ => Ok(()),
    }
}

fn refused(why: AccountRefused) -> AppFault {
    AppFault::new(format!("the first password: {why}"))
}

/// The credential's file, where systemd was given one.
fn credential() -> Option<PathBuf> {
    let folder = std::env::var_os("CREDENTIALS_DIRECTORY")?;
    let file = PathBuf::from(folder).join(CREDENTIAL);
    file.exists().then_some(file)
}

/// Sees that `admin` has this password for every service, as `demo` and `fleet` promise.
pub(super) async fn bench(gate: &Gate, password: &Zeroizing<String>) -> Result<(), AppFault> {
    let types = vec![
        AccountType::Redfish,
        AccountType::WebUI,
        AccountType::IPMI,
        AccountType::KVMIP,
    ];
    let actor = gate.system("first-start");
    let vnc: String = password.chars().take(VNC_LENGTH).collect();
    let mut vnc = Zeroizing::new(vnc.into_bytes());
    vnc.truncate(VNC_LENGTH);
    let mut change = AccountChange {
        vnc_secret: Some(vnc),
        ..AccountChange::default()
    };
    let id = match find(gate, &actor, ADMIN) {
        Ok(admin) => {
            change.password = Some(password.clone());
            change.role = Some(Role::Administrator);
            change.enabled = Some(true);
            change.types = Some(types);
            change.scope = Some(Scope::All);
            change.must_change_password = Some(false);
            admin.id
        }
        Err(_) => {
            let new = NewAccount {
                name: ADMIN.to_owned(),
                password: password.clone(),
                role: Role::Administrator,
                enabled: true,
                types,
                scope: Scope::All,
                must_change_password: false,
                one_time: false,
            };
            gate.create(&actor, new).await?.id
        }
    };
    gate.change(&actor, id, change).await?;
    Ok(())
}
