//! Sessions: who is logged in, since when, until when.

use std::{collections::HashMap, fmt, sync::Arc};

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use tokio::{sync::watch, time::Instant};
use zeroize::Zeroizing;

use super::{AccountId, Actor, Origin, Policy};
use crate::host::{Entropy, HostFault, Stamp};

/// How many sessions one account may have at once; one more is refused.
pub const PER_ACCOUNT: usize = 64;

/// A session's public name: it stands in URLs and logs and proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SessionId(pub Arc<str>);

/// A session, as it is shown.
#[derive(Debug, Clone)]
pub struct SessionView {
    /// Its public name.
    pub id: SessionId,
    /// Whose it is.
    pub account: AccountId,
    /// The account's name.
    pub name: Arc<str>,
    /// Where it was opened from.
    pub origin: Origin,
    /// When it was opened.
    pub since: Stamp,
}

/// A token: 16 hexadecimal digits that are the session's public name, and 48 that nobody else
/// knows (192 random bits).
pub(super) struct Token(Zeroizing<String>);

impl Token {
    const ID: usize = 16;

    pub(super) fn new(entropy: &dyn Entropy) -> Result<Self, HostFault> {
        let mut random = Zeroizing::new([0; 32]);
        entropy.fill(&mut *random)?;
        let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
        let mut text = Zeroizing::new(String::with_capacity(2 * random.len()));
        for byte in *random {
            text.push(digit(byte >> 4));
            text.push(digit(byte & 15));
        }
        Ok(Self(text))
    }

    /// The public name and the secret.
    fn split(text: &str) -> Option<(&str, &str)> {
        text.split_at_checked(Self::ID)
    }

    pub(super) fn id(&self) -> SessionId {
        let (id, _) = Self::split(&self.0).unwrap_or_default();
        SessionId(id.into())
    }

    pub(super) fn into_text(self) -> Zeroizing<String> {
        self.0
    }
}

/// An open session.
pub(super) struct Session {
    pub(super) id: SessionId,
    pub(super) account: AccountId,
    pub(super) actor: Arc<Actor>,
    /// Held here so that its bearer's connections hear of the end.
    pub(super) ended: watch::Sender<bool>,
    secret: Zeroizing<String>,
    since: Stamp,
    opened: Instant,
    used: Instant,
    /// Orders sessions by age.
    number: u64,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// Why the session is over, if it is.
    fn over(&self, now: Instant, policy: &Policy) -> Option<&'static str> {
        let reached = |end: Option<Instant>| end.is_some_and(|end| end <= now);
        if reached(self.opened.checked_add(policy.session_absolute)) {
            Some("its time was up")
        } else if reached(self.used.checked_add(policy.session_idle)) {
            Some("idle")
        } else {
            None
        }
    }

    /// When the session ends if nothing more comes from it; `None` for never.
    fn deadline(&self, policy: &Policy) -> Option<Instant> {
        let idle = self.used.checked_add(policy.session_idle);
        let absolute = self.opened.checked_add(policy.session_absolute);
        idle.into_iter().chain(absolute).min()
    }

    fn view(&self) -> SessionView {
        SessionView {
            id: self.id.clone(),
            account: self.account,
            name: self.actor.name().clone(),
            origin: self.actor.origin().clone(),
            since: self.since,
        }
    }
}

/// The open sessions.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    open: HashMap<SessionId, Session>,
    opened_ever: u64,
}

impl Sessions {
    /// Whether an account may have one more.
    pub(super) fn room(&self, account: AccountId, policy: &Policy) -> bool {
        let own = self.open.values().filter(|s| s.account == account).count();
        self.open.len() < policy.sessions_max && own < PER_ACCOUNT
    }

    /// Opens a session. The actor carries the receiving end of `ended`.
    pub(super) fn open(
        &mut self,
        token: &Token,
        account: AccountId,
        actor: Arc<Actor>,
        ended: watch::Sender<bool>,
        now: Instant,
        since: Stamp,
    ) {
        let (_, secret) = Token::split(&token.0).unwrap_or_default();
        self.opened_ever += 1;
        let session = Session {
            id: token.id(),
            account,
            actor,
            ended,
            secret: Zeroizing::new(secret.to_owned()),
            since,
            opened: now,
            used: now,
            number: self.opened_ever,
        };
        self.open.insert(session.id.clone(), session);
    }

    /// The session of a token, which is thereby used. None whose time is over.
    pub(super) fn of(&mut self, token: &str, now: Instant, policy: &Policy) -> Option<&Session> {
        let (id, secret) = Token::split(token)?;
        let session = self.open.get_mut(&SessionId(id.into()))?;
        let right: bool = session.secret.as_bytes().ct_eq(secret.as_bytes()).into();
        if !right || session.over(now, policy).is_some() {
            return None;
        }
        session.used = now;
        Some(session)
    }

    /// Notes that a session's bearer is active.
    pub(super) fn touch(&mut self, id: &SessionId, now: Instant, policy: &Policy) {
        let session = self.open.get_mut(id);
        // A session whose time is over doesn't come back.
        if let Some(session) = session.filter(|session| session.over(now, policy).is_none()) {
            session.used = now;
        }
    }

    pub(super) fn get(&self, id: &SessionId) -> Option<&Session> {
        self.open.get(id)
    }

    /// Ends a session.
    pub(super) fn end(&mut self, id: &SessionId) -> Option<Session> {
        let session = self.open.remove(id)?;
        session.ended.send_replace(true);
        Some(session)
    }

    /// Ends the sessions of an account, but for one.
    pub(super) fn end_of(&mut self, account: AccountId, keep: Option<&SessionId>) -> Vec<Session> {
        let doomed = |session: &&Session| session.account == account && Some(&session.id) != keep;
        let doomed = self.open.values().filter(doomed);
        let doomed: Vec<SessionId> = doomed.map(|session| session.id.clone()).collect();
        doomed.iter().filter_map(|id| self.end(id)).collect()
    }

    /// Ends the sessions whose time is over, and says why each.
    pub(super) fn expire(&mut self, now: Instant, policy: &Policy) -> Vec<(Session, &'static str)> {
        let over = |s: &Session| s.over(now, policy).map(|why| (s.id.clone(), why));
        let over: Vec<_> = self.open.values().filter_map(over).collect();
        over.into_iter()
            .filter_map(|(id, why)| Some((self.end(&id)?, why)))
            .collect()
    }

    /// When the next session ends if nothing more comes.
    pub(super) fn deadline(&self, policy: &Policy) -> Option<Instant> {
        self.open.values().filter_map(|s| s.deadline(policy)).min()
    }

    /// Gives an account's sessions a new actor each.
    pub(super) fn refresh(&mut self, account: AccountId, renew: impl Fn(&Actor) -> Actor) {
        let own = self.open.values_mut().filter(|s| s.account == account);
        for session in own {
            session.actor = Arc::new(renew(&session.actor));
        }
    }

    /// The sessions of one account or of all, oldest first.
    pub(super) fn views(&self, account: Option<AccountId>) -> Vec<SessionView> {
        let seen = |session: &&Session| account.is_none_or(|id| id == session.account);
        let mut seen: Vec<&Session> = self.open.values().filter(seen).collect();
        seen.sort_unstable_by_key(|session| session.number);
        seen.into_iter().map(Session::view).collect()
    }
}
