//! A server with users whose keys are known, consoles, and what must hold whatever comes.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};

use outband_protocol::ipmi::{
    Completion, Suite,
    client::{Client, Heard, Login},
    frame::PAYLOAD_MAX,
    message::{CONSOLE_ADDRESS, Envelope, Request, net_fn},
    server::{Config, Out, SESSIONS_MAX, Server, Ticket, Work},
};

use super::users::{Porch, login};

/// The time at which all begins: the same for every input of a run.
static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// How many commands may wait for their answers.
const WAITING: usize = 16;
/// The longest packet: a payload, what stands around it, and its padding.
const PACKET_MAX: usize = PAYLOAD_MAX + 96;
/// The most that is answered to what comes outside of a session.
const OUTSIDE_MAX: usize = 112;

/// An address by a number.
pub(super) fn peer(number: u8) -> SocketAddr {
    (Ipv4Addr::new(192, 0, 2, number), 623).into()
}

/// The house.
pub(super) struct House {
    server: Server<u8>,
    porch: Porch,
    out: Out,
    now: Instant,
    waiting: Vec<Ticket>,
    /// A console of the owner's, which must be served to the end.
    owner: Client,
    asked: u8,
}

impl House {
    /// A house whose owner has logged in.
    pub(super) fn new() -> Self {
        let config = Config::new(*b"sixteen bytes of");
        let mut house = Self {
            server: Server::new(Arc::new(config), [0xA5; 20].into()),
            porch: Porch::default(),
            out: Out::new(),
            now: *BEGIN,
            waiting: Vec::new(),
            owner: Client::new(login(0, Suite::Sha256), 77, [7; 16]),
            asked: 0,
        };
        let (suite, at) = (Suite::Sha256, peer(1));
        house.owner = house
            .console(login(0, suite), at)
            .expect("the owner logs in");
        house
    }

    /// A console that has logged in, if it may.
    pub(super) fn console(&mut self, login: Login, at: SocketAddr) -> Option<Client> {
        let mut client = Client::new(login, 77, [7; 16]);
        while !client.is_standing() {
            self.step(&mut client, at)?;
        }
        Some(client)
    }

    /// A right step of a login; `None` when it is refused, or was the last.
    pub(super) fn step(&mut self, client: &mut Client, at: SocketAddr) -> Option<()> {
        let mut datagram = Vec::new();
        client.step(&mut datagram);
        for mut answer in self.send(at, datagram) {
            if let Some(Heard::Step | Heard::Standing) = client.input(&mut answer) {
                return Some(());
            }
        }
        None
    }

    /// Sends a datagram; gives what is answered at once. Commands wait for [`reply`](Self::reply).
    pub(super) fn send(&mut self, at: SocketAddr, mut datagram: Vec<u8>) -> Vec<Vec<u8>> {
        let length = datagram.len();
        let Self {
            server, porch, out, ..
        } = self;
        let work = server.input(&mut datagram, at, self.now, porch, out);
        if let Some(Work::Command(command)) = work {
            assert!(command.data.len() < length);
            self.waiting.push(command.ticket);
        }
        if self.waiting.len() > WAITING {
            self.reply(0, 0);
        }
        self.holds();
        self.sent()
    }

    /// Answers one of the commands that wait, with so many bytes.
    pub(super) fn reply(&mut self, which: u8, length: usize) {
        if self.waiting.is_empty() {
            return;
        }
        let ticket = self
            .waiting
            .swap_remove(usize::from(which) % self.waiting.len());
        let data = vec![which; length];
        let Self {
            server, porch, out, ..
        } = self;
        let to = server.reply(ticket, Completion(which), &data, self.now, porch, out);
        assert_eq!(to.is_some(), self.out.datagrams().next().is_some());
        self.holds();
    }

    /// Lets seconds pass. The owner says something now and then.
    pub(super) fn pass(&mut self, seconds: u8) {
        for _ in 0..seconds / 30 + 1 {
            self.now += Duration::from_secs(u64::from(seconds.min(30)));
            if self.server.deadline().is_some_and(|at| at <= self.now) {
                self.server.tick(self.now, &mut self.porch);
            }
            self.owner_is_served();
        }
    }

    /// The end: the owner is still served.
    pub(super) fn end(mut self) {
        self.owner_is_served();
    }

    /// Asks for the session's privilege level, which the server answers itself.
    fn owner_is_served(&mut self) {
        const SESSION_PRIVILEGE: u8 = 0x3B;
        self.asked = (self.asked + 1) % 64;
        let envelope = Envelope {
            net_fn: net_fn::APP,
            command: SESSION_PRIVILEGE,
            lun: 0,
            requester: CONSOLE_ADDRESS,
            requester_lun: 0,
            sequence: self.asked,
        };
        let mut datagram = Vec::new();
        self.owner.request(
            &Request {
                envelope,
                data: &[0],
            },
            &mut datagram,
        );
        let answers = self.send(peer(1), datagram);
        let [mut answer] = <[_; 1]>::try_from(answers).expect("one answer");
        let heard = self.owner.input(&mut answer);
        let Some(Heard::Response(response)) = heard else {
            panic!("the owner heard {heard:?}");
        };
        assert_eq!(response.completion, Completion::OK);
    }

    fn sent(&self) -> Vec<Vec<u8>> {
        self.out.datagrams().map(<[u8]>::to_vec).collect()
    }

    fn holds(&self) {
        let count = self.server.sessions().count();
        assert!(count <= usize::from(SESSIONS_MAX));
        assert!(count == 0 || self.server.deadline().is_some());
        for datagram in self.out.datagrams() {
            // Outside of a session, a packet's flags say that it is neither sealed nor signed.
            let sealed = matches!(datagram, [6, _, _, 7, 6, flags, ..] if flags & 0xC0 == 0xC0);
            let longest = if sealed { PACKET_MAX } else { OUTSIDE_MAX };
            assert!(datagram.len() <= longest, "{} bytes", datagram.len());
        }
    }
}
