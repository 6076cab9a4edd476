//! How a machine's process starts, and how one takes the place of another.

use outband_core::driver::{BootBy, Observed};
use outband_protocol::qmp::Command;
use tokio::{task::JoinSet, time::timeout};

use super::{
    command_line::{Launch, OnReset},
    connections, disks,
    ending::QUIT,
    fault::Fault,
    firmware,
    machine::{Machine, Running},
    monitor::Monitor,
    plan::Plan,
    probe::{self, Accelerated},
    process::Process,
    reaction::Reactions,
    settings::Accelerator,
    shared::Alive,
};

impl Machine {
    /// Starts a process by the next plan and lets it run.
    pub(super) async fn start(&mut self) -> Result<(), Fault> {
        let accelerated = self.accelerated().await?;
        let launch = self.launch(accelerated);
        let plan = launch.plan;
        disks::make(self.present(), &self.folder, &plan)?;
        let mut process = Process::start(self.present(), &self.folder, &launch)?;
        let ready = tokio::select! {
            ready = self.make_ready(&plan) => ready,
            status = process.ended() => Err(self.ended(status)),
        };
        let (monitor, connections, firmware) = match ready {
            Ok(ready) => ready,
            Err(fault) => return Err(self.give_up(process, fault).await),
        };
        self.firmware = firmware;
        self.reactions = Reactions::default();
        self.shared.alive.send_replace(Some(Alive {
            pid: process.pid(),
            cpus: self.present().settings.cpus,
        }));
        self.running = Some(Running {
            process,
            monitor,
            connections,
            plan,
            on_reset: Some(launch.on_reset),
        });
        self.tell(Observed::Inventory(self.inventory())).await;
        if let Some(id) = plan.once {
            self.tell(Observed::OverrideUsed { id }).await;
        }
        Ok(())
    }

    fn launch(&mut self, accelerated: Accelerated) -> Launch {
        let told = *self.told.borrow_and_update();
        let native = self.present().native_mode();
        let used = self.shared.used();
        let plan = Plan::of(told.flatten(), used, native);
        // What is used up by this boot is not for the next.
        let next = Plan::of(told.flatten(), plan.once.or(used), native);
        let on_reset = if plan.serves(&next) {
            OnReset::Reset
        } else {
            OnReset::Stop
        };
        Launch {
            plan,
            on_reset,
            accelerated,
            outlives_us: self.kept,
        }
    }

    /// Settles what runs the processors. The hardware is probed once; where it must be the hardware
    /// and it did not serve, at each power-on.
    async fn accelerated(&mut self) -> Result<Accelerated, Fault> {
        let settings = &self.present().settings;
        let wanted = settings.accelerator;
        let serves = match (wanted, self.kvm) {
            (Accelerator::Tcg, _) => return Ok(Accelerated::Tcg),
            (_, Some(true)) => true,
            (Accelerator::Auto, Some(false)) => false,
            (Accelerator::Auto, None) | (Accelerator::Kvm, _) => {
                probe::serves(&settings.program, "kvm").await
            }
        };
        self.kvm = Some(serves);
        match (serves, wanted) {
            (true, _) => Ok(Accelerated::Kvm),
            (false, Accelerator::Kvm) => Err(Fault::NoKvm(probe::PROBE)),
            (false, _) => Ok(Accelerated::Tcg),
        }
    }

    async fn make_ready(
        &self,
        plan: &Plan,
    ) -> Result<(Monitor, JoinSet<()>, Option<String>), Fault> {
        let connected = Monitor::connect(&self.folder).await?;
        let (mut monitor, greeting) = connected.ok_or_else(|| Fault::Ended("".into()))?;
        tracing::debug!(server = %self.definition.id, version = %greeting.version, "QEMU is ready");
        let connections = connections::open(&self.folder, &self.screen, &self.port).await?;
        let firmware = firmware::version(&self.folder, &mut monitor).await;
        self.let_run(&mut monitor, plan).await?;
        Ok((monitor, connections, firmware))
    }

    /// Lets a machine run that was never let run. An override is used from here on.
    pub(super) async fn let_run(&self, monitor: &mut Monitor, plan: &Plan) -> Result<(), Fault> {
        if let Some(id) = plan.once {
            self.folder.keep_used(id)?;
            self.shared.use_up(id);
        }
        monitor.execute(Command::cont()).await.map(|_| ())
    }

    /// Ends a process that could not be made ready; the fault, with its last words where it ended.
    async fn give_up(&self, mut process: Process, fault: Fault) -> Fault {
        let fault = match fault {
            // A connection that broke tells of a process that ends, or has ended, with better words.
            Fault::Ended(_) | Fault::File { .. } => match timeout(QUIT, process.ended()).await {
                Ok(status) => self.ended(status),
                Err(_) => fault,
            },
            fault => fault,
        };
        match process.kill().await {
            Ok(()) => fault,
            Err(worse) => worse,
        }
    }

    /// Puts another process in the place of one that is to boot by another plan. It is the same
    /// machine: what the settings have changed since waits for a power-on.
    pub(super) async fn replace(&mut self, by: BootBy) -> Result<(), Fault> {
        let replaced = match self.end().await {
            Ok(()) => self.start().await,
            Err(fault) => Err(fault),
        };
        match replaced {
            Ok(()) => {
                self.tell(Observed::BootBegan { by }).await;
                Ok(())
            }
            Err(fault) => {
                self.fail(fault.to_string()).await;
                Err(fault)
            }
        }
    }
}
