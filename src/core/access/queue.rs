//! One password at a time for each source.
//!
//! While a password is being verified, nobody knows yet whether it is a failure. If one source
//! could have many looked at at once, it could guess past its back-off; and its queue would stand
//! before everybody else's. So each source has a queue of its own.

use std::{collections::HashMap, sync::Arc};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use super::{Locked, backoff::Source};

type Seat = Arc<AsyncMutex<()>>;

/// The queues; one exists only while somebody stands in it.
#[derive(Debug, Default)]
pub(super) struct Queues(Locked<HashMap<Source, Seat>>);

/// The head of a queue, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    // Dropped in this order: the next may go before the place is cleared.
    _guard: OwnedMutexGuard<()>,
    _place: Place<'a>,
}

#[derive(Debug)]
struct Place<'a> {
    queues: &'a Queues,
    source: Source,
    seat: Option<Seat>,
}

impl Queues {
    /// Waits until no other password of the source is being looked at.
    pub(super) async fn turn(&self, source: Source) -> Turn<'_> {
        let seat = self.0.lock().entry(source).or_default().clone();
        let place = Place {
            queues: self,
            source,
            seat: Some(seat.clone()),
        };
        Turn {
            _guard: seat.lock_owned().await,
            _place: place,
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut queues = self.queues.0.lock();
        drop(self.seat.take());
        // Under the lock nobody can join: the table's own is then the last hold on the queue.
        if queues.get(&self.source).map(Arc::strong_count) == Some(1) {
            queues.remove(&self.source);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_source_waits_for_its_own_queue_alone_and_leaves_nothing_behind() {
        let queues = Queues::default();
        let here = Source::V4([127, 0, 0, 1].into());
        let first = queues.turn(here).await;
        let mut second = Box::pin(queues.turn(here));
        assert!((&mut second).now_or_never().is_none());
        assert!(queues.turn(Source::Local).now_or_never().is_some());
        drop(first);
        drop(second.await);
        assert!(queues.0.lock().is_empty());
    }

    #[tokio::test]
    async fn whoever_gives_up_waiting_leaves_nothing_behind() {
        let queues = Queues::default();
        let first = queues.turn(Source::Local).await;
        let mut second = Box::pin(queues.turn(Source::Local));
        assert!((&mut second).now_or_never().is_none());
        drop(second);
        drop(first);
        assert!(queues.0.lock().is_empty());
    }
}
