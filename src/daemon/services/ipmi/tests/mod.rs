//! Channels on real sockets, over a real gate and real engines, and a client that talks to them.
//!
//! All of a test runs in one thread, so datagrams come in the order in which they were sent; and
//! where it is not the test that stops the clock, no answer depends on how fast anything is.

mod accounts;
mod faults;
mod keys;
mod logins;
mod sessions;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use outband_core::{
    access::{AccountType, Role, Scope},
    events::EventKind,
    server::ServerHandle,
};
use outband_protocol::ipmi::{
    Privilege, Suite,
    client::{Client, Heard, Login},
    message::{CONSOLE_ADDRESS, Envelope, Request},
    rakp::{Name, Status},
    server::Key,
};
use tokio::{net::UdpSocket, sync::oneshot, task::JoinHandle, time::timeout};

use super::{House, Options, serve};
use crate::{
    host::OsEntropy,
    listen::Datagrams,
    services::rig::{PASSWORD, Rig},
};

/// How long a test waits for what must come, so that a hang is a failure.
const HANG: Duration = Duration::from_secs(30);

const CHASSIS_STATUS: (u8, u8) = (0x00, 0x01);
const CHASSIS_CONTROL: (u8, u8) = (0x00, 0x02);
const DEVICE_ID: (u8, u8) = (0x06, 0x01);
const CLOSE_SESSION: (u8, u8) = (0x06, 0x3C);
const SESSION_INFO: (u8, u8) = (0x06, 0x3D);
const SET_KEYS: (u8, u8) = (0x06, 0x56);

/// A house whose accounts `boss`, `hand` and `eye` have one role each.
struct Bench {
    rig: Rig,
    house: Arc<House>,
}

/// A channel that is served.
struct Served {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<Datagrams>,
}

impl Bench {
    async fn new() -> Self {
        let rig = Rig::new().await;
        for (name, role) in [
            ("boss", Role::Administrator),
            ("hand", Role::Operator),
            ("eye", Role::ReadOnly),
        ] {
            let types = vec![AccountType::Redfish, AccountType::IPMI];
            rig.account_for(types, name, role, Scope::All).await;
        }
        let house = House::new(rig.bmc.clone(), Arc::new(OsEntropy));
        Self { rig, house }
    }

    /// Serves the channel of a server.
    fn channel(&self, server: &str) -> Served {
        self.channel_with(server, Options { sha1: true })
    }

    fn channel_with(&self, server: &str, options: Options) -> Served {
        let socket = Datagrams::bind(([127, 0, 0, 1], 0).into()).unwrap();
        self.channel_on(server, options, socket)
    }

    fn channel_on(&self, server: &str, options: Options, socket: Datagrams) -> Served {
        let address = socket.local_addr();
        let (stop, stopped) = oneshot::channel();
        let (house, server) = (self.house.clone(), self.server(server));
        Served {
            address,
            stop,
            serving: tokio::spawn(serve(house, server, options, socket, stopped)),
        }
    }

    fn server(&self, id: &str) -> ServerHandle {
        self.rig.bmc.servers.get(id).unwrap()
    }

    fn events(&self) -> Vec<EventKind> {
        let events = self.rig.bmc.events.read(0, 10_000, None).unwrap();
        events.into_iter().map(|event| event.kind.clone()).collect()
    }

    /// Waits for an event.
    async fn event(&self, which: impl Fn(&EventKind) -> bool) -> EventKind {
        let mut newest = self.rig.bmc.events.newest();
        loop {
            newest.borrow_and_update();
            if let Some(found) = self.events().into_iter().find(|kind| which(kind)) {
                return found;
            }
            timeout(HANG, newest.changed()).await.unwrap().unwrap();
        }
    }
}

impl Served {
    /// Stops the channel; gives its socket.
    async fn end(self) -> Datagrams {
        self.stop.send(()).unwrap();
        timeout(HANG, self.serving).await.unwrap().unwrap()
    }
}

/// Who logs in, with suite 17 and the password that every account has.
fn login(name: &str, role: Privilege) -> Login {
    Login {
        name: Name::new(name.as_bytes()).unwrap(),
        key: key(PASSWORD.as_bytes()),
        bmc_key: None,
        role,
        suite: Suite::Sha256,
    }
}

fn key(bytes: &[u8]) -> Key {
    let mut key = Key::default();
    key[..bytes.len()].copy_from_slice(bytes);
    key
}

/// A client.
struct Console {
    socket: UdpSocket,
    client: Client,
    sequence: u8,
}

impl Console {
    /// Logs in; or tells the status of the refusal, `None` where the BMC doesn't know the key.
    async fn new(at: &Served, login: Login) -> Result<Self, Option<Status>> {
        let mut console = Self::begun(at, login).await;
        console.go_on().await?;
        Ok(console)
    }

    /// Is about to log in.
    async fn begun(at: &Served, login: Login) -> Self {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).await.unwrap();
        socket.connect(at.address).await.unwrap();
        Self {
            socket,
            client: Client::new(login, 0x5EED, [0xC0; 16]),
            sequence: 0,
        }
    }

    /// Takes a step of the login.
    async fn step(&mut self) -> Result<(), Option<Status>> {
        let mut step = Vec::new();
        self.client.step(&mut step);
        self.socket.send(&step).await.unwrap();
        let mut answer = self.next().await;
        match self.client.input(&mut answer).unwrap() {
            Heard::Step | Heard::Standing => Ok(()),
            Heard::Refused(why) => Err(why),
            heard => panic!("{heard:?}"),
        }
    }

    /// Logs in from where it is.
    async fn go_on(&mut self) -> Result<(), Option<Status>> {
        while !self.client.is_standing() {
            self.step().await?;
        }
        Ok(())
    }

    /// Logs in and rises to the level that it logs in for.
    async fn of(at: &Served, name: &str, role: Privilege) -> Self {
        let mut console = Self::new(at, login(name, role)).await.unwrap();
        let risen = console.ask((0x06, 0x3B), &[role.to_wire()]).await;
        assert_eq!(risen, [0, role.to_wire()]);
        console
    }

    async fn administrator(at: &Served) -> Self {
        Self::of(at, "boss", Privilege::Administrator).await
    }

    async fn next(&self) -> Vec<u8> {
        let mut answer = vec![0; 1024];
        let received = self.socket.recv(&mut answer);
        let length = timeout(HANG, received).await.unwrap().unwrap();
        answer.truncate(length);
        answer
    }

    /// Sends a request, which has this number.
    async fn send(&mut self, sequence: u8, command: (u8, u8), data: &[u8]) {
        let datagram = self.sealed(sequence, command, data);
        self.socket.send(&datagram).await.unwrap();
    }

    /// A request, which has this number, as a datagram.
    fn sealed(&mut self, sequence: u8, (net_fn, command): (u8, u8), data: &[u8]) -> Vec<u8> {
        let envelope = Envelope {
            net_fn,
            command,
            lun: 0,
            requester: CONSOLE_ADDRESS,
            requester_lun: 0,
            sequence,
        };
        let mut datagram = Vec::new();
        self.client
            .request(&Request { envelope, data }, &mut datagram);
        datagram
    }

    /// The number of the next response, its completion code and data.
    async fn hear(&mut self) -> (u8, Vec<u8>) {
        let mut answer = self.next().await;
        match self.client.input(&mut answer).unwrap() {
            Heard::Response(response) => {
                let data = [&[response.completion.0], response.data].concat();
                (response.envelope.sequence, data)
            }
            heard => panic!("{heard:?}"),
        }
    }

    /// Sends a request and waits for its response: the completion code and data.
    async fn ask(&mut self, command: (u8, u8), data: &[u8]) -> Vec<u8> {
        self.sequence = (self.sequence + 1) % 64;
        self.send(self.sequence, command, data).await;
        let (sequence, answer) = self.hear().await;
        assert_eq!(sequence, self.sequence);
        answer
    }

    /// Whether the BMC knows the session no more: what it sends stays without an answer, though what
    /// another one sends after it gets one.
    async fn is_over(&mut self, other: &mut Self) -> bool {
        self.sequence = (self.sequence + 1) % 64;
        self.send(self.sequence, DEVICE_ID, &[]).await;
        other.ask(DEVICE_ID, &[]).await;
        self.is_silent()
    }

    /// Whether nothing has come.
    fn is_silent(&self) -> bool {
        let came = self.socket.try_recv(&mut [0; 1024]);
        came.is_err_and(|why| why.kind() == std::io::ErrorKind::WouldBlock)
    }
}
