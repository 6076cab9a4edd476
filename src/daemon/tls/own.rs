//! The certificate that the daemon makes for itself.
//!
//! It is a self-signed *end-entity* certificate: not a CA, for digital signatures, for servers.
//! OpenSSL, Go, GnuTLS and webpki (which refuses a CA in this place) all take it as a trust anchor of
//! its own, so the one file is all that a client needs, and whoever trusts it trusts this one device
//! and nothing that its key might sign.
//!
//! It is valid for 825 days, the most that Apple's clients accept even of certificates that a user
//! has chosen to trust.

use std::{collections::BTreeSet, fmt::Write};

use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, PublicKeyData, SanType,
};
use ring::{
    digest::{SHA256, digest},
    rand::{SecureRandom, SystemRandom},
};
use rustls_pki_types::{CertificateDer, pem::PemObject};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339, macros::datetime};

use super::{Subject, TlsFault};

/// No clock that is right shows less: this is when the program was written.
const CLOCK_IS_SET_FROM: OffsetDateTime = datetime!(2026-11-01 00:00 UTC);

/// Between not-before and not-after.
const VALIDITY: Duration = Duration::days(825);

/// So much of it lies in the past, for clients whose clock is behind.
const BACKDATED: Duration = Duration::days(1);

/// So long before it expires it is made anew.
const RENEWED_BEFORE: Duration = Duration::days(30);

/// How a file with such a certificate begins. RFC 7468 section 2 lets text stand before the armour.
const PREAMBLE: &str = "\
This certificate was made by Outband for itself. It is made anew when the names or
addresses of the device change and before it expires. Put one of your own in its place,
beside its key, and it is left alone.
";

/// A certificate in the form it is kept in: readable facts, then the armour.
pub(super) fn make(
    subject: &Subject,
    key: &KeyPair,
    now: OffsetDateTime,
) -> Result<String, TlsFault> {
    let (not_before, not_after) = validity(now);
    let mut params = CertificateParams::default();
    params.not_before = not_before;
    params.not_after = not_after;
    params.distinguished_name = distinguished_name(subject, key);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // Two certificates of one issuer with the same number are refused by Firefox; chance keeps those
    // apart that one key made.
    params.serial_number = Some(serial_number()?.to_vec().into());
    for name in &subject.names {
        let name = name.as_str().try_into()?;
        params.subject_alt_names.push(SanType::DnsName(name));
    }
    let addresses = subject.addresses.iter().copied().map(SanType::IpAddress);
    params.subject_alt_names.extend(addresses);

    let certificate = params.self_signed(key)?;
    let facts = Facts {
        names: subject.all(),
        not_after,
    };
    Ok(facts.written(certificate.der(), &certificate.pem()))
}

/// When a certificate made now is valid. A device without a clock can't know what the time is where
/// its clients are, so what it makes is valid for long, until it is made anew.
fn validity(now: OffsetDateTime) -> (OffsetDateTime, OffsetDateTime) {
    if now < CLOCK_IS_SET_FROM {
        return (
            datetime!(2000-01-01 00:00 UTC),
            datetime!(2049-01-01 00:00 UTC),
        );
    }
    let now = now.replace_nanosecond(0).unwrap_or(now);
    let not_before = now - BACKDATED;
    (not_before, not_before + VALIDITY)
}

/// Names the device, and its key, so that two devices of one name are told apart in a trust store.
fn distinguished_name(subject: &Subject, key: &KeyPair) -> DistinguishedName {
    let of_key = hex(digest(&SHA256, &key.subject_public_key_info()).as_ref());
    let host = subject.host_name.get(..40).unwrap_or(&subject.host_name);
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, "Outband");
    // At most 64 characters (RFC 5280 appendix A.1, ub-common-name).
    name.push(
        DnType::CommonName,
        format!("{host} {}", of_key.get(..16).unwrap_or_default()),
    );
    name
}

/// 126 random bits: positive, and never with a leading zero byte (RFC 5280 section 4.1.2.2).
fn serial_number() -> Result<[u8; 16], TlsFault> {
    let mut number = [0; 16];
    SystemRandom::new()
        .fill(&mut number)
        .map_err(|_| rustls::Error::FailedToGetRandomBytes)?;
    if let Some(first) = number.first_mut() {
        *first = *first & 0x7f | 0x40;
    }
    Ok(number)
}

/// What a file with a certificate of ours says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facts {
    names: BTreeSet<String>,
    not_after: OffsetDateTime,
}

impl Facts {
    fn written(&self, der: &[u8], armour: &str) -> String {
        let mut text = String::from(PREAMBLE);
        let expires = self.not_after.format(&Rfc3339).unwrap_or_default();
        for name in &self.names {
            _ = writeln!(text, "name: {name}");
        }
        _ = writeln!(text, "expires: {expires}");
        _ = writeln!(text, "sha256: {}", fingerprint(der));
        text.push_str(armour);
        text
    }

    /// Reads the facts; `None` when the certificate in the file is not of our making.
    pub(super) fn read(file: &str) -> Option<Self> {
        let facts = file.strip_prefix(PREAMBLE)?;
        let values = |key: &'static str| {
            facts
                .lines()
                .take_while(|line| !line.starts_with("-----"))
                .filter_map(move |line| line.strip_prefix(key))
        };
        let der = CertificateDer::from_pem_slice(file.as_bytes()).ok()?;
        if values("sha256: ").next()? != fingerprint(&der) {
            return None;
        }
        Some(Self {
            names: values("name: ").map(str::to_owned).collect(),
            not_after: OffsetDateTime::parse(values("expires: ").next()?, &Rfc3339).ok()?,
        })
    }

    /// Whether the certificate still serves: it is for all that clients may call us, and will be
    /// valid for a while. A clock that isn't set is no reason to think otherwise; one that is set
    /// shows whether it was when the certificate was made.
    pub(super) fn serves(&self, subject: &Subject, now: OffsetDateTime) -> bool {
        let left = self.not_after - now;
        let in_time = left > RENEWED_BEFORE && left <= VALIDITY;
        subject.all().is_subset(&self.names) && (in_time || now < CLOCK_IS_SET_FROM)
    }
}

/// The SHA-256 of a certificate as browsers show it: pairs of hex digits with colons.
pub(super) fn fingerprint(der: &[u8]) -> String {
    let digits: Vec<_> = digest(&SHA256, der)
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    digits.join(":")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: OffsetDateTime = datetime!(2027-03-01 12:00 UTC);

    fn subject(further: &str) -> Subject {
        Subject::new("rack7", [further], &[])
    }

    fn facts(subject: &Subject, now: OffsetDateTime) -> Facts {
        let file = make(subject, &KeyPair::generate().unwrap(), now).unwrap();
        Facts::read(&file).unwrap()
    }

    #[test]
    fn a_certificate_serves_until_a_month_before_it_expires() {
        let subject = subject("kvm.example");
        let facts = facts(&subject, NOW);
        assert!(facts.serves(&subject, NOW));
        assert!(facts.serves(&subject, NOW + Duration::days(790)));
        assert!(!facts.serves(&subject, NOW + Duration::days(795)));
    }

    #[test]
    fn a_name_more_asks_for_a_new_one_and_a_name_less_does_not() {
        let both = subject("kvm.example");
        let fewer = subject("localhost");
        assert!(facts(&both, NOW).serves(&fewer, NOW));
        assert!(!facts(&fewer, NOW).serves(&both, NOW));
    }

    #[test]
    fn without_a_clock_what_is_made_is_valid_for_long_and_only_for_the_time_being() {
        let subject = subject("kvm.example");
        let unset = datetime!(1970-01-01 00:01 UTC);
        let made_without = facts(&subject, unset);
        assert!(made_without.serves(&subject, unset));
        assert!(made_without.not_after > NOW);
        assert!(!made_without.serves(&subject, NOW));
        assert!(
            facts(&subject, NOW).serves(&subject, unset),
            "no reason to make another"
        );
    }

    #[test]
    fn a_certificate_that_somebody_changed_is_not_ours() {
        let key = KeyPair::generate().unwrap();
        let ours = make(&subject("kvm.example"), &key, NOW).unwrap();
        let other = make(&subject("kvm.example"), &key, NOW).unwrap();
        let armour = other.find("-----BEGIN").unwrap();
        let end = ours.find("-----BEGIN").unwrap();
        assert!(Facts::read(&format!("{}{}", &ours[..end], &other[armour..])).is_none());
        assert!(Facts::read(&other[armour..]).is_none());
        assert!(Facts::read("").is_none());
    }

    #[test]
    fn a_certificate_made_anew_has_another_number() {
        let numbers: BTreeSet<_> = (0..100).map(|_| serial_number().unwrap()).collect();
        assert_eq!(numbers.len(), 100);
        assert!(
            numbers
                .iter()
                .all(|number| (0x40..0x80).contains(&number[0]))
        );
    }
}
