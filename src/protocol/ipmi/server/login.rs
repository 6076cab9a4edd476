//! How sessions are set up: Open Session, and RAKP message 1. The rest is in `proof`.
//!
//! Whatever comes twice is answered twice alike, since answers get lost. What belongs to no setup
//! is told so. Message 2 alone is much longer than what asks for it, and goes only to an address at
//! which the answer to Open Session was received: nobody can have it sent to somebody else.

use std::{net::SocketAddr, time::Instant};

use super::{
    Ask, Happened, Host, Lookup, Out, Refusal, Server, SessionId, User,
    outside::suite_is_on,
    proofs::{Verdict, source},
    setups::{Login, SETUP_TIME, Setup},
};
use crate::ipmi::{
    Privilege,
    frame::{self, Framing, payload},
    rakp::{Exchange, OpenRequest, OpenResponse, Opened, Rakp1, Rakp2, Status, write_head},
};

impl<U: Clone> Server<U> {
    /// Takes a step of a setup.
    pub(super) fn set_up(
        &mut self,
        kind: u8,
        message: &[u8],
        peer: SocketAddr,
        now: Instant,
        host: &mut impl Host<User = U>,
        out: &mut Out,
    ) {
        match kind {
            payload::OPEN_REQUEST => self.open(message, peer, now, host, out),
            payload::RAKP_1 => self.rakp_1(message, peer, now, host, out),
            payload::RAKP_3 => self.rakp_3(message, peer, now, host, out),
            _ => {}
        }
    }

    fn open(
        &mut self,
        message: &[u8],
        peer: SocketAddr,
        now: Instant,
        host: &mut impl Host<User = U>,
        out: &mut Out,
    ) {
        let response = match OpenRequest::parse(message) {
            Ok(asked) => self.opened(asked, peer, now, host),
            Err(refusal) => refusal,
        };
        if let Some(response) = response {
            write(out, payload::OPEN_RESPONSE, |out| response.write(out));
        }
    }

    fn opened(
        &mut self,
        asked: OpenRequest,
        peer: SocketAddr,
        now: Instant,
        host: &mut impl Host<User = U>,
    ) -> Option<OpenResponse> {
        let OpenRequest {
            tag,
            console,
            suite,
            ..
        } = asked;
        let answer = |outcome| {
            Some(OpenResponse {
                tag,
                console,
                outcome,
            })
        };
        if !suite_is_on(&self.config, suite) {
            return answer(Err(Status::NO_SUITE));
        }
        let managed = match self.setups.begun_by(peer, &asked) {
            Some(setup) => setup.id,
            None => {
                let Some(id) = self.fresh_id(host) else {
                    return answer(Err(Status::RESOURCES));
                };
                let gone = self.setups.add(Setup {
                    id,
                    peer,
                    source: source(peer.ip()),
                    since: now,
                    asked,
                    login: None,
                });
                if let Some(gone) = gone {
                    gave_up(&gone, host);
                }
                self.wake_at(now + SETUP_TIME);
                id
            }
        };
        // What the user may is known later: here it is what the channel allows.
        let limit = self.config.limit;
        answer(Ok(Opened {
            privilege: asked.privilege.map_or(limit, |asked| asked.min(limit)),
            managed,
            suite,
        }))
    }

    fn rakp_1(
        &mut self,
        message: &[u8],
        peer: SocketAddr,
        now: Instant,
        host: &mut impl Host<User = U>,
        out: &mut Out,
    ) {
        match Rakp1::parse(message) {
            Ok(asked) => {
                if let Err((console, status)) = self.prove(asked, peer, now, host, out) {
                    refuse(out, payload::RAKP_2, asked.tag, status, console);
                }
            }
            Err(Some((tag, status))) => refuse(out, payload::RAKP_2, tag, status, 0),
            Err(None) => {}
        }
    }

    /// Answers message 1 with the proof of message 2, or not at all when the console does better to
    /// ask again; or the console's id, where it is known, and why it is refused.
    fn prove(
        &mut self,
        asked: Rakp1,
        peer: SocketAddr,
        now: Instant,
        host: &mut impl Host<User = U>,
        out: &mut Out,
    ) -> Result<(), (u32, Status)> {
        const NAME_ONLY: u8 = 0x10;
        let setup = self.setups.get(asked.managed, peer);
        let setup = setup.ok_or((0, Status::INVALID_SESSION))?;
        let console = setup.asked.console;
        if let Some(login) = setup.login.as_deref().filter(|login| login.asked == asked) {
            write_rakp_2(out, login, &self.decoy);
            return Ok(());
        }
        let role =
            Privilege::from_wire(asked.role & 0x0F).ok_or((console, Status::INVALID_ROLE))?;
        if asked.name.as_bytes().is_empty() {
            return Err((console, Status::UNAUTHORIZED_NAME));
        }
        let from = setup.source;
        let verdict = host.proofs().take(now, from, asked.name);
        match verdict {
            Verdict::Yes => {}
            // No answer: the console asks again by itself.
            Verdict::Soon => return Ok(()),
            refused => {
                if refused == Verdict::NoAndTell {
                    host.happened(Happened::Throttled {
                        source: from,
                        name: asked.name.as_bytes(),
                    });
                }
                return Err((console, Status::RESOURCES));
            }
        }
        let mut managed_random = [0; 16];
        let found = if host.fill(&mut managed_random) {
            host.user(&Ask {
                name: asked.name.as_bytes(),
                peer,
                role,
                name_only: asked.role & NAME_ONLY != 0,
            })
        } else {
            Lookup::Later
        };
        let user = match found {
            Lookup::User(user) => Some(user),
            Lookup::Nobody => None,
            Lookup::Later => {
                host.proofs().give_back(from, asked.name);
                return Err((console, Status::RESOURCES));
            }
        };
        let exchange = Exchange {
            suite: setup.asked.suite,
            console,
            managed: asked.managed,
            console_random: asked.random,
            managed_random,
            guid: self.config.guid,
            role: asked.role,
            name: asked.name,
        };
        // A proof that was had and left counts as one, whatever comes after it in the same setup.
        gave_up(setup, host);
        let login = setup.login.insert(Box::new(Login {
            asked,
            exchange,
            user,
        }));
        write_rakp_2(out, login, &self.decoy);
        Ok(())
    }

    /// A session id that nothing has; `None` without entropy.
    fn fresh_id(&self, host: &mut impl Host<User = U>) -> Option<u32> {
        // One try is enough but once in millions of times.
        (0..8).find_map(|_| {
            let mut id = [0; 4];
            let filled = host.fill(&mut id);
            let id = u32::from_le_bytes(id);
            let used = self.setups.has(id) || self.index(SessionId(id)).is_some();
            (filled && id != 0 && !used).then_some(id)
        })
    }
}

/// Tells of a setup that is over: when the console had its proof, that was a login that failed.
pub(super) fn gave_up<U: Clone>(setup: &Setup<U>, host: &mut impl Host<User = U>) {
    if let Some(login) = &setup.login {
        host.happened(Happened::Refused {
            peer: setup.peer,
            name: login.exchange.name.as_bytes(),
            why: Refusal::GaveUp,
        });
    }
}

fn write_rakp_2<U>(out: &mut Out, login: &Login<U>, decoy: &[u8; 20]) {
    let key = login
        .user
        .as_ref()
        .map_or(decoy, |user: &User<U>| &user.key);
    let code = login.exchange.code_2(key);
    let rakp_2 = Rakp2 {
        console: login.exchange.console,
        random: login.exchange.managed_random,
        guid: login.exchange.guid,
        code: code.bytes(),
    };
    write(out, payload::RAKP_2, |out| {
        rakp_2.write(login.asked.tag, out)
    });
}

pub(super) fn refuse(out: &mut Out, kind: u8, tag: u8, status: Status, console: u32) {
    write(out, kind, |out| write_head(out, tag, status, console));
}

pub(super) fn write(out: &mut Out, kind: u8, body: impl FnOnce(&mut Vec<u8>)) {
    frame::write_outside(&mut out.bytes, Framing::V20, kind, body);
}
