//! The one task that owns a machine: it starts, replaces and ends its process, and turns what the
//! process does into what core observes.
//!
//! One process is one power-on. A process boots by one [`Plan`]; while the next boot would need
//! another (an override was set, or was used up), QEMU is told to stop where the guest resets, and
//! another process takes its place. So an override holds from the very next reset, whoever asks for
//! it, and one that holds once is used exactly once: it is written down as used before the first
//! instruction runs.

use std::{
    process::ExitStatus,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use outband_core::{
    driver::{BootBy, DriverFault, Observed, Sensed, Verb},
    inventory::Inventory,
    server::BootOverride,
};
use outband_protocol::qmp::{Command, Event};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinSet,
    time::{Instant, timeout},
};

use super::{
    command_line::{OnReset, SERIAL_ID},
    connections,
    definition::{Definition, Source},
    disks,
    fault::Fault,
    folder::Folder,
    monitor::Monitor,
    plan::Plan,
    process::Process,
    reaction::{Reaction, Reactions},
    screen::Screen,
    serial::Port,
};

/// How long a process may take to quit before it is killed.
const QUIT: Duration = Duration::from_secs(2);

/// How large the monitor's journal may grow.
const JOURNAL_MAX: u64 = 1 << 20;

/// Something asked of the machine.
#[derive(Debug)]
pub(super) enum Ask {
    /// Carry out a verb.
    Verb(Verb, oneshot::Sender<Result<(), DriverFault>>),
    /// Send a break on the serial port.
    SerialBreak,
    /// End the machine, and its task.
    Stop,
}

/// The override as core told it; `None` until it told the first time.
pub(super) type Told = Option<Option<BootOverride>>;

/// A process as the parts know it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Alive {
    pub(super) pid: i32,
    /// How many processors it was started with.
    pub(super) cpus: u16,
}

/// What the machine's task shares with the parts.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) sensed: watch::Sender<Sensed>,
    /// The process, while there is one.
    pub(super) alive: watch::Sender<Option<Alive>>,
    /// The last override that a boot was given.
    pub(super) used: Mutex<Option<u64>>,
}

impl Shared {
    pub(super) fn used(&self) -> Option<u64> {
        *self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A machine and, while it is on, its process.
#[derive(Debug)]
pub(super) struct Machine {
    pub(super) definition: Definition,
    pub(super) folder: Folder,
    pub(super) screen: Arc<Screen>,
    pub(super) port: Arc<Port>,
    pub(super) shared: Arc<Shared>,
    pub(super) asks: mpsc::Receiver<Ask>,
    pub(super) told: watch::Receiver<Told>,
    pub(super) observed: mpsc::Sender<Observed>,
    pub(super) running: Option<Running>,
    /// What the running process was started from, where the settings have changed since.
    pub(super) earlier: Option<Source>,
    /// The machine stopped at a reset while nobody listened, and waits for its next plan.
    pub(super) stopped_at_reset: Option<BootBy>,
    pub(super) reactions: Reactions,
}

/// A machine's process and the connections to it.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) process: Process,
    pub(super) monitor: Monitor,
    /// The screen's and the serial port's; dropped with the process.
    pub(super) connections: JoinSet<()>,
    pub(super) plan: Plan,
    /// What QEMU was told to do at a reset; `None` where that isn't known.
    pub(super) on_reset: Option<OnReset>,
}

/// What woke the task.
enum Woken {
    Ask(Option<Ask>),
    Told,
    Event(Result<Event, Fault>),
    Ended(Option<ExitStatus>),
}

impl Machine {
    /// Runs until the machine is to stop, or nobody asks any more: then a process is left running.
    pub(super) async fn run(mut self) {
        loop {
            let running = self.running.as_mut();
            let woken = tokio::select! {
                biased;
                // First: what a reset does depends on it.
                Ok(()) = self.told.changed() => Woken::Told,
                ask = self.asks.recv() => Woken::Ask(ask),
                woken = next(running) => woken,
            };
            match woken {
                Woken::Ask(Some(Ask::Verb(verb, reply))) => {
                    let done = self.carry_out(verb).await;
                    let _ = reply.send(done.map_err(|fault| fault.of_part("power")));
                }
                Woken::Ask(Some(Ask::SerialBreak)) => self.send_break().await,
                Woken::Ask(Some(Ask::Stop)) => return self.stop().await,
                Woken::Ask(None) => return,
                Woken::Told => self.take_told().await,
                Woken::Event(Ok(event)) => self.take_event(event).await,
                Woken::Event(Err(fault)) => self.take_fault(fault).await,
                Woken::Ended(status) => {
                    let fault = self.ended(status);
                    self.fail(fault.to_string()).await;
                }
            }
        }
    }

    async fn carry_out(&mut self, verb: Verb) -> Result<(), Fault> {
        match (verb, &mut self.running) {
            (Verb::On, None) => {
                self.start().await?;
                let by = BootBy::PowerOn;
                self.tell(Observed::BootBegan { by }).await;
                self.sense(true);
                Ok(())
            }
            (Verb::On, Some(_)) | (_, None) => Ok(()),
            (Verb::Off, Some(_)) => {
                self.end().await?;
                self.sense(false);
                Ok(())
            }
            (Verb::Reset, Some(running)) => {
                let next = next_plan(&self.told, &self.shared, &self.definition, running);
                if running.plan.serves(&next) {
                    command(running, Command::system_reset()).await
                } else {
                    self.replace(BootBy::Reset).await
                }
            }
            (Verb::SoftOff, Some(running)) => command(running, Command::system_powerdown()).await,
            (Verb::Nmi, Some(running)) => command(running, Command::inject_nmi()).await,
        }
    }

    /// Starts a process by the next plan and lets it run.
    async fn start(&mut self) -> Result<(), Fault> {
        let told = *self.told.borrow_and_update();
        let native = self.definition.native_mode();
        let used = self.shared.used();
        let plan = Plan::of(told.flatten(), used, native);
        disks::make(&self.definition, &self.folder, &plan)?;
        // What is used up by this boot is not for the next.
        let next = Plan::of(told.flatten(), plan.once.or(used), native);
        let on_reset = if plan.serves(&next) {
            OnReset::Reset
        } else {
            OnReset::Stop
        };
        let mut process = Process::start(&self.definition, &self.folder, &plan, on_reset)?;
        let ready = tokio::select! {
            ready = self.make_ready(&plan) => ready,
            status = process.ended() => Err(self.ended(status)),
        };
        let (monitor, connections) = match ready {
            Ok(ready) => ready,
            Err(fault) => return Err(self.give_up(process, fault).await),
        };
        self.shared.alive.send_replace(Some(Alive {
            pid: process.pid(),
            cpus: self.definition.settings.cpus,
        }));
        self.running = Some(Running {
            process,
            monitor,
            connections,
            plan,
            on_reset: Some(on_reset),
        });
        if let Some(id) = plan.once {
            self.tell(Observed::OverrideUsed { id }).await;
        }
        Ok(())
    }

    async fn make_ready(&self, plan: &Plan) -> Result<(Monitor, JoinSet<()>), Fault> {
        let connected = Monitor::connect(&self.folder).await?;
        let (mut monitor, greeting) = connected.ok_or_else(|| Fault::Ended("".into()))?;
        tracing::debug!(server = %self.definition.id, version = %greeting.version, "QEMU is ready");
        let connections = connections::open(&self.folder, &self.screen, &self.port).await?;
        self.let_run(&mut monitor, plan).await?;
        Ok((monitor, connections))
    }

    /// Lets a machine run that was never let run. An override is used from here on.
    pub(super) async fn let_run(&self, monitor: &mut Monitor, plan: &Plan) -> Result<(), Fault> {
        if let Some(id) = plan.once {
            self.folder.keep_used(id)?;
            let mut used = self
                .shared
                .used
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *used = Some(id);
        }
        monitor.execute(Command::cont()).await.map(|_| ())
    }

    fn ended(&self, status: Option<ExitStatus>) -> Fault {
        Fault::Ended(how_it_ended(status, self.folder.last_words()).into())
    }

    /// Ends a process that could not be made ready; the fault, with its last words where it ended.
    async fn give_up(&self, mut process: Process, fault: Fault) -> Fault {
        let fault = match fault {
            Fault::Ended(_) => match timeout(QUIT, process.ended()).await {
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
        self.shared.alive.send_replace(None);
        self.forget_earlier().await;
        self.folder.clear()
    }

    /// Puts another process in the place of one that is to boot by another plan.
    async fn replace(&mut self, by: BootBy) -> Result<(), Fault> {
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

    async fn take_event(&mut self, event: Event) {
        if self.folder.journal_exceeds(JOURNAL_MAX)
            && let Err(fault) = self.folder.empty_journal()
        {
            tracing::warn!(server = %self.definition.id, "{fault}");
        }
        match self.reactions.to(&event.kind, Instant::now()) {
            Reaction::None => {}
            Reaction::Tell(observed) => {
                // Where QEMU could not be told in time to stop at a reset.
                if let Observed::BootBegan { by } = observed
                    && self.needs_another_plan()
                {
                    // A failure was told of.
                    let _ = self.replace(by).await;
                } else {
                    self.tell(observed).await;
                }
            }
            Reaction::Replace(by) => {
                let _ = self.replace(by).await;
            }
            Reaction::ShutDown => {
                self.tell(Observed::ShutDown).await;
                match self.end().await {
                    Ok(()) => self.sense(false),
                    Err(fault) => self.fail(fault.to_string()).await,
                }
            }
        }
    }

    fn needs_another_plan(&self) -> bool {
        self.running.as_ref().is_some_and(|running| {
            let next = next_plan(&self.told, &self.shared, &self.definition, running);
            !running.plan.serves(&next)
        })
    }

    /// The monitor is of no more use: neither is the process.
    async fn take_fault(&mut self, fault: Fault) {
        let mut why = fault.to_string();
        if let (Fault::Ended(_), Some(running)) = (&fault, &mut self.running)
            && let Ok(status) = timeout(QUIT, running.process.ended()).await
        {
            why = self.ended(status).to_string();
        }
        self.fail(why).await;
    }

    /// The machine broke: what is left of it goes.
    pub(super) async fn fail(&mut self, why: String) {
        if let Some(mut running) = self.running.take() {
            if let Err(fault) = running.process.kill().await {
                tracing::error!(server = %self.definition.id, "{fault}");
            }
            running.connections.shutdown().await;
        }
        self.shared.alive.send_replace(None);
        self.forget_earlier().await;
        if let Err(fault) = self.folder.clear() {
            tracing::warn!(server = %self.definition.id, "{fault}");
        }
        self.tell(Observed::Failed { why: why.into() }).await;
        self.sense(false);
    }

    /// Core told the override: QEMU is told what to do at a reset.
    async fn take_told(&mut self) {
        if let Some(by) = self.stopped_at_reset.take() {
            let _ = self.replace(by).await;
            return;
        }
        let Some(running) = &mut self.running else {
            return;
        };
        let next = next_plan(&self.told, &self.shared, &self.definition, running);
        let wanted = if running.plan.serves(&next) {
            OnReset::Reset
        } else {
            OnReset::Stop
        };
        if running.on_reset == Some(wanted) {
            return;
        }
        match command(running, Command::set_action_reboot(wanted.word())).await {
            Ok(()) => running.on_reset = Some(wanted),
            // A reset is then seen and answered with another process all the same.
            Err(fault) => tracing::warn!(server = %self.definition.id, "{fault}"),
        }
    }

    /// What the machine shows of itself: what runs, and that may be what the settings were once.
    pub(super) fn inventory(&self) -> Inventory {
        match &self.earlier {
            Some(earlier) => self.definition.made_from(earlier.clone()).inventory(),
            None => self.definition.inventory(),
        }
    }

    /// Nothing runs any more of what the settings were.
    async fn forget_earlier(&mut self) {
        if self.earlier.take().is_some() {
            let inventory = Arc::new(self.definition.inventory());
            self.tell(Observed::Inventory(inventory)).await;
        }
    }

    async fn send_break(&mut self) {
        if let Some(running) = &mut self.running
            && let Err(fault) = command(running, Command::chardev_send_break(SERIAL_ID)).await
        {
            tracing::warn!(server = %self.definition.id, "{fault}");
        }
    }

    async fn stop(&mut self) {
        if let Err(fault) = self.end().await {
            tracing::error!(server = %self.definition.id, "{fault}");
        }
        self.sense(false);
    }

    pub(super) async fn tell(&self, observed: Observed) {
        // Nobody listens any more once the server is no longer managed.
        let _ = self.observed.send(observed).await;
    }

    pub(super) fn sense(&self, on: bool) {
        self.shared.sensed.send_if_modified(|sensed| {
            let before = sensed.on.replace(on);
            before != Some(on)
        });
    }
}

/// The plan of the boot after the present one.
fn next_plan(
    told: &watch::Receiver<Told>,
    shared: &Shared,
    definition: &Definition,
    running: &Running,
) -> Plan {
    match *told.borrow() {
        Some(wanted) => Plan::of(wanted, shared.used(), definition.native_mode()),
        None => running.plan,
    }
}

/// What a running machine does next.
async fn next(running: Option<&mut Running>) -> Woken {
    let Some(running) = running else {
        return std::future::pending().await;
    };
    tokio::select! {
        biased;
        event = running.monitor.event() => Woken::Event(event),
        status = running.process.ended() => Woken::Ended(status),
    }
}

async fn command(running: &mut Running, command: Command) -> Result<(), Fault> {
    running.monitor.execute(command).await.map(|_| ())
}

/// How a process ended, for people: ` with signal: 9 (SIGKILL): its last words`.
fn how_it_ended(status: Option<ExitStatus>, last_words: Option<String>) -> String {
    let status = status.map_or_else(String::new, |status| format!(" with {status}"));
    let words = last_words.map_or_else(String::new, |words| format!(": {words}"));
    format!("{status}{words}")
}
