//! The end of a setup: RAKP message 3, and the session that stands after it, for which another one
//! may have to go.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use super::{
    Ended, Happened, Host, IDLE, Out, Refusal, SESSIONS_MAX, Server, SessionId,
    answers::Answers,
    login::{refuse, write},
    session::{self, Line, Session},
    setups::{Login, Setup},
};
use crate::ipmi::{
    Privilege,
    frame::payload,
    rakp::{Rakp3, Rakp4, Status},
    window::Window,
};

/// How long a session must have been silent to make room for another one of the same user.
const REPLACED_AFTER: Duration = Duration::from_secs(5);

impl<U: Clone> Server<U> {
    /// Answers message 3, and makes the session stand when it proves what it must.
    pub(super) fn rakp_3(
        &mut self,
        message: &[u8],
        peer: SocketAddr,
        now: Instant,
        host: &mut impl Host<User = U>,
        out: &mut Out,
    ) {
        let Some(message) = Rakp3::parse(message) else {
            return;
        };
        let setup = self.setups.take(message.managed, peer);
        let Some((setup, login)) = setup.and_then(|mut setup| {
            let login = setup.login.take()?;
            Some((setup, login))
        }) else {
            self.repeat_rakp_4(&message, peer, out);
            return;
        };
        let console = setup.asked.console;
        let name = login.exchange.name;
        match self.stand(&setup, *login, message.code, now, host) {
            Ok(session) => {
                let rakp_4 = Rakp4 {
                    tag: message.tag,
                    console,
                    check: Ok(session.check()),
                };
                write(out, payload::RAKP_4, |out| rakp_4.write(out));
                host.happened(Happened::LoggedIn(session.view()));
                self.sessions.push(Box::new(session));
                self.wake_at(now + IDLE);
            }
            Err((why, status)) => {
                if let Some(status) = status {
                    refuse(out, payload::RAKP_4, message.tag, status, console);
                }
                let name = name.as_bytes();
                host.happened(Happened::Refused { peer, name, why });
            }
        }
    }

    /// Makes a session when the console has proved what it must; else why not, and what it is told.
    fn stand(
        &mut self,
        setup: &Setup<U>,
        login: Login<U>,
        code: Result<&[u8], Status>,
        now: Instant,
        host: &mut impl Host<User = U>,
    ) -> Result<Session<U>, (Refusal, Option<Status>)> {
        let Ok(code) = code else {
            return Err((Refusal::GaveUp, None));
        };
        let exchange = &login.exchange;
        let user = login.user.as_ref();
        let proven = exchange.proves_3(user.map_or(&*self.decoy, |user| &*user.key), code);
        let wrong = (Refusal::Key, Some(Status::INTEGRITY));
        // Nobody knows the decoy; and were it guessed, it would open nothing.
        let (true, Some(user)) = (proven, login.user) else {
            return Err(wrong);
        };
        host.proofs().give_back(setup.source, exchange.name);
        // As if the setup had been forgotten: the console begins anew, and is asked for the new key.
        if !host.still_stands(&user.account) {
            return Err((Refusal::Changed, Some(Status::INVALID_SESSION)));
        }
        let user_limit = user.limit.min(self.config.limit);
        let role = Privilege::from_wire(exchange.role & 0x0F);
        let role = role.filter(|role| *role <= user_limit);
        let limit = role.ok_or((Refusal::Privilege, Some(Status::UNAUTHORIZED_ROLE)))?;
        // What Open Session asked for bounds it, too.
        let limit = setup
            .asked
            .privilege
            .map_or(limit, |asked| asked.min(limit));
        let full = (Refusal::Full, Some(Status::RESOURCES));
        let handle = self.room_for(user.id, user_limit, now, host).ok_or(full)?;
        let key = self.config.bmc_key.as_ref().unwrap_or(&user.key);
        let agreed = exchange.agree(&**key);
        let kept = session::Login::new(code, agreed.check());
        Ok(Session {
            id: SessionId(exchange.managed),
            handle,
            peer: setup.peer,
            line: Line {
                keys: agreed.keys,
                console: exchange.console,
                sent: 0,
            },
            window: Window::default(),
            account: user.account,
            user: user.id,
            privilege: limit.min(Privilege::User),
            limit,
            user_limit,
            since: now,
            heard: now,
            answers: Answers::default(),
            login: kept,
        })
    }

    /// The handle for one more session of a user. Where there are too many, a silent one of the same
    /// user makes room for it; and where an Administrator finds the table full of others, the one of
    /// a lower user that has been silent longest, be it for a moment: else a few who may only read
    /// could keep the owner out.
    fn room_for(
        &mut self,
        user: u8,
        limit: Privilege,
        now: Instant,
        host: &mut impl Host<User = U>,
    ) -> Option<u8> {
        let all = || self.sessions.iter();
        let own = || all().filter(|session| session.user == user);
        let full = all().len() >= usize::from(self.most_sessions());
        let too_many = own().count() >= usize::from(self.config.sessions_of_user);
        if full || too_many {
            let silent = own().min_by_key(|session| session.heard);
            let silent = silent.filter(|silent| now >= silent.heard + REPLACED_AFTER);
            let (goes, why) = if let Some(silent) = silent {
                (silent.id, Ended::Replaced)
            } else if !too_many && limit >= Privilege::Administrator {
                let lower = all().filter(|session| session.user_limit < limit);
                let lower = lower.min_by_key(|session| session.heard)?;
                (lower.id, Ended::Outranked)
            } else {
                return None;
            };
            self.end_where(|session| session.id == goes, why, host);
        }
        (1..=SESSIONS_MAX).find(|handle| self.sessions.iter().all(|s| s.handle != *handle))
    }

    /// Answers a message 3 that belongs to no setup: the one that opened a session, come again, or
    /// a stray.
    fn repeat_rakp_4(&self, message: &Rakp3<'_>, peer: SocketAddr, out: &mut Out) {
        let Ok(code) = message.code else {
            return;
        };
        let opened = self.sessions.iter().find(|session| {
            session.id.0 == message.managed && session.peer == peer && session.was_opened_by(code)
        });
        let Some(session) = opened else {
            let status = Status::INVALID_SESSION;
            refuse(out, payload::RAKP_4, message.tag, status, 0);
            return;
        };
        let rakp_4 = Rakp4 {
            tag: message.tag,
            console: session.line.console,
            check: Ok(session.check()),
        };
        write(out, payload::RAKP_4, |out| rakp_4.write(out));
    }
}
