//! Finding the machine that an earlier daemon left: running, stopped, half started, or gone.

use outband_core::driver::{BootBy, Observed};
use outband_protocol::qmp::{
    self, Command, Reason,
    reply::{self, RunState, Status},
};
use tokio::task::JoinSet;

use super::{
    connections,
    fault::Fault,
    firmware,
    machine::{Machine, Running},
    monitor::Monitor,
    plan::Plan,
    process::Process,
    reaction::last_end,
    shared::Alive,
};

impl Machine {
    /// Looks for a process that an earlier daemon left. Called once, before anything else.
    ///
    /// When it returns there is either one process, that is followed, or none: whatever else was
    /// found has ended.
    pub(super) async fn find(&mut self) -> Result<(), Fault> {
        let connected = Monitor::connect(&self.folder).await;
        let known = match self.folder.record() {
            Some(record) => Process::find(&record)?.map(|process| (process, record.plan)),
            None => None,
        };
        match (connected, known) {
            (Ok(Some((monitor, _))), Some((process, plan))) => {
                self.adopt(process, monitor, plan).await?;
            }
            // Its daemon died before it wrote the process down, so it was never let run.
            (Ok(Some(_)), None) => {
                let stray = Process::stray(&self.folder)?;
                stray.ok_or(Fault::Stranger)?.kill().await?;
                self.folder.clear()?;
            }
            // One that doesn't listen is on its way out, or hangs.
            (Ok(None), known) => {
                let left = match known {
                    Some((process, _)) => Some(process),
                    None => Process::stray(&self.folder)?,
                };
                if let Some(mut process) = left {
                    process.kill().await?;
                }
                self.folder.clear()?;
            }
            (Err(fault), Some((process, _))) => self.cut_off(process, fault).await?,
            (Err(fault), None) => match Process::stray(&self.folder)? {
                Some(stray) => self.cut_off(stray, fault).await?,
                None => return Err(fault),
            },
        }
        self.sense(self.running.is_some());
        Ok(())
    }

    /// Ends a process that is there and can't be worked with.
    async fn cut_off(&mut self, mut process: Process, fault: Fault) -> Result<(), Fault> {
        process.kill().await?;
        self.fail(fault.to_string()).await;
        Ok(())
    }

    async fn adopt(
        &mut self,
        process: Process,
        mut monitor: Monitor,
        plan: Plan,
    ) -> Result<(), Fault> {
        let (state, connections) = match self.take_up(&mut monitor, &plan).await {
            Ok(taken) => taken,
            Err(fault) => return self.cut_off(process, fault).await,
        };
        tracing::info!(server = %self.definition.id, pid = process.pid(), ?state,
            "found the machine again");
        self.note_changes();
        self.firmware = firmware::version(&self.folder, &mut monitor).await;
        self.shared.alive.send_replace(Some(Alive {
            pid: process.pid(),
            cpus: self.present().settings.cpus,
        }));
        self.running = Some(Running {
            process,
            monitor,
            connections,
            plan,
            on_reset: None,
        });
        if state == RunState::Shutdown {
            match last_end(&self.folder.journal()) {
                Some(Reason::GuestReset) => self.stopped_at_reset = Some(BootBy::Software),
                Some(Reason::HostQmpSystemReset) => self.stopped_at_reset = Some(BootBy::Reset),
                _ => {
                    self.tell(Observed::ShutDown).await;
                    self.switch_off().await?;
                }
            }
        }
        Ok(())
    }

    /// Remembers what the process was started from where the settings have changed since.
    fn note_changes(&mut self) {
        let now = self.definition.source();
        let earlier = self.folder.source().filter(|earlier| *earlier != now);
        if let Some(earlier) = &earlier {
            let changes = earlier.changes(&now).join(", ");
            tracing::warn!(
                "server {}: its machine goes on as it was started; it takes over what changed at \
                 its next power-on ({changes})",
                self.definition.id
            );
        }
        self.earlier = earlier.map(|earlier| self.definition.made_from(earlier));
    }

    /// Connects to a machine's screen and serial port, and lets it run if it never was.
    async fn take_up(
        &self,
        monitor: &mut Monitor,
        plan: &Plan,
    ) -> Result<(RunState, JoinSet<()>), Fault> {
        let status = monitor.execute(Command::query_status()).await?;
        let status: Status = reply::read(status)
            .map_err(|why| Fault::Monitor(qmp::Fault::Nonsense(why.to_string().into())))?;
        let connections = connections::open(&self.folder, &self.screen, &self.port).await?;
        if status.status == RunState::Prelaunch {
            self.let_run(monitor, plan).await?;
        }
        Ok((status.status, connections))
    }
}
