//! The answers that a session gave last. A console that misses one asks again, in a packet with a
//! new session sequence number but the same request in it (section 6.12.9): it gets the same
//! answer, and the command does not run twice. That holds while the command is still running, too.

use std::time::{Duration, Instant};

use crate::ipmi::{
    Completion,
    message::{Envelope, Request},
};

/// How many requests of a session are remembered. A console's sequence numbers come again after
/// 64; none has so many requests under way.
const KEPT: usize = 8;
/// How long an answer is kept after it was given: longer than any client waits between two tries.
/// That it is asked for again doesn't count, since a client that doesn't count its requests up asks
/// the same for ever, and would hear its first answer for ever.
const KEPT_FOR: Duration = Duration::from_secs(15);
/// After how long a command that was never answered is given up.
const GIVEN_UP: Duration = Duration::from_secs(60);

/// The answers of one session. Without `Debug`: some requests carry secrets.
#[derive(Default)]
pub(super) struct Answers {
    entries: [Entry; KEPT],
    turn: u32,
}

/// A request and its answer.
pub(super) struct Entry {
    key: Option<Key>,
    turn: u32,
    /// When it came in, or was answered.
    at: Option<Instant>,
    answered: bool,
    pub(super) completion: Completion,
    pub(super) data: Vec<u8>,
}

impl Default for Entry {
    fn default() -> Self {
        Self {
            key: None,
            turn: 0,
            at: None,
            answered: true,
            completion: Completion::OK,
            data: Vec::new(),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Key {
    envelope: Envelope,
    data: u64,
}

/// Where an answer belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    index: u8,
    turn: u32,
}

/// What a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    /// New: it is to be carried out.
    New(Place),
    /// Answered before.
    Answered(Place),
    /// Under way.
    Running,
    /// One too many under way.
    TooMany,
}

impl Answers {
    /// Recognises a request, or makes room for its answer.
    pub(super) fn arrive(&mut self, now: Instant, request: &Request<'_>) -> Arrival {
        let key = Key {
            envelope: request.envelope,
            data: digest(request.data),
        };
        for (index, entry) in (0..).zip(&mut self.entries) {
            if entry.key != Some(key) || entry.age(now) > entry.life() {
                continue;
            }
            if !entry.answered {
                return Arrival::Running;
            }
            let turn = entry.turn;
            return Arrival::Answered(Place { index, turn });
        }
        let free = (0..)
            .zip(&mut self.entries)
            .filter(|(_, entry)| entry.answered || entry.age(now) > entry.life())
            .min_by_key(|(_, entry)| (entry.at, entry.turn));
        let Some((index, entry)) = free else {
            return Arrival::TooMany;
        };
        self.turn = self.turn.wrapping_add(1);
        let turn = self.turn;
        entry.key = Some(key);
        entry.turn = turn;
        entry.at = Some(now);
        entry.answered = false;
        entry.data.clear();
        Arrival::New(Place { index, turn })
    }

    /// Memory for the data of an answer, to be given back by [`keep`](Self::keep).
    pub(super) fn lend(&mut self, place: Place) -> Vec<u8> {
        let entry = self.waiting(place);
        entry
            .map(|entry| std::mem::take(&mut entry.data))
            .unwrap_or_default()
    }

    /// Keeps an answer; `None` when nobody waits for it any more.
    pub(super) fn keep(
        &mut self,
        now: Instant,
        place: Place,
        completion: Completion,
        data: Vec<u8>,
    ) -> Option<&Entry> {
        let entry = self.waiting(place)?;
        entry.completion = completion;
        entry.data = data;
        entry.at = Some(now);
        entry.answered = true;
        Some(entry)
    }

    /// An answer that was kept.
    pub(super) fn kept(&self, place: Place) -> Option<&Entry> {
        self.entries.get(usize::from(place.index))
    }

    fn waiting(&mut self, place: Place) -> Option<&mut Entry> {
        let entry = self.entries.get_mut(usize::from(place.index))?;
        (entry.turn == place.turn && !entry.answered).then_some(entry)
    }
}

impl Entry {
    fn age(&self, now: Instant) -> Duration {
        let age = |at| now.saturating_duration_since(at);
        self.at.map_or(Duration::MAX, age)
    }

    fn life(&self) -> Duration {
        if self.answered { KEPT_FOR } else { GIVEN_UP }
    }
}

/// Tells one request's data from another's: FNV-1a, 64 bits. Who sends them has logged in, and
/// could only deceive itself.
fn digest(data: &[u8]) -> u64 {
    data.iter().fold(0xCBF2_9CE4_8422_2325, |digest, byte| {
        (digest ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipmi::server::tests::start;

    fn request(sequence: u8, data: &[u8]) -> Request<'_> {
        let envelope = Envelope {
            net_fn: 0,
            command: 2,
            lun: 0,
            requester: 0x81,
            requester_lun: 0,
            sequence,
        };
        Request { envelope, data }
    }

    fn place(arrival: Arrival) -> Place {
        match arrival {
            Arrival::New(place) => place,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_request_is_carried_out_once() {
        let now = start();
        let mut answers = Answers::default();
        let at = place(answers.arrive(now, &request(1, &[2])));
        assert_eq!(answers.arrive(now, &request(1, &[2])), Arrival::Running);
        assert!(answers.keep(now, at, Completion::OK, vec![7]).is_some());
        assert!(
            answers.keep(now, at, Completion::OK, vec![8]).is_none(),
            "answered twice"
        );
        assert_eq!(
            answers.arrive(now, &request(1, &[2])),
            Arrival::Answered(at)
        );
        assert_eq!(answers.kept(at).unwrap().data, [7]);
    }

    #[test]
    fn another_sequence_or_other_data_is_another_request() {
        let now = start();
        let mut answers = Answers::default();
        let first = place(answers.arrive(now, &request(1, &[2])));
        assert_ne!(place(answers.arrive(now, &request(2, &[2]))), first);
        assert_ne!(place(answers.arrive(now, &request(1, &[3]))), first);
        assert_ne!(place(answers.arrive(now, &request(1, &[]))), first);
    }

    #[test]
    fn a_sequence_number_that_comes_round_is_a_new_request() {
        let mut now = start();
        let mut answers = Answers::default();
        for round in 0..3 {
            for sequence in 0..64 {
                let at = place(answers.arrive(now, &request(sequence, &[1])));
                assert!(
                    answers.keep(now, at, Completion::OK, Vec::new()).is_some(),
                    "{round}"
                );
            }
        }
        now += KEPT_FOR + Duration::from_millis(1);
        place(answers.arrive(now, &request(63, &[1])));
    }

    #[test]
    fn who_asks_the_same_for_ever_hears_a_new_answer_in_the_end() {
        let began = start();
        let mut answers = Answers::default();
        // Its answer took a while: what is kept is kept from then on.
        let slow = began + Duration::from_secs(20);
        let at = place(answers.arrive(began, &request(1, &[])));
        assert!(answers.keep(slow, at, Completion::OK, vec![1]).is_some());
        for after in [0, 5, 10, 15] {
            let now = slow + Duration::from_secs(after);
            assert_eq!(answers.arrive(now, &request(1, &[])), Arrival::Answered(at));
        }
        let now = slow + Duration::from_secs(20);
        assert_ne!(place(answers.arrive(now, &request(1, &[]))), at);
    }

    #[test]
    fn those_under_way_are_not_pushed_out_but_given_up_in_the_end() {
        let now = start();
        let mut answers = Answers::default();
        let first = place(answers.arrive(now, &request(0, &[])));
        for sequence in 1..8 {
            place(answers.arrive(now, &request(sequence, &[])));
        }
        assert_eq!(answers.arrive(now, &request(8, &[])), Arrival::TooMany);
        let later = now + GIVEN_UP + Duration::from_millis(1);
        place(answers.arrive(later, &request(8, &[])));
        assert!(
            answers
                .keep(later, first, Completion::OK, Vec::new())
                .is_none()
        );
    }
}
