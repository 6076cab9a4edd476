//! Coming in by IPMI, where a client proves to know a secret without ever sending it.
//!
//! The service asks for a name first and gets a [`Claim`], which opens nothing, with the secret that
//! the proof is made with. When the client has proven to know it, [`Gate::enter`] makes the claim's
//! actor; when it has not, the service tells [`Gate::attempt_failed`]. A claim stands for the account
//! as it was when it was asked for: once the IPMI secret, the password, the role or anything else
//! that rights rest on has changed, it opens nothing any more, and whoever came in with it is out.
//!
//! Whether accounts are asked for at all ([`super::Policy::enabled`]) makes no difference here: IPMI
//! keeps its secrets.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use tokio::sync::watch;
use zeroize::Zeroizing;

use super::{
    AccountId, AccountType, Actor, Gate, LoginRefused, Origin, Role, SessionId, audit,
    book::{Book, Record, Sealed},
    login,
    proofs::Known,
    verify::{Proven, still},
};
use crate::server::ServerId;

/// An IPMI secret or K_g, filled up with zeros to the 20 bytes that IPMI counts with.
pub type LanKey = Zeroizing<[u8; 20]>;

/// Somebody who says to be an account, and has not proven it yet.
pub struct Claim {
    /// The account as it was.
    whom: Proven,
    name: Arc<str>,
    role: Role,
    slot: u8,
    /// The secret as it was kept then: another one is sealed to other bytes.
    sealed: Sealed,
    origin: Origin,
    /// Made when the proof was right.
    actor: OnceLock<Arc<Actor>>,
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim")
            .field("account", &self.whom.id)
            .field("entered", &self.actor.get().is_some())
            .finish_non_exhaustive()
    }
}

impl Claim {
    /// The account's number.
    #[must_use]
    pub fn account(&self) -> AccountId {
        self.whom.id
    }

    /// The account's name when the claim was made.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The account's role when the claim was made: another one ends the claim.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// The account's IPMI user id, 2 to 63.
    #[must_use]
    pub fn slot(&self) -> u8 {
        self.slot
    }

    /// Who came in with it; `None` before [`Gate::enter`].
    #[must_use]
    pub fn actor(&self) -> Option<&Arc<Actor>> {
        self.actor.get()
    }

    /// Whether it opens nothing (any more): nobody came in with it, or their rights have ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.actor.get().is_none_or(|actor| actor.has_ended())
    }

    /// The account, as long as it is what it was.
    fn record<'a>(&self, book: &'a Book) -> Option<&'a Record> {
        still(book, self.whom).filter(|record| record.ipmi.as_ref() == Some(&self.sealed))
    }
}

impl Gate {
    /// Who may log in under a name on a server's IPMI channel, and the secret to prove it with:
    /// an enabled account with the type, a secret, and no password to be changed first, that reaches
    /// the server. `None` for everybody else, after the same work: another account's secret is opened
    /// then, and thrown away, so that time tells no names.
    ///
    /// # Errors
    /// [`LoginRefused::TooMany`] before the name is looked at; [`LoginRefused::Host`] when the secret
    /// can't be unsealed, which the client must not be able to tell from `None`.
    pub fn claim(
        &self,
        origin: &Origin,
        name: &[u8],
        server: &ServerId,
    ) -> Result<Option<(Arc<Claim>, LanKey)>, LoginRefused> {
        // What isn't text is nobody's name, and stays so.
        let name = String::from_utf8_lossy(name);
        self.attempt_allowed(origin, &name)?;
        let Some((claim, lets_in)) = self.claim_or_decoy(origin, &name, server) else {
            return Ok(None);
        };
        let secret = self.open_ipmi(claim.whom.id, &claim.sealed)?;
        let mut key = LanKey::default();
        for (place, byte) in key.iter_mut().zip(secret.iter()) {
            *place = *byte;
        }
        let found = (Arc::new(claim), key);
        Ok(lets_in.then_some(found))
    }

    /// A claim, and whether it is that of the name or of an account that stands in for nobody. `None`
    /// where no account has an IPMI secret: there is nothing to be told apart then.
    fn claim_or_decoy(
        &self,
        origin: &Origin,
        name: &str,
        server: &ServerId,
    ) -> Option<(Claim, bool)> {
        let inside = self.inside.lock();
        let usable = |record: &&Record| {
            record.may_be_used_for(AccountType::IPMI) && record.scope.reaches(server)
        };
        let found = inside.book.named(name).filter(usable);
        let mut others = inside.book.records().iter();
        let record = found.or_else(|| others.find(|other| other.ipmi.is_some()))?;
        let claim = Claim {
            whom: Proven {
                id: record.id,
                generation: record.generation,
            },
            name: record.name.clone(),
            role: record.role,
            slot: record.slot,
            sealed: record.ipmi.clone()?,
            origin: origin.clone(),
            actor: OnceLock::new(),
        };
        Some((claim, found.is_some()))
    }

    /// The proof was right: makes the claim's actor, forgives its source what it failed at with the
    /// name, and writes down that somebody came in, once for each visit: clients log in anew for
    /// every command.
    ///
    /// # Errors
    /// [`LoginRefused::Wrong`] when the account has changed since the claim was made.
    pub fn enter(&self, claim: &Claim) -> Result<(), LoginRefused> {
        let now = self.host.clock.now();
        let Claim {
            whom, name, origin, ..
        } = claim;
        let mut guard = self.inside.lock();
        let inside = &mut *guard;
        let Some(record) = claim.record(&inside.book) else {
            drop(guard);
            return Err(self.changed_meanwhile(origin, name));
        };
        let ended = inside.proofs.rest_on(whom.id, Known::IpmiSecret);
        let actor = login::actor(record, origin.clone(), None, ended);
        // Whoever enters twice is the same as before.
        let actor = claim.actor.get_or_init(|| Arc::new(actor));
        let idle = inside.policy.session_idle;
        let whom = (whom.id, whom.generation);
        let new = inside.visits.is_new(now, whom, origin, idle);
        drop(guard);
        self.attempt_succeeded(origin, name);
        if new {
            self.record([audit::logged_in(actor)]);
        }
        Ok(())
    }

    /// Whether the account is as it was when the claim was made, so that [`Gate::enter`] would let in.
    #[must_use]
    pub fn still_stands(&self, claim: &Claim) -> bool {
        claim.record(&self.inside.lock().book).is_some()
    }

    /// Another one closed the session that somebody came in to: writes down who did. `session` is the
    /// session's public name.
    ///
    /// No other end is written down: clients close one session for every command, and where an
    /// account has changed, that stands in the log.
    pub fn closed_by(&self, claim: &Claim, session: &SessionId, by: &Actor) {
        self.record([audit::ended_by_another(session, &claim.name, by.into())]);
    }

    /// Whether there is an account that may be used for this now: enabled, of the type, with the
    /// secret that it needs, and no password to be changed first.
    #[must_use]
    pub fn lets_in_by(&self, kind: AccountType) -> bool {
        let inside = self.inside.lock();
        let mut records = inside.book.records().iter();
        records.any(|record| record.may_be_used_for(kind))
    }

    /// Counts up when accounts or a K_g have changed: by then claims, actors, [`Gate::bmc_key`] and
    /// [`Gate::lets_in_by`] are as they are to be from now on.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}
