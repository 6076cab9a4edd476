//! Listening sockets.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use rustix::io::Errno;
use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};
use tokio::net::TcpListener;

/// How many clients may wait to be accepted.
const BACKLOG: i32 = 1024;

/// A client that vanished without a word is noticed after so long without any traffic, plus a few
/// probes: what else would hold a long-lived stream for ever.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// A socket that listens, but is not served yet.
#[derive(Debug)]
pub struct Bound {
    pub(super) listener: TcpListener,
    address: SocketAddr,
}

/// Why an address can't be listened on, in one sentence.
#[derive(Debug, thiserror::Error)]
pub enum ListenFault {
    /// Somebody else has the port.
    #[error("can't listen on {0}: the port is in use by another program")]
    InUse(SocketAddr),
    /// A port below 1024, and no right to it.
    #[error(
        "can't listen on {0}: ports below 1024 need root or the capability CAP_NET_BIND_SERVICE"
    )]
    Forbidden(SocketAddr),
    /// The device doesn't have the address.
    #[error("can't listen on {0}: no interface of this device has that address")]
    NoSuchAddress(SocketAddr),
    /// What else the operating system said.
    #[error("can't listen on {address}: {why}")]
    Other {
        /// The address asked for.
        address: SocketAddr,
        /// What the operating system said.
        why: io::Error,
    },
}

impl Bound {
    /// Listens on the address; port 0 picks a free one. `[::]` takes IPv4 clients too, and stands
    /// for `0.0.0.0` on a device without IPv6. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// [`ListenFault`], which names the address.
    pub fn new(address: SocketAddr) -> Result<Self, ListenFault> {
        let bound = match listen(address) {
            Err(why)
                if without_ipv6(&why) && address == SocketAddr::from(([0; 8], address.port())) =>
            {
                listen(SocketAddr::from((Ipv4Addr::UNSPECIFIED, address.port())))
            }
            other => other,
        };
        bound.map_err(|why| ListenFault::new(address, why))
    }

    /// The address and port in fact listened on.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }
}

impl ListenFault {
    pub(super) fn new(address: SocketAddr, why: io::Error) -> Self {
        match why.kind() {
            io::ErrorKind::AddrInUse => Self::InUse(address),
            io::ErrorKind::PermissionDenied => Self::Forbidden(address),
            io::ErrorKind::AddrNotAvailable => Self::NoSuchAddress(address),
            _ => Self::Other { address, why },
        }
    }
}

pub(super) fn without_ipv6(why: &io::Error) -> bool {
    Errno::from_io_error(why) == Some(Errno::AFNOSUPPORT)
        || why.kind() == io::ErrorKind::AddrNotAvailable
}

fn listen(address: SocketAddr) -> io::Result<Bound> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM.nonblocking(),
        Some(Protocol::TCP),
    )?;
    // A restart must not wait for connections of the run before to be forgotten.
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    // Accepted sockets inherit both.
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE))?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    let listener = TcpListener::from_std(socket.into())?;
    let address = listener.local_addr()?;
    Ok(Bound { listener, address })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn port_0_picks_a_free_one_and_says_which() {
        let bound = Bound::new("127.0.0.1:0".parse().unwrap()).unwrap();
        assert_ne!(bound.local_addr().port(), 0);
    }

    #[tokio::test]
    async fn a_busy_port_is_one_sentence_that_names_it() {
        let bound = Bound::new("127.0.0.1:0".parse().unwrap()).unwrap();
        let fault = Bound::new(bound.local_addr()).unwrap_err();
        assert_eq!(
            fault.to_string(),
            format!(
                "can't listen on {}: the port is in use by another program",
                bound.local_addr()
            )
        );
    }

    #[tokio::test]
    async fn an_address_that_is_not_ours_is_named() {
        let fault = Bound::new("203.0.113.7:0".parse().unwrap()).unwrap_err();
        assert!(matches!(fault, ListenFault::NoSuchAddress(_)), "{fault}");
    }

    #[tokio::test]
    async fn the_ipv6_wildcard_takes_ipv4_clients_too() {
        let bound = Bound::new("[::]:0".parse().unwrap()).unwrap();
        let port = bound.local_addr().port();
        let client = tokio::net::TcpStream::connect(("127.0.0.1", port));
        let (client, accepted) = tokio::join!(client, bound.listener.accept());
        client.unwrap();
        assert_eq!(
            accepted.unwrap().1.ip().to_canonical().to_string(),
            "127.0.0.1"
        );
    }
}
