//! The sequencer on a bench with a clock of its own.

use proptest::prelude::*;

use super::*;

fn all_lines() -> Hands {
    Hands::Lines([Line::PowerButton, Line::ResetButton, Line::Nmi].into())
}

const SIGHTED: Sight = Sight {
    power: true,
    boots: true,
};

/// A server that is found in no known state is one that nothing senses.
fn sight(on: Option<bool>) -> Sight {
    Sight {
        power: on.is_some(),
        ..SIGHTED
    }
}

/// A sequencer and the clock it is worked by.
struct Bench {
    sequencer: Sequencer,
    now: Instant,
}

impl Bench {
    fn new(on: Option<bool>) -> Self {
        let found = Instant::now();
        Self {
            sequencer: Sequencer::new(all_lines(), Timings::default(), sight(on), on, found),
            now: found + Timings::default().rest,
        }
    }

    fn begin(&mut self, action: PowerAction) -> Vec<Act> {
        self.sequencer.begin(action, self.now);
        self.acts()
    }

    fn sensed(&mut self, on: bool) -> Vec<Act> {
        self.sequencer.sensed(Some(on), self.now);
        self.acts()
    }

    /// The light can't be read for a moment.
    fn blinded(&mut self) -> Vec<Act> {
        self.sequencer.sensed(None, self.now);
        self.acts()
    }

    /// Lets time pass up to the next deadline.
    fn wait(&mut self) -> Vec<Act> {
        self.now = self
            .sequencer
            .deadline()
            .expect("nothing to wait for")
            .max(self.now);
        self.sequencer.advance(self.now);
        self.acts()
    }

    fn acts(&mut self) -> Vec<Act> {
        std::iter::from_fn(|| self.sequencer.next_act()).collect()
    }
}

const PRESS: Act = Act::Drive(Line::PowerButton, true);
const RELEASE: Act = Act::Drive(Line::PowerButton, false);

#[test]
fn on_presses_briefly_and_succeeds_when_the_light_comes_on() {
    let mut bench = Bench::new(Some(false));
    let start = bench.now;
    assert_eq!(bench.begin(PowerAction::On), [PRESS]);
    assert_eq!(bench.wait(), [RELEASE]);
    assert_eq!(bench.now - start, Timings::default().press);
    assert_eq!(
        bench.sensed(true),
        [Act::Ended(PowerAction::On, Outcome::Done)]
    );
    assert_eq!(bench.sequencer.deadline(), None);
}

#[test]
fn on_fails_when_the_light_stays_dark() {
    let mut bench = Bench::new(Some(false));
    bench.begin(PowerAction::On);
    bench.wait();
    let ended = bench.wait();
    assert!(
        matches!(&ended[..], [Act::Ended(PowerAction::On, Outcome::Failed { seen })] if seen.contains("off")),
        "{ended:?}"
    );
}

#[test]
fn where_nothing_senses_an_action_ends_unconfirmed() {
    let mut bench = Bench::new(None);
    bench.begin(PowerAction::Off);
    assert_eq!(
        bench.wait(),
        [RELEASE, Act::Ended(PowerAction::Off, Outcome::Unconfirmed)]
    );
}

#[test]
fn a_state_that_is_unknown_for_a_moment_is_waited_for() {
    let mut bench = Bench::new(Some(true));
    bench.begin(PowerAction::Off);
    assert_eq!(bench.blinded(), []);
    assert_eq!(bench.wait(), [RELEASE]);
    assert_eq!(
        bench.sensed(false),
        [Act::Ended(PowerAction::Off, Outcome::Done)]
    );
}

#[test]
fn a_state_that_stays_unknown_leaves_an_action_unconfirmed() {
    let mut bench = Bench::new(Some(true));
    bench.begin(PowerAction::Off);
    bench.blinded();
    assert_eq!(bench.wait(), [RELEASE]);
    let pressed = bench.now;
    assert_eq!(
        bench.wait(),
        [Act::Ended(PowerAction::Off, Outcome::Unconfirmed)]
    );
    assert_eq!(bench.now - pressed, Timings::default().settle);
}

#[test]
fn a_server_that_was_not_seen_to_shut_down_is_not_pressed_on() {
    let mut bench = Bench::new(Some(true));
    bench.begin(PowerAction::SoftCycle);
    assert_eq!(bench.wait(), [RELEASE]);
    assert_eq!(bench.blinded(), []);
    let ended = bench.wait();
    let [Act::Ended(PowerAction::SoftCycle, Outcome::Failed { seen })] = &ended[..] else {
        panic!("{ended:?}")
    };
    assert_eq!(seen, "the power state was unknown for 120 s");
}

#[test]
fn a_cycle_keeps_the_rest_between_off_and_on() {
    let mut bench = Bench::new(Some(true));
    bench.begin(PowerAction::Cycle);
    assert_eq!(bench.wait(), [RELEASE]);
    assert_eq!(bench.sensed(false), []);
    let off_at = bench.now;
    assert_eq!(bench.wait(), [PRESS]);
    assert_eq!(bench.now - off_at, Timings::default().rest);
    assert_eq!(bench.wait(), [RELEASE]);
    assert_eq!(
        bench.sensed(true),
        [Act::Ended(PowerAction::Cycle, Outcome::Done)]
    );
}

#[test]
fn where_nothing_senses_the_rest_counts_from_the_end_of_the_long_press() {
    let mut bench = Bench::new(None);
    bench.begin(PowerAction::Cycle);
    assert_eq!(bench.wait(), [RELEASE]);
    let released = bench.now;
    assert_eq!(bench.wait(), [PRESS]);
    assert_eq!(bench.now - released, Timings::default().rest);
}

#[test]
fn a_longer_pause_of_a_cycle_is_kept_and_a_shorter_one_cuts_no_rest() {
    for seconds in [1, 30] {
        let mut bench = Bench::new(Some(true));
        let pause = Duration::from_secs(seconds);
        bench.sequencer.set_cycle_rest(pause);
        bench.begin(PowerAction::Cycle);
        bench.wait();
        bench.sensed(false);
        let off_at = bench.now;
        assert_eq!(bench.wait(), [PRESS]);
        assert_eq!(bench.now - off_at, pause.max(Timings::default().rest));
    }
}

#[test]
fn switching_on_soon_after_off_waits_for_the_rest() {
    let mut bench = Bench::new(Some(true));
    bench.sensed(false);
    let off_at = bench.now;
    assert_eq!(bench.begin(PowerAction::On), []);
    assert_eq!(bench.wait(), [PRESS]);
    assert_eq!(bench.now - off_at, Timings::default().rest);
}

#[test]
fn a_later_off_supersedes_a_pending_soft_off() {
    let mut bench = Bench::new(Some(true));
    bench.begin(PowerAction::SoftOff);
    assert_eq!(bench.wait(), [RELEASE]);
    let superseded = Act::Ended(
        PowerAction::SoftOff,
        Outcome::Superseded {
            by: PowerAction::Off,
        },
    );
    assert_eq!(bench.begin(PowerAction::Off), [superseded, PRESS]);
    let start = bench.now;
    assert_eq!(bench.wait(), [RELEASE]);
    assert_eq!(bench.now - start, Timings::default().long_press);
    assert_eq!(
        bench.sensed(false),
        [Act::Ended(PowerAction::Off, Outcome::Done)]
    );
}

#[test]
fn an_off_in_the_pause_of_a_cycle_presses_nothing() {
    let mut bench = Bench::new(Some(true));
    bench.begin(PowerAction::Cycle);
    bench.wait();
    bench.sensed(false);
    let superseded = Act::Ended(
        PowerAction::Cycle,
        Outcome::Superseded {
            by: PowerAction::Off,
        },
    );
    assert_eq!(
        bench.begin(PowerAction::Off),
        [superseded, Act::Ended(PowerAction::Off, Outcome::Done)]
    );
}

#[test]
fn an_off_while_a_start_is_on_its_way_waits_for_it_and_then_forces_it_off() {
    let mut bench = Bench::new(Some(false));
    bench.begin(PowerAction::On);
    bench.wait();
    let superseded = Act::Ended(
        PowerAction::On,
        Outcome::Superseded {
            by: PowerAction::Off,
        },
    );
    assert_eq!(bench.begin(PowerAction::Off), [superseded]);
    assert_eq!(bench.sensed(true), [PRESS]);
    assert_eq!(bench.wait(), [RELEASE]);
    assert_eq!(
        bench.sensed(false),
        [Act::Ended(PowerAction::Off, Outcome::Done)]
    );
}

#[test]
fn an_off_soon_after_a_push_of_the_button_waits_for_what_the_push_did() {
    let mut bench = Bench::new(Some(false));
    bench.begin(PowerAction::PushButton);
    let pushed = Act::Ended(PowerAction::PushButton, Outcome::Done);
    assert_eq!(bench.wait(), [RELEASE, pushed]);
    assert!(bench.sequencer.may_come_on(bench.now).is_some());
    assert_eq!(bench.begin(PowerAction::Off), []);
    assert_eq!(bench.sensed(true), [PRESS]);
    assert_eq!(bench.wait(), [RELEASE]);
    assert_eq!(
        bench.sensed(false),
        [Act::Ended(PowerAction::Off, Outcome::Done)]
    );
}

#[test]
fn a_server_that_is_found_off_gets_its_rest() {
    let now = Instant::now();
    let mut sequencer = Sequencer::new(all_lines(), Timings::default(), SIGHTED, Some(false), now);
    sequencer.begin(PowerAction::On, now);
    assert_eq!(sequencer.next_act(), None);
    assert_eq!(sequencer.deadline(), Some(now + Timings::default().rest));
}

#[test]
fn the_rest_is_kept_although_the_light_could_not_be_read_for_a_moment() {
    let mut bench = Bench::new(Some(true));
    bench.blinded();
    bench.sensed(false);
    let off_at = bench.now;
    assert_eq!(bench.begin(PowerAction::On), []);
    assert_eq!(bench.wait(), [PRESS]);
    assert_eq!(bench.now - off_at, Timings::default().rest);
}

#[test]
fn a_line_that_can_not_be_pressed_fails_the_action_and_is_let_go() {
    let mut bench = Bench::new(None);
    assert_eq!(bench.begin(PowerAction::Nmi), [Act::Drive(Line::Nmi, true)]);
    let why = || "no such line".to_owned();
    bench.sequencer.press_failed(Line::PowerButton, why());
    assert_eq!(bench.acts(), []);
    bench.sequencer.press_failed(Line::Nmi, why());
    let failed = Outcome::Failed { seen: why() };
    assert_eq!(
        bench.acts(),
        [
            Act::Drive(Line::Nmi, false),
            Act::Ended(PowerAction::Nmi, failed)
        ]
    );
    assert_eq!(bench.sequencer.deadline(), None);
}

#[test]
fn a_server_that_came_on_by_itself_during_the_rest_is_not_pressed_off() {
    let mut bench = Bench::new(Some(true));
    bench.sensed(false);
    assert_eq!(bench.begin(PowerAction::On), []);
    assert_eq!(bench.sensed(true), []);
    assert_eq!(bench.wait(), [Act::Ended(PowerAction::On, Outcome::Done)]);
}

#[test]
fn a_line_that_the_next_action_does_not_press_is_released() {
    let mut bench = Bench::new(Some(true));
    assert_eq!(
        bench.begin(PowerAction::Reset),
        [Act::Drive(Line::ResetButton, true)]
    );
    assert_eq!(
        bench.begin(PowerAction::Off)[0],
        Act::Drive(Line::ResetButton, false)
    );
}

#[test]
fn a_deaf_system_fails_the_soft_off_and_says_what_was_seen() {
    let mut bench = Bench::new(Some(true));
    bench.begin(PowerAction::SoftOff);
    bench.wait();
    let ended = bench.wait();
    let Act::Ended(PowerAction::SoftOff, Outcome::Failed { seen }) = &ended[0] else {
        panic!("{ended:?}")
    };
    assert_eq!(seen, "still on after 120 s");
}

#[test]
fn a_reset_counts_only_when_firmware_was_seen_to_begin() {
    let mut bench = Bench::new(Some(true));
    bench.begin(PowerAction::Reset);
    bench.wait();
    assert!(matches!(
        &bench.wait()[..],
        [Act::Ended(_, Outcome::Failed { .. })]
    ));

    bench.begin(PowerAction::Reset);
    bench.wait();
    bench.sequencer.boot_seen(bench.now);
    assert_eq!(
        bench.acts(),
        [Act::Ended(PowerAction::Reset, Outcome::Done)]
    );
}

#[test]
fn an_nmi_is_pulsed_beside_a_soft_off_that_hangs() {
    let mut bench = Bench::new(Some(true));
    bench.begin(PowerAction::SoftOff);
    bench.wait();
    assert_eq!(bench.begin(PowerAction::Nmi), [Act::Drive(Line::Nmi, true)]);
    let ended = Act::Ended(PowerAction::Nmi, Outcome::Done);
    assert_eq!(bench.wait(), [Act::Drive(Line::Nmi, false), ended]);
    assert_eq!(
        bench.sensed(false),
        [Act::Ended(PowerAction::SoftOff, Outcome::Done)]
    );
}

#[test]
fn a_verb_that_the_driver_refuses_fails_the_action_with_its_words() {
    let hands = Hands::Verbs([Verb::On, Verb::Off].into());
    let found = Instant::now();
    let mut sequencer = Sequencer::new(hands, Timings::default(), SIGHTED, Some(false), found);
    let now = found + Timings::default().rest;
    sequencer.begin(PowerAction::On, now);
    assert_eq!(sequencer.next_act(), Some(Act::Carry(Verb::On)));
    sequencer.carried(Verb::On, Err("no such machine".into()), now);
    let failed = Outcome::Failed {
        seen: "no such machine".into(),
    };
    assert_eq!(
        sequencer.next_act(),
        Some(Act::Ended(PowerAction::On, failed))
    );
}

proptest! {
    /// Whatever happens in whatever order: every begun action ends exactly once, and no line stays
    /// pressed.
    #[test]
    fn every_action_ends_once_and_every_line_is_released(
        script in proptest::collection::vec((0u8..4, 0usize..8, any::<bool>(), 0u64..20_000), 1..60)
    ) {
        let mut now = Instant::now();
        let mut sequencer = Sequencer::new(all_lines(), Timings::default(), SIGHTED, Some(false), now);
        let (mut begun, mut ended) = (0u32, 0u32);
        let mut pressed = std::collections::BTreeMap::new();
        let mut look = |sequencer: &mut Sequencer| {
            while let Some(act) = sequencer.next_act() {
                match act {
                    Act::Drive(line, down) => { pressed.insert(line, down); }
                    Act::Ended(..) => ended += 1,
                    Act::Carry(_) => {}
                }
            }
        };
        for (what, which, on, ms) in script {
            match what {
                0 => { begun += 1; sequencer.begin(PowerAction::ALL[which], now); }
                1 => sequencer.sensed(Some(on), now),
                2 => sequencer.boot_seen(now),
                _ => { now += Duration::from_millis(ms); sequencer.advance(now); }
            }
            look(&mut sequencer);
        }
        while let Some(deadline) = sequencer.deadline() {
            now = now.max(deadline);
            sequencer.advance(now);
            look(&mut sequencer);
        }
        prop_assert_eq!(begun, ended);
        prop_assert!(pressed.values().all(|down| !down), "{:?}", pressed);
    }
}
