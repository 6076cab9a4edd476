//! How a machine's process ends, and what is told of it.

use std::{process::ExitStatus, time::Duration};

use outband_core::driver::Observed;
use outband_protocol::qmp::Command;
use tokio::time::timeout;

use super::{fault::Fault, machine::Machine};

/// How long a process may take to quit before it is killed.
pub(super) const QUIT: Duration = Duration::from_secs(2);

impl Machine {
    /// Ends the process: asks it to quit, and kills it when it doesn't.
    pub(super) async fn end(&mut self) -> Result<(), Fault> {
        let Some(mut running) = self.running.take() else {
            return Ok(());
        };
        let quit = async {
            // Whether it answers or not, the process is what counts.
            let _ = running.monitor.execute(Command::quit()).await;
            running.process.ended().await
        };
        if timeout(QUIT, quit).await.is_err()
            && let Err(fault) = running.process.kill().await
        {
            self.running = Some(running);
            return Err(fault);
        }
        running.connections.shutdown().await;
        self.shared.ended();
        self.folder.clear()
    }

    /// Switches the machine off.
    pub(super) async fn switch_off(&mut self) -> Result<(), Fault> {
        let ended = self.end().await;
        if self.running.is_none() {
            self.gone().await;
            self.sense(false);
        }
        ended
    }

    /// The machine broke: what is left of it goes.
    pub(super) async fn fail(&mut self, why: String) {
        if let Some(mut running) = self.running.take() {
            if let Err(fault) = running.process.kill().await {
                tracing::error!(server = %self.definition.id, "{fault}");
            }
            running.connections.shutdown().await;
        }
        self.shared.ended();
        self.gone().await;
        if let Err(fault) = self.folder.clear() {
            tracing::warn!(server = %self.definition.id, "{fault}");
        }
        self.tell(Observed::Failed { why: why.into() }).await;
        self.sense(false);
    }

    /// The monitor is of no more use: neither is the process.
    pub(super) async fn take_fault(&mut self, fault: Fault) {
        let mut why = fault.to_string();
        if let (Fault::Ended(_), Some(running)) = (&fault, &mut self.running)
            && let Ok(status) = timeout(QUIT, running.process.ended()).await
        {
            why = self.ended(status).to_string();
        }
        self.fail(why).await;
    }

    /// The machine is off, and nothing runs of what the settings were once.
    async fn gone(&mut self) {
        self.earlier = None;
        self.tell(Observed::Inventory(self.inventory())).await;
    }

    /// Ends the machine with the daemon.
    pub(super) async fn stop(&mut self) {
        if let Err(fault) = self.switch_off().await {
            tracing::error!(server = %self.definition.id, "{fault}");
        }
    }

    /// How the process ended.
    pub(super) fn ended(&self, status: Option<ExitStatus>) -> Fault {
        Fault::Ended(how_it_ended(status, self.folder.last_words()).into())
    }
}

/// How a process ended, for people: ` with signal: 9 (SIGKILL): its last words`.
fn how_it_ended(status: Option<ExitStatus>, last_words: Option<String>) -> String {
    let status = status.map_or_else(String::new, |status| format!(" with {status}"));
    let words = last_words.map_or_else(String::new, |words| format!(": {words}"));
    format!("{status}{words}")
}
