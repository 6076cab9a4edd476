//! The gate itself: proofs in, actors out.

use std::{collections::HashMap, fmt, net::IpAddr, ops::RangeInclusive, sync::Arc, time::Duration};

use tokio::{
    sync::{Mutex as AsyncMutex, Notify, OnceCell, watch},
    time::Instant,
};
use zeroize::Zeroizing;

use super::{
    AccountId, Actor, Denied, Locked, LoginRefused, Operation, Origin, Role, Scope, SessionId, Via,
    audit::{self, Failures, Visits},
    backoff::{Backoff, tame},
    bmc_key::BmcKeys,
    book::Book,
    kept_policy,
    proofs::Proofs,
    queue::Queues,
    sessions::{Session, Sessions},
    stored,
    turn::Pending,
    verify_cache::VerifyCache,
};
use crate::{
    events::{EventKind, NewEvent},
    host::{Audit, Clock, Entropy, Hasher, HostFault, Sealer, Store},
};

/// The rules of the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Whether accounts are asked for at all. Off makes every visitor an Administrator.
    pub enabled: bool,
    /// A session ends after so long without a request (30 s to 86,400 s, DSP0266 section 13.3.3).
    pub session_idle: Duration,
    /// A session ends after so long in any case.
    pub session_absolute: Duration,
    /// How many sessions there may be at once; one more is refused.
    pub sessions_max: usize,
}

impl Policy {
    /// What [`Policy::session_idle`] may be, in seconds (DSP0266 section 13.3.3). Whoever takes a
    /// policy from outside refuses others.
    pub const SESSION_IDLE_SECONDS: RangeInclusive<u64> = 30..=86_400;

    /// These rules, with another idle limit where there is one.
    fn with_idle(self, idle: Option<Duration>) -> Self {
        let session_idle = idle.unwrap_or(self.session_idle);
        Self {
            session_idle,
            ..self
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            enabled: true,
            session_idle: Duration::from_secs(30 * 60),
            session_absolute: Duration::from_secs(24 * 60 * 60),
            sessions_max: 1024,
        }
    }
}

/// A session just opened. The token is shown once, here.
pub struct NewSession {
    /// Its public name.
    pub id: SessionId,
    /// The secret that proves it: at least 128 bits, URL-safe text.
    pub token: Zeroizing<String>,
    /// Who it makes its bearer.
    pub actor: Arc<Actor>,
}

impl fmt::Debug for NewSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewSession")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// What the gate stands on.
#[derive(Debug, Clone)]
pub struct GateHost {
    /// Where accounts are kept.
    pub store: Arc<dyn Store>,
    /// How passwords are verified.
    pub hasher: Arc<dyn Hasher>,
    /// How recoverable secrets are sealed.
    pub sealer: Arc<dyn Sealer>,
    /// Where randomness comes from.
    pub entropy: Arc<dyn Entropy>,
    /// The clocks.
    pub clock: Arc<dyn Clock>,
    /// Where it is written down.
    pub events: Arc<dyn Audit>,
}

/// The one gate.
pub struct Gate {
    pub(super) host: GateHost,
    pub(super) inside: Locked<Inside>,
    pub(super) backoff: Locked<Backoff>,
    pub(super) failures: Locked<Failures>,
    pub(super) bmc_keys: Locked<BmcKeys>,
    pub(super) queues: Queues,
    /// Whose turn it is to change accounts, and the change that is on its way to the disk.
    pub(super) turn: AsyncMutex<Option<Pending>>,
    /// Tells the sweeper that a change was left alone by whoever asked for it.
    pub(super) abandoned: Notify,
    /// Tells the sweeper that there is a new deadline.
    pub(super) wake: Notify,
    /// What passwords for unknown names are verified against.
    pub(super) decoy: OnceCell<Arc<str>>,
    /// Counts the changes that took effect.
    pub(super) changes: watch::Sender<u64>,
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gate(..)")
    }
}

/// Who there is and who is in: one lock, so that nobody gets in by an account that changes at the
/// same time.
#[derive(Debug)]
pub(super) struct Inside {
    pub(super) policy: Policy,
    /// How long a session may be idle, where a client set it.
    pub(super) kept_idle: Option<Duration>,
    pub(super) book: Book,
    pub(super) sessions: Sessions,
    pub(super) verified: VerifyCache,
    pub(super) visits: Visits,
    pub(super) proofs: Proofs,
    /// What the rights of visitors rest on.
    visitors: watch::Sender<bool>,
    /// One-time passwords that were used a moment ago.
    pub(super) first_uses: HashMap<AccountId, FirstUse>,
}

/// The first use of a one-time password: it works on for a moment, and for the same source.
#[derive(Debug, Clone)]
pub(super) struct FirstUse {
    pub(super) source: Option<IpAddr>,
    pub(super) until: Instant,
}

impl Inside {
    /// Ends whatever rests on an account, but for one session.
    pub(super) fn end_all(&mut self, id: AccountId, keep: Option<&SessionId>) -> Vec<Session> {
        self.proofs.end_all(id);
        self.verified.forget(id);
        self.first_uses.remove(&id);
        self.sessions.end_of(id, keep)
    }
}

impl Gate {
    /// Opens the gate over the stored accounts.
    ///
    /// # Errors
    /// [`HostFault`] when the accounts can't be read, were written by a newer version, or when
    /// there is no entropy.
    pub fn open(host: GateHost, policy: Policy) -> Result<Arc<Self>, HostFault> {
        let book = stored::load(&*host.store)?;
        let mut key = Zeroizing::new([0; 32]);
        host.entropy.fill(&mut *key)?;
        let backoff = Backoff::new(host.clock.now());
        let kept_idle = kept_policy::load(&*host.store)?;
        let inside = Inside {
            policy: policy.with_idle(kept_idle),
            kept_idle,
            book,
            sessions: Sessions::default(),
            verified: VerifyCache::new(key),
            visits: Visits::default(),
            proofs: Proofs::default(),
            visitors: watch::Sender::new(false),
            first_uses: HashMap::new(),
        };
        Ok(Arc::new(Self {
            host,
            inside: Locked::new(inside),
            backoff: Locked::new(backoff),
            failures: Locked::default(),
            bmc_keys: Locked::default(),
            queues: Queues::default(),
            turn: AsyncMutex::new(None),
            abandoned: Notify::new(),
            wake: Notify::new(),
            decoy: OnceCell::new(),
            changes: watch::Sender::new(0),
        }))
    }

    /// The rules in force.
    #[must_use]
    pub fn policy(&self) -> Policy {
        self.inside.lock().policy
    }

    /// Changes the rules: an actor's doing, or the settings' with [`Gate::system`]. What a client set
    /// by [`Gate::set_session_idle`] stays. They hold for the sessions that are open, too; and when the gate is switched on, what visitors had open
    /// ends.
    ///
    /// # Errors
    /// [`Denied`] when the actor may not.
    pub fn set_policy(&self, actor: &Actor, policy: Policy) -> Result<(), Denied> {
        actor.may(Operation::ConfigureManager, None)?;
        let mut inside = self.inside.lock();
        let policy = policy.with_idle(inside.kept_idle);
        if inside.policy == policy {
            return Ok(());
        }
        if policy.enabled && !inside.policy.enabled {
            inside.visitors.send_replace(true);
            inside.visitors = watch::Sender::new(false);
        }
        inside.policy = policy;
        drop(inside);
        let what = format!(
            "access is {}; sessions end after {} s without a request and {} s in any case; at most \
             {} of them",
            if policy.enabled { "on" } else { "off" },
            policy.session_idle.as_secs(),
            policy.session_absolute.as_secs(),
            policy.sessions_max,
        );
        let kind = EventKind::SettingsReloaded { what: what.into() };
        self.record([audit::event(kind, Some(actor.into()))]);
        self.wake.notify_one();
        Ok(())
    }

    /// A visitor without any proof: an Administrator while the gate is off, else refused.
    ///
    /// # Errors
    /// [`LoginRefused::Wrong`] while the gate is on.
    pub fn visitor(&self, origin: Origin) -> Result<Arc<Actor>, LoginRefused> {
        let inside = self.inside.lock();
        if inside.policy.enabled {
            return Err(LoginRefused::Wrong);
        }
        let ended = Some(inside.visitors.subscribe());
        Ok(Self::administrator("visitor".into(), origin, ended))
    }

    /// Somebody on the device itself, by the daemon's own socket: an Administrator.
    #[must_use]
    pub fn local(&self, name: &str) -> Arc<Actor> {
        Self::administrator(tame(name).into(), Self::inner_origin(Via::Local), None)
    }

    /// The daemon itself, acting for a policy: an Administrator named after it (`restore-policy`).
    #[must_use]
    pub fn system(&self, policy: &'static str) -> Arc<Actor> {
        Self::administrator(policy.into(), Self::inner_origin(Via::Internal), None)
    }

    fn inner_origin(via: Via) -> Origin {
        Origin { via, source: None }
    }

    fn administrator(
        name: Arc<str>,
        origin: Origin,
        ended: Option<watch::Receiver<bool>>,
    ) -> Arc<Actor> {
        Arc::new(Actor {
            account: None,
            name,
            role: Role::Administrator,
            scope: Scope::All,
            origin,
            session: None,
            must_change_password: false,
            ended,
        })
    }

    /// Records events. Called without any lock: a log may write to a file.
    pub(super) fn record(&self, events: impl IntoIterator<Item = NewEvent>) {
        for event in events {
            self.host.events.record(event);
        }
    }
}
