//! What must happen in time though nobody asks: sessions end, failures that were held back reach
//! the log, and changes are finished whose asker is gone.

use std::sync::Arc;

use tokio::time::{Instant, timeout};

use super::{Gate, audit};

impl Gate {
    /// Ends sessions when their time is over, and finishes what was left alone. The daemon runs
    /// this for as long as it lives; while no session is open, it sleeps.
    pub async fn run(self: Arc<Self>) {
        tokio::join!(self.keep_time(), self.finish_abandoned());
    }

    async fn keep_time(&self) {
        loop {
            let next = self.sweep();
            let woken = self.wake.notified();
            match next {
                None => woken.await,
                Some(next) => {
                    let wait = next.saturating_duration_since(self.host.clock.now());
                    // Either way there is something to look at.
                    let _ = timeout(wait, woken).await;
                }
            }
        }
    }

    /// Does what is due, and says when there will be more.
    fn sweep(&self) -> Option<Instant> {
        self.expire();
        let now = self.host.clock.now();
        let (held_back, failures) = {
            let mut failures = self.failures.lock();
            (failures.due(now), failures.deadline())
        };
        self.record(held_back);
        let inside = self.inside.lock();
        let sessions = inside.sessions.deadline(&inside.policy);
        sessions.into_iter().chain(failures).min()
    }

    /// Ends the sessions whose time is over.
    pub(super) fn expire(&self) {
        let now = self.host.clock.now();
        let mut inside = self.inside.lock();
        let policy = inside.policy;
        let over = inside.sessions.expire(now, &policy);
        drop(inside);
        let events = over.iter().map(|(s, why)| audit::session_over(s, why));
        self.record(events);
    }

    async fn finish_abandoned(&self) {
        loop {
            self.abandoned.notified().await;
            drop(self.take_turn().await);
        }
    }
}
