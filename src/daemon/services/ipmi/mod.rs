//! IPMI over LAN: RMCP+ sessions on UDP, a channel for each server.
//!
//! A [`Channel`] is one server's door: a task that owns a socket and the protocol's machine
//! ([`outband_protocol::ipmi::server`]). A datagram that only reads is taken, verified, answered from
//! the snapshot and sealed without waiting for anything; what changes something waits for the engine
//! beside the socket, so that the next datagram is not held up and a request that is sent again
//! finds the first still under way. While nobody talks to it, a channel keeps nothing but its socket.
//!
//! [`House`] is what all channels of a daemon share: the gate with its accounts and counts, and the
//! entropy. [`commands`] has the commands.

mod alarm;
mod channel;
mod commands;
mod guest;
mod house;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use outband_core::server::ServerHandle;
use tokio::sync::oneshot;

pub use house::House;

use crate::listen::Datagrams;

/// What a channel is told by the settings. It holds for as long as the channel does: where a reload
/// changes it, another channel takes the socket over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Whether cipher suite 3 (SHA-1) is taken beside 17.
    pub sha1: bool,
}

/// Serves a server's IPMI channel on a socket until told to stop, then ends its sessions and gives
/// the socket back.
pub fn serve(
    house: Arc<House>,
    server: ServerHandle,
    options: Options,
    socket: Datagrams,
    mut stop: oneshot::Receiver<()>,
) -> impl Future<Output = Datagrams> + Send {
    let mut channel = channel::Channel::new(house, server, options, socket);
    async move {
        channel.run(&mut stop).await;
        channel.into_socket()
    }
}
