//! A machine that several hold: the parts act on it, one task lets its time pass.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use outband_core::{
    driver::{Observed, Picture, Sensed, SerialSink},
    host::Clock,
};
use outband_protocol::hid::Leds;
use tokio::{
    sync::{Notify, mpsc, watch},
    time::Instant,
};

use super::{
    faults::Faults,
    journal::Journal,
    machine::{Effect, Machine, Work},
};
use crate::settings::profile::Profile;

/// The most observations that wait for a reader who doesn't read.
const BACKLOG_MAX: usize = 256;

/// What the parts and the task share.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    /// Something was done to the machine: the task looks again.
    pub(super) notify: Notify,
    pub(super) profile: Arc<Profile>,
    pub(super) faults: Arc<dyn Faults>,
    clock: Arc<dyn Clock>,
    /// Whether there is a file to save the machine's record to.
    has_memory: bool,
    /// Whether there is a drive with a medium to look at.
    has_drive: bool,
    sensed: watch::Sender<Sensed>,
    // Made when first asked for: most of a fleet's machines are never looked at.
    leds: OnceLock<watch::Sender<Leds>>,
    display: OnceLock<watch::Sender<Picture>>,
    /// How often the task looked at the machine.
    #[cfg(test)]
    pub(super) turns: std::sync::atomic::AtomicU64,
}

/// What one at a time may touch.
#[derive(Debug)]
pub(super) struct State {
    pub(super) machine: Machine,
    pub(super) sink: Option<Arc<dyn SerialSink>>,
    /// Nobody holds a part any more.
    pub(super) abandoned: bool,
    journal: Option<Journal>,
    events: mpsc::Sender<Observed>,
    backlog: VecDeque<Observed>,
}

/// What a machine is run with.
#[derive(Debug)]
pub(super) struct Surroundings {
    pub(super) profile: Arc<Profile>,
    pub(super) faults: Arc<dyn Faults>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) has_memory: bool,
    pub(super) has_drive: bool,
    pub(super) journal: Option<Journal>,
    pub(super) events: mpsc::Sender<Observed>,
}

impl Shared {
    pub(super) fn new(machine: Machine, around: Surroundings) -> Self {
        let shared = Self {
            notify: Notify::new(),
            sensed: watch::Sender::new(machine.sensed()),
            leds: OnceLock::new(),
            display: OnceLock::new(),
            #[cfg(test)]
            turns: std::sync::atomic::AtomicU64::new(0),
            profile: around.profile,
            faults: around.faults,
            clock: around.clock,
            has_memory: around.has_memory,
            has_drive: around.has_drive,
            state: Mutex::new(State {
                machine,
                sink: None,
                abandoned: false,
                journal: around.journal,
                events: around.events,
                backlog: VecDeque::new(),
            }),
        };
        let now = shared.now();
        shared.settle(&mut shared.state(), now);
        shared
    }

    pub(super) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// The state. A panic elsewhere leaves it as it was before or after a step, both of which are
    /// states that a machine can be in.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something to the machine now, and has the task look at what follows from it.
    pub(super) fn act<R>(&self, act: impl FnOnce(&mut Machine, Instant) -> R) -> R {
        let result = {
            let mut state = self.state();
            let now = self.now();
            state.machine.advance(now);
            let result = act(&mut state.machine, now);
            self.settle(&mut state, now);
            result
        };
        self.notify.notify_one();
        result
    }

    /// Hands on what came out of the machine.
    pub(super) fn settle(&self, state: &mut State, now: Instant) {
        loop {
            for effect in state.machine.take_effects() {
                match effect {
                    Effect::Observe(observed) => state.observe(observed),
                    Effect::Saw(saw) => {
                        if let Some(journal) = &mut state.journal {
                            journal.write(self.clock.wall(), &saw);
                        }
                    }
                }
            }
            match state.machine.work() {
                Some(Work::Save(change)) if !self.has_memory => state.machine.saved(change, now),
                Some(Work::ReadLabel) if !self.has_drive => state.machine.medium(None, now),
                _ => break,
            }
        }
        if state.sink.is_none() {
            state.machine.take_serial();
        }
        // What was observed is told before the lights that follow from it.
        state.drain();
        let sensed = state.machine.sensed();
        publish(&self.sensed, sensed);
        if let Some(leds) = self.leds.get() {
            publish(leds, state.machine.leds());
        }
    }

    pub(super) fn sensed(&self) -> watch::Receiver<Sensed> {
        self.sensed.subscribe()
    }

    pub(super) fn leds(&self) -> watch::Receiver<Leds> {
        let state = self.state();
        let leds = self
            .leds
            .get_or_init(|| watch::Sender::new(state.machine.leds()));
        leds.subscribe()
    }

    pub(super) fn watch_display(&self) -> watch::Receiver<Picture> {
        let display = self
            .display
            .get_or_init(|| watch::Sender::new(Picture::Starting));
        let receiver = display.subscribe();
        self.notify.notify_one();
        receiver
    }

    /// The screen's output, where someone has ever looked.
    pub(super) fn display(&self) -> Option<&watch::Sender<Picture>> {
        self.display.get()
    }
}

impl State {
    pub(super) fn observe(&mut self, observed: Observed) {
        if self.backlog.len() >= BACKLOG_MAX {
            tracing::warn!("nobody reads what the machine does; an observation is lost");
            return;
        }
        self.backlog.push_back(observed);
    }

    /// Tells as much as the reader has room for.
    pub(super) fn drain(&mut self) {
        use mpsc::error::TrySendError;
        while let Some(observed) = self.backlog.pop_front() {
            match self.events.try_send(observed) {
                Ok(()) => {}
                Err(TrySendError::Full(observed)) => {
                    self.backlog.push_front(observed);
                    return;
                }
                Err(TrySendError::Closed(_)) => self.backlog.clear(),
            }
        }
        // A machine that has nothing to tell keeps no room for it.
        self.backlog.shrink_to_fit();
    }

    /// Whether observations wait for the reader.
    pub(super) fn has_backlog(&self) -> bool {
        !self.backlog.is_empty()
    }
}

/// Sends a value to whoever follows it, if it is another than before.
fn publish<T: PartialEq>(to: &watch::Sender<T>, value: T) {
    to.send_if_modified(|known| {
        let differs = *known != value;
        *known = value;
        differs
    });
}
