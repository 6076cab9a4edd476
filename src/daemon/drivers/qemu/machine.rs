//! The one task that owns a machine: it starts, replaces and ends its process ([`super::starting`],
//! [`super::ending`]), and turns what the process does into what core observes.
//!
//! One process is one power-on. A process boots by one [`Plan`]; while the next boot would need
//! another (an override was set, or was used up), QEMU is told to stop where the guest resets, and
//! another process takes its place. So an override holds from the very next reset, whoever asks for
//! it, and one that holds once is used exactly once: it is written down as used before the first
//! instruction runs.

use std::{process::ExitStatus, sync::Arc};

use outband_core::{
    driver::{BootBy, DriverFault, Observed, Verb},
    inventory::Inventory,
};
use outband_protocol::qmp::{Command, Event, reply::BlockStats};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval},
};

use super::{
    command_line::{OnReset, SERIAL_ID},
    definition::{Definition, Seen},
    fault::Fault,
    folder::Folder,
    monitor::{Monitor, News},
    plan::Plan,
    process::{Process, processor_time},
    rates,
    reaction::{Moment, Reaction, Reactions},
    screen::Screen,
    serial::Port,
    shared::{Shared, Told},
};

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

/// A machine and, while it is on, its process.
#[derive(Debug)]
pub(super) struct Machine {
    pub(super) definition: Definition,
    pub(super) folder: Folder,
    /// Whether the folder is there for a later daemon, which finds the machine by it.
    pub(super) kept: bool,
    pub(super) screen: Arc<Screen>,
    pub(super) port: Arc<Port>,
    pub(super) shared: Arc<Shared>,
    pub(super) asks: mpsc::Receiver<Ask>,
    pub(super) told: watch::Receiver<Told>,
    pub(super) observed: mpsc::Sender<Observed>,
    pub(super) running: Option<Running>,
    /// What the running process was made as, where the settings have changed since. A reset changes
    /// nothing about a machine, so another process that a reset needs is made the same.
    pub(super) earlier: Option<Definition>,
    /// The firmware that it ran last, where that is known.
    pub(super) firmware: Option<String>,
    /// Whether the host's hardware served when it was last probed.
    pub(super) kvm: Option<bool>,
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
    News(Result<News, Fault>),
    /// It is time to ask what the machine moves.
    Tick,
    Ended(Option<ExitStatus>),
}

impl Machine {
    /// Runs until the machine is to stop, or nobody asks any more: then a process is left running.
    pub(super) async fn run(mut self) {
        let mut ticks = interval(rates::TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let is_on = self.running.is_some();
            let running = self.running.as_mut();
            let woken = tokio::select! {
                biased;
                // First: what a reset does depends on it.
                Ok(()) = self.told.changed() => Woken::Told,
                ask = self.asks.recv() => Woken::Ask(ask),
                woken = next(running) => woken,
                _ = ticks.tick(), if is_on => Woken::Tick,
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
                Woken::News(Ok(News::Event(event))) => self.take_event(event).await,
                Woken::News(Ok(News::Drives(drives))) => self.take_counts(&drives),
                Woken::News(Err(fault)) => self.take_fault(fault).await,
                Woken::Tick => {
                    if let Some(running) = &mut self.running
                        && let Err(fault) = running.monitor.ask_drives().await
                    {
                        self.take_fault(fault).await;
                    }
                }
                Woken::Ended(status) => {
                    let fault = self.ended(status);
                    self.fail(fault.to_string()).await;
                }
            }
        }
    }

    async fn carry_out(&mut self, verb: Verb) -> Result<(), Fault> {
        let another = self.needs_another_plan();
        match (verb, &mut self.running) {
            (Verb::On, None) => {
                self.start().await?;
                let by = BootBy::PowerOn;
                self.tell(Observed::BootBegan { by }).await;
                self.sense(true);
                Ok(())
            }
            (Verb::On, Some(_)) | (_, None) => Ok(()),
            (Verb::Off, Some(_)) => self.switch_off().await,
            (Verb::Reset, Some(_)) if another => self.replace(BootBy::Reset).await,
            (Verb::Reset, Some(running)) => command(running, Command::system_reset()).await,
            (Verb::SoftOff, Some(running)) => command(running, Command::system_powerdown()).await,
            (Verb::Nmi, Some(running)) => command(running, Command::inject_nmi()).await,
        }
    }

    async fn take_event(&mut self, event: Event) {
        if self.folder.journal_exceeds(JOURNAL_MAX)
            && let Err(fault) = self.folder.empty_journal()
        {
            tracing::warn!(server = %self.definition.id, "{fault}");
        }
        let pid = self.running.as_ref().map(|running| running.process.pid());
        let at = Moment {
            now: Instant::now(),
            worked: pid.and_then(processor_time),
        };
        match self.reactions.to(&event.kind, at) {
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
                if let Err(fault) = self.switch_off().await {
                    self.fail(fault.to_string()).await;
                }
            }
        }
    }

    /// Whether the boot after the present one needs another process.
    fn needs_another_plan(&self) -> bool {
        let Some(running) = &self.running else {
            return false;
        };
        let next = match *self.told.borrow() {
            Some(wanted) => {
                let native = self.present().native_mode();
                Plan::of(wanted, self.shared.used(), native)
            }
            None => running.plan,
        };
        !running.plan.serves(&next)
    }

    fn take_counts(&self, drives: &[BlockStats]) {
        let running = self.running.as_ref();
        let counted = running.filter(|_| rates::counts_cards(&self.present().settings.nic));
        let interfaces = counted.map_or_else(Vec::new, |it| rates::interfaces(it.process.pid()));
        let counts = rates::counts(drives, &interfaces);
        self.shared.rates.take(counts, Instant::now());
    }

    /// Core told the override: QEMU is told what to do at a reset.
    async fn take_told(&mut self) {
        if let Some(by) = self.stopped_at_reset.take() {
            let _ = self.replace(by).await;
            return;
        }
        let wanted = if self.needs_another_plan() {
            OnReset::Stop
        } else {
            OnReset::Reset
        };
        let Some(running) = &mut self.running else {
            return;
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

    async fn send_break(&mut self) {
        if let Some(running) = &mut self.running
            && let Err(fault) = command(running, Command::chardev_send_break(SERIAL_ID)).await
        {
            tracing::warn!(server = %self.definition.id, "{fault}");
        }
    }

    /// The machine as what runs of it was made, or as it would be made.
    pub(super) fn present(&self) -> &Definition {
        self.earlier.as_ref().unwrap_or(&self.definition)
    }

    /// What the machine shows of itself: what runs, and that may be what the settings were once.
    pub(super) fn inventory(&self) -> Arc<Inventory> {
        let seen = Seen {
            on: self.running.is_some(),
            firmware: self.firmware.clone(),
        };
        Arc::new(self.present().inventory(&seen))
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

/// What a running machine does next.
async fn next(running: Option<&mut Running>) -> Woken {
    let Some(running) = running else {
        return std::future::pending().await;
    };
    tokio::select! {
        biased;
        news = running.monitor.news() => Woken::News(news),
        status = running.process.ended() => Woken::Ended(status),
    }
}

async fn command(running: &mut Running, command: Command) -> Result<(), Fault> {
    running.monitor.execute(command).await.map(|_| ())
}
