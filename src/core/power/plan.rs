//! Which steps each action takes, on buttons and lights or on a driver's verbs.

use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use crate::{
    driver::{Line, Timings, Verb},
    server::PowerAction,
};

/// What the sequencer works with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hands {
    /// Buttons that are pressed.
    Lines(BTreeSet<Line>),
    /// Verbs that a driver carries out.
    Verbs(BTreeSet<Verb>),
}

/// What of an action's effect can be seen at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sight {
    /// Whether the power is sensed, though it may be unknown for a moment.
    pub power: bool,
    /// Whether firmware is seen to begin.
    pub boots: bool,
}

/// One step of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Keep this rest since the server was last seen to go off.
    Rest(Duration),
    /// Skip the next step if the server is sensed on (or off) already: a press would undo it.
    Unless(bool),
    /// A start may be on its way: wait until the server is sensed on, so long at most.
    Linger(Duration),
    /// Press a line for so long.
    Press(Line, Duration),
    /// Have the driver carry out a verb.
    Carry(Verb),
    /// Wait until the server is sensed on (or off), so long at most; not at all where nothing
    /// senses it.
    Await(bool, Duration),
    /// Wait until firmware is seen to begin, so long at most.
    AwaitBoot(Duration),
    /// Nothing can tell whether it worked.
    Unconfirmed,
}

/// The actions that can be carried out with these hands.
#[must_use]
pub fn actions(hands: &Hands, senses: bool) -> BTreeSet<PowerAction> {
    use PowerAction::{Cycle, Nmi, Off, On, PushButton, Reset, SoftCycle, SoftOff};
    let mut can = BTreeSet::new();
    match hands {
        Hands::Lines(lines) => {
            if lines.contains(&Line::PowerButton) {
                can.extend([On, Off, Cycle, SoftOff, PushButton]);
            }
            if lines.contains(&Line::ResetButton) {
                can.insert(Reset);
            }
            if lines.contains(&Line::Nmi) {
                can.insert(Nmi);
            }
        }
        Hands::Verbs(verbs) => {
            let pairs = [
                (Verb::On, On),
                (Verb::Off, Off),
                (Verb::Reset, Reset),
                (Verb::SoftOff, SoftOff),
                (Verb::Nmi, Nmi),
            ];
            can.extend(
                pairs
                    .iter()
                    .filter(|(verb, _)| verbs.contains(verb))
                    .map(|(_, can)| *can),
            );
            if can.contains(&On) && can.contains(&Off) {
                can.insert(Cycle);
            }
        }
    }
    // Only who sees the server go off can know when to switch it on again.
    if senses && can.contains(&SoftOff) && can.contains(&On) {
        can.insert(SoftCycle);
    }
    can
}

/// The steps of an action. `cycle_rest` is the least pause of a power cycle.
pub(super) fn steps(
    action: PowerAction,
    hands: &Hands,
    timings: &Timings,
    sees_boots: bool,
    cycle_rest: Duration,
) -> VecDeque<Step> {
    let press = |line, verb, time| match hands {
        Hands::Lines(_) => Step::Press(line, time),
        Hands::Verbs(_) => Step::Carry(verb),
    };
    let on = press(Line::PowerButton, Verb::On, timings.press);
    let off = press(Line::PowerButton, Verb::Off, timings.long_press);
    let soft = press(Line::PowerButton, Verb::SoftOff, timings.press);
    let rest = Step::Rest(timings.rest);
    // The pause of a cycle may be longer than the rest, and never shorter.
    let pause = Step::Rest(timings.rest.max(cycle_rest));
    let (unless_on, unless_off) = (Step::Unless(true), Step::Unless(false));
    let is_on = Step::Await(true, timings.settle);
    let is_off = Step::Await(false, timings.settle);
    let shut_down = Step::Await(false, timings.soft_off);
    match action {
        PowerAction::On => [rest, unless_on, on, is_on].into(),
        PowerAction::Off => [unless_off, off, is_off].into(),
        PowerAction::Cycle => [unless_off, off, is_off, pause, unless_on, on, is_on].into(),
        PowerAction::SoftOff => [unless_off, soft, shut_down].into(),
        PowerAction::SoftCycle => [unless_off, soft, shut_down, rest, unless_on, on, is_on].into(),
        PowerAction::Reset => {
            let seen = if sees_boots {
                Step::AwaitBoot(timings.settle)
            } else {
                Step::Unconfirmed
            };
            [
                press(Line::ResetButton, Verb::Reset, timings.reset_press),
                seen,
            ]
            .into()
        }
        // They promise a pulse, and nothing that could be sensed.
        PowerAction::Nmi => [press(Line::Nmi, Verb::Nmi, timings.nmi_pulse)].into(),
        PowerAction::PushButton => [press(Line::PowerButton, Verb::SoftOff, timings.press)].into(),
    }
}

/// How long an action may take at the most.
pub(super) fn longest(steps: &VecDeque<Step>) -> Duration {
    steps
        .iter()
        .map(|step| match step {
            Step::Rest(time)
            | Step::Press(_, time)
            | Step::Linger(time)
            | Step::Await(_, time)
            | Step::AwaitBoot(time) => *time,
            Step::Carry(_) => crate::host::DRIVER_DEADLINE,
            Step::Unless(_) | Step::Unconfirmed => Duration::ZERO,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_board_without_a_reset_line_offers_no_reset() {
        let can = actions(&Hands::Lines([Line::PowerButton].into()), true);
        assert!(!can.contains(&PowerAction::Reset) && !can.contains(&PowerAction::Nmi));
        assert!(can.contains(&PowerAction::SoftCycle));
    }

    #[test]
    fn who_cannot_sense_offers_no_soft_cycle() {
        let can = actions(&Hands::Lines([Line::PowerButton].into()), false);
        assert!(can.contains(&PowerAction::SoftOff) && !can.contains(&PowerAction::SoftCycle));
    }

    #[test]
    fn only_a_button_can_be_pushed() {
        let verbs = [Verb::On, Verb::Off, Verb::SoftOff].into();
        let can = actions(&Hands::Verbs(verbs), true);
        assert!(can.contains(&PowerAction::Cycle) && !can.contains(&PowerAction::PushButton));
    }
}
