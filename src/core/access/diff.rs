//! What two states of an account differ in: in words, and in what must end.

use super::book::{Record, Sealed};

/// The reason that a session outlives, if it is the one that changed its own password.
pub(super) const PASSWORD: &str = "the password changed";

/// Why what rests on an account must end with a change, if it must.
pub(super) fn ending(before: &Record, after: &Record) -> Option<&'static str> {
    if !after.enabled && before.enabled {
        Some("the account was disabled")
    } else if after.role != before.role {
        Some("the role changed")
    } else if after.must_change_password && !before.must_change_password {
        Some("the password must be changed")
    } else if after.name != before.name
        || after.enabled != before.enabled
        || after.types != before.types
        || after.scope != before.scope
    {
        Some("the account changed")
    } else if after.verifier != before.verifier {
        Some(PASSWORD)
    } else {
        None
    }
}

/// A change in words; secrets are named, not shown.
pub(super) fn words(before: &Record, after: &Record) -> String {
    let mut words = Vec::new();
    let mut note = |changed: bool, what: String| {
        if changed {
            words.push(what);
        }
    };
    note(before.name != after.name, format!("named {}", after.name));
    note(before.verifier != after.verifier, "new password".into());
    note(
        before.ipmi != after.ipmi,
        secret("IPMI", after.ipmi.as_ref()),
    );
    note(before.vnc != after.vnc, secret("VNC", after.vnc.as_ref()));
    let role = format!("role {}", after.role.name());
    note(before.role != after.role, role);
    let enabled = if after.enabled { "enabled" } else { "disabled" };
    note(before.enabled != after.enabled, enabled.into());
    let types = format!("types {:?}", after.types);
    note(before.types != after.types, types);
    note(before.scope != after.scope, "another scope".into());
    let must = if after.must_change_password {
        "the password must be changed"
    } else {
        "the password need not be changed"
    };
    let musts = before.must_change_password != after.must_change_password;
    note(musts, must.into());
    words.join(", ")
}

fn secret(kind: &str, now: Option<&Sealed>) -> String {
    match now {
        Some(_) => format!("new {kind} secret"),
        None => format!("{kind} secret erased"),
    }
}
