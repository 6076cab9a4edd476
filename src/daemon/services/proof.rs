//! From a request's proof of identity to an actor, the same way for every service over HTTP.
//!
//! A browser sends cookies, and names and passwords that it was once asked for, with requests that any
//! page makes. So such a proof changes nothing for a page of another origin, and a cookie changes
//! something only for a request that no other page can make; see [`super::cookie`].

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{Method, header, request::Parts};
use outband_core::access::{Actor, Gate, LoginRefused, Origin, Via};
use zeroize::Zeroizing;

use super::cookie::{self, Page};
use crate::listen::Peer;

/// The header that carries a session's token (DSP0266 section 13.3.4).
pub(super) const TOKEN: &str = "x-auth-token";

/// Why a request has no actor.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum NoActor {
    /// It carries no proof.
    #[error("log in first")]
    NoProof,
    /// It could be another page's doing.
    #[error("{0}")]
    CrossSite(&'static str),
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

/// Whether a method changes nothing (RFC 9110 section 9.2.1).
fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Who is asking. What a client says of where it comes from is never looked at: that is the peer's to
/// say, and a request without one has no actor.
///
/// # Errors
/// [`NoActor`].
pub(super) async fn actor(gate: &Gate, via: Via, head: &Parts) -> Result<Arc<Actor>, NoActor> {
    let peer = head.extensions.get::<Peer>();
    let tls = match peer {
        None => return Err(NoActor::NoProof),
        Some(Peer::Local { user }) => return Ok(gate.local(user)),
        Some(Peer::Network { tls, .. }) => *tls,
    };
    let (headers, page) = (&head.headers, cookie::page_of(head));
    let origin = origin(via, peer);
    let token = headers.get(TOKEN);
    // What a browser sends by itself. A token in a header it never does.
    if token.is_none() && page == Page::Foreign && !is_safe(&head.method) {
        let why = "a page of another origin may change nothing here";
        return Err(NoActor::CrossSite(why));
    }
    // With access switched off everybody is an Administrator, over HTTPS.
    if tls && let Ok(visitor) = gate.visitor(origin.clone()) {
        return Ok(visitor);
    }
    if let Some(token) = token {
        let token = token.to_str().map_err(|_| LoginRefused::NoSession)?;
        return Ok(gate.token(origin, token)?);
    }
    let cookie = cookie::token(headers).filter(|_| tls && page != Page::Foreign);
    let counts = is_safe(&head.method) || cookie::is_deliberate(headers);
    if let Some(token) = cookie.filter(|_| counts) {
        return Ok(gate.token(origin, token)?);
    }
    match headers.get(header::AUTHORIZATION) {
        Some(value) => {
            let (name, password) = basic(value.as_bytes()).ok_or(NoActor::NoProof)?;
            Ok(gate.password(origin, &name, password).await?)
        }
        None if cookie.is_some() => Err(NoActor::CrossSite(
            "with the session's cookie, a change needs the header `X-Outband: 1` and a JSON body or \
             none",
        )),
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
