//! What a machine's task shares with its parts.

use std::sync::{Mutex, PoisonError};

use outband_core::{driver::Sensed, server::BootOverride};
use tokio::sync::watch;

use super::rates::Rates;

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
    /// What it moves.
    pub(super) rates: Rates,
    /// The last override that a boot was given.
    used: Mutex<Option<u64>>,
}

impl Shared {
    /// Of a machine that is off, and that used this override last.
    pub(super) fn new(used: Option<u64>) -> Self {
        Self {
            sensed: watch::Sender::new(Sensed {
                on: Some(false),
                disk_active: None,
            }),
            alive: watch::Sender::new(None),
            rates: Rates::default(),
            used: Mutex::new(used),
        }
    }

    /// The process is no more.
    pub(super) fn ended(&self) {
        self.alive.send_replace(None);
        self.rates.forget();
    }

    /// The last override that a boot was given.
    pub(super) fn used(&self) -> Option<u64> {
        *self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A boot is given this override.
    pub(super) fn use_up(&self, id: u64) {
        *self.used.lock().unwrap_or_else(PoisonError::into_inner) = Some(id);
    }
}
