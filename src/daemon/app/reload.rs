//! SIGHUP: reads the settings again and changes what changed. Settings that are wrong, ports that
//! are busy, servers that can't be opened: each is said, and nothing is changed.

use outband_core::{access::Denied, events::EventKind};

use super::servers::Machines;
use super::{AppFault, Reload, boot::Daemon, first_start, gate::policy, ready};
use crate::settings::Settings;

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
        if settings == self.settings {
            // Certificate files may have changed all the same.
            let plan = self.doors.plan(&settings)?;
            self.doors.carry_out(plan).await;
            return Ok(Vec::new());
        }
        let mut what = Vec::new();
        if settings.state != self.settings.state {
            what.push("[state] changes at the next start".to_owned());
        }
        // All that can fail comes first. A server whose settings changed can't be opened while its
        // old self has the driver: it is tried when its turn comes.
        let difference = self.servers.difference(&settings.server);
        let (changed, new): (Vec<_>, Vec<_>) = difference
            .open
            .into_iter()
            .partition(|server| difference.close.contains(&server.id));
        let opened = self.servers.open_all(&new).await?;
        let plan = self.doors.plan(&settings)?;
        let access_changes = settings.access != self.settings.access;
        if access_changes {
            self.let_somebody_in(&settings).await?;
        }

        let closed = difference.close.len() - changed.len();
        // A machine of changed settings takes them at its next start; one that is gone from the
        // settings is found again if it comes back.
        self.servers
            .remove(&difference.close, Machines::Leave)
            .await;
        for id in &difference.close {
            if !changed.iter().any(|server| server.id == *id) {
                self.servers.record(id, EventKind::ServerRemoved);
            }
        }
        self.servers.take(opened);
        for server in &new {
            self.servers.record(&server.id, EventKind::ServerAdded);
        }
        for server in &changed {
            match self.servers.open_all(std::slice::from_ref(server)).await {
                Ok(opened) => self.servers.take(opened),
                Err(why) => {
                    tracing::error!("{why}: the server is not managed");
                    self.servers.record(&server.id, EventKind::ServerRemoved);
                }
            }
        }
        let counts = [
            (new.len(), "added"),
            (closed, "removed"),
            (changed.len(), "changed"),
        ];
        let counts = counts.iter().filter(|(count, _)| *count > 0);
        let counts: Vec<String> = counts
            .map(|(count, did)| format!("{count} {did}"))
            .collect();
        if !counts.is_empty() {
            what.push(format!("servers {}", counts.join(", ")));
        }
        if settings.service != self.settings.service || settings.limits != self.settings.limits {
            what.push("services and limits changed".to_owned());
        }
        self.doors.carry_out(plan).await;
        if access_changes {
            self.change_access(&settings)?;
            what.push("access changed".to_owned());
        }
        self.settings = settings;
        Ok(what)
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
