//! From a password or a token to an actor.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;
use zeroize::Zeroizing;

use super::{
    Actor, Gate, LoginRefused, NewSession, Origin, SessionId,
    audit::{self, Failure},
    backoff::Source,
    book::Record,
    proofs::Known,
    sessions::Token,
    verify::{CHANGED, still},
};
use crate::host::HostFault;

impl Gate {
    /// Name and password of one request (HTTP Basic). Verified secrets are remembered for half a
    /// minute by a keyed hash, and forgotten when the account changes.
    ///
    /// # Errors
    /// [`LoginRefused`].
    pub async fn password(
        &self,
        origin: Origin,
        name: &str,
        password: Zeroizing<String>,
    ) -> Result<Arc<Actor>, LoginRefused> {
        let proven = self.prove(&origin, name, password).await?;
        let now = self.host.clock.now();
        let mut guard = self.inside.lock();
        let inside = &mut *guard;
        let Some(record) = still(&inside.book, proven) else {
            drop(guard);
            return Err(self.changed_meanwhile(&origin, name));
        };
        let ended = inside.proofs.rest_on(record.id, Known::Password);
        let actor = Arc::new(actor(record, origin, None, ended));
        let whom = (proven.id, proven.generation);
        let idle = inside.policy.session_idle;
        let new = inside.visits.is_new(now, whom, &actor.origin, idle);
        drop(guard);
        if new {
            self.record([audit::logged_in(&actor)]);
        }
        Ok(actor)
    }

    /// Opens a session for name and password.
    ///
    /// # Errors
    /// [`LoginRefused`].
    pub async fn open_session(
        &self,
        origin: Origin,
        name: &str,
        password: Zeroizing<String>,
    ) -> Result<NewSession, LoginRefused> {
        let proven = self.prove(&origin, name, password).await?;
        let token = Token::new(&*self.host.entropy)?;
        let id = token.id();
        self.expire();
        let (now, since) = (self.host.clock.now(), self.host.clock.wall());

        let mut guard = self.inside.lock();
        let inside = &mut *guard;
        let Some(record) = still(&inside.book, proven) else {
            drop(guard);
            return Err(self.changed_meanwhile(&origin, name));
        };
        if !inside.sessions.room(record.id, &inside.policy) {
            drop(guard);
            self.note_failure(&origin, name, "too many sessions are open", false);
            return Err(LoginRefused::TooManySessions);
        }
        if inside.sessions.get(&id).is_some() {
            let why = "the random numbers repeat".into();
            let doing = "open a session";
            return Err(HostFault { doing, why }.into());
        }
        let ended = watch::Sender::new(false);
        let actor = actor(record, origin, Some(id.clone()), ended.subscribe());
        let actor = Arc::new(actor);
        let sessions = &mut inside.sessions;
        sessions.open(&token, proven.id, actor.clone(), ended, now, since);
        // A session can make the change: a one-time password has nothing more to do.
        inside.first_uses.remove(&proven.id);
        drop(guard);

        self.wake.notify_one();
        self.record([audit::logged_in(&actor)]);
        Ok(NewSession {
            id,
            token: token.into_text(),
            actor,
        })
    }

    /// The bearer of a session's token. Keeps the session from being idle. A session serves all of
    /// HTTPS, whichever of its services it was opened through: the page uses Redfish, too.
    ///
    /// # Errors
    /// [`LoginRefused::NoSession`].
    pub fn token(&self, origin: Origin, token: &str) -> Result<Arc<Actor>, LoginRefused> {
        let now = self.host.clock.now();
        let bearer = {
            let mut inside = self.inside.lock();
            let policy = inside.policy;
            let session = inside.sessions.of(token, now, &policy);
            session.map(|session| session.actor.clone())
        };
        let Some(bearer) = bearer else {
            // Perhaps because its time is over, and the sweeper has not come by yet.
            self.expire();
            return Err(LoginRefused::NoSession);
        };
        if bearer.origin == origin {
            return Ok(bearer);
        }
        let bearer = Arc::unwrap_or_clone(bearer);
        Ok(Arc::new(Actor { origin, ..bearer }))
    }

    /// Keeps an actor's session from being idle: for connections that stay open, whenever their
    /// user does something.
    pub fn touch(&self, actor: &Actor) {
        if let Some(id) = &actor.session {
            let now = self.host.clock.now();
            let mut inside = self.inside.lock();
            let policy = inside.policy;
            inside.sessions.touch(id, now, &policy);
        }
    }

    /// Whether somebody may try a name now: for services that look at proofs themselves. The
    /// others ask with [`Gate::password`] and [`Gate::open_session`], which do all of this.
    ///
    /// # Errors
    /// [`LoginRefused::TooMany`].
    pub fn attempt_allowed(&self, origin: &Origin, name: &str) -> Result<(), LoginRefused> {
        let (now, source) = (self.host.clock.now(), Source::from(origin.source));
        let backoff = self.backoff.lock();
        let Err(wait) = backoff.check(now, source, name) else {
            return Ok(());
        };
        let shut_out = !backoff.source_wait(now, source).is_zero();
        drop(backoff);
        self.note_failure(origin, name, "too many failures before", shut_out);
        let up = u64::from(wait.subsec_nanos() > 0);
        let retry_after = Duration::from_secs(wait.as_secs() + up);
        Err(LoginRefused::TooMany { retry_after })
    }

    /// Counts a failed attempt; `why` is for the audit log.
    pub fn attempt_failed(&self, origin: &Origin, name: &str, why: &'static str) {
        let (now, source) = (self.host.clock.now(), Source::from(origin.source));
        self.backoff.lock().failed(now, source, name);
        self.note_failure(origin, name, why, false);
    }

    /// Forgives a source what it failed at with a name.
    pub fn attempt_succeeded(&self, origin: &Origin, name: &str) {
        let source = Source::from(origin.source);
        self.backoff.lock().succeeded(source, name);
    }

    fn note_failure(&self, origin: &Origin, name: &str, why: &'static str, any_name: bool) {
        let now = self.host.clock.now();
        let failure = Failure::new(origin, name, why);
        let events = self.failures.lock().note(now, failure, any_name);
        if !events.is_empty() {
            self.wake.notify_one();
        }
        self.record(events);
    }

    /// The account changed between proof and entry: the proof was right once, and is none now.
    pub(super) fn changed_meanwhile(&self, origin: &Origin, name: &str) -> LoginRefused {
        self.note_failure(origin, name, CHANGED, false);
        LoginRefused::Wrong
    }
}

pub(super) fn actor(
    record: &Record,
    origin: Origin,
    session: Option<SessionId>,
    ended: watch::Receiver<bool>,
) -> Actor {
    Actor {
        account: Some(record.id),
        name: record.name.clone(),
        role: record.role,
        scope: record.scope.clone(),
        origin,
        session,
        must_change_password: record.must_change_password,
        ended: Some(ended),
    }
}
