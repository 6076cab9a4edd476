//! What is shown of sessions and accounts, and to whom.

use super::{Account, Actor, Denied, Gate, Operation, SessionId, SessionView, audit, book::Record};

impl Gate {
    /// The open sessions, oldest first: all of them for who may end them, else the actor's own.
    #[must_use]
    pub fn sessions(&self, actor: &Actor) -> Vec<SessionView> {
        let inside = self.inside.lock();
        match (actor.may(Operation::EndSessions, None), actor.account) {
            (Ok(()), _) => inside.sessions.views(None),
            (Err(Denied::Ended), _) | (Err(_), None) => Vec::new(),
            (Err(_), Some(own)) => inside.sessions.views(Some(own)),
        }
    }

    /// Ends a session: one's own with `ConfigureSelf`, another's with `EndSessions`. Also while the
    /// password must be changed.
    ///
    /// # Errors
    /// `None` when the actor sees no such session; [`Denied`] when it may not be ended by the actor.
    pub fn end_session(&self, actor: &Actor, id: &SessionId) -> Option<Result<(), Denied>> {
        let mut inside = self.inside.lock();
        let owner = inside.sessions.get(id)?.account;
        let own = actor.account == Some(owner);
        let needed = if own {
            Operation::ConfigureSelf
        } else {
            Operation::EndSessions
        };
        match actor.may(needed, None) {
            // Who may not end others' sessions doesn't learn that there are any.
            Err(_) if !own => return None,
            Err(denied) => return Some(Err(denied)),
            Ok(()) => {}
        }
        let session = inside.sessions.end(id)?;
        drop(inside);
        let why = if own {
            "logged out"
        } else {
            "ended by another"
        };
        self.record([audit::session_ended(&session, why, actor.into())]);
        Some(Ok(()))
    }

    /// The accounts by id: all of them for who may read them, else the actor's own.
    #[must_use]
    pub fn accounts(&self, actor: &Actor) -> Vec<Account> {
        let all = match actor.may(Operation::ReadAccounts, None) {
            Ok(()) => true,
            Err(Denied::Ended) => return Vec::new(),
            Err(_) => false,
        };
        let inside = self.inside.lock();
        let records = inside.book.records().iter();
        records
            .filter(|record| all || actor.account == Some(record.id))
            .map(Record::view)
            .collect()
    }

    /// The account of a name: for the daemon itself, which needs no actor to look.
    #[must_use]
    pub fn account_named(&self, name: &str) -> Option<Account> {
        self.inside.lock().book.named(name).map(Record::view)
    }

    /// Whether there is an account at all.
    #[must_use]
    pub fn has_accounts(&self) -> bool {
        !self.inside.lock().book.records().is_empty()
    }
}
