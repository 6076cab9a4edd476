//! What the rights of actors without a session rest on: that somebody proved to know a secret, and
//! that it has not changed since.

use std::collections::HashMap;

use tokio::sync::watch;

use super::AccountId;

/// Which of an account's secrets was proven to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Known {
    /// The login password.
    Password,
    /// The IPMI secret.
    IpmiSecret,
}

impl Known {
    const ALL: [Self; 2] = [Self::Password, Self::IpmiSecret];
}

/// The proofs that stand, one for each secret that an actor without a session came in with.
#[derive(Debug, Default)]
pub(super) struct Proofs(HashMap<(AccountId, Known), watch::Sender<bool>>);

impl Proofs {
    /// What an actor's rights rest on from now on; turns `true` when they end.
    pub(super) fn rest_on(&mut self, account: AccountId, known: Known) -> watch::Receiver<bool> {
        let new = || watch::Sender::new(false);
        let proof = self.0.entry((account, known)).or_insert_with(new);
        proof.subscribe()
    }

    /// Ends what rests on one secret of an account.
    pub(super) fn end(&mut self, account: AccountId, known: Known) {
        if let Some(proof) = self.0.remove(&(account, known)) {
            proof.send_replace(true);
        }
    }

    /// Ends what rests on an account.
    pub(super) fn end_all(&mut self, account: AccountId) {
        for known in Known::ALL {
            self.end(account, known);
        }
    }
}
