//! From a request's proof of identity to an actor, the same way for every service over HTTP.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, header};
use outband_core::access::{Actor, Gate, LoginRefused, Origin, Via};
use zeroize::Zeroizing;

use crate::listen::Peer;

/// The header that carries a session's token (DSP0266 section 13.3.4).
pub(super) const TOKEN: &str = "x-auth-token";

/// Why a request has no actor.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum NoActor {
    /// It carries no proof.
    #[error("log in first")]
    NoProof,
    /// The gate refused the proof.
    #[error(transparent)]
    Refused(#[from] LoginRefused),
}

/// Where a request came from, in the gate's words.
pub(super) fn origin(via: Via, peer: Option<&Peer>) -> Origin {
    let source = match peer {
        Some(Peer::Network { source, .. }) => Some(*source),
        Some(Peer::Local { .. }) | None => None,
    };
    Origin { via, source }
}

/// Who is asking. What a client says of where it comes from is never looked at: that is `peer`'s to
/// say, and a request without one has no actor.
///
/// # Errors
/// [`NoActor`].
pub(super) async fn actor(
    gate: &Gate,
    via: Via,
    peer: Option<&Peer>,
    headers: &HeaderMap,
) -> Result<Arc<Actor>, NoActor> {
    let tls = match peer {
        None => return Err(NoActor::NoProof),
        Some(Peer::Local { user }) => return Ok(gate.local(user)),
        Some(Peer::Network { tls, .. }) => *tls,
    };
    let origin = origin(via, peer);
    // With access switched off everybody is an Administrator, over HTTPS.
    if tls && let Ok(visitor) = gate.visitor(origin.clone()) {
        return Ok(visitor);
    }
    if let Some(token) = headers.get(TOKEN) {
        let token = token.to_str().map_err(|_| LoginRefused::NoSession)?;
        return Ok(gate.token(origin, token)?);
    }
    match headers.get(header::AUTHORIZATION) {
        Some(value) => {
            let (name, password) = basic(value.as_bytes()).ok_or(NoActor::NoProof)?;
            Ok(gate.password(origin, &name, password).await?)
        }
        None => Err(NoActor::NoProof),
    }
}

/// Name and password of an `Authorization: Basic` header (RFC 7617).
fn basic(value: &[u8]) -> Option<(String, Zeroizing<String>)> {
    let (scheme, rest) = value.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let decoded = Zeroizing::new(STANDARD.decode(rest.trim_ascii()).ok()?);
    let text = std::str::from_utf8(&decoded).ok()?;
    let (name, password) = text.split_once(':')?;
    Some((name.to_owned(), Zeroizing::new(password.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials_are_taken_apart_at_the_first_colon() {
        let (name, password) = basic(b"Basic YWRtaW46c2U6Y3JldA==").unwrap();
        assert_eq!((name.as_str(), password.as_str()), ("admin", "se:cret"));
        assert!(basic(b"bAsIc  YWRtaW46c2U6Y3JldA== ").is_some());
    }

    #[test]
    fn what_is_no_basic_is_no_proof() {
        for bad in [
            &b""[..],
            b"Basic",
            b"Basic !!!!",
            b"Bearer YWRtaW46c2U6Y3JldA==",
            b"Basic YWRtaW4=",
            b"Basic /zo=",
            b"Basi\xff YWRtaW46c2U6Y3JldA==",
        ] {
            assert!(basic(bad).is_none(), "{bad:?}");
        }
    }
}
