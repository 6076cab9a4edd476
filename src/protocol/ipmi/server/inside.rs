//! What comes in a session, and what goes out in it.

use std::{fmt, net::SocketAddr, time::Instant};

use super::{
    Ended, Host, Out, Server, SessionId,
    answers::{Arrival, Place},
    own::{self, Done},
};
use crate::ipmi::{
    Completion, Privilege,
    frame::{Header, PAYLOAD_MAX, payload},
    message::{Envelope, Request},
};

/// How long the data of a response may be: a message has eight bytes more.
const DATA_MAX: usize = PAYLOAD_MAX - 8;

/// What is to be done.
#[derive(Debug)]
pub enum Work<'d, U> {
    /// A command: carry it out, then [`Server::reply`].
    Command(Command<'d, U>),
    /// Another payload than a message.
    Payload(Payload<'d, U>),
}

/// A command that came in a session.
pub struct Command<'d, U> {
    /// To answer it with.
    pub ticket: Ticket,
    /// The session that it came in.
    pub session: SessionId,
    /// Whose session.
    pub account: U,
    /// The user's id.
    pub user: u8,
    /// The session's privilege level now.
    pub privilege: Privilege,
    /// The network function, even.
    pub net_fn: u8,
    /// The LUN, 0 to 3.
    pub lun: u8,
    /// The command.
    pub command: u8,
    /// Its data.
    pub data: &'d [u8],
}

/// A payload other than messages, authenticated, decrypted and fresh.
pub struct Payload<'d, U> {
    /// The session that it came in.
    pub session: SessionId,
    /// Whose session.
    pub account: U,
    /// Its type: see [`payload`].
    pub kind: u8,
    /// What it says.
    pub data: &'d [u8],
}

/// The right to answer a command, once. A command whose ticket is dropped stays without an answer.
#[derive(Debug)]
#[must_use]
pub struct Ticket {
    session: SessionId,
    place: Place,
    envelope: Envelope,
}

// What stands in them may be a key, or a password that somebody types.
impl<U: fmt::Debug> fmt::Debug for Command<'_, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Command")
            .field("ticket", &self.ticket)
            .field("account", &self.account)
            .field("privilege", &self.privilege)
            .field("net_fn", &self.net_fn)
            .field("lun", &self.lun)
            .field("command", &self.command)
            .field("bytes", &self.data.len())
            .finish_non_exhaustive()
    }
}

impl<U: fmt::Debug> fmt::Debug for Payload<'_, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Payload")
            .field("session", &self.session)
            .field("account", &self.account)
            .field("kind", &self.kind)
            .field("bytes", &self.data.len())
            .finish()
    }
}

impl<U: Clone> Server<U> {
    /// Answers a command. Returns where what stands in `out` is to be sent; `None`, and nothing
    /// stands there, when the session has ended meanwhile. Data too long for a packet become
    /// completion code CAh. `now` must not be earlier than in any call before.
    pub fn reply(
        &mut self,
        ticket: Ticket,
        completion: Completion,
        data: &[u8],
        now: Instant,
        host: &mut impl Host<User = U>,
        out: &mut Out,
    ) -> Option<SocketAddr> {
        out.clear();
        let index = self.index(ticket.session)?;
        let session = self.sessions.get_mut(index)?;
        let (completion, data) = if data.len() > DATA_MAX {
            (Completion::TOO_MANY_BYTES, &[][..])
        } else {
            (completion, data)
        };
        let mut kept = session.answers.lend(ticket.place);
        kept.extend_from_slice(data);
        let place = ticket.place;
        session.answers.keep(now, place, completion, kept)?;
        let peer = session.peer;
        let sealed = self.answer(index, place, &ticket.envelope, host, out);
        sealed.then_some(peer)
    }

    /// Sends another payload than a message in a session. Returns where what stands in `out` is to
    /// be sent; `None`, and nothing stands there, when the session has ended or the payload is
    /// longer than [`PAYLOAD_MAX`].
    pub fn send(
        &mut self,
        session: SessionId,
        kind: u8,
        data: &[u8],
        host: &mut impl Host<User = U>,
        out: &mut Out,
    ) -> Option<SocketAddr> {
        out.clear();
        if data.len() > PAYLOAD_MAX {
            return None;
        }
        let index = self.index(session)?;
        let session = self.sessions.get_mut(index)?;
        let sealed = session
            .line
            .seal(&mut out.bytes, kind, |out| out.extend_from_slice(data));
        let peer = session.peer;
        self.sealed(index, sealed, host).then_some(peer)
    }

    /// Takes a packet of a session in.
    pub(super) fn inside<'d>(
        &mut self,
        header: Header,
        frame: &'d mut [u8],
        peer: SocketAddr,
        now: Instant,
        host: &mut impl Host<User = U>,
        out: &mut Out,
    ) -> Option<Work<'d, U>> {
        let index = self.index(SessionId(header.session))?;
        let session = self.sessions.get_mut(index)?;
        let guarded = header.authenticated && header.encrypted && session.peer == peer;
        if !guarded
            || !session.window.is_fresh(header.sequence)
            || !session.line.keys.is_authentic(&header, frame)
        {
            return None;
        }
        let text = session.line.keys.decrypt(&header, frame)?;
        session.window.pass(header.sequence);
        session.heard = now;
        if header.kind != payload::MESSAGE {
            return Some(Work::Payload(Payload {
                session: session.id,
                account: session.account.clone(),
                kind: header.kind,
                data: text,
            }));
        }
        let request = Request::parse(text)?;
        match session.answers.arrive(now, &request) {
            Arrival::Running => None,
            Arrival::TooMany => {
                let busy = |_: &mut Vec<u8>| Completion::NODE_BUSY;
                let line = &mut session.line;
                let sealed = line.respond(&mut out.bytes, &request.envelope, busy);
                self.sealed(index, sealed, host);
                None
            }
            Arrival::Answered(place) => {
                self.answer(index, place, &request.envelope, host, out);
                None
            }
            Arrival::New(place) if own::is_own(&request) => {
                self.answer_own(index, place, &request, now, host, out);
                None
            }
            Arrival::New(place) => Some(Work::Command(Command {
                ticket: Ticket {
                    session: session.id,
                    place,
                    envelope: request.envelope,
                },
                session: session.id,
                account: session.account.clone(),
                user: session.user,
                privilege: session.privilege,
                net_fn: request.envelope.net_fn,
                lun: request.envelope.lun,
                command: request.envelope.command,
                data: request.data,
            })),
        }
    }

    /// Carries out a command about sessions, and answers it.
    fn answer_own(
        &mut self,
        index: usize,
        place: Place,
        request: &Request<'_>,
        now: Instant,
        host: &mut impl Host<User = U>,
        out: &mut Out,
    ) {
        // The commands write to memory that the session has already.
        let session = self.sessions.get_mut(index);
        let mut data = session.map(|s| s.answers.lend(place)).unwrap_or_default();
        let Done { completion, ends } = self.own(index, request, &mut data);
        if let Some(session) = self.sessions.get_mut(index) {
            session.answers.keep(now, place, completion, data);
        }
        self.answer(index, place, &request.envelope, host, out);
        if let Some((id, why)) = ends {
            self.end_where(|session| session.id == id, why, host);
        }
    }

    /// Seals an answer that was kept; `false` when it couldn't be.
    fn answer(
        &mut self,
        index: usize,
        place: Place,
        to: &Envelope,
        host: &mut impl Host<User = U>,
        out: &mut Out,
    ) -> bool {
        let Some(session) = self.sessions.get_mut(index) else {
            return false;
        };
        let session = &mut **session;
        let Some(entry) = session.answers.kept(place) else {
            return false;
        };
        let sealed = session.line.respond(&mut out.bytes, to, |out| {
            out.extend_from_slice(&entry.data);
            entry.completion
        });
        self.sealed(index, sealed, host)
    }

    /// Ends a session that has no number left for a packet. Returns whether there was one.
    fn sealed(&mut self, index: usize, sealed: bool, host: &mut impl Host<User = U>) -> bool {
        if !sealed && let Some(id) = self.sessions.get(index).map(|session| session.id) {
            self.end_where(|session| session.id == id, Ended::Exhausted, host);
        }
        sealed
    }

    /// Where a session stands in the table.
    pub(super) fn index(&self, id: SessionId) -> Option<usize> {
        self.sessions.iter().position(|session| session.id == id)
    }
}
