//! Whether a password is right.
//!
//! What a password goes through: the back-off, the memory of what was verified a moment ago, the
//! queue of its source, the slow hash (against a decoy where the name is unknown), the account's
//! own state, and for a one-time password its only use. All of these refuse in the same words.
//!
//! **One-time passwords.** A first password works for one log-in. A client that knows HTTP Basic
//! alone needs more than one request to change it, so it goes on to work for [`ONE_TIME_GRACE`] and
//! for the same source address only; a session that it opens ends that at once, as its token makes
//! the change. After that it opens nothing until another one is set on the device. That it was used is durable before it opens anything; the
//! grace is not kept, so that after a restart of the daemon a used password is dead at once.

use std::{sync::Arc, time::Duration};

use zeroize::Zeroizing;

use super::{
    AccountId, AccountType, Gate, LoginRefused, Origin, Via,
    book::{Book, OneTime, Record, Verifier},
    gate::FirstUse,
    rules,
    sessions::Token,
    turn::Effect,
};
use crate::host::HostFault;

/// How long a one-time password works on after its first use.
pub(super) const ONE_TIME_GRACE: Duration = Duration::from_secs(600);

/// A right password, and the generation of the account that it was right for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Proven {
    pub(super) id: AccountId,
    pub(super) generation: u64,
}

/// An attempt whose password is being looked at. Whoever hangs up before the answer has failed:
/// hashes could else be asked for without end.
struct Attempt<'a> {
    gate: &'a Gate,
    origin: &'a Origin,
    name: &'a str,
    decided: bool,
}

impl Attempt<'_> {
    fn decided(mut self) {
        self.decided = true;
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if !self.decided {
            let why = "gave up before the answer";
            self.gate.attempt_failed(self.origin, self.name, why);
        }
    }
}

/// What a verification needs to know of an account.
struct Candidate {
    proven: Proven,
    verifier: Verifier,
}

impl Gate {
    /// Whether a password is right, now, for this way in.
    pub(super) async fn prove(
        &self,
        origin: &Origin,
        name: &str,
        password: Zeroizing<String>,
    ) -> Result<Proven, LoginRefused> {
        if let Some(proven) = self.known(origin, name, &password)? {
            return Ok(proven);
        }
        let _turn = self.queues.turn(origin.source.into()).await;
        // Those before in the queue may have failed, or proven the same.
        if let Some(proven) = self.known(origin, name, &password)? {
            return Ok(proven);
        }
        let attempt = Attempt {
            gate: self,
            origin,
            name,
            decided: false,
        };
        let verdict = self.verify(origin, name, &password).await;
        attempt.decided();
        match verdict? {
            Ok(proven) => {
                self.attempt_succeeded(origin, name);
                Ok(proven)
            }
            Err(why) => {
                self.attempt_failed(origin, name, why);
                Err(LoginRefused::Wrong)
            }
        }
    }

    /// What can be said without hashing: that one must wait, or that the password was right a
    /// moment ago.
    fn known(
        &self,
        origin: &Origin,
        name: &str,
        password: &str,
    ) -> Result<Option<Proven>, LoginRefused> {
        self.attempt_allowed(origin, name)?;
        let now = self.host.clock.now();
        let inside = self.inside.lock();
        let Some(record) = inside.book.named(name) else {
            return Ok(None);
        };
        let (id, generation) = (record.id, record.generation);
        let known = inside.verified.knows(now, id, generation, password);
        let known = known && objection(record, origin.via).is_none();
        drop(inside);
        if known {
            self.attempt_succeeded(origin, name);
        }
        Ok(known.then_some(Proven { id, generation }))
    }

    /// The slow way. The inner error says why, for the audit log.
    async fn verify(
        &self,
        origin: &Origin,
        name: &str,
        password: &Zeroizing<String>,
    ) -> Result<Result<Proven, &'static str>, HostFault> {
        // Made before the name is looked at: the first who asks for an unknown one would notice.
        let decoy = self.decoy().await?;
        let candidate = self.candidate(name);
        let verifier = candidate.as_ref().map_or(decoy, |c| c.verifier.0.clone());
        // No password is longer. The hash of a long one takes longer, and the answer is known.
        let too_long = password.len() > *rules::PASSWORD_BYTES.end();
        let tried = if too_long {
            Zeroizing::default()
        } else {
            password.clone()
        };
        let right = self.host.hasher.verify(tried, verifier).await? && !too_long;
        let Some(candidate) = candidate else {
            return Ok(Err("there is no such account"));
        };
        if !right {
            return Ok(Err("the password is wrong"));
        }
        self.admit(origin, candidate.proven, password).await
    }

    fn candidate(&self, name: &str) -> Option<Candidate> {
        let inside = self.inside.lock();
        let record = inside.book.named(name)?;
        Some(Candidate {
            proven: Proven {
                id: record.id,
                generation: record.generation,
            },
            verifier: record.verifier.clone(),
        })
    }

    /// Whether an account lets in whoever knows its password.
    async fn admit(
        &self,
        origin: &Origin,
        proven: Proven,
        password: &str,
    ) -> Result<Result<Proven, &'static str>, HostFault> {
        {
            let now = self.host.clock.now();
            let mut inside = self.inside.lock();
            let Some(record) = still(&inside.book, proven) else {
                return Ok(Err(CHANGED));
            };
            if let Some(why) = objection(record, origin.via) {
                return Ok(Err(why));
            }
            if record.one_time.is_none() {
                let Proven { id, generation } = proven;
                inside.verified.remember(now, id, generation, password);
                return Ok(Ok(proven));
            }
        }
        let spent = self.spend(proven, origin).await?;
        Ok(spent.map(|()| proven))
    }

    /// Uses a one-time password up, or finds it used.
    async fn spend(
        &self,
        proven: Proven,
        origin: &Origin,
    ) -> Result<Result<(), &'static str>, HostFault> {
        let mut turn = self.take_turn().await;
        let now = self.host.clock.now();
        let (book, effect) = {
            let inside = self.inside.lock();
            let Some(record) = still(&inside.book, proven) else {
                return Ok(Err(CHANGED));
            };
            let goes_on = inside.first_uses.get(&proven.id);
            let goes_on = goes_on.is_some_and(|u| u.source == origin.source && now < u.until);
            match record.one_time {
                None => return Ok(Ok(())),
                Some(OneTime::Spent) if goes_on => return Ok(Ok(())),
                Some(OneTime::Spent) => return Ok(Err("the one-time password was used before")),
                Some(OneTime::Unused) => {}
            }
            let mut used = record.clone();
            used.one_time = Some(OneTime::Spent);
            used.revision += 1;
            let by = (origin, &record.name);
            let mut effect = Effect::new(record, "the one-time password was used", by.into());
            effect.first_use = Some(FirstUse {
                source: origin.source,
                until: now + ONE_TIME_GRACE,
            });
            let mut book = inside.book.clone();
            if book.replace(used).is_err() {
                return Ok(Err(CHANGED));
            }
            (book, effect)
        };
        self.carry_out(&mut turn, book, effect).await?;
        Ok(Ok(()))
    }

    /// A verifier that belongs to nobody.
    async fn decoy(&self) -> Result<Arc<str>, HostFault> {
        let make = || async {
            let secret = Token::new(&*self.host.entropy)?.into_text();
            let verifier = self.host.hasher.hash(secret).await?;
            Ok(verifier.into())
        };
        self.decoy.get_or_try_init(make).await.cloned()
    }
}

pub(super) const CHANGED: &str = "the account changed meanwhile";

/// The record of a proof that still holds.
pub(super) fn still(book: &Book, proven: Proven) -> Option<&Record> {
    let record = book.get(proven.id)?;
    (record.generation == proven.generation).then_some(record)
}

/// Why an account doesn't let in whoever knows its password, if it doesn't.
fn objection(record: &Record, via: Via) -> Option<&'static str> {
    // The native API shares its way in with the page, so either type will do there.
    let needed: &[AccountType] = match via {
        Via::Redfish => &[AccountType::Redfish],
        Via::Console => &[AccountType::Redfish, AccountType::WebUI],
        Via::Ipmi => &[AccountType::IPMI],
        Via::Vnc => &[AccountType::KVMIP],
        Via::Local | Via::Internal => &[],
    };
    if !record.enabled {
        Some("the account is disabled")
    } else if !record.types.iter().any(|kind| needed.contains(kind)) {
        Some("the account is not for this service")
    } else {
        None
    }
}
