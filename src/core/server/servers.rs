//! The servers that the daemon manages: found by id, added and removed while others run.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use super::{ServerHandle, ServerId};

/// The managed servers.
///
/// Readers take a reference to the whole map and go on with it; a change makes a new map. Ten
/// thousand servers are looked up as fast as one, and nobody waits for anybody.
#[derive(Debug, Default)]
pub struct Servers {
    map: RwLock<Arc<BTreeMap<ServerId, ServerHandle>>>,
}

impl Servers {
    /// All of them, as they are now.
    #[must_use]
    pub fn all(&self) -> Arc<BTreeMap<ServerId, ServerHandle>> {
        self.map
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The server of this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<ServerHandle> {
        let id: ServerId = id.parse().ok()?;
        self.all().get(&id).cloned()
    }

    /// Adds a batch of servers; one of the same id is replaced.
    pub fn add(&self, servers: impl IntoIterator<Item = ServerHandle>) {
        let mut map = self.map.write().unwrap_or_else(PoisonError::into_inner);
        let new = Arc::make_mut(&mut map);
        new.extend(
            servers
                .into_iter()
                .map(|server| (server.id().clone(), server)),
        );
    }

    /// Takes a batch of servers out.
    pub fn remove<'a>(&self, ids: impl IntoIterator<Item = &'a ServerId>) {
        let mut map = self.map.write().unwrap_or_else(PoisonError::into_inner);
        let new = Arc::make_mut(&mut map);
        for id in ids {
            new.remove(id);
        }
    }
}
