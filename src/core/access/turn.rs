//! One change of the accounts and their keys after the other, each durable before it is true.
//!
//! A change is made on a copy of the book and handed to the store; once it is durable, the new book
//! takes the old one's place and whatever rested on the old account ends, in one step. A change
//! that was handed to the store is carried through even when whoever asked for it is gone by then:
//! the disk may know the new book already.

use std::{fmt, sync::Arc};

use tokio::sync::MutexGuard;

use super::{
    AccountId, Actor, Gate, Origin, SessionId, audit,
    bmc_key::NewBmcKey,
    book::{Book, Record},
    gate::FirstUse,
    proofs::Known,
    stored,
};
use crate::{
    events::{ActorMark, EventKind},
    host::{BoxFuture, Change, HostFault},
};

/// A change on its way to the disk.
pub(super) struct Pending {
    commit: BoxFuture<Result<(), HostFault>>,
    then: Then,
}

/// A change as it goes to the store, and what is true once it is durable.
pub(super) struct Step {
    pub(super) change: Change,
    pub(super) then: Then,
}

/// What is true once a change is durable.
pub(super) enum Then {
    Accounts(Book, Effect),
    BmcKey(NewBmcKey),
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pending(..)")
    }
}

/// What follows from a change of an account once it is durable.
pub(super) struct Effect {
    account: AccountId,
    name: Arc<str>,
    words: Arc<str>,
    by: ActorMark,
    pub(super) ends: Option<Ends>,
    pub(super) first_use: Option<FirstUse>,
}

/// The end of what rested on an account.
pub(super) struct Ends {
    pub(super) why: &'static str,
    /// The session that goes on.
    pub(super) keep: Option<SessionId>,
}

impl Effect {
    pub(super) fn new(record: &Record, words: impl Into<Arc<str>>, by: ActorMark) -> Self {
        Self {
            account: record.id,
            name: record.name.clone(),
            words: words.into(),
            by,
            ends: None,
            first_use: None,
        }
    }
}

impl From<(&Origin, &Arc<str>)> for ActorMark {
    fn from((origin, name): (&Origin, &Arc<str>)) -> Self {
        Self {
            name: name.clone(),
            via: origin.via,
            source: origin.source,
        }
    }
}

type Turn<'a> = MutexGuard<'a, Option<Pending>>;

impl Gate {
    /// Waits for the turn to change accounts, and finishes what the one before left.
    pub(super) async fn take_turn(&self) -> Turn<'_> {
        let mut turn = self.turn.lock().await;
        // A failure would concern whoever asked for that change, and they are gone.
        let _ = self.settle(&mut turn).await;
        turn
    }

    /// Makes a change of the accounts durable, and then true, as [`Gate::take_step`] does.
    pub(super) async fn carry_out(
        &self,
        turn: &mut Turn<'_>,
        book: Book,
        effect: Effect,
    ) -> Result<(), HostFault> {
        let step = Step {
            change: stored::change(&book),
            then: Then::Accounts(book, effect),
        };
        self.take_step(turn, step).await
    }

    /// Makes a change durable, and then true. When this future is dropped midway, the sweeper or
    /// the next one who has the turn goes on.
    pub(super) async fn take_step(&self, turn: &mut Turn<'_>, step: Step) -> Result<(), HostFault> {
        struct Abandon<'a>(&'a Gate);
        impl Drop for Abandon<'_> {
            fn drop(&mut self) {
                self.0.abandoned.notify_one();
            }
        }
        let commit = self.host.store.commit(vec![step.change]);
        let then = step.then;
        **turn = Some(Pending { commit, then });
        // Told in any case: where nothing is left to be done, nothing is done.
        let _abandon = Abandon(self);
        self.settle(turn).await
    }

    async fn settle(&self, turn: &mut Option<Pending>) -> Result<(), HostFault> {
        let Some(pending) = turn else {
            return Ok(());
        };
        let result = (&mut pending.commit).await;
        if let Some(Pending { then, .. }) = turn.take()
            && result.is_ok()
        {
            match then {
                Then::Accounts(book, effect) => self.apply(book, effect),
                Then::BmcKey(new) => self.apply_bmc_key(new),
            }
            self.changes.send_modify(|n| *n = n.wrapping_add(1));
        }
        result
    }

    fn apply(&self, book: Book, effect: Effect) {
        let mut guard = self.inside.lock();
        let inside = &mut *guard;
        let [old, new] = [&inside.book, &book].map(|book| book.get(effect.account));
        if old.map(|old| &old.ipmi) != new.map(|new| &new.ipmi) {
            inside.proofs.end(effect.account, Known::IpmiSecret);
        }
        inside.book = book;
        let ended = effect.ends.as_ref().map_or_else(Vec::new, |ends| {
            inside.end_all(effect.account, ends.keep.as_ref())
        });
        if let Some(first_use) = effect.first_use {
            inside.first_uses.insert(effect.account, first_use);
        }
        if let Some(record) = inside.book.get(effect.account) {
            // What goes on, goes on as what the account is now.
            inside.sessions.refresh(record.id, |actor| Actor {
                name: record.name.clone(),
                role: record.role,
                scope: record.scope.clone(),
                must_change_password: record.must_change_password,
                ..actor.clone()
            });
        }
        drop(guard);
        let kind = EventKind::AccountChanged {
            account: effect.name,
            change: effect.words,
        };
        self.record([audit::event(kind, Some(effect.by.clone()))]);
        let why = effect.ends.map_or("", |ends| ends.why);
        let ended = ended.iter();
        self.record(ended.map(|session| audit::session_ended(session, why, effect.by.clone())));
    }
}
