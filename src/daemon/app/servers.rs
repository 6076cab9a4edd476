//! The managed servers as they run: opened, added and removed while others go on.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use futures_util::future::join_all;
use outband_core::{
    events::{EventKind, NewEvent},
    server::{Command, PowerAction, PowerState, ServerId},
};
use tokio::{
    task::JoinHandle,
    time::{timeout, timeout_at},
};

use super::{boot::Foundations, opening::Opened};
use crate::{
    drivers::qemu,
    settings::{Server, changes_of},
};

/// How long an engine may take to let go of its driver once its server was removed.
const LET_GO: Duration = Duration::from_secs(2);

/// How long machines may take to stop when a demo or fleet ends.
const STOP_MACHINES: Duration = Duration::from_secs(10);

/// A server that is managed.
struct Running {
    settings: Server,
    engine: JoinHandle<()>,
    /// Where its machine can outlive the daemon, the way to stop it.
    closing: Option<qemu::Closing>,
}

/// What becomes of machines that are managed no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Machines {
    /// They go on as they are, and are found again.
    Leave,
    /// They go on as they are with nobody to manage them, and the log says so.
    Abandon,
    /// No process is left of them.
    Stop,
}

/// All of them.
pub(super) struct ServerSet {
    pub(super) base: Arc<Foundations>,
    running: BTreeMap<ServerId, Running>,
    /// The servers that should be managed and could not be opened, each with what was said of it.
    pub(super) failed: BTreeMap<ServerId, String>,
}

/// What a reload has to do.
#[derive(Debug, Default)]
pub(super) struct Difference {
    /// Servers that were not in the settings.
    pub(super) new: Vec<Server>,
    /// Servers that are managed with other settings, and what is other.
    pub(super) changed: Vec<(Server, Vec<String>)>,
    /// Servers that were in the settings and could not be opened.
    pub(super) failed: Vec<Server>,
    /// Servers that are in the settings no more.
    pub(super) gone: Vec<ServerId>,
}

impl ServerSet {
    pub(super) fn new(base: Arc<Foundations>) -> Self {
        Self {
            base,
            running: BTreeMap::new(),
            failed: BTreeMap::new(),
        }
    }

    /// Begins to manage what was opened.
    pub(super) fn take(&mut self, opened: Vec<Opened>) {
        let mut handles = Vec::with_capacity(opened.len());
        for Opened {
            settings,
            handle,
            engine,
            closing,
        } in opened
        {
            let id = handle.id().clone();
            handles.push(handle);
            let running = Running {
                settings,
                engine,
                closing,
            };
            self.failed.remove(&id);
            self.running.insert(id, running);
        }
        self.base.bmc.servers.add(handles);
    }

    /// What is to be done so that these servers run.
    pub(super) fn difference(&self, wanted: &[Server]) -> Difference {
        let mut difference = Difference::default();
        for server in wanted {
            match self.running.get(&server.id) {
                Some(running) if running.settings == *server => {}
                Some(running) => {
                    let changes = changes_of(&running.settings, server);
                    difference.changed.push((server.clone(), changes));
                }
                None if self.failed.contains_key(&server.id) => {
                    difference.failed.push(server.clone());
                }
                None => difference.new.push(server.clone()),
            }
        }
        let ids: BTreeSet<&ServerId> = wanted.iter().map(|server| &server.id).collect();
        let gone = self.running.keys().filter(|id| !ids.contains(id));
        difference.gone = gone.cloned().collect();
        difference
    }

    /// Manages these servers no more.
    pub(super) async fn remove(&mut self, ids: &[ServerId], machines: Machines) {
        self.base.bmc.servers.remove(ids);
        let gone: Vec<Running> = ids
            .iter()
            .filter_map(|id| self.running.remove(id))
            .collect();
        join_all(gone.into_iter().map(|running| end(running, machines))).await;
    }

    /// Writes down that a server came or went.
    pub(super) fn record(&self, id: &ServerId, kind: EventKind) {
        self.base.bmc.events.record(NewEvent {
            server: Some(id.clone()),
            kind,
            actor: None,
            sel: None,
        });
    }

    /// Switches every machine off that runs, all at once.
    pub(super) async fn stop_machines(&self) {
        let actor = self.base.bmc.gate.system("shutdown");
        let deadline = tokio::time::Instant::now() + STOP_MACHINES;
        let servers = self.base.bmc.servers.all();
        let running = servers.values().filter(|server| {
            let now = server.snapshot();
            now.power != PowerState::Off && now.abilities.power.contains(&PowerAction::Off)
        });
        let stops = running.map(|server| async {
            let off = Command::Power(PowerAction::Off);
            if let Ok(accepted) = server.submit(&actor, off).await {
                accepted.outcome().await;
            }
        });
        if timeout_at(deadline, join_all(stops)).await.is_err() {
            tracing::warn!("not every machine could be stopped in time");
        }
    }

    /// Lets go of all of them.
    pub(super) async fn let_go(&mut self, machines: Machines) {
        let ids: Vec<ServerId> = self.running.keys().cloned().collect();
        self.remove(&ids, machines).await;
    }
}

/// Waits for an engine whose handles are gone, and ends it when somebody holds one for too long;
/// then lets go of its machine.
async fn end(running: Running, machines: Machines) {
    let Running {
        mut engine,
        closing,
        settings,
    } = running;
    if timeout(LET_GO, &mut engine).await.is_err() {
        engine.abort();
        let _ = engine.await;
    }
    match (closing, machines) {
        (Some(closing), Machines::Stop) => {
            if timeout(STOP_MACHINES, closing.stop()).await.is_err() {
                tracing::error!("server {}: its machine could not be stopped", settings.id);
            }
        }
        (Some(closing), Machines::Abandon) => {
            if let Some(pid) = closing.pid() {
                tracing::warn!(
                    "server {}: its machine goes on unmanaged, as process {pid}; it is found again \
                     when the server is back in the settings",
                    settings.id
                );
            }
            closing.leave().await;
        }
        (Some(closing), Machines::Leave) => closing.leave().await,
        (None, _) => {}
    }
}
