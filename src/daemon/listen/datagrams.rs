//! Datagram sockets (UDP, RFC 768) that answer from the address that they were asked at.
//!
//! A device has many addresses, and a socket may stand for all of them; a client takes an answer
//! from another address than it asked for a stranger's.

use std::{
    io::{self, IoSliceMut},
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use quinn_udp::{RecvMeta, Transmit, UdpSocketState};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::{io::Interest, net::UdpSocket};

use super::bind::{ListenFault, without_ipv6};

/// How much may be received at once: the kernel joins datagrams of one source and length.
pub const RECEIVED_MAX: usize = 1 << 16;

/// How many bytes of datagrams wait for a task that is busy.
const WAITING: usize = 1 << 20;

/// A datagram socket that is bound.
#[derive(Debug)]
pub struct Datagrams {
    socket: UdpSocket,
    state: UdpSocketState,
    address: SocketAddr,
}

/// Between which addresses a datagram went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Path {
    /// The other end, as the socket sees it: on a socket of both families, IPv4 is mapped.
    pub peer: SocketAddr,
    /// The address of this device that it came to, where that is known.
    pub local: Option<IpAddr>,
}

impl Datagrams {
    /// Binds the address; port 0 picks a free one. `[::]` takes IPv4 too, and stands for `0.0.0.0`
    /// on a device without IPv6. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// [`ListenFault`], which names the address.
    pub fn bind(address: SocketAddr) -> Result<Self, ListenFault> {
        let bound = match bind(address) {
            Err(why) if without_ipv6(&why) && is_every_address(address) => {
                bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, address.port())))
            }
            other => other,
        };
        bound.map_err(|why| ListenFault::new(address, why))
    }

    /// The address and port in fact bound.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Waits until something came. It may turn out to be nothing.
    ///
    /// # Errors
    /// When the runtime ends.
    pub async fn readable(&self) -> io::Result<()> {
        self.socket.readable().await
    }

    /// Takes what came, if anything did: one datagram, or several of one length. `buffer` should be
    /// [`RECEIVED_MAX`] long. Gives where they came from, and each of them.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] when there is nothing; others as the operating system has them.
    pub fn receive<'b>(
        &self,
        buffer: &'b mut [u8],
    ) -> io::Result<(Path, impl Iterator<Item = &'b mut [u8]> + use<'b>)> {
        let mut meta = [RecvMeta::default()];
        self.socket.try_io(Interest::READABLE, || {
            let mut buffers = [IoSliceMut::new(buffer)];
            let socket = (&self.socket).into();
            self.state.recv(socket, &mut buffers, &mut meta).map(|_| ())
        })?;
        let [meta] = meta;
        let path = Path {
            peer: meta.addr,
            local: meta.dst_ip,
        };
        let received = buffer.get_mut(..meta.len).unwrap_or_default();
        Ok((path, received.chunks_mut(meta.stride.max(1))))
    }

    /// Sends a datagram, back on the path that another one came by. What can't be sent now is lost,
    /// as datagrams are.
    pub fn send(&self, path: Path, datagram: &[u8]) {
        let transmit = Transmit {
            destination: path.peer,
            ecn: None,
            contents: datagram,
            segment_size: None,
            src_ip: path.local,
        };
        let sent = self.socket.try_io(Interest::WRITABLE, || {
            self.state.try_send((&self.socket).into(), &transmit)
        });
        if let Err(why) = sent {
            tracing::debug!("{} bytes to {} are lost: {why}", datagram.len(), path.peer);
        }
    }
}

fn is_every_address(address: SocketAddr) -> bool {
    address == SocketAddr::from(([0; 8], address.port()))
}

fn bind(address: SocketAddr) -> io::Result<Datagrams> {
    let domain = Domain::for_address(address);
    let socket = Socket::new(domain, Type::DGRAM.nonblocking(), Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    // The kernel gives what it allows.
    socket.set_recv_buffer_size(WAITING)?;
    // Unlike a listener's, the address is free at once, and reusing it would be sharing it.
    socket.bind(&address.into())?;
    let state = UdpSocketState::new((&socket).into())?;
    let socket = UdpSocket::from_std(socket.into())?;
    Ok(Datagrams {
        address: socket.local_addr()?,
        socket,
        state,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> Datagrams {
        Datagrams::bind(address.parse().unwrap()).unwrap()
    }

    async fn next(socket: &Datagrams, buffer: &mut [u8]) -> (Path, Vec<Vec<u8>>) {
        loop {
            socket.readable().await.unwrap();
            match socket.receive(buffer) {
                Ok((path, all)) => return (path, all.map(|one| one.to_vec()).collect()),
                Err(why) => assert_eq!(why.kind(), io::ErrorKind::WouldBlock),
            }
        }
    }

    #[tokio::test]
    async fn an_answer_comes_from_the_address_that_was_asked() {
        let server = at("[::]:0");
        let port = server.address.port();
        let mut buffer = vec![0; RECEIVED_MAX];
        for (client, asked) in [("127.0.0.1:0", "127.0.0.3"), ("[::1]:0", "::1")] {
            let client = std::net::UdpSocket::bind(client).unwrap();
            // Nothing comes in from another address than this.
            client.connect((asked, port)).unwrap();
            client.send(b"ping").unwrap();
            let (path, all) = next(&server, &mut buffer).await;
            assert_eq!(all, [b"ping"]);
            server.send(path, b"pong");
            let limit = std::time::Duration::from_secs(30);
            client.set_read_timeout(Some(limit)).unwrap();
            let mut answer = [0; 8];
            assert_eq!(client.recv(&mut answer).unwrap(), 4, "{asked}");
        }
    }

    #[tokio::test]
    async fn every_datagram_comes_by_itself() {
        let server = at("127.0.0.1:0");
        let client = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let (mut sent, mut came) = (Vec::new(), Vec::new());
        for n in 0..20u8 {
            let one = vec![n; usize::from(n % 3)];
            client.send_to(&one, server.address).unwrap();
            sent.push(one);
        }
        let mut buffer = vec![0; RECEIVED_MAX];
        while came.len() < sent.iter().filter(|one| !one.is_empty()).count() {
            came.extend(next(&server, &mut buffer).await.1);
        }
        sent.retain(|one| !one.is_empty());
        assert_eq!(came, sent);
    }

    #[tokio::test]
    async fn a_busy_port_is_one_sentence_that_names_it() {
        let first = at("127.0.0.1:0");
        let fault = Datagrams::bind(first.address).unwrap_err();
        assert!(matches!(fault, ListenFault::InUse(busy) if busy == first.address));
    }
}
