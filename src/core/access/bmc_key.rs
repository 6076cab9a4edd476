//! K_g: the second key of a server's IPMI channel, that a login there needs beside the user's (IPMI
//! 2.0 section 22.25, Set Channel Security Keys). Kept sealed, and bound to the server.

use std::{collections::HashMap, sync::Arc};

use zeroize::Zeroizing;

use super::{
    AccountRefused, Actor, Gate, LanKey, Operation, audit,
    book::Sealed,
    rules,
    turn::{Step, Then},
};
use crate::{
    events::{ActorMark, EventKind},
    host::{Change, HostFault, Key, unversioned, versioned},
    server::ServerId,
};

/// The format that is written, and the newest that is understood.
const FORMAT: u8 = 1;
const READING: &str = "read the key of an IPMI channel";

/// The keys that were read or set since the start: looking one up costs no disk. Without `Debug`, so
/// that nothing shows them.
#[derive(Default)]
pub(super) struct BmcKeys(HashMap<ServerId, Option<LanKey>>);

/// A key that is being made durable.
pub(super) struct NewBmcKey {
    server: ServerId,
    key: Option<LanKey>,
    by: ActorMark,
}

impl Gate {
    /// K_g of a server's IPMI channel; `None` where a login needs none. Read from the store once.
    ///
    /// # Errors
    /// [`HostFault`] when it can't be read or unsealed: nobody can log in there then, since a login
    /// without the key would be one with half of the proof.
    pub fn bmc_key(&self, server: &ServerId) -> Result<Option<LanKey>, HostFault> {
        // Locked while it is read, so that what is read never overwrites what was set meanwhile.
        let mut known = self.bmc_keys.lock();
        if let Some(key) = known.0.get(server) {
            return Ok(key.clone());
        }
        let key = match self.host.store.load(&store_key(server))? {
            None => None,
            Some(bytes) => Some(self.open_bmc_key(server, &bytes)?),
        };
        known.0.insert(server.clone(), key.clone());
        Ok(key)
    }

    /// Sets K_g of a server's IPMI channel (1 to 20 bytes), or takes it away. One of zeros alone is
    /// none, as IPMI has it. Durable when it returns. Sessions that stand go on.
    ///
    /// # Errors
    /// [`AccountRefused::Denied`] without `ConfigureManager` for the server,
    /// [`AccountRefused::Invalid`] when the key is too long or empty, [`AccountRefused::Host`] when
    /// it can't be sealed or kept; nothing has changed then.
    pub async fn set_bmc_key(
        &self,
        actor: &Actor,
        server: &ServerId,
        key: Option<Zeroizing<Vec<u8>>>,
    ) -> Result<(), AccountRefused> {
        actor.may(Operation::ConfigureManager, Some(server))?;
        let key = key.map(|key| rules::bmc_key(&key)).transpose()?.flatten();
        let seal = |key: &LanKey| self.host.sealer.seal(&**key, &context(server));
        let sealed = key.as_ref().map(seal).transpose()?;
        let change = Change {
            key: store_key(server),
            value: sealed.map(|sealed| versioned(FORMAT, &Sealed(sealed))),
        };
        let mut turn = self.take_turn().await;
        // Others had their turn meanwhile.
        actor.may(Operation::ConfigureManager, Some(server))?;
        let new = NewBmcKey {
            server: server.clone(),
            key,
            by: actor.into(),
        };
        let step = Step {
            change,
            then: Then::BmcKey(new),
        };
        Ok(self.take_step(&mut turn, step).await?)
    }

    /// A key is durable: it holds for whoever logs in from now on.
    pub(super) fn apply_bmc_key(&self, new: NewBmcKey) {
        let command: Arc<str> = match new.key {
            Some(_) => "set the IPMI key (K_g)".into(),
            None => "take the IPMI key (K_g) away".into(),
        };
        let server = Some(new.server.clone());
        self.bmc_keys.lock().0.insert(new.server, new.key);
        let mut event = audit::event(EventKind::Accepted { command }, Some(new.by));
        event.server = server;
        self.record([event]);
    }

    fn open_bmc_key(&self, server: &ServerId, bytes: &[u8]) -> Result<LanKey, HostFault> {
        let sealed: Sealed = unversioned(FORMAT, bytes, READING)?;
        let opened = self.host.sealer.open(&sealed.0, &context(server))?;
        let key = opened.as_slice().try_into().map_err(|_| HostFault {
            doing: READING,
            why: "it is of another length than was kept".into(),
        })?;
        Ok(Zeroizing::new(key))
    }
}

fn store_key(server: &ServerId) -> Key {
    Key {
        server: Some(server.clone()),
        kind: "bmc-key",
    }
}

/// What a server's sealed key is bound to.
fn context(server: &ServerId) -> String {
    format!("bmc-key/{}", server.as_str())
}
