//! Opening servers, and what becomes of those that can't be opened: they are said, remembered and
//! tried again.

use std::{collections::BTreeSet, fmt::Display, sync::Arc, time::Duration};

use outband_core::{
    events::EventKind,
    faults::FaultBoard,
    server::{EngineSetup, ServerHandle, ServerId},
};
use tokio::task::JoinHandle;

use super::{AppFault, parts, servers::ServerSet};
use crate::{drivers::qemu, settings::Server};

/// How often a server that could not be opened is tried again.
pub(super) const TRY_AGAIN: Duration = Duration::from_secs(10);

/// A server that was opened and is not managed yet. Dropped, it lets go of its driver.
pub(super) struct Opened {
    pub(super) settings: Server,
    pub(super) handle: ServerHandle,
    pub(super) engine: JoinHandle<()>,
    pub(super) closing: Option<qemu::Closing>,
}

impl ServerSet {
    /// Opens servers; all or none.
    pub(super) async fn open_all(&self, servers: &[Server]) -> Result<Vec<Opened>, AppFault> {
        let mut opened = Vec::with_capacity(servers.len());
        for server in servers {
            opened.push(self.open(server).await?);
        }
        Ok(opened)
    }

    /// Opens servers, each for itself. Of one that can't be opened it is said why, and the others are
    /// opened all the same.
    pub(super) async fn open_each(&mut self, servers: &[Server]) -> Vec<Opened> {
        let mut opened = Vec::with_capacity(servers.len());
        for server in servers {
            match self.open(server).await {
                Ok(one) => opened.push(one),
                Err(why) => self.say_failed(&server.id, why.to_string()),
            }
        }
        opened
    }

    /// Says why a server isn't managed, where that is news.
    fn say_failed(&mut self, id: &ServerId, why: String) {
        if self.failed.get(id) == Some(&why) {
            return;
        }
        let seconds = TRY_AGAIN.as_secs();
        tracing::error!("{why}: the server is not managed; it is tried again every {seconds} s");
        let what = why.as_str().into();
        self.record(id, EventKind::Fault { what });
        self.failed.insert(id.clone(), why);
    }

    /// Whether a server that should be managed isn't.
    pub(super) fn lacks_any(&self) -> bool {
        !self.failed.is_empty()
    }

    /// From now on these are the servers that should be managed; what keeps one from it is news.
    pub(super) fn expect(&mut self, wanted: &[Server]) {
        let ids: BTreeSet<&ServerId> = wanted.iter().map(|server| &server.id).collect();
        self.failed.retain(|id, _| ids.contains(id));
        self.failed.values_mut().for_each(String::clear);
    }

    async fn open(&self, server: &Server) -> Result<Opened, AppFault> {
        let bmc = &self.base.bmc;
        let faults = Arc::new(FaultBoard::new(bmc.clock.clone()));
        let (parts, closing) = parts::open(&self.base, server, &faults).await?;
        let setup = EngineSetup {
            id: server.id.clone(),
            parts,
            faults,
            store: self.base.host.store.clone(),
            events: bmc.events.clone(),
            clock: bmc.clock.clone(),
            device: self.base.host.boot,
            policy: bmc.gate.system("restore-policy"),
        };
        let fail = |why: &dyn Display| AppFault::new(format!("server {}: {why}", server.id));
        let (handle, engine) = setup.start().map_err(|why| fail(&why))?;
        for setting in &server.sim.fault {
            handle
                .set_fault(setting.fault.clone(), setting.scope.clone())
                .map_err(|why| fail(&why))?;
        }
        Ok(Opened {
            settings: server.clone(),
            handle,
            engine: tokio::spawn(engine),
            closing,
        })
    }
}
