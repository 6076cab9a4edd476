//! IPMI's doors: a socket for each server that is reached by IPMI, open while an account may use it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use futures_util::future::join_all;
use outband_core::{
    access::AccountType,
    server::{ServerHandle, ServerId},
};
use tokio::{
    sync::{oneshot, watch},
    task::JoinHandle,
    time::timeout,
};

use super::{AppFault, boot::Foundations, opening::TRY_AGAIN};
use crate::{
    listen::Datagrams,
    services::ipmi::{self, House, Options},
    settings::{Address, Settings},
};

/// How long a channel may take to end: it waits for nothing.
const CLOSING: Duration = Duration::from_secs(2);

/// A channel that is served.
struct Channel {
    wanted: Wanted,
    server: ServerHandle,
    bound: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<Datagrams>,
}

/// A channel that is to be there.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    server: ServerId,
    address: Address,
    options: Options,
}

/// What has to be done so that the channels are as the settings want them.
pub(super) struct Plan {
    wanted: Vec<Wanted>,
    /// Sockets for the new ones.
    bound: Vec<(Address, Datagrams)>,
}

/// All channels.
pub(super) struct Lan {
    house: Arc<House>,
    open: Vec<Channel>,
    /// Addresses that are wanted and can't be had.
    failed: Vec<Address>,
    changes: watch::Receiver<u64>,
}

impl Lan {
    /// No channel yet.
    pub(super) fn new(base: &Foundations) -> Self {
        Self {
            house: House::new(base.bmc.clone(), base.host.entropy.clone()),
            open: Vec::new(),
            failed: Vec::new(),
            changes: base.bmc.gate.changes(),
        }
    }

    /// Waits until accounts have changed: [`Lan::look`] then.
    pub(super) async fn accounts_changed(&mut self) {
        if self.changes.changed().await.is_err() {
            // The gate outlives the doors.
            std::future::pending().await
        }
    }

    /// Does all that can fail: binds the sockets. Nothing has changed yet, and a plan that is dropped
    /// leaves nothing behind. `let_in`: whether an account may use IPMI, or will when it is carried
    /// out.
    pub(super) fn plan(&self, settings: &Settings, let_in: bool) -> Result<Plan, AppFault> {
        let wanted = wanted_if(let_in, settings);
        // A channel that closes gives its socket on, or makes way first.
        let in_the_way = |open: &Channel, address: Address| {
            let closes = !wanted.contains(&open.wanted);
            open.wanted.address == address || closes && open.wanted.address.collides(address)
        };
        let mut bound = Vec::new();
        for Wanted { address, .. } in &wanted {
            if !self.open.iter().any(|open| in_the_way(open, *address)) {
                let socket = Datagrams::bind(address.0);
                let socket = socket.map_err(|why| AppFault::new(why.to_string()))?;
                bound.push((*address, socket));
            }
        }
        Ok(Plan { wanted, bound })
    }

    /// Makes the channels as planned. One whose server has been opened anew begins anew; one whose
    /// address can't be had, since it was not bound before, is left out and said.
    pub(super) async fn carry_out(&mut self, plan: Plan) {
        let Plan { wanted, mut bound } = plan;
        let servers = self.house.bmc().servers.all();
        let failed = std::mem::take(&mut self.failed);
        let (kept, gone): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.open)
                .into_iter()
                .partition(|open| {
                    let now = servers.get(&open.wanted.server);
                    wanted.contains(&open.wanted)
                        && now.is_some_and(|now| now.is(&open.server))
                        && !open.serving.is_finished()
                });
        self.open = kept;
        bound.extend(
            join_all(gone.into_iter().map(Channel::close))
                .await
                .into_iter()
                .flatten(),
        );
        for wanted in wanted {
            if self.open.iter().any(|open| open.wanted == wanted) {
                continue;
            }
            let Some(server) = servers.get(&wanted.server) else {
                continue;
            };
            let at = bound
                .iter()
                .position(|(address, _)| *address == wanted.address);
            let socket = match at.map(|at| bound.swap_remove(at)) {
                Some((_, socket)) => socket,
                None => match Datagrams::bind(wanted.address.0) {
                    Ok(socket) => socket,
                    Err(why) => {
                        if !failed.contains(&wanted.address) {
                            let seconds = TRY_AGAIN.as_secs();
                            tracing::error!("{why}: it is tried again every {seconds} s");
                        }
                        self.failed.push(wanted.address);
                        continue;
                    }
                },
            };
            self.serve(wanted, server.clone(), socket);
        }
    }

    /// Opens and closes what accounts let in, or don't any more. What can't be opened keeps nothing
    /// else from it.
    pub(super) async fn look(&mut self, settings: &Settings) {
        let before = self.open.len();
        let wanted = wanted_if(self.lets_in(), settings);
        let bound = Vec::new();
        self.carry_out(Plan { wanted, bound }).await;
        match (before, self.open.len()) {
            (0, 1..) => tracing::info!("an account may use IPMI: it listens"),
            (1.., 0) => tracing::info!("no account may use IPMI: it listens no more"),
            _ => {}
        }
    }

    /// Whether a channel is wanted and not there, since its address could not be had or it broke:
    /// [`Lan::look`] tries again.
    pub(super) fn lacks_any(&self) -> bool {
        let broke = |open: &Channel| open.serving.is_finished();
        !self.failed.is_empty() || self.open.iter().any(broke)
    }

    /// Whether an account may use IPMI.
    pub(super) fn lets_in(&self) -> bool {
        self.house.bmc().gate.lets_in_by(AccountType::IPMI)
    }

    /// Closes every channel.
    pub(super) async fn close_all(&mut self) {
        let open = std::mem::take(&mut self.open);
        join_all(open.into_iter().map(Channel::close)).await;
    }

    /// Which server answers where, in the order of the settings.
    pub(super) fn open(&self) -> Vec<(ServerId, SocketAddr)> {
        let open = self.open.iter();
        open.map(|open| (open.wanted.server.clone(), open.bound))
            .collect()
    }

    fn serve(&mut self, wanted: Wanted, server: ServerHandle, socket: Datagrams) {
        let (stop, stopped) = oneshot::channel();
        let bound = socket.local_addr();
        let house = self.house.clone();
        let channel = ipmi::serve(house, server.clone(), wanted.options, socket, stopped);
        self.open.push(Channel {
            wanted,
            server,
            bound,
            stop,
            serving: tokio::spawn(channel),
        });
    }
}

impl Channel {
    /// Ends the channel; gives its socket.
    async fn close(self) -> Option<(Address, Datagrams)> {
        // Where it has ended already there is nothing to be told.
        let _ = self.stop.send(());
        let abort = self.serving.abort_handle();
        match timeout(CLOSING, self.serving).await {
            Ok(Ok(socket)) => Some((self.wanted.address, socket)),
            Ok(Err(why)) => {
                tracing::error!("IPMI on {} broke: {why}", self.bound);
                None
            }
            Err(_) => {
                abort.abort();
                tracing::warn!("IPMI on {} did not end in time", self.bound);
                None
            }
        }
    }
}

fn wanted_if(let_in: bool, settings: &Settings) -> Vec<Wanted> {
    if let_in { wanted(settings) } else { Vec::new() }
}

/// The channels that the settings want: one address reaches one server, and the shared ones the
/// first without one of its own.
fn wanted(settings: &Settings) -> Vec<Wanted> {
    let service = &settings.service.ipmi;
    if !service.enabled {
        return Vec::new();
    }
    let options = Options { sha1: service.sha1 };
    let mut shared = Some(service.listen.as_slice());
    let mut all = Vec::new();
    for server in &settings.server {
        let addresses = match &server.listen.ipmi {
            Some(own) => std::slice::from_ref(own),
            None => shared.take().unwrap_or_default(),
        };
        all.extend(addresses.iter().map(|address| Wanted {
            server: server.id.clone(),
            address: *address,
            options,
        }));
    }
    all
}

#[cfg(test)]
mod tests;
