//! Answers only to the daemon's own names, so that a web page elsewhere can't rebind a name of its
//! own to this device's address and then read what is served here as its own origin (DNS rebinding).
//!
//! An address as the host is always good: a page can't be of an origin that is this device's address
//! unless the device served it.

use std::{
    collections::HashSet,
    convert::Infallible,
    future::{Ready, ready},
    sync::{Arc, PoisonError, RwLock},
    task::{Context, Poll},
};

use axum::body::Body;
use futures_util::future::Either;
use http::{Request, Response, StatusCode};
use tower::{Layer, Service};

use super::{
    Peer,
    host::{host_of, plain_name},
    redirect::text,
};

/// The names that the daemon answers to. Cloned handles share them, so that a reload is seen by all.
#[derive(Debug, Clone)]
pub struct HostNames(Arc<RwLock<HashSet<String>>>);

impl HostNames {
    /// `localhost`, the device's host name (also in its short form and under `.local`, where
    /// multicast DNS makes it known), and further names.
    #[must_use]
    pub fn new<N: AsRef<str>>(host_name: &str, further: impl IntoIterator<Item = N>) -> Self {
        let names = Self(Arc::default());
        names.set(host_name, further);
        names
    }

    /// Puts other names in the place of all that were there. What is no host name is left out.
    pub fn set<N: AsRef<str>>(&self, host_name: &str, further: impl IntoIterator<Item = N>) {
        let short = host_name.split('.').next().unwrap_or(host_name);
        let own = [host_name, short, &format!("{short}.local"), "localhost"].map(plain_name);
        let further = further.into_iter().map(|name| plain_name(name.as_ref()));
        let names = own.into_iter().chain(further).flatten().collect();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = names;
    }

    /// Whether the daemon answers to this name, written in lower case without the root's dot.
    fn contains(&self, name: &str) -> bool {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(name)
    }
}

/// Puts [`HostCheck`] before a service.
#[derive(Debug, Clone)]
pub struct HostCheckLayer(
    /// The names to answer to.
    pub HostNames,
);

impl<S> Layer<S> for HostCheckLayer {
    type Service = HostCheck<S>;

    fn layer(&self, inner: S) -> HostCheck<S> {
        HostCheck {
            inner,
            names: self.0.clone(),
        }
    }
}

/// Passes a request on when its host is an address or one of the names; answers 421 (RFC 9110
/// section 15.5.20) when it is another name and 400 when it isn't a host. The daemon's own socket is
/// not asked: no browser gets there.
#[derive(Debug, Clone)]
pub struct HostCheck<S> {
    inner: S,
    names: HostNames,
}

impl<S, B> Service<Request<B>> for HostCheck<S>
where
    S: Service<Request<B>, Response = Response<Body>, Error = Infallible>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Either<S::Future, Ready<Result<Response<Body>, Infallible>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        match refusal(&request, &self.names) {
            Some(answer) => Either::Right(ready(Ok(answer))),
            None => Either::Left(self.inner.call(request)),
        }
    }
}

/// The answer to a request that isn't for us.
fn refusal<B>(request: &Request<B>, names: &HostNames) -> Option<Response<Body>> {
    if matches!(request.extensions().get(), Some(Peer::Local { .. })) {
        return None;
    }
    match host_of(request) {
        Ok(Some(host)) if !host.literal && !names.contains(&host.name) => Some(text(
            StatusCode::MISDIRECTED_REQUEST,
            format!(
                "This BMC does not answer to the name {}; an administrator can add it to the names \
                 in the settings.\n",
                host.name
            ),
        )),
        Ok(_) => None,
        Err(fault) => Some(text(StatusCode::BAD_REQUEST, format!("{fault}\n"))),
    }
}

#[cfg(test)]
mod tests {
    use http::header::HOST;

    use super::*;

    fn status(names: &HostNames, host: &str) -> Option<StatusCode> {
        let request = Request::builder().header(HOST, host).body(()).unwrap();
        refusal(&request, names).map(|answer| answer.status())
    }

    #[test]
    fn own_names_and_any_address_are_answered() {
        let names = HostNames::new("rack7.lab.example", ["kvm.example"]);
        for host in [
            "localhost",
            "LOCALHOST:8443",
            "rack7.lab.example",
            "rack7",
            "rack7.local.",
            "kvm.example:443",
            "127.0.0.1",
            "192.0.2.9:8443",
            "[2001:db8::1]:443",
        ] {
            assert_eq!(status(&names, host), None, "{host}");
        }
    }

    #[test]
    fn a_foreign_name_is_misdirected() {
        let names = HostNames::new("rack7", ["kvm.example"]);
        for host in [
            "evil.example",
            "kvm.example.evil.example",
            "rack7.evil",
            "127.0.0.1.evil.example",
        ] {
            assert_eq!(
                status(&names, host),
                Some(StatusCode::MISDIRECTED_REQUEST),
                "{host}"
            );
        }
        assert_eq!(status(&names, "a b"), Some(StatusCode::BAD_REQUEST));
    }

    #[test]
    fn names_can_be_changed_under_a_running_service() {
        let names = HostNames::new("rack7", ["old.example"]);
        let shared = names.clone();
        names.set("rack7", ["new.example"]);
        assert_eq!(status(&shared, "new.example"), None);
        assert_eq!(
            status(&shared, "old.example"),
            Some(StatusCode::MISDIRECTED_REQUEST)
        );
    }

    #[test]
    fn the_own_socket_is_not_asked() {
        let names = HostNames::new("rack7", [""; 0]);
        let mut request = Request::builder()
            .header(HOST, "anything")
            .body(())
            .unwrap();
        assert!(refusal(&request, &names).is_some());
        request.extensions_mut().insert(Peer::Local {
            user: "root".into(),
        });
        assert!(refusal(&request, &names).is_none());
    }
}
