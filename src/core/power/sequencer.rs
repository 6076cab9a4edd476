//! The sequencer: a pure machine that turns a power action into presses and waits.
//!
//! It is told what was asked ([`Sequencer::begin`]), what is sensed ([`Sequencer::sensed`],
//! [`Sequencer::boot_seen`]), how a verb went ([`Sequencer::carried`]) and what time it is
//! ([`Sequencer::advance`]); it says what to do ([`Sequencer::next_act`]) and when it wants to be
//! called again ([`Sequencer::deadline`]). An action succeeds only when the sensed state agrees; one that
//! promises a pulse alone, when it was given.
//!
//! One action runs at a time. A diagnostic interrupt is a pulse beside it, since it is wanted just
//! when a shut-down hangs.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use super::plan::{Hands, Sight, Step, longest, steps};
use crate::{
    driver::{Line, Timings, Verb},
    server::{Outcome, PowerAction},
};

/// Something to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Press or release a line.
    Drive(Line, bool),
    /// Have the driver carry out a verb, and report by [`Sequencer::carried`].
    Carry(Verb),
    /// An action has ended.
    Ended(PowerAction, Outcome),
}

#[derive(Debug)]
struct Job {
    action: PowerAction,
    until: Instant,
    steps: VecDeque<Step>,
    /// When the current step gives up or is over; `None` until it was entered.
    deadline: Option<Instant>,
    /// Whether firmware was seen to begin since the action began.
    booted: bool,
    /// Whether some step could not be confirmed.
    unconfirmed: bool,
}

/// The machine. See the module's text.
#[derive(Debug)]
pub struct Sequencer {
    hands: Hands,
    timings: Timings,
    sight: Sight,
    on: Option<bool>,
    /// What was sensed last, whatever is sensed now.
    known: Option<bool>,
    /// The least pause of a power cycle.
    cycle_rest: Duration,
    /// When the server was last seen to go off, or made to where nothing senses it: the rest counts
    /// from here.
    off_since: Option<Instant>,
    /// When a start was last tried of a server that is not sensed on yet: it may come on.
    start_tried_at: Option<Instant>,
    main: Option<Job>,
    pulse: Option<Job>,
    acts: VecDeque<Act>,
}

impl Sequencer {
    /// A sequencer for a server that is sensed so.
    ///
    /// When a server that is found off went off is not known, so its rest counts from `now`.
    #[must_use]
    pub fn new(
        hands: Hands,
        timings: Timings,
        sight: Sight,
        on: Option<bool>,
        now: Instant,
    ) -> Self {
        Self {
            hands,
            timings,
            sight,
            on,
            known: on,
            cycle_rest: Duration::ZERO,
            off_since: (on == Some(false)).then_some(now),
            start_tried_at: None,
            main: None,
            pulse: None,
            acts: VecDeque::new(),
        }
    }

    /// The action under way, and when it will have ended at the latest. A pulse shows only when
    /// nothing else runs.
    #[must_use]
    pub fn running(&self) -> Option<(PowerAction, Instant)> {
        self.main
            .as_ref()
            .or(self.pulse.as_ref())
            .map(|job| (job.action, job.until))
    }

    /// How long yet the server may come on by a start that was tried; `None` when it won't.
    #[must_use]
    pub fn may_come_on(&self, now: Instant) -> Option<Duration> {
        let until = self.start_tried_at? + self.timings.settle;
        (until > now).then(|| until - now)
    }

    /// Sets the least pause of the power cycles that begin from now on; the rest is kept in any case.
    pub fn set_cycle_rest(&mut self, rest: Duration) {
        self.cycle_rest = rest;
    }

    /// Begins an action. One that runs is superseded (a pulse only by a pulse).
    pub fn begin(&mut self, action: PowerAction, now: Instant) {
        let (timings, boots) = (&self.timings, self.sight.boots);
        let mut steps = steps(action, &self.hands, timings, boots, self.cycle_rest);
        if action == PowerAction::Off
            && let Some(left) = self.may_come_on(now)
        {
            steps.push_front(Step::Linger(left));
        }
        let slot = if action == PowerAction::Nmi {
            &mut self.pulse
        } else {
            &mut self.main
        };
        if let Some(old) = slot.take() {
            if let (Some(Step::Press(line, _)), Some(_)) = (old.steps.front(), old.deadline) {
                self.acts.push_back(Act::Drive(*line, false));
            }
            self.acts
                .push_back(Act::Ended(old.action, Outcome::Superseded { by: action }));
        }
        let until = now + longest(&steps);
        *slot = Some(Job {
            action,
            until,
            steps,
            deadline: None,
            booted: false,
            unconfirmed: false,
        });
        self.advance(now);
    }

    /// What is sensed now.
    pub fn sensed(&mut self, on: Option<bool>, now: Instant) {
        if self.known != Some(false) && on == Some(false) {
            self.off_since = Some(now);
        }
        self.known = on.or(self.known);
        if on == Some(true) {
            self.start_tried_at = None;
        }
        self.on = on;
        self.advance(now);
    }

    /// Firmware was seen to begin.
    pub fn boot_seen(&mut self, now: Instant) {
        if let Some(job) = &mut self.main {
            job.booted = true;
        }
        self.advance(now);
    }

    /// How the verb that was last carried out went.
    pub fn carried(&mut self, verb: Verb, result: Result<(), String>, now: Instant) {
        let slot = if verb == Verb::Nmi {
            &mut self.pulse
        } else {
            &mut self.main
        };
        let Some(job) = slot else { return };
        if job.steps.front() != Some(&Step::Carry(verb)) {
            return; // its action was superseded meanwhile
        }
        match result {
            Ok(()) => {
                job.steps.pop_front();
                job.deadline = None;
                if verb == Verb::Off && !self.sight.power {
                    self.off_since = Some(now);
                }
                self.advance(now);
            }
            Err(why) => {
                let action = job.action;
                *slot = None;
                self.acts
                    .push_back(Act::Ended(action, Outcome::Failed { seen: why }));
            }
        }
    }

    /// A line could not be pressed: the action that presses it has failed.
    pub fn press_failed(&mut self, line: Line, why: String) {
        for slot in [&mut self.main, &mut self.pulse] {
            let presses = |job: &mut Job| {
                job.deadline.is_some()
                    && matches!(job.steps.front(), Some(Step::Press(pressed, _)) if *pressed == line)
            };
            if let Some(job) = slot.take_if(presses) {
                // Whatever became of it, it is not to stay pressed.
                self.acts.push_back(Act::Drive(line, false));
                let seen = why;
                self.acts
                    .push_back(Act::Ended(job.action, Outcome::Failed { seen }));
                return;
            }
        }
    }

    /// The driver is gone: what is under way has failed, and nothing is sensed any more.
    pub fn abandon(&mut self, why: &str) {
        self.on = None;
        self.start_tried_at = None;
        for job in [self.main.take(), self.pulse.take()].into_iter().flatten() {
            let seen = why.to_owned();
            self.acts
                .push_back(Act::Ended(job.action, Outcome::Failed { seen }));
        }
    }

    /// Lets time pass. Call it at [`Sequencer::deadline`], and whenever else.
    pub fn advance(&mut self, now: Instant) {
        for main in [true, false] {
            let slot = if main {
                &mut self.main
            } else {
                &mut self.pulse
            };
            let Some(mut job) = slot.take() else { continue };
            let ended = self.advance_job(&mut job, now);
            match ended {
                Some(outcome) => self.acts.push_back(Act::Ended(job.action, outcome)),
                None if main => self.main = Some(job),
                None => self.pulse = Some(job),
            }
        }
    }

    /// Goes through as many steps as can be gone through now; the outcome when none is left.
    fn advance_job(&mut self, job: &mut Job, now: Instant) -> Option<Outcome> {
        while let Some(step) = job.steps.front().copied() {
            let entered = job.deadline.is_none();
            let over = job.deadline.is_some_and(|deadline| deadline <= now);
            let done = match step {
                Step::Rest(time) => {
                    let end = self.off_since.map_or(now, |since| since + time);
                    job.deadline = Some(end);
                    end <= now
                }
                Step::Unless(state) => {
                    if self.on == Some(state) {
                        job.steps.remove(1);
                    }
                    true
                }
                Step::Linger(time) => {
                    let end = *job.deadline.get_or_insert(now + time);
                    self.on != Some(false) || end <= now
                }
                Step::Press(line, time) => {
                    if entered {
                        job.deadline = Some(now + time);
                        self.acts.push_back(Act::Drive(line, true));
                        if line == Line::PowerButton && self.on == Some(false) {
                            self.start_tried_at = Some(now);
                        }
                    } else if over {
                        self.acts.push_back(Act::Drive(line, false));
                        let forced = line == Line::PowerButton && time == self.timings.long_press;
                        if forced && !self.sight.power {
                            self.off_since = Some(now);
                        }
                    }
                    over
                }
                Step::Carry(verb) => {
                    if entered {
                        job.deadline = Some(now + crate::host::DRIVER_DEADLINE);
                        self.acts.push_back(Act::Carry(verb));
                        if verb == Verb::On {
                            self.start_tried_at = Some(now);
                        }
                    } else if over {
                        return Some(Outcome::Failed {
                            seen: "the driver gave no answer".into(),
                        });
                    }
                    false // ended by `carried`
                }
                Step::Await(wanted, time) => {
                    let end = *job.deadline.get_or_insert(now + time);
                    let over = end <= now;
                    match self.on {
                        Some(on) if on == wanted => true,
                        Some(on) if over => return Some(still(on, time)),
                        // Not seen to have shut down, it must not be pressed on again.
                        None if over && job.action == PowerAction::SoftCycle && !wanted => {
                            return Some(unseen(time));
                        }
                        None if over || !self.sight.power => {
                            job.unconfirmed = true;
                            true
                        }
                        Some(_) | None => false,
                    }
                }
                Step::AwaitBoot(time) => {
                    let end = *job.deadline.get_or_insert(now + time);
                    if !job.booted && end <= now {
                        let seen = format!("no restart within {} s", time.as_secs_f32());
                        return Some(Outcome::Failed { seen });
                    }
                    job.booted
                }
                Step::Unconfirmed => {
                    job.unconfirmed = true;
                    true
                }
            };
            if !done {
                return None;
            }
            job.steps.pop_front();
            job.deadline = None;
        }
        Some(if job.unconfirmed {
            Outcome::Unconfirmed
        } else {
            Outcome::Done
        })
    }

    /// When [`Sequencer::advance`] is to be called next; `None` while nothing depends on time.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        [&self.main, &self.pulse]
            .into_iter()
            .flatten()
            .filter_map(|job| job.deadline)
            .min()
    }

    /// The next thing to be done, in order.
    pub fn next_act(&mut self) -> Option<Act> {
        self.acts.pop_front()
    }
}

fn still(on: bool, after: Duration) -> Outcome {
    let state = if on { "on" } else { "off" };
    Outcome::Failed {
        seen: format!("still {state} after {} s", after.as_secs_f32()),
    }
}

fn unseen(after: Duration) -> Outcome {
    Outcome::Failed {
        seen: format!("the power state was unknown for {} s", after.as_secs_f32()),
    }
}

#[cfg(test)]
#[path = "sequencer_tests.rs"]
mod tests;
