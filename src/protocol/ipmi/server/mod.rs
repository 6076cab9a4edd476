//! The server side of one BMC's LAN channel: a machine between a socket and the commands.
//!
//! Whoever owns the socket hands every datagram to [`Server::input`], sends what is in [`Out`]
//! back to where the datagram came from, and carries out the [`Work`] that comes out of it. A
//! command is answered by [`Server::reply`], at once or later, and others may come in between.
//! When [`Server::deadline`] passes, [`Server::tick`] is called. The [`Host`] gives entropy, knows
//! users, hears what happened, and lends the one [`Proofs`] that it owns for all of its servers.
//!
//! ```text
//! datagram ─► input ─► Out (pong, answers of the server itself, an answer given before)
//!                 └──► Work::Command ─► ... ─► reply ─► Out
//! ```
//!
//! **What it answers itself**: presence pings, what needs no session (Get Channel Authentication
//! Capabilities, Get Channel Cipher Suites, Get System GUID, in either framing), the setup of
//! sessions, and the commands about sessions: Set Session Privilege Level, Close Session, Get
//! Session Info. All other commands come out with the session's user and privilege level, and it is
//! for their receiver to look whether the level suffices.
//!
//! **What it guards.** Sessions are bound to the address and port that opened them. A packet in a
//! session must be authenticated and encrypted, its number must be fresh, or it is dropped without
//! an answer. A request that comes again gets its answer again, and does not run again. Whether a
//! user exists, and whether a privilege level may be had, is told only after the console proved to
//! know the key. Setups have a pool of their own, which nobody can fill against others; nor can users
//! who may do less fill the table of sessions against an Administrator.
//!
//! **What it costs.** A server without sessions and setups takes a few hundred bytes. Once a
//! session stands, a packet takes no memory that wasn't there before.

mod answers;
mod config;
mod host;
mod inside;
mod login;
mod out;
mod outside;
mod own;
mod proof;
mod proofs;
mod session;
mod setups;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use self::{
    session::Session,
    setups::{SETUP_TIME, Setup, Setups},
};
use super::{
    frame::{self, Frame},
    rmcp::{self, Datagram},
};

pub use config::{Config, SESSIONS_MAX};
pub use host::{Ask, Ended, Happened, Host, Key, Lookup, Refusal, SessionId, SessionView, User};
pub use inside::{Command, Payload, Ticket, Work};
pub use out::Out;
pub use proofs::{PROOFS_A_MINUTE, Proofs};

/// After how long a silence a session ends (section 6.12.15: 60 seconds, give or take 3).
pub const IDLE: Duration = Duration::from_secs(60);
/// The longest datagram that is looked at, in bytes.
pub const DATAGRAM_MAX: usize = 1024;

/// The server side of one LAN channel. `U` is what the house knows a user by.
pub struct Server<U> {
    config: Arc<Config>,
    /// The key of those who may not log in.
    decoy: Key,
    setups: Setups<U>,
    sessions: Vec<Box<Session<U>>>,
    /// Nothing needs to be looked after before.
    wake: Option<Instant>,
}

impl<U: Clone> Server<U> {
    /// A server without sessions. `decoy`: 20 random bytes that nobody else knows, made anew at
    /// each start; they stand for the key of those who may not log in.
    #[must_use]
    pub fn new(config: Arc<Config>, decoy: Key) -> Self {
        Self {
            config,
            decoy,
            setups: Setups::default(),
            sessions: Vec::new(),
            wake: None,
        }
    }

    /// Changes the configuration. Sessions that stand go on; so do those being set up, as long as
    /// their suite is still taken.
    pub fn configure(&mut self, config: Arc<Config>, host: &mut impl Host<User = U>) {
        self.config = config;
        let taken = |setup: &Setup<U>| outside::suite_is_on(&self.config, setup.asked.suite);
        self.setups
            .retain(taken, |setup| login::gave_up(setup, host));
    }

    /// Takes a datagram in. It is decrypted where it stands. What is to be sent back to `peer`
    /// stands in `out` afterwards, and nothing else; what is to be done is returned. `now` must
    /// not be earlier than in any call before.
    pub fn input<'d>(
        &mut self,
        datagram: &'d mut [u8],
        peer: SocketAddr,
        now: Instant,
        host: &mut impl Host<User = U>,
        out: &mut Out,
    ) -> Option<Work<'d, U>> {
        out.clear();
        if datagram.len() > DATAGRAM_MAX {
            return None;
        }
        if self.wake.is_some_and(|wake| wake <= now) {
            self.tick(now, host);
        }
        match rmcp::parse(datagram)? {
            Datagram::Ping { tag, ack } => {
                if let Some(ack) = ack {
                    out.bytes.extend_from_slice(&ack);
                    out.split();
                }
                out.bytes.extend_from_slice(&rmcp::pong(tag));
                None
            }
            Datagram::Ipmi(frame) => match frame::parse(frame)? {
                Frame::Outside(framing, message) => {
                    outside::answer(&self.config, framing, message, &mut out.bytes);
                    None
                }
                Frame::Setup { kind, payload } => {
                    self.set_up(kind, payload, peer, now, host, out);
                    None
                }
                Frame::Inside(header, frame) => self.inside(header, frame, peer, now, host, out),
            },
        }
    }

    /// When [`tick`](Self::tick) is to be called at the latest; `None`: nothing is under way.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.wake
    }

    /// Ends what has been silent, or has taken, too long.
    pub fn tick(&mut self, now: Instant, host: &mut impl Host<User = U>) {
        let goes_on = |setup: &Setup<U>| now < setup.since + SETUP_TIME;
        self.setups
            .retain(goes_on, |setup| login::gave_up(setup, host));
        let idle = |session: &Session<U>| now >= session.heard + IDLE;
        self.end_where(idle, Ended::Idle, host);
        let sessions = self.sessions.iter().map(|session| session.heard + IDLE);
        self.wake = sessions.chain(self.setups.deadline()).min();
    }

    /// The sessions that stand.
    pub fn sessions(&self) -> impl Iterator<Item = SessionView<'_, U>> {
        self.sessions.iter().map(|session| session.view())
    }

    /// Ends the sessions that `which` picks: their account was changed or removed. Setups go on, so
    /// that nobody's change ends another one's login, or tells it which names there are; whether
    /// their users are what they were is asked at their end ([`Host::still_stands`]).
    pub fn end(
        &mut self,
        mut which: impl FnMut(&SessionView<'_, U>) -> bool,
        host: &mut impl Host<User = U>,
    ) {
        self.end_where(|session| which(&session.view()), Ended::Revoked, host);
    }

    fn end_where(
        &mut self,
        mut which: impl FnMut(&Session<U>) -> bool,
        why: Ended,
        host: &mut impl Host<User = U>,
    ) {
        self.sessions.retain(|session| {
            let ends = which(session);
            if ends {
                host.happened(Happened::Ended(session.view(), why));
            }
            !ends
        });
        if self.sessions.is_empty() {
            self.sessions = Vec::new();
        }
    }

    /// Looks after things at this time, or earlier.
    fn wake_at(&mut self, at: Instant) {
        self.wake = Some(self.wake.map_or(at, |wake| wake.min(at)));
    }

    fn most_sessions(&self) -> u8 {
        self.config.sessions.min(SESSIONS_MAX)
    }
}

impl<U> fmt::Debug for Server<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("config", &self.config)
            .field("sessions", &self.sessions.len())
            .finish_non_exhaustive()
    }
}
