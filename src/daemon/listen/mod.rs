//! Listeners: the accept loop with its deadlines and caps.
//!
//! HTTP servers of the usual kind wait for ever for a client that never finishes its request. Here
//! each connection passes, from its accept on, one deadline after another: the first byte and the
//! TLS handshake, the complete header, progress of the body, progress of the answer, and how long it
//! may idle. How many there may be is counted in total and per source, and the newest is closed
//! when there are too many, so that those at work are never disturbed.
//!
//! HTTP/1.1 alone is spoken (RFC 9112), with keep-alive and upgrades: what BMC clients use, and
//! without HTTP/2's ways to make a server reserve memory.
//!
//! ```text
//! bind  → Bound          accept → limits, reserve → connection → guard (deadlines) → service
//! local → LocalSocket                                         ↘ redirect
//! ```

mod accept;
mod answer_headers;
mod bind;
mod body;
mod connection;
mod datagrams;
mod guard;
mod host;
mod host_check;
mod limits;
mod local;
mod pace;
mod redirect;
mod reserve;
#[cfg(test)]
mod tests;

use std::{
    convert::Infallible,
    future::Future,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::body::Body;
use http::{Request, Response};
use tokio::{sync::watch, task::JoinSet};

pub(crate) use self::host::plain_name;
pub use self::{
    answer_headers::{AnswerHeaders, AnswerHeadersLayer, FROM_PAGE},
    bind::{Bound, ListenFault},
    body::BodyStalled,
    datagrams::{Datagrams, Path, RECEIVED_MAX},
    host_check::{HostCheck, HostCheckLayer, HostNames},
    limits::{Full, Limits, LimitsView, Permit},
    local::{LocalFault, LocalSocket},
};
use crate::tls::TlsHandle;

/// Where a request came from, as the accept loop saw it. Every request carries one as an extension;
/// nothing a client says can change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Peer {
    /// Over the network.
    Network {
        /// The client's address (an IPv4-mapped one as IPv4).
        source: IpAddr,
        /// Whether it came over TLS.
        tls: bool,
    },
    /// Over the daemon's own socket, by a process of the daemon's own user or root.
    Local {
        /// The name to write in logs: the user's name or `uid 1000`.
        user: Arc<str>,
    },
}

/// The address and port that a client connected to, as an extension of every request that came over
/// the network (an IPv4-mapped one as IPv4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalAddress(pub SocketAddr);

/// What is spoken on a listener.
#[derive(Debug, Clone)]
pub enum Kind {
    /// HTTP over TLS. Plain HTTP on it is sent to the same place over HTTPS.
    Tls(TlsHandle),
    /// Plain HTTP, where somebody asked for it.
    Plain,
    /// Plain HTTP that only sends clients to HTTPS on the given port.
    Redirect {
        /// The port that HTTPS is on.
        https_port: u16,
    },
}

/// How long a client may take. Each is counted on the monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// The first byte, and a whole TLS handshake: from the accept.
    pub opening: Duration,
    /// A whole request header: from the accept for the first, from its first byte for later ones.
    /// Absolute: a byte now and then gains nothing.
    pub head: Duration,
    /// A kept connection without a request: from the last byte of the answer before.
    pub idle: Duration,
    /// A request body that the service waits for: from its last byte.
    pub body_stall: Duration,
    /// An answer that the client doesn't take: from the last byte it took.
    pub write_stall: Duration,
    /// How long a refused client is given to read why, before its unread bytes reset the connection.
    pub linger: Duration,
    /// How long requests under way may still take when the listener is told to stop.
    pub stop: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            opening: Duration::from_secs(10),
            head: Duration::from_secs(15),
            idle: Duration::from_secs(60),
            body_stall: Duration::from_secs(30),
            write_stall: Duration::from_secs(30),
            linger: Duration::from_secs(1),
            stop: Duration::from_secs(5),
        }
    }
}

/// What connections are held to.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// How long a client may take.
    pub deadlines: Deadlines,
    /// How many there may be; shared by all listeners that are to be counted together.
    pub limits: Arc<Limits>,
}

/// What answers the requests: an axum `Router`, or any tower service of that shape.
pub trait Service:
    tower::Service<
        Request<Body>,
        Response = Response<Body>,
        Error = Infallible,
        Future: Send + 'static,
    > + Clone
    + Send
    + Sync
    + 'static
{
}

impl<S> Service for S where
    S: tower::Service<
            Request<Body>,
            Response = Response<Body>,
            Error = Infallible,
            Future: Send + 'static,
        > + Clone
        + Send
        + Sync
        + 'static
{
}

/// Serves on the listeners until `shutdown` is done; then no connection is accepted any more, idle
/// ones are closed, and requests under way get [`Deadlines::stop`] to end. Upgraded connections
/// belong to who upgraded them.
///
/// Every request carries [`Peer`] and [`LocalAddress`] as extensions.
pub async fn serve<S: Service>(
    listeners: Vec<Bound>,
    kind: Kind,
    service: S,
    rules: Rules,
    shutdown: impl Future<Output = ()>,
) {
    let (stop, stopped) = watch::channel(false);
    let mut loops = JoinSet::new();
    for listener in listeners {
        let kind = kind.clone();
        let service = service.clone();
        loops.spawn(accept::network(
            listener,
            kind,
            service,
            rules.clone(),
            stopped.clone(),
        ));
    }
    shutdown.await;
    stop.send_replace(true);
    while loops.join_next().await.is_some() {}
}

/// Serves on the daemon's own socket, as [`serve`] does on the network. The limits should be its
/// own, so that a flood from the network never locks out who sits at the device.
pub async fn serve_local<S: Service>(
    socket: LocalSocket,
    service: S,
    rules: Rules,
    shutdown: impl Future<Output = ()>,
) {
    let (stop, stopped) = watch::channel(false);
    let serving = accept::local(socket, service, rules, stopped);
    tokio::pin!(serving, shutdown);
    tokio::select! {
        () = &mut serving => return,
        () = &mut shutdown => {}
    }
    stop.send_replace(true);
    serving.await;
}

/// Waits until the listener is told to stop, or is gone.
async fn told_to_stop(stop: &mut watch::Receiver<bool>) {
    _ = stop.wait_for(|stop| *stop).await;
}
