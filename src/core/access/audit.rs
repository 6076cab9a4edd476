//! What the gate writes down, and how it keeps somebody who hammers at it from filling the log.

use std::{collections::HashMap, net::IpAddr, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{
    AccountId, Actor, Origin, SessionId, Via,
    backoff::{Source, tame},
    sessions::Session,
};
use crate::events::{ActorMark, EventKind, NewEvent};

/// At most one event for the failures of one source with one name within this time.
const PAUSE: Duration = Duration::from_secs(1);
/// How many (source, name) pairs are told apart at once.
const PAIRS: usize = 1024;
/// How many visitors without a session are remembered as having come in.
const VISITS: usize = 1024;

/// An event of the daemon itself.
pub(super) fn event(kind: EventKind, actor: Option<ActorMark>) -> NewEvent {
    NewEvent {
        server: None,
        kind,
        actor,
        sel: None,
    }
}

/// Somebody came in.
pub(super) fn logged_in(actor: &Actor) -> NewEvent {
    let via = actor.origin().via;
    event(EventKind::LoggedIn { via }, Some(actor.into()))
}

/// A session ended by itself: the event is its bearer's.
pub(super) fn session_over(session: &Session, why: &'static str) -> NewEvent {
    session_ended(session, why, (&*session.actor).into())
}

/// A session was ended by somebody.
pub(super) fn session_ended(session: &Session, why: &'static str, by: ActorMark) -> NewEvent {
    ended(&session.id, session.actor.name(), why, by)
}

/// A session that is none of the gate's own was ended by somebody else's.
pub(super) fn ended_by_another(session: &SessionId, owner: &Arc<str>, by: ActorMark) -> NewEvent {
    ended(session, owner, "ended by another", by)
}

fn ended(session: &SessionId, owner: &Arc<str>, why: &'static str, by: ActorMark) -> NewEvent {
    let why = if by.name == *owner {
        why.into()
    } else {
        format!("{why}; it was {owner}'s").into()
    };
    let session = session.0.clone();
    event(EventKind::SessionEnded { session, why }, Some(by))
}

/// A failed log-in.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    name: Arc<str>,
    why: &'static str,
    via: Via,
    source: Option<IpAddr>,
}

impl Failure {
    pub(super) fn new(origin: &Origin, name: &str, why: &'static str) -> Self {
        Self {
            name: tame(name).into(),
            why,
            via: origin.via,
            source: origin.source,
        }
    }

    fn event(&self, times: u32) -> NewEvent {
        let kind = EventKind::LoginFailed {
            name: self.name.clone(),
            why: self.why.into(),
            times,
        };
        let mark = ActorMark {
            name: self.name.clone(),
            via: self.via,
            source: self.source,
        };
        event(kind, Some(mark))
    }
}

/// Failures of which the log has heard a moment ago.
#[derive(Debug, Default)]
pub(super) struct Failures {
    heard: HashMap<(Source, Option<Arc<str>>), Heard>,
}

#[derive(Debug)]
struct Heard {
    at: Instant,
    /// How many there were since, and the last of them.
    more: u32,
    last: Failure,
}

impl Failures {
    /// Takes note of a failure, and gives the events to be recorded now.
    ///
    /// With `any_name`, names are not told apart: for sources that are shut out and could else fill
    /// the log with ever new names.
    pub(super) fn note(&mut self, now: Instant, failure: Failure, any_name: bool) -> Vec<NewEvent> {
        let mut events = self.due(now);
        let name = (!any_name).then(|| failure.name.clone());
        let key = (Source::from(failure.source), name);
        if let Some(heard) = self.heard.get_mut(&key) {
            heard.more = heard.more.saturating_add(1);
            heard.last = failure;
            return events;
        }
        if self.heard.len() >= PAIRS {
            let oldest = self.heard.iter().min_by_key(|(_, heard)| heard.at);
            let oldest = oldest.map(|(key, _)| key.clone());
            let oldest = oldest.and_then(|key| self.heard.remove(&key));
            events.extend(oldest.and_then(|heard| heard.rest()));
        }
        events.push(failure.event(1));
        let heard = Heard {
            at: now,
            more: 0,
            last: failure,
        };
        self.heard.insert(key, heard);
        events
    }

    /// The events for what was held back for long enough.
    pub(super) fn due(&mut self, now: Instant) -> Vec<NewEvent> {
        let mut events = Vec::new();
        self.heard.retain(|_, heard| {
            if now < heard.at + PAUSE {
                return true;
            }
            let rest = heard.rest();
            let goes_on = rest.is_some();
            events.extend(rest);
            heard.at = now;
            heard.more = 0;
            goes_on
        });
        events
    }

    /// When to ask for what is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.heard.values().map(|heard| heard.at + PAUSE).min()
    }
}

impl Heard {
    fn rest(&self) -> Option<NewEvent> {
        (self.more > 0).then(|| self.last.event(self.more))
    }
}

/// Who came in with HTTP Basic or by IPMI of late: a client that proves itself with each request, or
/// opens a session for each command, logs in once, not a thousand times.
#[derive(Debug, Default)]
pub(super) struct Visits(HashMap<(AccountId, u64, Origin), Instant>);

impl Visits {
    /// Whether this is a log-in: the first request of this generation of an account from there, or
    /// the first after `idle`.
    pub(super) fn is_new(
        &mut self,
        now: Instant,
        (account, generation): (AccountId, u64),
        origin: &Origin,
        idle: Duration,
    ) -> bool {
        let key = (account, generation, origin.clone());
        let before = self.0.insert(key.clone(), now);
        if self.0.len() > VISITS {
            let oldest = self.0.iter().min_by_key(|(_, at)| **at);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                self.0.remove(&oldest);
            }
        }
        before.is_none_or(|before| now.saturating_duration_since(before) >= idle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(name: &str) -> Failure {
        let origin = Origin {
            via: Via::Redfish,
            source: Some([127, 0, 0, 2].into()),
        };
        Failure::new(&origin, name, "the password is wrong")
    }

    fn times(events: &[NewEvent]) -> Vec<(String, u32)> {
        let of = |event: &NewEvent| match &event.kind {
            EventKind::LoginFailed { name, times, .. } => (name.to_string(), *times),
            other => panic!("{other:?}"),
        };
        events.iter().map(of).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_has_one_event_and_the_next_stands_for_what_was_held_back() {
        let (mut failures, start) = (Failures::default(), Instant::now());
        let ms = |n| start + Duration::from_millis(n);
        assert_eq!(
            times(&failures.note(ms(0), failure("a"), false)),
            [("a".into(), 1)]
        );
        for n in 1..=9 {
            assert!(failures.note(ms(n * 100), failure("a"), false).is_empty());
        }
        assert_eq!(failures.deadline(), Some(ms(1000)));
        assert!(failures.due(ms(999)).is_empty());
        assert_eq!(times(&failures.due(ms(1000))), [("a".into(), 9)]);
        assert!(failures.note(ms(1500), failure("a"), false).is_empty());
        assert_eq!(times(&failures.due(ms(2000))), [("a".into(), 1)]);
        assert_eq!(failures.deadline(), Some(ms(3000)));
        assert!(failures.due(ms(3000)).is_empty());
        assert_eq!(failures.deadline(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn names_are_told_apart_unless_the_source_is_shut_out() {
        let (mut failures, now) = (Failures::default(), Instant::now());
        assert_eq!(failures.note(now, failure("a"), false).len(), 1);
        assert_eq!(failures.note(now, failure("b"), false).len(), 1);
        assert_eq!(failures.note(now, failure("c"), true).len(), 1);
        assert_eq!(failures.note(now, failure("d"), true).len(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn no_failure_is_lost_when_there_are_too_many_names() {
        let (mut failures, now) = (Failures::default(), Instant::now());
        let mut counted = 0;
        for round in 0..2 {
            for n in 0..2 * PAIRS as u64 {
                let at = now + Duration::from_micros(round * 2 * PAIRS as u64 + n);
                let events = failures.note(at, failure(&n.to_string()), false);
                counted += times(&events).iter().map(|(_, times)| times).sum::<u32>();
                assert!(failures.heard.len() <= PAIRS);
            }
        }
        let rest = failures.due(now + 2 * PAUSE);
        counted += times(&rest).iter().map(|(_, times)| times).sum::<u32>();
        assert_eq!(counted, 4 * PAIRS as u32);
    }

    #[tokio::test(start_paused = true)]
    async fn a_visit_is_new_at_first_after_idleness_and_from_elsewhere() {
        let (mut visits, now) = (Visits::default(), Instant::now());
        let idle = Duration::from_secs(60);
        let at = |last| Origin {
            via: Via::Redfish,
            source: Some([127, 0, 0, last].into()),
        };
        let one = (AccountId(1), 1);
        assert!(visits.is_new(now, one, &at(2), idle));
        assert!(!visits.is_new(now + idle / 2, one, &at(2), idle));
        assert!(!visits.is_new(now + idle, one, &at(2), idle));
        assert!(visits.is_new(now + idle * 2, one, &at(2), idle));
        assert!(visits.is_new(now, one, &at(3), idle));
        assert!(visits.is_new(now, (AccountId(1), 2), &at(2), idle));
    }
}
