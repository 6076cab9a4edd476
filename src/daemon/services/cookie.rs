//! The session's cookie, and which page a request comes from.
//!
//! The cookie holds the token of a session. Its name begins with `__Host-`, so that a browser takes it
//! over HTTPS alone, from this host alone and for this host alone; no script can read it, and the
//! browser sends it with no request that another site makes. Beside that it counts for a change only
//! when the request is *deliberate*: with the header `X-Outband: 1` and a JSON body or none. A page of
//! another origin could send such a request only if it were allowed to, and nobody is ever allowed to.

use http::{HeaderMap, HeaderValue, header, request::Parts};
use zeroize::Zeroizing;

use super::body;
use crate::listen::{FROM_PAGE, Peer};

/// The cookie's name.
const NAME: &str = "__Host-outband";

/// The page that a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// None that says so: most programs, and a browser that reads.
    Unsaid,
    /// One that came from here.
    Own,
    /// Any other.
    Foreign,
}

/// Whether a request came over TLS.
pub(super) fn over_tls(head: &Parts) -> bool {
    matches!(head.extensions.get(), Some(Peer::Network { tls: true, .. }))
}

/// The page that a request comes from, by its `Origin` (RFC 6454 section 7).
pub(super) fn page_of(head: &Parts) -> Page {
    let mut origins = head.headers.get_all(header::ORIGIN).iter();
    let origin = match (origins.next(), origins.next()) {
        (None, _) => return Page::Unsaid,
        (Some(origin), None) => origin.to_str().unwrap_or_default(),
        (Some(_), Some(_)) => return Page::Foreign,
    };
    let host = head.headers.get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
    let scheme = if over_tls(head) {
        "https://"
    } else {
        "http://"
    };
    let own = origin
        .strip_prefix(scheme)
        .is_some_and(|named| !named.is_empty() && named.eq_ignore_ascii_case(host));
    if own { Page::Own } else { Page::Foreign }
}

/// Whether a request is one that only a page from here, or a program, can have made.
pub(super) fn is_deliberate(headers: &HeaderMap) -> bool {
    headers
        .get(FROM_PAGE)
        .is_some_and(|value| value.as_bytes() == b"1")
        && (!headers.contains_key(header::CONTENT_TYPE) || body::is_json(headers))
}

/// The token in the request's cookie.
pub(super) fn token(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter();
    cookies
        .filter_map(|cookies| cookies.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .find_map(|cookie| cookie.trim().strip_prefix(NAME)?.strip_prefix('='))
}

/// A `Set-Cookie` that gives a browser the token. It keeps it until it is closed; how long the session
/// itself lasts is the gate's to say.
pub(super) fn give(token: &str) -> Option<HeaderValue> {
    set(token, "")
}

/// A `Set-Cookie` that takes the cookie away.
pub(super) fn take() -> Option<HeaderValue> {
    set("", "; Max-Age=0")
}

fn set(token: &str, more: &str) -> Option<HeaderValue> {
    let text = Zeroizing::new(format!(
        "{NAME}={token}; Path=/; Secure; HttpOnly; SameSite=Strict{more}"
    ));
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn head(pairs: &[(&str, &str)]) -> Parts {
        over(true, pairs)
    }

    fn over(tls: bool, pairs: &[(&str, &str)]) -> Parts {
        let source = [192, 0, 2, 1].into();
        let request = Request::builder()
            .uri("/api/v1/session")
            .extension(Peer::Network { source, tls });
        let request = pairs.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn a_page_is_our_own_when_scheme_host_and_port_are() {
        let page = |origin, host| page_of(&head(&[("origin", origin), ("host", host)]));
        assert_eq!(page("https://bmc:8443", "bmc:8443"), Page::Own);
        assert_eq!(page("https://bmc", "BMC"), Page::Own);
        assert_eq!(page("https://[2001:db8::1]", "[2001:db8::1]"), Page::Own);
        for foreign in [
            "http://bmc:8443",
            "https://bmc",
            "https://bmc:8443.evil.example",
            "https://evil.example",
            "null",
            "",
            "https://",
        ] {
            assert_eq!(page(foreign, "bmc:8443"), Page::Foreign, "{foreign}");
        }
        assert_eq!(page("https://", ""), Page::Foreign);
        assert_eq!(page_of(&head(&[("host", "bmc")])), Page::Unsaid);
        let plain = over(false, &[("origin", "http://bmc"), ("host", "bmc")]);
        assert_eq!(page_of(&plain), Page::Own);
        let two = [
            ("origin", "https://bmc"),
            ("origin", "https://bmc"),
            ("host", "bmc"),
        ];
        assert_eq!(page_of(&head(&two)), Page::Foreign);
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let cookies = |text| token(&head(&[("cookie", text)]).headers).map(str::to_owned);
        assert_eq!(cookies("__Host-outband=ab12").as_deref(), Some("ab12"));
        assert_eq!(
            cookies("a=1; __Host-outband=ab; b=2").as_deref(),
            Some("ab")
        );
        for other in [
            "",
            "outband=1",
            "x__Host-outband=1",
            "__Host-outbandx=1",
            "__Host-outband",
        ] {
            assert_eq!(cookies(other), None, "{other}");
        }
    }

    #[test]
    fn a_deliberate_request_has_the_header_and_json_or_nothing() {
        let deliberate = |pairs: &[(&str, &str)]| is_deliberate(&head(pairs).headers);
        let marked = ("x-outband", "1");
        assert!(deliberate(&[marked]));
        assert!(deliberate(&[marked, ("content-type", "application/json")]));
        assert!(!deliberate(&[("content-type", "application/json")]));
        assert!(!deliberate(&[("x-outband", "0")]));
        for form in [
            "text/plain",
            "multipart/form-data",
            "application/x-www-form-urlencoded",
        ] {
            assert!(!deliberate(&[marked, ("content-type", form)]), "{form}");
        }
    }

    #[test]
    fn a_cookie_is_for_this_host_over_https_and_for_no_script() {
        let given = give("ab12").unwrap();
        assert_eq!(
            given,
            "__Host-outband=ab12; Path=/; Secure; HttpOnly; SameSite=Strict"
        );
        assert!(given.is_sensitive());
        assert!(take().unwrap().to_str().unwrap().ends_with("; Max-Age=0"));
    }
}
