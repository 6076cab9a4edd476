//! The one rule of the gate that a client can change: how long a session may be idle. What a client
//! set is kept, and stands in the place of what the settings say.

use std::time::Duration;

use super::{AccountRefused, Actor, Gate, Operation};
use crate::host::{Change, HostFault, Key, Store, unversioned, versioned};

const FORMAT: u8 = 1;
const KEY: Key = Key {
    server: None,
    kind: "session-idle",
};

/// What a client set, in whole seconds.
pub(super) fn load(store: &dyn Store) -> Result<Option<Duration>, HostFault> {
    let Some(bytes) = store.load(&KEY)? else {
        return Ok(None);
    };
    let seconds = unversioned(FORMAT, &bytes, "read the kept session time-out")?;
    Ok(Some(Duration::from_secs(seconds)))
}

impl Gate {
    /// Changes how long a session may be idle, for open ones too. Durable when it returns.
    ///
    /// # Errors
    /// [`AccountRefused::Denied`] when the actor may not, [`AccountRefused::Host`] when it can't be
    /// kept; nothing has changed then.
    pub async fn set_session_idle(
        &self,
        actor: &Actor,
        idle: Duration,
    ) -> Result<(), AccountRefused> {
        actor.may(Operation::ConfigureManager, None)?;
        let value = Some(versioned(FORMAT, &idle.as_secs()));
        let change = Change { key: KEY, value };
        self.host.store.commit(vec![change]).await?;
        self.inside.lock().kept_idle = Some(idle);
        Ok(self.set_policy(actor, self.policy())?)
    }
}
