//! Where a connection stands, and until when its client must have sent something.
//!
//! The [`Guard`](super::guard::Guard) at the bottom of a connection sees bytes, the service at its
//! top sees requests; what each deadline is about needs both, and this is what they share.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::Deadlines;

/// Where a connection stands. Shared by the layers of one connection, never by two.
#[derive(Debug)]
pub(super) struct Pace {
    deadlines: Deadlines,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// The client sent, or may have sent, what nobody has read.
    leftover: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// A header must be complete by then.
    Head(Instant),
    /// A request is with the service.
    Busy,
    /// Nothing is asked; the first byte of a request must come by then.
    Idle(Instant),
    /// It is no HTTP connection any more.
    Upgraded,
}

/// How long to wait for the client's next byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// It must have come by then.
    Until(Instant),
    /// The service is at work, and nothing need come. No deadline can pass before then; by then
    /// there may be one.
    AskAgain(Instant),
    /// Nothing ever need come.
    Endless,
}

impl Pace {
    /// Of a connection accepted at this moment.
    pub(super) fn new(deadlines: Deadlines, accepted: Instant) -> Self {
        Self {
            deadlines,
            state: Mutex::new(State {
                phase: Phase::Head(accepted + deadlines.head),
                leftover: false,
            }),
        }
    }

    pub(super) fn deadlines(&self) -> &Deadlines {
        &self.deadlines
    }

    /// How long to wait for the client.
    pub(super) fn patience(&self) -> Patience {
        match self.lock().phase {
            Phase::Head(until) | Phase::Idle(until) => Patience::Until(until),
            Phase::Busy => Patience::AskAgain(Instant::now() + self.deadlines.idle),
            Phase::Upgraded => Patience::Endless,
        }
    }

    /// Bytes came.
    pub(super) fn received(&self) {
        let mut state = self.lock();
        if matches!(state.phase, Phase::Idle(_)) {
            state.phase = Phase::Head(Instant::now() + self.deadlines.head);
        }
    }

    /// Bytes went out: an idle client is counted as idle from the last of them.
    pub(super) fn sent(&self) {
        let mut state = self.lock();
        if matches!(state.phase, Phase::Idle(_)) {
            state.phase = Phase::Idle(Instant::now() + self.deadlines.idle);
        }
    }

    /// A header is complete.
    pub(super) fn request_began(&self) {
        *self.lock() = State {
            phase: Phase::Busy,
            leftover: false,
        };
    }

    /// The service gave up on a request body before its end.
    pub(super) fn body_abandoned(&self) {
        self.lock().leftover = true;
    }

    /// The answer's last byte was handed over.
    pub(super) fn answer_ended(&self) {
        let mut state = self.lock();
        if state.phase == Phase::Busy {
            state.phase = Phase::Idle(Instant::now() + self.deadlines.idle);
        }
    }

    /// The connection now speaks another protocol.
    pub(super) fn upgraded(&self) {
        self.lock().phase = Phase::Upgraded;
    }

    /// Whether closing now would leave bytes unread, which resets the connection and may take the
    /// answer away from under the client (RFC 9112 section 9.6).
    pub(super) fn leaves_unread(&self) -> bool {
        let state = self.lock();
        state.leftover || matches!(state.phase, Phase::Head(_))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_connection_goes_from_head_to_busy_to_idle_and_round() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let pace = Pace::new(Deadlines::default(), start);
        assert_eq!(pace.patience(), Patience::Until(after(15)));

        tokio::time::advance(Duration::from_secs(3)).await;
        pace.received();
        assert_eq!(pace.patience(), Patience::Until(after(15)), "no more time");

        pace.request_began();
        assert_eq!(pace.patience(), Patience::AskAgain(after(63)));
        pace.answer_ended();
        assert_eq!(pace.patience(), Patience::Until(after(63)));

        tokio::time::advance(Duration::from_secs(7)).await;
        pace.sent();
        assert_eq!(pace.patience(), Patience::Until(after(70)));
        pace.received();
        assert_eq!(pace.patience(), Patience::Until(after(25)));
    }

    #[tokio::test(start_paused = true)]
    async fn an_upgraded_connection_is_left_alone() {
        let pace = Pace::new(Deadlines::default(), Instant::now());
        pace.request_began();
        pace.upgraded();
        pace.answer_ended();
        assert_eq!(pace.patience(), Patience::Endless);
    }
}
