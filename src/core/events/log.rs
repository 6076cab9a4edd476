//! The log itself.

use std::sync::Arc;

use tokio::sync::watch;

use super::{Event, NewEvent};
use crate::{
    host::{BootId, Clock, HostFault, Journal},
    server::ServerId,
};

/// What the log is made with.
#[derive(Debug, Clone)]
pub struct EventLogSettings {
    /// Where it is kept.
    pub journal: Arc<dyn Journal>,
    /// The clocks.
    pub clock: Arc<dyn Clock>,
    /// The run of the device.
    pub boot: BootId,
    /// How many bytes are kept at most; the oldest go.
    pub max_bytes: u64,
}

/// The event log.
#[derive(Debug)]
pub struct EventLog {}

#[allow(clippy::todo, unused_variables)]
impl EventLog {
    /// Opens the log, cutting off a torn record at its end.
    ///
    /// # Errors
    /// [`HostFault`] when it can't be read.
    pub fn open(settings: EventLogSettings) -> Result<Arc<Self>, HostFault> {
        todo!()
    }

    /// Records an event and returns its number. Never waits for a disk to settle: the bytes outlive
    /// the process when this returns, and a power cut within about a second.
    pub fn record(&self, event: NewEvent) -> u64 {
        todo!()
    }

    /// The number of the newest event, now and from now on.
    #[must_use]
    pub fn newest(&self) -> watch::Receiver<u64> {
        todo!()
    }

    /// The number of the oldest event that is kept.
    #[must_use]
    pub fn oldest(&self) -> u64 {
        todo!()
    }

    /// Events from a number on, in order, at most `limit`, that are about this server (`None`: all).
    ///
    /// # Errors
    /// [`HostFault`] when the log can't be read.
    pub fn read(
        &self,
        from: u64,
        limit: usize,
        server: Option<&ServerId>,
    ) -> Result<Vec<Event>, HostFault> {
        todo!()
    }
}

impl crate::host::Audit for EventLog {
    fn record(&self, event: NewEvent) -> u64 {
        Self::record(self, event)
    }
}
