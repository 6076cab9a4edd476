//! SIGHUP: reads the settings again and changes what changed. Settings that are wrong, ports that
//! are busy, new servers that can't be opened: each is said, and nothing is changed.
//!
//! A server that changed can't be opened while its old self has the driver. When that fails in its
//! turn the server is managed no more. Such a server is tried again, as one that failed at start is:
//! after some time, and at each reload.

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
        let difference = self.servers.difference(&settings.server);
        let opened = self.servers.open_all(&difference.new).await?;
        let plan = self.doors.plan(&settings)?;
        let lan_plan = self.lan.plan(&settings, self.lan.lets_in())?;
        let access_changes = settings.access != self.settings.access;
        if access_changes {
            self.let_somebody_in(&settings).await?;
        }

        let mut what = self.changed_settings(&settings);
        self.let_go(&difference).await;
        self.servers.expect(&settings.server);
        self.servers.take(opened);
        for server in &difference.new {
            self.servers.record(&server.id, EventKind::ServerAdded);
        }
        let mut changed = Vec::new();
        for (server, changes) in &difference.changed {
            if self.open_in_turn(server).await {
                changed.push(format!("{} ({})", server.id, changes.join(", ")));
            } else {
                self.servers.record(&server.id, EventKind::ServerRemoved);
            }
        }
        let back = self.open_again(&difference.failed).await;
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

        let (open, fingerprint) = (self.open(), self.fingerprint());
        self.doors.carry_out(plan).await;
        self.lan.carry_out(lan_plan).await;
        self.doors.tell_ipmi(&self.lan.open());
        if self.open() != open {
            let now = ready::addresses(&self.open());
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
        let opened = self.servers.open_each(std::slice::from_ref(server)).await;
        let is_open = !opened.is_empty();
        self.servers.take(opened);
        is_open
    }

    /// Tries servers again; gives those that are managed now.
    async fn open_again(&mut self, failed: &[Server]) -> Vec<String> {
        let mut back = Vec::new();
        for server in failed {
            if self.open_in_turn(server).await {
                self.servers.record(&server.id, EventKind::ServerAdded);
                back.push(server.id.to_string());
            }
        }
        back
    }

    /// Tries the servers again that could not be opened, and IPMI's addresses that could not be had.
    pub(super) async fn try_again(&mut self) {
        let failed = self.servers.difference(&self.settings.server).failed;
        let back = self.open_again(&failed).await;
        if !back.is_empty() {
            tracing::info!("servers managed again: {}", list(&back));
        }
        if !back.is_empty() || self.lan.lacks_any() {
            self.look_at_lan().await;
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
