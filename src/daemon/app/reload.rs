//! SIGHUP: reads the settings again and changes what changed. Settings that are wrong, ports that
//! are busy, new servers that can't be opened: each is said, and nothing is changed.
//!
//! A server that changed can't be opened while its old self has the driver. When that fails in its
//! turn the server is managed no more, and each reload tries again.

use std::fmt::Write;

use outband_core::{access::Denied, events::EventKind};

use super::servers::{Difference, Machines};
use super::{AppFault, Reload, boot::Daemon, first_start, gate::policy, ready};
use crate::settings::{DriverName, Server, Settings, changed_keys};

/// How many servers are named in one line.
const NAMED: usize = 20;

impl Daemon {
    /// Reads the settings again.
    pub(super) async fn reload(&mut self, reload: &Reload) {
        // Files are small and local; still, no worker waits for a disk.
        let loaded = tokio::task::block_in_place(reload);
        let settings = match loaded {
            Ok(loaded) => loaded.settings,
            Err(problems) => {
                for problem in problems.0 {
                    tracing::error!("{problem}");
                }
                tracing::error!("the settings have errors: everything stays as it was");
                return;
            }
        };
        match self.change_to(settings).await {
            Ok(what) if what.is_empty() => tracing::info!("settings read again: nothing changed"),
            Ok(what) => {
                let what = what.join("; ");
                tracing::info!("settings read again: {what}");
                self.record(EventKind::SettingsReloaded { what: what.into() });
            }
            Err(why) => tracing::error!("{why}: everything stays as it was"),
        }
    }

    /// Changes to other settings; gives what changed, in words.
    pub(super) async fn change_to(&mut self, settings: Settings) -> Result<Vec<String>, AppFault> {
        // All that can fail comes first.
        let difference = self
            .servers
            .difference(&self.settings.server, &settings.server);
        let opened = self.servers.open_all(&difference.new).await?;
        let plan = self.doors.plan(&settings)?;
        let access_changes = settings.access != self.settings.access;
        if access_changes {
            self.let_somebody_in(&settings).await?;
        }

        let mut what = self.changed_settings(&settings);
        self.let_go(&difference).await;
        self.servers.take(opened);
        for server in &difference.new {
            self.servers.record(&server.id, EventKind::ServerAdded);
        }
        let (mut changed, mut back) = (Vec::new(), Vec::new());
        for (server, changes) in &difference.changed {
            if self.open_in_turn(server).await {
                changed.push(format!("{} ({})", server.id, changes.join(", ")));
            } else {
                self.servers.record(&server.id, EventKind::ServerRemoved);
            }
        }
        for server in &difference.failed {
            if self.open_in_turn(server).await {
                self.servers.record(&server.id, EventKind::ServerAdded);
                back.push(server.id.to_string());
            }
        }
        let new = difference.new.iter().map(|server| server.id.to_string());
        let gone = difference.gone.iter().map(ToString::to_string);
        let servers = [
            ("added", new.collect()),
            ("removed", gone.collect()),
            ("changed", changed),
            ("managed again", back),
        ];
        let servers = servers.into_iter().filter(|(_, ids)| !ids.is_empty());
        what.extend(servers.map(|(did, ids)| format!("servers {did}: {}", list(&ids))));

        let (open, fingerprint) = (self.doors.open(), self.fingerprint());
        self.doors.carry_out(plan).await;
        if self.doors.open() != open {
            let now = ready::addresses(&self.doors.open());
            what.push(format!("listening on {now}"));
        }
        if self.fingerprint() != fingerprint {
            what.push("another certificate".to_owned());
        }
        if access_changes {
            self.change_access(&settings)?;
        }
        self.settings = settings;
        Ok(what)
    }

    /// Which certificate is in use; its files may have changed under the same names.
    fn fingerprint(&self) -> Option<String> {
        let (fingerprint, _) = self.doors.certificate()?;
        Some(fingerprint)
    }

    /// Which settings change beside the servers', in words.
    fn changed_settings(&self, new: &Settings) -> Vec<String> {
        let old = &self.settings;
        let keys = [
            ("access", changed_keys(&old.access, &new.access)),
            ("limits", changed_keys(&old.limits, &new.limits)),
            ("service", changed_keys(&old.service, &new.service)),
        ];
        let keys = keys.iter().flat_map(|(table, keys)| {
            let dotted = move |key: &String| format!("{table}.{key}");
            keys.iter().map(dotted)
        });
        let keys: Vec<String> = keys.collect();
        let mut what = Vec::new();
        if !keys.is_empty() {
            what.push(format!("changed: {}", keys.join(", ")));
        }
        if new.state != old.state {
            what.push("[state] changes at the next start".to_owned());
        }
        what
    }

    /// Lets go of servers that are gone or will be opened anew. A machine that goes on with its
    /// server is left to be found again; of one that goes on without, the log says so.
    async fn let_go(&mut self, difference: &Difference) {
        // What is no virtual machine any more leaves one behind, if it was one.
        let changed = difference.changed.iter().map(|(server, _)| server);
        let (back, lost): (Vec<&Server>, Vec<&Server>) =
            changed.partition(|server| server.driver == DriverName::Qemu);
        let back: Vec<_> = back.iter().map(|server| server.id.clone()).collect();
        self.servers.remove(&back, Machines::Leave).await;
        let lost = lost.iter().map(|server| &server.id);
        let lost: Vec<_> = lost.chain(&difference.gone).cloned().collect();
        // What is kept nowhere could not be found again.
        let machines = match self.base.state {
            Some(_) => Machines::Abandon,
            None => Machines::Stop,
        };
        self.servers.remove(&lost, machines).await;
        for id in &difference.gone {
            self.servers.record(id, EventKind::ServerRemoved);
        }
    }

    /// Opens a server that others don't wait for; `false`, and said, when it can't be.
    async fn open_in_turn(&mut self, server: &Server) -> bool {
        match self.servers.open_all(std::slice::from_ref(server)).await {
            Ok(opened) => {
                self.servers.take(opened);
                true
            }
            Err(why) => {
                tracing::error!("{why}: the server is not managed; the next reload tries again");
                false
            }
        }
    }

    /// Whoever switches the gate on must be able to get in.
    async fn let_somebody_in(&self, settings: &Settings) -> Result<(), AppFault> {
        let first = first_start::serve(&self.base.bmc.gate, &settings.access).await?;
        if let Some(password) = first {
            ready::say_first(&password);
        }
        Ok(())
    }

    /// Makes the gate's rules those of the settings.
    fn change_access(&self, settings: &Settings) -> Result<(), AppFault> {
        let gate = &self.base.bmc.gate;
        gate.set_policy(&gate.system("settings"), policy(&settings.access))
            .map_err(|why: Denied| AppFault::new(why.to_string()))?;
        if !settings.access.enabled {
            tracing::warn!("access is off: every visitor over HTTPS is an Administrator");
        }
        Ok(())
    }
}

/// Names of servers, not more than one reads.
fn list(ids: &[String]) -> String {
    let (named, more) = ids.split_at(ids.len().min(NAMED));
    let mut text = named.join(", ");
    if !more.is_empty() {
        // Writing to a text can't fail.
        let _ = write!(text, " and {} more", more.len());
    }
    text
}
