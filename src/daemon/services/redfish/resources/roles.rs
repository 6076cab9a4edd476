//! The roles: three, fixed by the standard (DSP0266 section 13.4).

use outband_core::access::{Privilege, Role};

use super::{
    super::{page::Page, reply::Outcome, routes::Ask},
    absent, collection,
};

/// The roles.
pub(in super::super) fn list(ask: &Ask<'_>, page: &mut Page) -> Outcome<()> {
    let names = Role::ALL.into_iter().map(Role::name);
    collection(page, ask.uri, "Roles", names);
    Ok(())
}

/// A role.
pub(in super::super) fn show(ask: &Ask<'_>, page: &mut Page) -> Outcome<()> {
    let role = Role::from_name(ask.id).ok_or_else(|| absent(ask))?;
    write(page, role);
    Ok(())
}

fn write(page: &mut Page, role: Role) {
    page.text("Id", role.name());
    page.text("Name", &format!("Role {}", role.name()));
    page.text("RoleId", role.name());
    page.plain("IsPredefined", true);
    let privileges = role.privileges().iter();
    page.texts(
        "AssignedPrivileges",
        privileges.map(|privilege| privilege_name(*privilege)),
    );
}

fn privilege_name(privilege: Privilege) -> &'static str {
    match privilege {
        Privilege::Login => "Login",
        Privilege::ConfigureManager => "ConfigureManager",
        Privilege::ConfigureUsers => "ConfigureUsers",
        Privilege::ConfigureSelf => "ConfigureSelf",
        Privilege::ConfigureComponents => "ConfigureComponents",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_role_shows_what_the_gate_gives_it() {
        for role in Role::ALL {
            let mut page = Page::bare();
            write(&mut page, role);
            let shown: Value = serde_json::from_slice(&page.bare_bytes()).unwrap();
            let privileges = shown["AssignedPrivileges"].as_array().unwrap();
            assert_eq!(privileges.len(), role.privileges().len());
            let expected = serde_json::to_value(role.privileges()).unwrap();
            assert_eq!(shown["AssignedPrivileges"], expected);
        }
    }
}
