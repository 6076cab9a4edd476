//! One server's channel: the task between a socket, the protocol's machine and the commands.

use std::{cell::RefCell, io, net::IpAddr, sync::Arc, time::Duration};

use futures_util::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use outband_core::{
    access::{AccountRefused, LanKey},
    faults::{Fault, FaultKind},
    inventory::Inventory,
    server::ServerHandle,
};
use outband_protocol::ipmi::{
    Completion,
    server::{Command, Config, DATAGRAM_MAX, Out, Server, Ticket, Work},
};
use subtle::ConstantTimeEq;
use tokio::{sync::oneshot, time::sleep};
use uuid::Uuid;
use zeroize::Zeroize;

use super::{
    House, Options,
    alarm::Alarm,
    commands::{self, Call, Then},
    guest::{Guest, Whose},
};
use crate::listen::{Datagrams, Path, RECEIVED_MAX};

/// How many times in a row the socket is asked before others get their turn.
const TURNS: usize = 64;

/// How many datagrams and commands may be under way until the next datagram that a fault holds back
/// is lost.
pub(super) const LATE_MAX: usize = 256;

/// How many commands may wait to be accepted.
const WAITING_MAX: usize = 1024;

/// How long to wait when the operating system can't receive.
const BROKEN: Duration = Duration::from_millis(100);

/// What a packet needs on its way, whichever channel it is for: nothing of it outlasts the packet.
struct Scratch {
    received: Box<[u8]>,
    out: Out,
    data: Vec<u8>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch {
        received: vec![0; RECEIVED_MAX].into(),
        out: Out::new(),
        data: Vec::new(),
    });
}

/// What was waited for beside the socket.
enum Done {
    /// A command was accepted and is answered with these data, or refused with this code.
    Command(Ticket, Completion, Vec<u8>, Option<IpAddr>),
    /// A datagram that a fault held back arrives.
    Late(Path, Vec<u8>),
}

/// A server's channel.
pub(super) struct Channel {
    house: Arc<House>,
    server: ServerHandle,
    socket: Datagrams,
    machine: Server<Whose>,
    facts: commands::Channel,
    config: Config,
    /// What the system GUID in `config` was made of.
    inventory: Arc<Inventory>,
    waiting: FuturesUnordered<BoxFuture<'static, Done>>,
}

impl Channel {
    pub(super) fn new(
        house: Arc<House>,
        server: ServerHandle,
        options: Options,
        socket: Datagrams,
    ) -> Self {
        let inventory = server.snapshot().inventory.clone();
        let facts = commands::Channel {
            number: 1,
            // Made of what never changes: the daemon's identity and the server's id.
            device_guid: guid(house.bmc.identity.manager_uuid(server.id())),
            sessions: 0,
        };
        let mut config = Config::new(system_guid(&house, &server, &inventory));
        config.channel = facts.number;
        config.sha1 = options.sha1;
        let mut decoy = LanKey::default();
        if let Err(why) = house.entropy.fill(decoy.as_mut()) {
            // Then there are no session ids either, and nobody logs in.
            tracing::error!(server = %server.id(), "IPMI: {why}");
        }
        Self {
            machine: Server::new(Arc::new(config.clone()), decoy),
            house,
            server,
            socket,
            facts,
            config,
            inventory,
            waiting: FuturesUnordered::new(),
        }
    }

    /// Serves until told to stop. Borrowed: a future that takes what it works with has room for it
    /// twice.
    pub(super) async fn run(&mut self, stop: &mut oneshot::Receiver<()>) {
        let mut changes = self.house.bmc.gate.changes();
        self.read_key();
        let mut alarm = Alarm::default();
        loop {
            alarm.set(self.machine.deadline());
            tokio::select! {
                biased;
                _ = &mut *stop => break,
                Ok(()) = changes.changed() => self.accounts_changed(),
                Some(done) = self.waiting.next(), if !self.waiting.is_empty() => self.take_done(done),
                () = alarm.rung() => self.tick(),
                ready = self.socket.readable() => {
                    if ready.is_err() {
                        break;
                    }
                    if let Err(why) = self.receive() {
                        tracing::warn!(server = %self.server.id(), "IPMI can't receive: {why}");
                        sleep(BROKEN).await;
                    }
                }
            }
        }
        self.end(|_| true);
    }

    pub(super) fn into_socket(self) -> Datagrams {
        self.socket
    }

    /// Takes what came, up to a turn's worth.
    fn receive(&mut self) -> io::Result<()> {
        SCRATCH.with_borrow_mut(|scratch| {
            let Scratch {
                received,
                out,
                data,
            } = scratch;
            for _ in 0..TURNS {
                let (path, datagrams) = match self.socket.receive(received) {
                    Ok(came) => came,
                    Err(why) if why.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                    Err(why) => return Err(why),
                };
                for datagram in datagrams {
                    if self.passes(path, datagram) {
                        self.take(path, datagram, out, data);
                    }
                }
            }
            Ok(())
        })
    }

    /// Whether no fault strikes a datagram on its way in.
    fn passes(&self, path: Path, datagram: &[u8]) -> bool {
        let faults = self.server.faults();
        if faults.strikes(FaultKind::LostDatagrams).is_some() {
            return false;
        }
        let Some(Fault::LateDatagrams { by_ms }) = faults.strikes(FaultKind::LateDatagrams) else {
            return true;
        };
        if datagram.len() > DATAGRAM_MAX || self.waiting.len() >= LATE_MAX {
            return false;
        }
        let datagram = datagram.to_vec();
        self.waiting.push(Box::pin(async move {
            sleep(Duration::from_millis(by_ms.into())).await;
            Done::Late(path, datagram)
        }));
        false
    }

    /// Takes a datagram in, and answers what can be answered now.
    fn take(&mut self, path: Path, datagram: &mut [u8], out: &mut Out, data: &mut Vec<u8>) {
        self.read_guid();
        let now = self.house.bmc.clock.now().into_std();
        let mut guest = Guest::new(&self.house, self.server.id(), path.local);
        let work = self
            .machine
            .input(datagram, path.peer, now, &mut guest, out);
        if let Some(closed) = guest.closed {
            let mut sessions = self.machine.sessions();
            if let Some(by) = sessions.find(|session| session.id == closed.by) {
                closed.record(&self.house, by.account);
            }
        }
        for answer in out.datagrams() {
            self.socket.send(path, answer);
        }
        // No other payload has a door yet.
        if let Some(Work::Command(command)) = work {
            let secret = commands::carries_secret(command.net_fn, command.command);
            self.carry_out(command, out, data);
            if secret {
                datagram.zeroize();
            }
        }
    }

    fn carry_out(&mut self, command: Command<'_, Whose>, out: &mut Out, data: &mut Vec<u8>) {
        let whose = command.account;
        data.clear();
        let then = match whose.claim.actor() {
            None => Err(Completion::PRIVILEGE),
            Some(actor) => {
                self.facts.sessions = count(self.machine.sessions());
                let call = Call {
                    bmc: &self.house.bmc,
                    server: &self.server,
                    now: &self.server.snapshot(),
                    actor,
                    level: command.privilege,
                    channel: &self.facts,
                };
                let request = commands::Request {
                    net_fn: command.net_fn,
                    lun: command.lun,
                    command: command.command,
                    data: command.data,
                };
                commands::carry_out(&call, &request, data)
            }
        };
        let (completion, data) = match then {
            Ok(Then::Answer) => (Completion::OK, data.as_slice()),
            Ok(_) if self.waiting.len() >= WAITING_MAX => (Completion::NODE_BUSY, [].as_slice()),
            Ok(then) => return self.wait_for(then, command.ticket, data.clone(), whose),
            Err(completion) => (completion, [].as_slice()),
        };
        self.reply(command.ticket, completion, data, whose.local, out);
    }

    /// Answers a command once what it asks for is accepted.
    fn wait_for(&self, then: Then, ticket: Ticket, data: Vec<u8>, whose: Whose) {
        let (bmc, server) = (self.house.bmc.clone(), self.server.clone());
        self.waiting.push(Box::pin(async move {
            let Some(actor) = whose.claim.actor() else {
                return Done::Command(ticket, Completion::PRIVILEGE, Vec::new(), whose.local);
            };
            let completion = match then {
                Then::Answer => Completion::OK,
                Then::Submit(command) => match server.submit(actor, command).await {
                    Ok(_) => Completion::OK,
                    Err(refused) => commands::completion(&refused),
                },
                Then::SetBmcKey(key) => match bmc.gate.set_bmc_key(actor, server.id(), key).await {
                    Ok(()) => Completion::OK,
                    Err(AccountRefused::Denied(_)) => Completion::PRIVILEGE,
                    Err(AccountRefused::Invalid { .. }) => Completion::INVALID_FIELD,
                    Err(why) => {
                        tracing::error!(server = %server.id(), "IPMI: {why}");
                        Completion::UNSPECIFIED
                    }
                },
            };
            let data = if completion == Completion::OK {
                data
            } else {
                Vec::new()
            };
            Done::Command(ticket, completion, data, whose.local)
        }));
    }

    fn take_done(&mut self, done: Done) {
        SCRATCH.with_borrow_mut(|scratch| match done {
            Done::Command(ticket, completion, data, local) => {
                self.reply(ticket, completion, &data, local, &mut scratch.out);
            }
            Done::Late(path, mut datagram) => {
                self.take(path, &mut datagram, &mut scratch.out, &mut scratch.data);
            }
        });
    }

    fn reply(
        &mut self,
        ticket: Ticket,
        completion: Completion,
        data: &[u8],
        local: Option<IpAddr>,
        out: &mut Out,
    ) {
        let now = self.house.bmc.clock.now().into_std();
        let mut guest = Guest::new(&self.house, self.server.id(), local);
        let to = self
            .machine
            .reply(ticket, completion, data, now, &mut guest, out);
        if let Some(peer) = to {
            for answer in out.datagrams() {
                self.socket.send(Path { peer, local }, answer);
            }
        }
    }

    fn tick(&mut self) {
        let now = self.house.bmc.clock.now().into_std();
        let mut guest = Guest::new(&self.house, self.server.id(), None);
        self.machine.tick(now, &mut guest);
    }

    /// Ends what rested on accounts that are others now, and takes over K_g.
    fn accounts_changed(&mut self) {
        self.read_key();
        self.end(|whose| whose.claim.is_over());
    }

    fn end(&mut self, which: impl Fn(&Whose) -> bool) {
        let mut guest = Guest::new(&self.house, self.server.id(), None);
        self.machine
            .end(|session| which(session.account), &mut guest);
    }

    /// Makes K_g what it is to be. While it can't be read, it is one that nobody knows.
    fn read_key(&mut self) {
        let key = self.house.bmc.gate.bmc_key(self.server.id());
        let key = key.unwrap_or_else(|why| {
            tracing::error!(server = %self.server.id(), "IPMI: nobody can log in: {why}");
            let mut nobodys = LanKey::default();
            // Without entropy nobody logs in either.
            let _ = self.house.entropy.fill(nobodys.as_mut());
            Some(nobodys)
        });
        if !same(key.as_deref(), self.config.bmc_key.as_deref()) {
            self.config.bmc_key = key;
            self.configure();
        }
    }

    /// Makes the system GUID what it is to be: a driver may find another one in its server. Looked at
    /// when a datagram comes, so that a channel that nobody talks to isn't woken by every snapshot.
    fn read_guid(&mut self) {
        let now = self.server.snapshot();
        if Arc::ptr_eq(&now.inventory, &self.inventory) {
            return;
        }
        self.inventory = now.inventory.clone();
        let guid = system_guid(&self.house, &self.server, &self.inventory);
        if guid != self.config.guid {
            self.config.guid = guid;
            self.configure();
        }
    }

    fn configure(&mut self) {
        let mut guest = Guest::new(&self.house, self.server.id(), None);
        let config = Arc::new(self.config.clone());
        self.machine.configure(config, &mut guest);
    }
}

fn system_guid(house: &House, server: &ServerHandle, inventory: &Inventory) -> [u8; 16] {
    guid(house.bmc.identity.system_uuid(server.id(), inventory))
}

/// The bytes of a GUID as they go over the wire: the last one first (table 20-10).
fn guid(uuid: Option<Uuid>) -> [u8; 16] {
    let mut bytes = uuid.unwrap_or_default().into_bytes();
    bytes.reverse();
    bytes
}

/// Whether two keys are the same; in constant time.
fn same(one: Option<&[u8; 20]>, other: Option<&[u8; 20]>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.ct_eq(other).into(),
        (one, other) => one.is_none() && other.is_none(),
    }
}

fn count(sessions: impl Iterator) -> u8 {
    // There are 63 at most.
    u8::try_from(sessions.count()).unwrap_or(u8::MAX)
}
