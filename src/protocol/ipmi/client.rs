//! The console's side of a session, small: for tests and measurements.
//!
//! It keeps no clock. Whoever drives it sends [`Client::step`] until the session stands, again
//! when no answer comes, and sends a request again when its response doesn't come.

use std::fmt;

use super::{
    Privilege, Suite,
    frame::{self, Frame, Framing, Header, payload},
    message::{Request, Response},
    rakp::{
        Bytes16, Exchange, Name, OpenRequest, OpenResponse, Rakp1, Rakp2, Rakp3, Rakp4, Status,
    },
    rmcp::{self, Datagram},
    seal::{Keys, Sender},
    server::Key,
    window::Window,
};

/// Who logs in, and how.
#[derive(Clone)]
pub struct Login {
    /// The user's name.
    pub name: Name,
    /// The user's key.
    pub key: Key,
    /// The BMC's key, where logins need two keys.
    pub bmc_key: Option<Key>,
    /// The privilege level that the session may reach.
    pub role: Privilege,
    /// The cipher suite.
    pub suite: Suite,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("name", &self.name)
            .field("role", &self.role)
            .field("suite", &self.suite)
            .finish_non_exhaustive()
    }
}

/// What came from the BMC.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard<'a> {
    /// The setup went a step on: there is another [`step`](Client::step) to send.
    Step,
    /// The session stands.
    Standing,
    /// The setup was refused, or the BMC doesn't know the key (`None`). It is over.
    Refused(Option<Status>),
    /// A response.
    Response(Response<'a>),
    /// Another payload of the session.
    Payload {
        /// Its type: see [`payload`].
        kind: u8,
        /// What it says.
        data: &'a [u8],
    },
}

/// A console.
pub struct Client {
    login: Login,
    console: u32,
    random: Bytes16,
    state: State,
}

enum State {
    Opening,
    Proving { managed: u32 },
    Finishing { exchange: Exchange },
    Standing(Box<Standing>),
    Over,
}

struct Standing {
    managed: u32,
    keys: Keys,
    sent: u32,
    window: Window,
}

/// Bit 4 of the role: the user is looked up by the name alone.
const NAME_ONLY: u8 = 0x10;
const TAG: u8 = 0;

impl Client {
    /// A console that will log in. `console`: the id by which the BMC is to address it, not 0.
    #[must_use]
    pub fn new(login: Login, console: u32, random: Bytes16) -> Self {
        Self {
            login,
            console,
            random,
            state: State::Opening,
        }
    }

    /// Whether the session stands.
    #[must_use]
    pub fn is_standing(&self) -> bool {
        matches!(self.state, State::Standing(_))
    }

    /// The BMC's id of the session, once it stands.
    #[must_use]
    pub fn managed(&self) -> Option<u32> {
        match &self.state {
            State::Standing(standing) => Some(standing.managed),
            _ => None,
        }
    }

    /// Appends the datagram of the setup that is due; nothing when the setup is over.
    pub fn step(&self, out: &mut Vec<u8>) {
        match &self.state {
            State::Opening => write(out, payload::OPEN_REQUEST, |out| {
                let request = OpenRequest {
                    tag: TAG,
                    privilege: Some(self.login.role),
                    console: self.console,
                    suite: self.login.suite,
                };
                request.write(out);
            }),
            State::Proving { managed } => write(out, payload::RAKP_1, |out| {
                let message = Rakp1 {
                    tag: TAG,
                    managed: *managed,
                    random: self.random,
                    role: self.role(),
                    name: self.login.name,
                };
                message.write(out);
            }),
            State::Finishing { exchange } => write(out, payload::RAKP_3, |out| {
                let code = exchange.code_3(&*self.login.key);
                let message = Rakp3 {
                    tag: TAG,
                    managed: exchange.managed,
                    code: Ok(code.bytes()),
                };
                message.write(out);
            }),
            State::Standing(_) | State::Over => {}
        }
    }

    /// Takes a datagram in; `None` for what is not for this session, or not now.
    pub fn input<'a>(&mut self, datagram: &'a mut [u8]) -> Option<Heard<'a>> {
        let Datagram::Ipmi(frame) = rmcp::parse(datagram)? else {
            return None;
        };
        match frame::parse(frame)? {
            Frame::Outside(..) => None,
            Frame::Setup { kind, payload } => {
                let next = self.next(kind, payload)?;
                let (state, heard) = next.unwrap_or_else(|why| (State::Over, Heard::Refused(why)));
                self.state = state;
                Some(heard)
            }
            Frame::Inside(header, frame) => self.inside(header, frame),
        }
    }

    /// Appends a request. The same again is another packet with the same request in it.
    pub fn request(&mut self, request: &Request<'_>, out: &mut Vec<u8>) {
        self.send(payload::MESSAGE, out, |out| request.write(out));
    }

    /// Appends a packet of the session.
    pub fn send(&mut self, kind: u8, out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
        if let State::Standing(standing) = &mut self.state {
            standing.sent = standing.sent.wrapping_add(1);
            let to = (standing.managed, standing.sent);
            standing.keys.seal(out, (kind, Sender::Console), to, body);
        }
    }

    /// Makes a packet of the session authentic again after it was changed: so a test reaches what
    /// stands behind the check value.
    pub fn sign(&self, datagram: &mut Vec<u8>) {
        if let State::Standing(standing) = &self.state {
            standing.keys.sign(datagram);
        }
    }

    /// The keys of the session, once it stands.
    #[cfg(test)]
    pub(super) fn keys(&self) -> Option<&Keys> {
        match &self.state {
            State::Standing(standing) => Some(&standing.keys),
            _ => None,
        }
    }

    fn role(&self) -> u8 {
        self.login.role.to_wire() | NAME_ONLY
    }

    /// What a message of the setup leads to; `None` when it is not the one that is awaited.
    fn next(
        &self,
        kind: u8,
        message: &[u8],
    ) -> Option<Result<(State, Heard<'static>), Option<Status>>> {
        match (&self.state, kind) {
            (State::Opening, payload::OPEN_RESPONSE) => {
                let response = OpenResponse::parse(message)?;
                (response.console == self.console).then(|| {
                    let managed = response.outcome.map_err(Some)?.managed;
                    Ok((State::Proving { managed }, Heard::Step))
                })
            }
            (State::Proving { managed }, payload::RAKP_2) => {
                let (_, answer) = Rakp2::parse(message)?;
                Some(answer.map_err(Some).and_then(|answer| {
                    let exchange = Exchange {
                        suite: self.login.suite,
                        console: self.console,
                        managed: *managed,
                        console_random: self.random,
                        managed_random: answer.random,
                        guid: answer.guid,
                        role: self.role(),
                        name: self.login.name,
                    };
                    let proven = exchange.proves_2(&*self.login.key, answer.code);
                    let state = State::Finishing { exchange };
                    proven.then_some((state, Heard::Step)).ok_or(None)
                }))
            }
            (State::Finishing { exchange }, payload::RAKP_4) => {
                let answer = Rakp4::parse(message)?;
                let key = self.login.bmc_key.as_ref().unwrap_or(&self.login.key);
                Some(answer.check.map_err(Some).and_then(|check| {
                    let agreed = exchange.agree(&**key);
                    let proven = agreed.proves_4(check);
                    let state = State::Standing(Box::new(Standing {
                        managed: exchange.managed,
                        keys: agreed.keys,
                        sent: 0,
                        window: Window::default(),
                    }));
                    proven.then_some((state, Heard::Standing)).ok_or(None)
                }))
            }
            _ => None,
        }
    }

    fn inside<'a>(&mut self, header: Header, frame: &'a mut [u8]) -> Option<Heard<'a>> {
        let State::Standing(standing) = &mut self.state else {
            return None;
        };
        let mine = header.session == self.console && header.authenticated && header.encrypted;
        if !mine || !standing.keys.is_authentic(&header, frame) {
            return None;
        }
        let data = standing.keys.decrypt(&header, frame)?;
        if !standing.window.pass(header.sequence) {
            return None;
        }
        match header.kind {
            payload::MESSAGE => Response::parse(data).map(Heard::Response),
            kind => Some(Heard::Payload { kind, data }),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let standing = self.is_standing();
        f.debug_struct("Client")
            .field("standing", &standing)
            .finish_non_exhaustive()
    }
}

fn write(out: &mut Vec<u8>, kind: u8, body: impl FnOnce(&mut Vec<u8>)) {
    frame::write_outside(out, Framing::V20, kind, body);
}
