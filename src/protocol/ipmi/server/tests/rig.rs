//! A house with some users, a server in it, and consoles.

use std::{
    net::{IpAddr, SocketAddr},
    ops::DerefMut,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{hostile::Dice, start};
use crate::ipmi::{
    Completion, Privilege, Suite,
    client::{Client, Heard, Login},
    message::{Envelope, Request, net_fn},
    rakp::{Name, Status},
    server::{
        Ask, Command, Config, Ended, Happened, Host, Key, Lookup, Out, Proofs, Refusal, Server,
        SessionId, User, Work,
    },
};

/// Who is known by which name, and up to which level. The password of each is its name, backwards.
pub(super) const USERS: [(&str, Privilege); 3] = [
    ("admin", Privilege::Administrator),
    ("operator", Privilege::Operator),
    ("reader", Privilege::User),
];

/// What the house was told, without what is of no matter here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    LoggedIn(&'static str),
    Refused(Vec<u8>, Refusal),
    Throttled(IpAddr, Vec<u8>),
    Ended(&'static str, Ended),
}

/// A house whose entropy is the same each time.
#[derive(Debug)]
pub(super) struct House {
    dice: Dice,
    pub(super) dry: bool,
    pub(super) later: bool,
    pub(super) asked: usize,
    /// How many bytes of entropy were drawn.
    pub(super) drawn: usize,
    /// Whose account is not what it was.
    pub(super) changed: Option<&'static str>,
    pub(super) told: Vec<Told>,
    pub(super) proofs: Proofs,
}

impl Host for House {
    type User = &'static str;

    fn fill(&mut self, buffer: &mut [u8]) -> bool {
        self.drawn += buffer.len();
        for byte in buffer {
            *byte = self.dice.next() as u8;
        }
        !self.dry
    }

    fn user(&mut self, ask: &Ask<'_>) -> Lookup<&'static str> {
        self.asked += 1;
        if self.later {
            return Lookup::Later;
        }
        let found = (2..)
            .zip(USERS)
            .find(|(_, user)| user.0.as_bytes() == ask.name);
        let Some((id, (name, limit))) = found else {
            return Lookup::Nobody;
        };
        let account = name;
        let key = key(&backwards(name));
        Lookup::User(User {
            key,
            limit,
            id,
            account,
        })
    }

    fn still_stands(&mut self, user: &&'static str) -> bool {
        self.changed != Some(*user)
    }

    fn proofs(&mut self) -> impl DerefMut<Target = Proofs> {
        &mut self.proofs
    }

    fn happened(&mut self, what: Happened<'_, &'static str>) {
        self.told.push(match what {
            Happened::LoggedIn(session) => Told::LoggedIn(session.account),
            Happened::Refused { name, why, .. } => Told::Refused(name.to_vec(), why),
            Happened::Throttled { source, name } => Told::Throttled(source, name.to_vec()),
            Happened::Ended(session, why) => Told::Ended(session.account, why),
        });
    }
}

pub(super) fn backwards(name: &str) -> String {
    name.chars().rev().collect()
}

pub(super) fn key(text: &str) -> Key {
    let mut key = Key::default();
    key[..text.len()].copy_from_slice(text.as_bytes());
    key
}

/// A house, its server, and the time.
pub(super) struct Rig {
    pub(super) house: House,
    pub(super) server: Server<&'static str>,
    pub(super) now: Instant,
    pub(super) out: Out,
    /// The commands that came out, as network function and command.
    pub(super) ran: Vec<(u8, u8)>,
}

pub(super) const GUID: [u8; 16] = *b"a guid of tests.";

impl Rig {
    pub(super) fn new() -> Self {
        Self::with(Config::new(GUID))
    }

    pub(super) fn with(config: Config) -> Self {
        Self {
            house: House {
                dice: Dice(0x5EED),
                dry: false,
                later: false,
                asked: 0,
                drawn: 0,
                changed: None,
                told: Vec::new(),
                proofs: Proofs::default(),
            },
            server: Server::new(Arc::new(config), [0xD0; 20].into()),
            now: start(),
            out: Out::new(),
            ran: Vec::new(),
        }
    }

    /// Hands the server a datagram, answers what comes out of it (OK, and the data backwards), and
    /// returns what is sent back.
    pub(super) fn send_from(&mut self, peer: SocketAddr, datagram: &[u8]) -> Vec<Vec<u8>> {
        let mut datagram = datagram.to_vec();
        let Self {
            server, house, out, ..
        } = self;
        let work = server.input(&mut datagram, peer, self.now, house, out);
        if let Some(Work::Command(command)) = work {
            self.ran.push((command.net_fn, command.command));
            let data: Vec<u8> = command.data.iter().rev().copied().collect();
            server.reply(command.ticket, Completion::OK, &data, self.now, house, out);
        }
        self.out.datagrams().map(<[u8]>::to_vec).collect()
    }

    /// Hands the server a datagram without answering the command in it.
    pub(super) fn command<'d>(
        &mut self,
        peer: SocketAddr,
        datagram: &'d mut [u8],
    ) -> Option<Command<'d, &'static str>> {
        let Self {
            server, house, out, ..
        } = self;
        match server.input(datagram, peer, self.now, house, out)? {
            Work::Command(command) => Some(command),
            Work::Payload(_) => None,
        }
    }

    pub(super) fn pass(&mut self, time: Duration) {
        self.now += time;
        if self.server.deadline().is_some_and(|at| at <= self.now) {
            self.server.tick(self.now, &mut self.house);
        }
    }

    /// An account has changed.
    pub(super) fn change(&mut self, account: &'static str) {
        self.house.changed = Some(account);
        self.server
            .end(|session| *session.account == account, &mut self.house);
    }

    /// Logs a console in.
    pub(super) fn log_in(&mut self, console: &mut Console) -> Result<(), Option<Status>> {
        loop {
            match console.step(self) {
                Heard::Step => {}
                Heard::Standing => return Ok(()),
                Heard::Refused(why) => return Err(why),
                other => panic!("{other:?}"),
            }
        }
    }

    /// A console of a user that has logged in.
    pub(super) fn console(&mut self, name: &str) -> Console {
        let mut console = Console::of(name);
        self.log_in(&mut console).unwrap();
        console
    }

    pub(super) fn count(&self) -> usize {
        self.server.sessions().count()
    }

    pub(super) fn id_of(&self, console: &Console) -> SessionId {
        let found = self.server.sessions().find(|s| s.peer == console.peer);
        found.unwrap().id
    }
}

/// A console somewhere.
pub(super) struct Console {
    pub(super) client: Client,
    pub(super) peer: SocketAddr,
    pub(super) sequence: u8,
}

pub(super) fn login(name: &str, suite: Suite) -> Login {
    let known = USERS.iter().find(|user| user.0 == name);
    Login {
        name: Name::new(name.as_bytes()).unwrap(),
        key: key(&backwards(name)),
        bmc_key: None,
        role: known.map_or(Privilege::User, |user| user.1),
        suite,
    }
}

impl Console {
    pub(super) fn of(name: &str) -> Self {
        Self::with(login(name, Suite::Sha256))
    }

    pub(super) fn with(login: Login) -> Self {
        Self {
            client: Client::new(login, 0xA0A2_A3A4, [0x5A; 16]),
            peer: "192.0.2.1:1000".parse().unwrap(),
            sequence: 0,
        }
    }

    pub(super) fn at(mut self, peer: &str) -> Self {
        self.peer = peer.parse().unwrap();
        self
    }

    /// The datagram of the setup that is due.
    pub(super) fn due(&self) -> Vec<u8> {
        let mut datagram = Vec::new();
        self.client.step(&mut datagram);
        datagram
    }

    /// Takes one step of the setup.
    pub(super) fn step(&mut self, rig: &mut Rig) -> Heard<'static> {
        let answers = rig.send_from(self.peer, &self.due());
        let [answer] = &answers[..] else {
            panic!("{} answers", answers.len());
        };
        match self.client.input(&mut answer.clone()) {
            Some(Heard::Step) => Heard::Step,
            Some(Heard::Standing) => Heard::Standing,
            Some(Heard::Refused(why)) => Heard::Refused(why),
            other => panic!("{other:?}"),
        }
    }

    /// A packet with the next request in it.
    pub(super) fn packet(&mut self, net_fn: u8, command: u8, data: &[u8]) -> Vec<u8> {
        self.sequence = (self.sequence + 1) % 64;
        self.packet_again(net_fn, command, data)
    }

    /// A packet with the same sequence number of the request.
    pub(super) fn packet_again(&mut self, net_fn: u8, command: u8, data: &[u8]) -> Vec<u8> {
        let request = request(self.sequence, net_fn, command, data);
        let mut datagram = Vec::new();
        self.client.request(&request, &mut datagram);
        datagram
    }

    /// What the console reads in a datagram: completion code and data.
    pub(super) fn read(&mut self, datagram: &[u8]) -> Option<(Completion, Vec<u8>)> {
        match self.client.input(&mut datagram.to_vec())? {
            Heard::Response(response) => Some((response.completion, response.data.to_vec())),
            _ => None,
        }
    }

    /// Sends a request and reads its one response.
    pub(super) fn ask(
        &mut self,
        rig: &mut Rig,
        (net_fn, command): (u8, u8),
        data: &[u8],
    ) -> (Completion, Vec<u8>) {
        let packet = self.packet(net_fn, command, data);
        let answers = rig.send_from(self.peer, &packet);
        assert_eq!(answers.len(), 1);
        self.read(&answers[0]).unwrap()
    }

    /// A command of the network function App.
    pub(super) fn app(&mut self, rig: &mut Rig, command: u8, data: &[u8]) -> (Completion, Vec<u8>) {
        self.ask(rig, (net_fn::APP, command), data)
    }
}

pub(super) fn request(sequence: u8, net_fn: u8, command: u8, data: &[u8]) -> Request<'_> {
    let envelope = Envelope {
        net_fn,
        command,
        lun: 0,
        requester: crate::ipmi::message::CONSOLE_ADDRESS,
        requester_lun: 0,
        sequence,
    };
    Request { envelope, data }
}
