//! The account service and its accounts (DSP0266 section 13.5).

use futures_util::future::BoxFuture;
use outband_core::access::{
    Account, AccountChange, AccountId, AccountType, NewAccount, Role, Scope,
};

use super::{
    super::{
        health::{Health, status},
        page::Page,
        patch::Fields,
        refusals,
        reply::{Outcome, Reply},
        routes::{Ask, Schema},
        words::{ACCOUNT_TYPES, meaning, word, words_where},
    },
    absent, collection,
};
use crate::services::json::Object;

const ACCOUNT: Schema = Schema {
    name: "ManagerAccount",
    version: Some("v1_14_1"),
};
const ACCOUNTS: &str = "/redfish/v1/AccountService/Accounts";

/// The account service. Accounts are never locked: an attacker could lock their owners out. Who
/// guesses is made slower instead.
pub(in super::super) fn service(_: &Ask<'_>, page: &mut Page) -> Outcome<()> {
    page.text("Id", "AccountService");
    page.text("Name", "Account service");
    page.text(
        "Description",
        "Accounts are not locked. After ten failed log-ins to an account within five minutes, their \
         source waits one second before the next, doubling to sixty with each further failure.",
    );
    page.plain("ServiceEnabled", true);
    page.text("HTTPBasicAuth", "Enabled");
    page.text("LocalAccountAuth", "Enabled");
    page.plain("AccountLockoutThreshold", 0);
    page.plain("MinPasswordLength", 8);
    page.plain("MaxPasswordLength", 128);
    page.text(
        "PasswordGuidanceMessage",
        "8 to 128 bytes; 8 to 20 for an account that may use IPMI.",
    );
    page.texts(
        "SupportedAccountTypes",
        words_where(ACCOUNT_TYPES, |_| true),
    );
    status(page, Some("Enabled"), Some(Health::Ok));
    page.link("Accounts", ACCOUNTS);
    page.link("Roles", "/redfish/v1/AccountService/Roles");
    Ok(())
}

/// The accounts that the actor may see.
pub(in super::super) fn list(ask: &Ask<'_>, page: &mut Page) -> Outcome<()> {
    let accounts = ask.redfish.bmc.gate.accounts(ask.actor);
    let ids = accounts.iter().map(|account| account.id);
    collection(page, ACCOUNTS, "Accounts", ids);
    Ok(())
}

/// The account that a path names.
fn named(ask: &Ask<'_>) -> Option<AccountId> {
    let id: u32 = ask.id.parse().ok()?;
    (id.to_string() == ask.id).then_some(AccountId(id))
}

/// Whether an account is the actor's.
pub(in super::super) fn is_own(ask: &Ask<'_>) -> bool {
    ask.actor.account().is_some() && ask.actor.account() == named(ask)
}

/// An account.
pub(in super::super) fn show(ask: &Ask<'_>, page: &mut Page) -> Outcome<()> {
    let id = named(ask).ok_or_else(|| absent(ask))?;
    let accounts = ask.redfish.bmc.gate.accounts(ask.actor);
    let account = accounts.iter().find(|account| account.id == id);
    write(page, account.ok_or_else(|| absent(ask))?);
    Ok(())
}

fn write(page: &mut Page, account: &Account) {
    let role = account.role.name();
    page.text("Id", &account.id.to_string());
    page.text("Name", "User account");
    page.text("UserName", &account.name);
    page.null("Password");
    page.plain("PasswordChangeRequired", account.must_change_password);
    page.text("RoleId", role);
    page.plain("Enabled", account.enabled);
    page.plain("Locked", false);
    let types = account.types.iter();
    page.texts(
        "AccountTypes",
        types.filter_map(|kind| word(ACCOUNT_TYPES, kind)),
    );
    page.object("Links", |page| {
        page.link(
            "Role",
            format_args!("/redfish/v1/AccountService/Roles/{role}"),
        );
    });
    // All of it is settings, and one of them can't be read: the revision stands for them.
    page.hidden_setting(account.revision);
}

/// The properties of an account that clients may set.
fn read(fields: &mut Fields<'_>) -> AccountChange {
    let roles = Role::ALL.map(Role::name);
    let types: Vec<_> = words_where(ACCOUNT_TYPES, |_| true).collect();
    AccountChange {
        name: fields.text("UserName"),
        password: fields.secret("Password"),
        role: fields.choice("RoleId", &roles, Role::from_name),
        enabled: fields.flag("Enabled"),
        types: fields.choices("AccountTypes", &types, |word| meaning(ACCOUNT_TYPES, word)),
        must_change_password: fields.flag("PasswordChangeRequired"),
        ..AccountChange::default()
    }
}

/// Changes an account.
pub(in super::super) fn change<'a>(
    ask: Ask<'a>,
    mut fields: Fields<'a>,
    mut page: Page,
) -> BoxFuture<'a, Outcome<Page>> {
    Box::pin(async move {
        let id = named(&ask).ok_or_else(|| absent(&ask))?;
        let change = read(&mut fields);
        fields.finish()?;
        let name = change.name.clone().unwrap_or_default();
        let who = ask.actor.account();
        let changed = ask.redfish.bmc.gate.change(ask.actor, id, change).await;
        let account = changed
            .map_err(|refused| Box::new(refusals::account(&refused, who, ask.uri, &name)))?;
        // Shown as the gate gave it: the actor may have ended with the change.
        write(&mut page, &account);
        Ok(page)
    })
}

/// Makes an account. Without types it is for Redfish and the page; IPMI and VNC are asked for.
pub(in super::super) fn create(ask: Ask<'_>, body: Object) -> BoxFuture<'_, Outcome<Reply>> {
    Box::pin(async move {
        let mut fields = Fields::of_new(body)?;
        let AccountChange {
            name,
            password,
            role,
            enabled,
            types,
            must_change_password,
            ..
        } = read(&mut fields);
        for (needed, there) in [
            ("UserName", name.is_some()),
            ("Password", password.is_some()),
            ("RoleId", role.is_some()),
        ] {
            if !there {
                fields.missing(needed);
            }
        }
        fields.finish()?;
        let name = name.unwrap_or_default();
        let new = NewAccount {
            name: name.clone(),
            password: password.unwrap_or_default(),
            // What is missing was refused above.
            role: role.unwrap_or(Role::ReadOnly),
            enabled: enabled.unwrap_or(true),
            types: types.unwrap_or_else(|| vec![AccountType::Redfish, AccountType::WebUI]),
            scope: Scope::All,
            must_change_password: must_change_password.unwrap_or(false),
            one_time: false,
        };
        let who = ask.actor.account();
        let created = ask.redfish.bmc.gate.create(ask.actor, new).await;
        let account = created
            .map_err(|refused| Box::new(refusals::account(&refused, who, ask.uri, &name)))?;
        let uri = format!("{ACCOUNTS}/{}", account.id);
        let mut page = Page::new(&uri, &ACCOUNT);
        write(&mut page, &account);
        Ok(Reply::created(&uri, page))
    })
}

/// Removes an account.
pub(in super::super) fn remove(ask: Ask<'_>, _: Object) -> BoxFuture<'_, Outcome<Reply>> {
    Box::pin(async move {
        let id = named(&ask).ok_or_else(|| absent(&ask))?;
        let who = ask.actor.account();
        let removed = ask.redfish.bmc.gate.remove(ask.actor, id).await;
        removed.map_err(|refused| Box::new(refusals::account(&refused, who, ask.uri, "")))?;
        Ok(Reply::done())
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn account(revision: u64) -> Account {
        Account {
            id: AccountId(3),
            name: "op".into(),
            role: Role::Operator,
            enabled: true,
            types: vec![AccountType::Redfish, AccountType::IPMI],
            scope: Scope::All,
            slot: 3,
            must_change_password: false,
            has_ipmi_secret: true,
            has_vnc_secret: false,
            revision,
        }
    }

    #[test]
    fn an_account_is_shown_without_its_secrets() {
        let mut page = Page::bare();
        write(&mut page, &account(1));
        let shown: Value = serde_json::from_slice(&page.bare_bytes()).unwrap();
        assert_eq!(shown["Password"], Value::Null);
        assert_eq!(shown["AccountTypes"], json!(["Redfish", "IPMI"]));
        assert_eq!(
            shown["Links"]["Role"]["@odata.id"],
            "/redfish/v1/AccountService/Roles/Operator"
        );
    }

    #[test]
    fn each_revision_has_its_tag() {
        let tag = |revision| {
            let mut page = Page::bare();
            write(&mut page, &account(revision));
            page.etag().to_string()
        };
        assert_eq!(tag(1), tag(1));
        assert_ne!(tag(1), tag(2));
    }
}
