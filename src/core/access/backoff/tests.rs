//! The back-off under a clock of the tests' own.

use proptest::prelude::*;

use super::*;

const HERE: Source = Source::V4(Ipv4Addr::new(127, 0, 0, 2));
const ELSEWHERE: Source = Source::V4(Ipv4Addr::new(127, 0, 0, 3));

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn source(text: &str) -> Source {
    Source::from(Some(text.parse().unwrap()))
}

/// A back-off and a clock that is moved by hand.
struct Bench {
    backoff: Backoff,
    now: Instant,
}

impl Bench {
    fn new() -> Self {
        let now = Instant::now();
        let backoff = Backoff::new(now);
        Self { backoff, now }
    }

    fn fail(&mut self, times: usize) {
        for _ in 0..times {
            assert_eq!(self.check(), Ok(()));
            self.backoff.failed(self.now, HERE, "admin");
        }
    }

    fn check(&self) -> Result<(), Duration> {
        self.backoff.check(self.now, HERE, "admin")
    }
}

#[test]
fn ten_failures_cost_nothing_and_then_the_wait_doubles_to_a_minute() {
    let mut bench = Bench::new();
    bench.fail(10);
    for wait in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
        bench.fail(1);
        assert_eq!(bench.check(), Err(seconds(wait)));
        bench.now += seconds(wait) - Duration::from_millis(1);
        assert_eq!(bench.check(), Err(Duration::from_millis(1)));
        bench.now += Duration::from_millis(1);
        assert_eq!(bench.check(), Ok(()));
    }
}

#[test]
fn ten_failures_cost_nothing_whenever_they_are_spread_over_more_than_five_minutes() {
    let mut bench = Bench::new();
    for _ in 0..100 {
        bench.fail(1);
        bench.now += seconds(30);
    }
    assert_eq!(bench.check(), Ok(()));
}

#[test]
fn five_minutes_without_a_failure_forgive() {
    let mut bench = Bench::new();
    bench.fail(11);
    bench.now += WINDOW;
    bench.fail(10);
    assert_eq!(bench.check(), Ok(()));
    bench.fail(1);
    assert_eq!(bench.check(), Err(seconds(1)));
}

#[test]
fn a_success_forgives_its_own_pair_alone() {
    let mut bench = Bench::new();
    bench.fail(11);
    for _ in 0..11 {
        bench.backoff.failed(bench.now, HERE, "root");
    }
    bench.backoff.succeeded(HERE, "admin");
    assert_eq!(bench.check(), Ok(()));
    assert!(bench.backoff.check(bench.now, HERE, "root").is_err());
}

#[test]
fn another_source_and_another_name_get_in_meanwhile() {
    let mut bench = Bench::new();
    bench.fail(11);
    assert!(bench.check().is_err());
    let check = |source, name| bench.backoff.check(bench.now, source, name);
    assert_eq!(check(ELSEWHERE, "admin"), Ok(()));
    assert_eq!(check(Source::Local, "admin"), Ok(()));
    assert_eq!(check(HERE, "root"), Ok(()));
}

#[test]
fn two_hundred_failures_shut_a_source_out_until_they_are_five_minutes_old() {
    let mut bench = Bench::new();
    for n in 0..200 {
        let name = n.to_string();
        assert_eq!(bench.backoff.check(bench.now, HERE, &name), Ok(()));
        bench.backoff.failed(bench.now, HERE, &name);
        bench.now += seconds(1);
    }
    // The first failure is 200 s old, and shares its slot with the four that came after it.
    assert_eq!(bench.check(), Err(seconds(105)));
    assert!(bench.backoff.check(bench.now, ELSEWHERE, "admin").is_ok());
    bench.now += seconds(105);
    assert_eq!(bench.check(), Ok(()));
    for n in 0..5 {
        assert_eq!(bench.check(), Ok(()), "{n}");
        bench.backoff.failed(bench.now, HERE, &format!("again{n}"));
    }
    assert_eq!(bench.check(), Err(seconds(5)));
}

#[test]
fn a_source_that_was_quiet_for_an_hour_starts_anew() {
    let mut bench = Bench::new();
    for n in 0..200 {
        bench.backoff.failed(bench.now, HERE, &n.to_string());
    }
    assert!(bench.check().is_err());
    bench.now += seconds(3600);
    assert_eq!(bench.check(), Ok(()));
    for n in 0..199 {
        bench.backoff.failed(bench.now, HERE, &n.to_string());
    }
    assert_eq!(bench.check(), Ok(()));
}

#[test]
fn ipv6_sources_count_by_their_64_bit_network_and_mapped_ones_as_ipv4() {
    assert_eq!(source("2001:db8::1"), source("2001:db8::ffff:0:0:2"));
    assert_ne!(source("2001:db8::1"), source("2001:db8:0:1::1"));
    assert_eq!(source("::ffff:127.0.0.2"), HERE);
    assert_eq!(Source::from(None), Source::Local);
}

#[test]
fn names_are_cut_at_64_bytes_between_characters_and_tamed() {
    let long = "\u{e4}".repeat(100);
    assert_eq!(tame(&long).len(), 64);
    assert_eq!(tame(&format!("x{long}")).len(), 63);
    assert_eq!(&*tame("a\u{1b}[31m\nb"), "a?[31m?b");
    let mut bench = Bench::new();
    for n in 0..11 {
        let name = format!("{}{n}", "x".repeat(64));
        bench.backoff.failed(bench.now, HERE, &name);
    }
    let cut = "x".repeat(64);
    assert!(bench.backoff.check(bench.now, HERE, &cut).is_err());
}

#[test]
fn the_tables_are_bounded_and_the_oldest_go_first() {
    let mut bench = Bench::new();
    for n in 0..u32::try_from(2 * PAIRS).unwrap() {
        let source = Source::V4(Ipv4Addr::from(n));
        for _ in 0..11 {
            bench.backoff.failed(bench.now, source, "admin");
        }
        bench.now += Duration::from_micros(10);
    }
    assert_eq!(bench.backoff.pairs.len(), PAIRS);
    assert!(bench.backoff.sources.len() <= SOURCES);
    let check = |n: u32| {
        let source = Source::V4(Ipv4Addr::from(n));
        bench.backoff.check(bench.now, source, "admin")
    };
    assert!(check(0).is_ok());
    assert!(check(2 * PAIRS as u32 - 1).is_err());
}

/// What somebody at the door does next.
#[derive(Debug, Clone)]
enum Step {
    Wait(u64),
    Try,
    Succeed,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => (1_u64..5_000).prop_map(Step::Wait),
        1 => (5_000_u64..400_000).prop_map(Step::Wait),
        12 => Just(Step::Try),
        1 => Just(Step::Succeed),
    ];
    prop::collection::vec(step, 1..300)
}

proptest! {
    #[test]
    fn the_rules_hold_over_any_history(steps in steps()) {
        let mut bench = Bench::new();
        // Failures since the last success, and all of them.
        let (mut failures, mut all) = (Vec::<Instant>::new(), Vec::<Instant>::new());
        let within = |of: &[Instant], now: Instant| {
            of.iter().filter(|at| now - **at < WINDOW).count()
        };
        for step in steps {
            match step {
                Step::Wait(ms) => bench.now += Duration::from_millis(ms),
                Step::Succeed => {
                    bench.backoff.succeeded(HERE, "admin");
                    failures.clear();
                }
                Step::Try => match bench.check() {
                    Ok(()) => {
                        bench.backoff.failed(bench.now, HERE, "admin");
                        failures.push(bench.now);
                        all.push(bench.now);
                    }
                    Err(wait) => {
                        // Nobody waits who did not fail more than ten times in five minutes.
                        let worst = failures.iter().map(|at| within(&failures, *at)).max();
                        prop_assert!(worst > Some(FREE) || all.len() >= 200);
                        prop_assert!(wait <= LONGEST || all.len() >= 200);
                        // Whoever waits as told is let in.
                        let then = bench.now + wait;
                        prop_assert_eq!(bench.backoff.check(then, HERE, "admin"), Ok(()));
                    }
                },
            }
            prop_assert!(within(&all, bench.now) <= SOURCE_FAILURES as usize);
            prop_assert_eq!(bench.backoff.check(bench.now, ELSEWHERE, "admin"), Ok(()));
        }
    }

    #[test]
    fn a_guesser_who_never_rests_gets_few_guesses(minutes in 5_u64..60) {
        let mut bench = Bench::new();
        let end = bench.now + seconds(60 * minutes);
        let mut guesses = 0;
        while bench.now < end {
            match bench.check() {
                Ok(()) => {
                    bench.backoff.failed(bench.now, HERE, "admin");
                    guesses += 1;
                }
                Err(wait) => bench.now += wait,
            }
        }
        prop_assert!(guesses <= 10 + 6 + minutes);
    }
}
