//! Signals: INT and TERM end the daemon, HUP makes it read its settings again.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::AppFault;

/// The signals that the daemon heeds.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    /// From now on these signals don't kill.
    pub(super) fn new() -> Result<Self, AppFault> {
        let heed =
            |kind| signal(kind).map_err(|why| AppFault::new(format!("can't heed signals: {why}")));
        Ok(Self {
            interrupt: heed(SignalKind::interrupt())?,
            terminate: heed(SignalKind::terminate())?,
            hang_up: heed(SignalKind::hangup())?,
        })
    }

    /// The two streams, to be waited on at the same time.
    pub(super) fn split(&mut self) -> (Stop<'_>, &mut Signal) {
        let stop = Stop {
            interrupt: &mut self.interrupt,
            terminate: &mut self.terminate,
        };
        (stop, &mut self.hang_up)
    }
}

/// INT and TERM.
pub(super) struct Stop<'a> {
    interrupt: &'a mut Signal,
    terminate: &'a mut Signal,
}

impl Stop<'_> {
    /// Somebody wants an end.
    pub(super) async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
