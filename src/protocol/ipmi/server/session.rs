//! A session that stands.

use std::{net::SocketAddr, time::Instant};

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{SessionId, SessionView, answers::Answers};
use crate::ipmi::{
    Completion, Privilege,
    frame::payload,
    message::{Envelope, respond},
    seal::{Keys, Sender},
    window::Window,
};

/// A session. Without `Debug`, like what it holds, so that nothing shows its secrets.
pub(super) struct Session<U> {
    pub(super) id: SessionId,
    pub(super) handle: u8,
    pub(super) peer: SocketAddr,
    pub(super) line: Line,
    /// What came in.
    pub(super) window: Window,
    pub(super) account: U,
    pub(super) user: u8,
    pub(super) privilege: Privilege,
    /// The highest level of the session, and of its user on this channel.
    pub(super) limit: Privilege,
    pub(super) user_limit: Privilege,
    pub(super) since: Instant,
    /// When its console was last heard.
    pub(super) heard: Instant,
    pub(super) answers: Answers,
    /// How the login ended, for a console that did not hear it.
    pub(super) login: Login,
}

/// What packets to the console are sealed with.
pub(super) struct Line {
    pub(super) keys: Keys,
    /// The console's id of the session, by which it is addressed.
    pub(super) console: u32,
    /// The number of the last packet that went out.
    pub(super) sent: u32,
}

/// The codes of the setup's last two messages, as long as the suite has them.
#[derive(Default)]
pub(super) struct Login {
    code: Zeroizing<[u8; 32]>,
    check: Zeroizing<[u8; 16]>,
}

impl Login {
    /// What message 3 carried, and message 4.
    pub(super) fn new(code: &[u8], check: &[u8]) -> Self {
        let mut login = Self::default();
        for (place, byte) in login.code.iter_mut().zip(code) {
            *place = *byte;
        }
        for (place, byte) in login.check.iter_mut().zip(check) {
            *place = *byte;
        }
        login
    }

    #[cfg(test)]
    pub(super) fn secrets(&self) -> (&Zeroizing<[u8; 32]>, &Zeroizing<[u8; 16]>) {
        (&self.code, &self.check)
    }
}

impl<U> Session<U> {
    pub(super) fn view(&self) -> SessionView<'_, U> {
        SessionView {
            id: self.id,
            handle: self.handle,
            account: &self.account,
            user: self.user,
            peer: self.peer,
            suite: self.line.keys.suite(),
            privilege: self.privilege,
            limit: self.limit,
            since: self.since,
        }
    }

    /// Whether this is the code that opened the session; in constant time.
    pub(super) fn was_opened_by(&self, code: &[u8]) -> bool {
        let len = self.line.keys.suite().code_len();
        let own = self.login.code.get(..len).unwrap_or_default();
        own.ct_eq(code).into()
    }

    /// The check value of message 4.
    pub(super) fn check(&self) -> &[u8] {
        let len = self.line.keys.suite().check_len();
        self.login.check.get(..len).unwrap_or_default()
    }
}

impl Line {
    /// Appends a sealed packet; `false` when there is no number left for it, or it is too long.
    pub(super) fn seal(
        &mut self,
        out: &mut Vec<u8>,
        kind: u8,
        body: impl FnOnce(&mut Vec<u8>),
    ) -> bool {
        let Some(sequence) = self.sent.checked_add(1) else {
            return false;
        };
        let to = (self.console, sequence);
        let sealed = self.keys.seal(out, (kind, Sender::Bmc), to, body);
        if sealed {
            self.sent = sequence;
        }
        sealed
    }

    /// Appends a response.
    pub(super) fn respond(
        &mut self,
        out: &mut Vec<u8>,
        to: &Envelope,
        body: impl FnOnce(&mut Vec<u8>) -> Completion,
    ) -> bool {
        self.seal(out, payload::MESSAGE, |out| respond(out, to, body))
    }
}
