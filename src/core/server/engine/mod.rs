//! The engine: the one task that owns a server's state and carries out its commands.
//!
//! It never waits for anything but the next thing to happen. Commands come in by one bounded queue
//! and are judged by [`super::admission`]; the [`Sequencer`] says what to press and when to look;
//! what the driver senses and observes is taken before commands are. Each round ends with a
//! snapshot when something changed.
//!
//! ```text
//!   command ──▶ gate's table ──▶ admission ──▶ sequencer ──▶ driver
//!                                    │                          │
//!                accepted ◀── durable (commits)    sensed, observed ──▶ snapshot, events, outcome
//! ```

mod boot;
mod commands;
mod commit;
mod observe;
mod running;
mod start;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};

use self::{commit::Commits, running::Running};
use super::{
    BootProgress, IdentifyState, LastOutcome, Pending, PowerState, RestartCause, ServerId,
    Snapshot, durable::Durable, handle::Envelope,
};
use crate::{
    access::{Actor, Via},
    driver::{Abilities, Boot, DriverFault, Line, Lines, Observed, Sensed, Verb, Verbs},
    events::{ActorMark, EventKind, NewEvent, OffCause},
    host::{Audit, BootId, BoxFuture, Clock, Store},
    inventory::Inventory,
    power::{Act, Sequencer},
};

pub use self::start::EngineSetup;

/// How often the time on is made durable while a server runs: as much of the count may be lost to a
/// power cut. More often would wear flash for a figure that is told in hours.
const COUNT_EVERY: Duration = Duration::from_secs(5 * 60);

/// How power is worked, by the engine's hand.
#[derive(Debug)]
enum Hand {
    Lines(Box<dyn Lines>),
    Verbs(Arc<dyn Verbs>),
    None,
}

/// Why a server starts.
#[derive(Debug, Clone, Copy)]
struct Because {
    cause: RestartCause,
    /// By which way the command came, where it is one.
    via: Option<Via>,
}

impl From<RestartCause> for Because {
    fn from(cause: RestartCause) -> Self {
        Self { cause, via: None }
    }
}

type Carried = BoxFuture<(Verb, Result<(), DriverFault>)>;

/// The engine of one server. Made by [`EngineSetup::start`]; run until its handle is dropped.
#[derive(Debug)]
pub(super) struct Engine {
    id: ServerId,
    clock: Arc<dyn Clock>,
    store: Arc<dyn Store>,
    events: Arc<dyn Audit>,
    device: BootId,

    commands: mpsc::Receiver<Box<Envelope>>,
    observed: Option<mpsc::Receiver<Observed>>,
    sensed: Option<watch::Receiver<Sensed>>,
    snapshots: watch::Sender<Arc<Snapshot>>,

    hand: Hand,
    boot: Option<Arc<dyn Boot>>,
    sequencer: Sequencer,
    carried: FuturesUnordered<Carried>,
    commits: Commits,

    abilities: Arc<Abilities>,
    inventory: Arc<Inventory>,
    /// What is kept, including what is on its way to the store.
    durable: Durable,
    now_sensed: Sensed,
    /// Whether the server was on when that was last known, in this run of the device.
    known_on: Option<bool>,
    on_since: Option<Instant>,
    /// When the time on was last added up and made durable.
    counted: Option<Instant>,
    progress: BootProgress,
    identify: IdentifyState,
    running: Vec<Running>,
    last_outcome: Option<LastOutcome>,
    /// Why the next start that is seen will have happened.
    expected: Option<Because>,
    /// The server was seen to shut down or to break, so the next "off" is its own doing.
    off_by_itself: Option<OffCause>,
    /// When an override that no power command followed is given up.
    override_until: Option<Instant>,
    /// When whoever is writing the boot options is taken to have gone away.
    writing_until: Option<Instant>,
    generation: u64,
    changed: bool,
}

impl Engine {
    /// Runs until every handle of the server is gone, then lets go of the driver. Borrowed: a future
    /// that takes its engine has room for it twice, and there are many engines.
    pub(super) async fn run(&mut self) {
        loop {
            self.carry_out();
            if self.changed {
                self.publish();
            }
            let deadline = self.deadline();
            tokio::select! {
                biased;
                alive = changed(&mut self.sensed) => self.take_sensed(alive),
                observed = next(&mut self.observed) => self.take_observed(observed),
                Some((verb, result)) = self.carried.next() => {
                    let result = result.map_err(|fault| fault.to_string());
                    self.sequencer.carried(verb, result, self.clock.now());
                }
                done = self.commits.next() => self.take_commit(done),
                command = self.commands.recv() => match command {
                    Some(envelope) => self.take_command(*envelope),
                    None => return self.end().await,
                },
                () = until(deadline) => self.take_deadline(),
            }
        }
    }

    /// Does what the sequencer says.
    fn carry_out(&mut self) {
        while let Some(act) = self.sequencer.next_act() {
            match act {
                Act::Drive(line, pressed) => {
                    if let Err(fault) = self.drive(line, pressed)
                        && pressed
                    {
                        self.sequencer.press_failed(line, fault.to_string());
                    }
                }
                Act::Carry(verb) => {
                    if let Hand::Verbs(verbs) = &self.hand {
                        let work = verbs.carry_out(verb);
                        self.carried
                            .push(Box::pin(async move { (verb, work.await) }));
                    }
                }
                Act::Ended(action, outcome) => self.take_ended(action, outcome),
            }
            self.changed = true;
        }
    }

    /// Drives a line; what fails is reported too.
    fn drive(&mut self, line: Line, pressed: bool) -> Result<(), DriverFault> {
        let Hand::Lines(lines) = &mut self.hand else {
            return Ok(());
        };
        let driven = lines.drive(line, pressed);
        if let Err(fault) = &driven {
            self.report(fault);
        }
        driven
    }

    /// Something beneath failed: that is said where everything is said.
    pub(super) fn report(&self, fault: &dyn std::fmt::Display) {
        self.record(
            None,
            EventKind::Fault {
                what: fault.to_string().into(),
            },
        );
    }

    fn deadline(&self) -> Option<Instant> {
        let count = self.counted.map(|counted| counted + COUNT_EVERY);
        [
            self.sequencer.deadline(),
            self.identify.until,
            self.override_until,
            self.writing_until,
            count,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn take_deadline(&mut self) {
        let now = self.clock.now();
        self.sequencer.advance(now);
        if self.identify.until.is_some_and(|until| until <= now) {
            // That it stayed lit was reported.
            let _ = self.show_identify(false, None);
        }
        self.give_up_boot(now);
        if self
            .counted
            .is_some_and(|counted| counted + COUNT_EVERY <= now)
        {
            self.count_hours(now, true);
            self.keep();
        }
    }

    /// Adds the time since the last count to the power-on time.
    fn count_hours(&mut self, now: Instant, still_on: bool) {
        if let Some(since) = self.counted {
            let minutes = now.saturating_duration_since(since).as_secs() / 60;
            self.durable.powered_on_minutes += minutes;
            let counted_to = since + Duration::from_secs(minutes * 60);
            self.counted = still_on.then_some(counted_to);
            self.on_since = self.counted;
            self.changed = true;
        }
    }

    fn publish(&mut self) {
        self.changed = false;
        self.generation += 1;
        let snapshot = self.snapshot();
        self.snapshots.send_replace(Arc::new(snapshot));
    }

    fn snapshot(&self) -> Snapshot {
        let pending = self.sequencer.running().and_then(|(action, until)| {
            let running = self
                .running
                .iter()
                .find(|running| running.action == action)?;
            Some(Pending {
                action,
                since: running.since,
                until,
            })
        });
        Snapshot {
            generation: self.generation,
            power: PowerState::from(self.now_sensed.on),
            disk_active: self.now_sensed.disk_active,
            pending,
            last_outcome: self.last_outcome.clone(),
            restart_cause: self.durable.restart_cause,
            restarted_via: self.durable.restarted_via,
            on_by_command: self.durable.on_by_command,
            last_off: self.durable.last_off,
            cycle_interval: self.durable.cycle_interval,
            powered_on_minutes: self.durable.powered_on_minutes,
            power_on_since: self.on_since,
            last_reset: self.durable.last_reset,
            restore_policy: self.durable.restore_policy,
            boot_override: self.durable.boot_override,
            boot_options: self.durable.boot_options.clone(),
            boot_progress: self.abilities.sees_boots.then_some(self.progress),
            identify: self.abilities.identify.then_some(self.identify),
            asset_tag: self.durable.asset_tag.clone(),
            inventory: self.inventory.clone(),
            abilities: self.abilities.clone(),
        }
    }

    fn record(&self, actor: Option<&Arc<Actor>>, kind: EventKind) {
        self.record_as(actor.map(|actor| ActorMark::from(actor.as_ref())), kind);
    }

    fn record_as(&self, actor: Option<ActorMark>, kind: EventKind) {
        self.events.record(NewEvent {
            server: Some(self.id.clone()),
            kind,
            actor,
            sel: None,
        });
    }
}

/// Resolves when the sensed lines changed: with `false` when the driver is gone.
async fn changed(sensed: &mut Option<watch::Receiver<Sensed>>) -> bool {
    match sensed {
        Some(sensed) => sensed.changed().await.is_ok(),
        None => std::future::pending().await,
    }
}

async fn next(observed: &mut Option<mpsc::Receiver<Observed>>) -> Option<Observed> {
    match observed {
        Some(observed) => observed.recv().await,
        None => std::future::pending().await,
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
