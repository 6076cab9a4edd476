//! What names, passwords and secrets may look like.

use super::{AccountRefused, AccountType, LanKey, Scope};

/// How long a password may be, in bytes.
pub const PASSWORD_BYTES: std::ops::RangeInclusive<usize> = 8..=128;
/// How long a name may be, in bytes (IPMI 2.0 section 22.28, Set User Name).
pub const NAME_BYTES: std::ops::RangeInclusive<usize> = 1..=16;
/// How long an IPMI secret may be, in bytes (IPMI 2.0 section 22.30, Set User Password).
pub const IPMI_SECRET_BYTES: std::ops::RangeInclusive<usize> = 1..=20;
/// How long K_g may be, in bytes (IPMI 2.0 section 22.25, Set Channel Security Keys).
pub const BMC_KEY_BYTES: std::ops::RangeInclusive<usize> = 1..=20;
/// How long a VNC secret may be, in bytes (RFC 6143 section 7.2.2: a DES key).
pub const VNC_SECRET_BYTES: std::ops::RangeInclusive<usize> = 1..=8;
/// How many servers a scope may name.
pub const SCOPE_SERVERS: usize = 1024;

/// Checks a name.
pub(super) fn name(name: &str) -> Result<(), AccountRefused> {
    // `:` ends the name in HTTP Basic (RFC 7617 section 2); the others would need quoting in URLs,
    // settings or logs.
    let plain = |b: u8| b.is_ascii_graphic() && !b":/\"\\".contains(&b);
    if NAME_BYTES.contains(&name.len()) && name.bytes().all(plain) {
        return Ok(());
    }
    let why = "1 to 16 printable ASCII characters without spaces and : / \" \\ are needed";
    Err(invalid("UserName", why))
}

/// Checks a login password of an account that may be used for `types`.
///
/// # Errors
/// [`AccountRefused::Invalid`] with what is wrong.
pub fn password(password: &str, types: &[AccountType]) -> Result<(), AccountRefused> {
    let refuse = |why| Err(invalid("Password", why));
    if !PASSWORD_BYTES.contains(&password.len()) {
        return refuse("8 to 128 bytes are needed");
    }
    // RFC 7617 section 2: HTTP Basic can't carry them.
    if password.chars().any(char::is_control) {
        return refuse("control characters can't be used");
    }
    if types.contains(&AccountType::IPMI) && password.len() > *IPMI_SECRET_BYTES.end() {
        return refuse(
            "the account has the type IPMI, and its password becomes its IPMI secret, which can't \
             exceed 20 bytes: choose a password of 8 to 20 bytes, or take the type IPMI from the \
             account first",
        );
    }
    Ok(())
}

/// Checks a separate IPMI secret.
pub(super) fn ipmi_secret(secret: &[u8], types: &[AccountType]) -> Result<(), AccountRefused> {
    let refuse = |why| Err(invalid("IpmiSecret", why));
    if !types.contains(&AccountType::IPMI) {
        return refuse("the account has not the type IPMI");
    }
    if !IPMI_SECRET_BYTES.contains(&secret.len()) {
        return refuse("1 to 20 bytes are needed");
    }
    // IPMI fills secrets up with zeros: one with a zero in it is another one to some clients.
    if secret.contains(&0) {
        return refuse("a zero byte can't be used");
    }
    Ok(())
}

/// Checks a separate VNC secret.
pub(super) fn vnc_secret(secret: &[u8], types: &[AccountType]) -> Result<(), AccountRefused> {
    let refuse = |why| Err(invalid("VncSecret", why));
    if !types.contains(&AccountType::KVMIP) {
        return refuse("the account has not the type KVMIP");
    }
    if !VNC_SECRET_BYTES.contains(&secret.len()) {
        return refuse("1 to 8 bytes are needed: VNC authentication takes no more");
    }
    // VNC fills secrets up with zeros, as IPMI does.
    if secret.contains(&0) {
        return refuse("a zero byte can't be used");
    }
    Ok(())
}

/// Fills K_g up with zeros, which makes it no other key; one of zeros alone is none.
pub(super) fn bmc_key(key: &[u8]) -> Result<Option<LanKey>, AccountRefused> {
    if !BMC_KEY_BYTES.contains(&key.len()) {
        return Err(invalid("BmcKey", "1 to 20 bytes are needed"));
    }
    let mut full = LanKey::default();
    for (place, byte) in full.iter_mut().zip(key) {
        *place = *byte;
    }
    Ok(key.iter().any(|byte| *byte != 0).then_some(full))
}

/// Puts account types in order, each once.
pub(super) fn types(mut types: Vec<AccountType>) -> Result<Vec<AccountType>, AccountRefused> {
    types.sort_unstable();
    types.dedup();
    if types.is_empty() {
        return Err(invalid("AccountTypes", "at least one is needed"));
    }
    Ok(types)
}

/// Puts a scope's servers in order, each once.
pub(super) fn scope(scope: Scope) -> Result<Scope, AccountRefused> {
    let Scope::Servers(mut servers) = scope else {
        return Ok(Scope::All);
    };
    servers.sort_unstable();
    servers.dedup();
    if servers.len() > SCOPE_SERVERS {
        return Err(invalid("Scope", "at most 1024 servers can be named"));
    }
    Ok(Scope::Servers(servers))
}

pub(super) fn invalid(what: &'static str, why: &str) -> AccountRefused {
    AccountRefused::Invalid {
        what,
        why: why.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_to_what_ipmi_and_http_basic_can_carry() {
        for good in ["a", "admin", "x-1_2.3@home", "sixteen-bytes-ok"] {
            assert!(name(good).is_ok(), "{good}");
        }
        let bad = ["", "a b", "a:b", "a/b", "a\"b", "a\\b", "\u{e4}", "a\n"];
        for bad in bad.into_iter().chain(["seventeen-bytes-x"]) {
            assert!(name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn passwords_have_8_to_128_bytes_and_no_control_characters() {
        let web = [AccountType::Redfish];
        for (length, fits) in [(7, false), (8, true), (128, true), (129, false)] {
            assert_eq!(password(&"x".repeat(length), &web).is_ok(), fits);
        }
        assert!(password("line\nbreak", &web).is_err());
    }

    #[test]
    fn with_ipmi_a_password_above_20_bytes_is_refused_with_advice() {
        let both = [AccountType::Redfish, AccountType::IPMI];
        assert!(password(&"x".repeat(20), &both).is_ok());
        let refused = password(&"x".repeat(21), &both).unwrap_err().to_string();
        assert!(refused.contains("IPMI secret, which can't exceed 20 bytes"));
        assert!(refused.contains("choose a password of 8 to 20 bytes"));
    }

    #[test]
    fn separate_secrets_need_their_type_and_fit_their_protocol() {
        let (ipmi, vnc) = ([AccountType::IPMI], [AccountType::KVMIP]);
        assert!(ipmi_secret(&[b'x'; 20], &ipmi).is_ok());
        assert!(ipmi_secret(&[b'x'; 21], &ipmi).is_err());
        assert!(ipmi_secret(b"", &ipmi).is_err());
        assert!(ipmi_secret(b"a\0b", &ipmi).is_err());
        assert!(ipmi_secret(b"secret", &vnc).is_err());
        assert!(vnc_secret(&[b'x'; 8], &vnc).is_ok());
        assert!(vnc_secret(&[b'x'; 9], &vnc).is_err());
        assert!(vnc_secret(b"secret", &ipmi).is_err());
    }

    #[test]
    fn types_are_sorted_once_each_and_at_least_one() {
        use AccountType::{IPMI, Redfish};
        assert_eq!(types(vec![IPMI, Redfish, IPMI]).unwrap(), [Redfish, IPMI]);
        assert!(types(vec![]).is_err());
    }
}
