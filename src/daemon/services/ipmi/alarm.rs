//! A timer that stays as it is from packet to packet.

use std::{pin::Pin, time::Instant};

use tokio::time::{Sleep, sleep_until};

/// The machine's deadline. It seldom changes, so its timer stays as it is from packet to packet.
#[derive(Default)]
pub(super) struct Alarm {
    at: Option<Instant>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Alarm {
    /// Sets it; `None`: it won't ring.
    pub(super) fn set(&mut self, at: Option<Instant>) {
        if self.at != at {
            self.at = at;
            self.sleep = at.map(|at| Box::pin(sleep_until(at.into())));
        }
    }

    /// Waits until it rings.
    pub(super) async fn rung(&mut self) {
        match &mut self.sleep {
            Some(sleep) => sleep.await,
            None => std::future::pending().await,
        }
    }
}
