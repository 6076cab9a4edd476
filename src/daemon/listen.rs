//! Listeners: the accept loop with its deadlines and caps.

use std::net::IpAddr;

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
        user: std::sync::Arc<str>,
    },
}
