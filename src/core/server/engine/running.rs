//! Power actions under way: who waits for them, and how they end.

use std::sync::Arc;

use tokio::{sync::oneshot, time::Instant};

use super::{Engine, Hand};
use crate::{
    events::{ActorMark, EventKind},
    server::{LastOutcome, Outcome, PowerAction},
};

/// The power action under way, and who waits for its end.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) action: PowerAction,
    pub(super) since: Instant,
    pub(super) actor: ActorMark,
    pub(super) waiting: Waiting,
}

/// Who waits for an outcome. Who asked again and again and went away doesn't wait any more.
#[derive(Debug, Default)]
pub(super) struct Waiting(Vec<oneshot::Sender<Outcome>>);

impl Waiting {
    pub(super) fn add(&mut self, waiting: oneshot::Sender<Outcome>) {
        self.0.retain(|waiting| !waiting.is_closed());
        self.0.push(waiting);
    }

    fn tell(self, outcome: &Outcome) {
        for waiting in self.0 {
            // Who went away meanwhile is not told.
            let _ = waiting.send(outcome.clone());
        }
    }
}

impl Engine {
    pub(super) fn take_ended(&mut self, action: PowerAction, outcome: Outcome) {
        let at = self.clock.wall();
        self.last_outcome = Some(LastOutcome {
            action,
            outcome: outcome.clone(),
            at,
        });
        // A start after a loss of power has been tried: it is not tried again.
        if action == PowerAction::On && self.durable.device != Some(self.device) {
            self.durable.device = Some(self.device);
            self.durable.was_on = self.now_sensed.on;
            self.keep();
        }
        let Some(place) = self
            .running
            .iter()
            .position(|running| running.action == action)
        else {
            return;
        };
        let running = self.running.remove(place);
        // A pulse beside it starts nothing.
        let starts = |running: &Running| running.action != PowerAction::Nmi;
        if !self.running.iter().any(starts) {
            self.expected = None;
        }
        let kind = EventKind::Ended {
            command: command_name(action),
            outcome: outcome.clone(),
        };
        self.record_as(Some(running.actor), kind);
        self.publish();
        running.waiting.tell(&outcome);
    }

    /// The server is managed no more: what is under way ends here, and is said to have. Letting go of
    /// the driver releases its lines. The time on is kept to the minute, and what is on its way to
    /// the store gets there.
    pub(super) async fn end(&mut self) {
        self.hand = Hand::None;
        for running in std::mem::take(&mut self.running) {
            let outcome = Outcome::Failed {
                seen: "given up: the server is no longer managed".to_owned(),
            };
            let kind = EventKind::Ended {
                command: command_name(running.action),
                outcome: outcome.clone(),
            };
            self.record_as(Some(running.actor), kind);
            running.waiting.tell(&outcome);
        }
        if self.counted.is_some() {
            self.count_hours(self.clock.now(), false);
            self.keep();
        }
        while !self.commits.is_empty() {
            let done = self.commits.next().await;
            self.take_commit(done);
        }
    }
}

fn command_name(action: PowerAction) -> Arc<str> {
    format!("power {action}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asked_and_went_away_is_not_kept() {
        let mut waiting = Waiting::default();
        for _ in 0..100 {
            waiting.add(oneshot::channel().0);
        }
        assert_eq!(waiting.0.len(), 1);
        let (patient, mut told) = oneshot::channel();
        waiting.add(patient);
        waiting.tell(&Outcome::Done);
        assert_eq!(told.try_recv(), Ok(Outcome::Done));
    }
}
