//! Finding the machine that an earlier daemon left: running, stopped, half started, or gone.

use outband_core::driver::{BootBy, Observed};
use outband_protocol::qmp::{
    self, Command, Reason,
    reply::{self, RunState, Status},
};
use tokio::time::timeout;

use super::{
    connections,
    fault::Fault,
    machine::{Alive, Machine, QUIT, Running},
    monitor::Monitor,
    plan::Plan,
    process::Process,
    reaction::last_end,
};

impl Machine {
    /// Looks for a process that an earlier daemon left. Called once, before anything else.
    pub(super) async fn find(&mut self) -> Result<(), Fault> {
        let record = self.folder.record();
        let known = match &record {
            Some(record) => Process::find(record)?.map(|process| (process, record.plan)),
            None => None,
        };
        let connected = Monitor::connect(&self.folder).await;
        match (connected, known) {
            (Ok(Some((monitor, _))), Some((process, plan))) => {
                self.adopt(process, monitor, plan).await?;
            }
            // Its daemon died before it wrote the process down, so it was never let run.
            (Ok(Some((mut monitor, _))), None) => {
                let gone = async {
                    let _ = monitor.execute(Command::quit()).await;
                    while monitor.event().await.is_ok() {}
                };
                let late = Fault::Late {
                    what: "the end of an unknown process",
                    limit: QUIT,
                };
                timeout(QUIT, gone).await.map_err(|_| late)?;
                self.folder.clear()?;
            }
            (Ok(None), None) => self.folder.clear()?,
            // One that doesn't listen is on its way out, or hangs.
            (Ok(None), Some((mut process, _))) => {
                process.kill().await?;
                self.folder.clear()?;
            }
            (Err(fault), Some((mut process, _))) => {
                process.kill().await?;
                self.fail(fault.to_string()).await;
            }
            (Err(fault), None) => return Err(fault),
        }
        self.sense(self.running.is_some());
        Ok(())
    }

    async fn adopt(
        &mut self,
        process: Process,
        mut monitor: Monitor,
        plan: Plan,
    ) -> Result<(), Fault> {
        let status = monitor.execute(Command::query_status()).await?;
        let status: Status = reply::read(status)
            .map_err(|why| Fault::Monitor(qmp::Fault::Nonsense(why.to_string().into())))?;
        let connections = connections::open(&self.folder, &self.screen, &self.port).await?;
        let journal = self.folder.journal();
        if status.status == RunState::Prelaunch {
            self.let_run(&mut monitor, &plan).await?;
        }
        tracing::info!(server = %self.definition.id, pid = process.pid(), state = ?status.status,
            "found the machine again");
        self.note_changes();
        let started_as = self.earlier.as_ref().map(|earlier| &earlier.settings);
        self.shared.alive.send_replace(Some(Alive {
            pid: process.pid(),
            cpus: started_as.unwrap_or(&self.definition.settings).cpus,
        }));
        self.running = Some(Running {
            process,
            monitor,
            connections,
            plan,
            on_reset: None,
        });
        if status.status == RunState::Shutdown {
            match last_end(&journal) {
                Some(Reason::GuestReset) => self.stopped_at_reset = Some(BootBy::Software),
                Some(Reason::HostQmpSystemReset) => self.stopped_at_reset = Some(BootBy::Reset),
                _ => {
                    self.tell(Observed::ShutDown).await;
                    self.end().await?;
                }
            }
        }
        Ok(())
    }
    /// Remembers what the process was started from where the settings have changed since.
    fn note_changes(&mut self) {
        let now = self.definition.source();
        self.earlier = self.folder.source().filter(|earlier| *earlier != now);
        if let Some(earlier) = &self.earlier {
            let changes = earlier.changes(&now).join(", ");
            tracing::warn!(
                "server {}: its machine goes on as it was started; it takes over what changed at \
                 its next power-on ({changes})",
                self.definition.id
            );
        }
    }
}
