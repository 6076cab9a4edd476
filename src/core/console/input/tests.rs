//! The keyboard as holders see it, and as the server does.

use std::{
    sync::{Arc, atomic::Ordering::SeqCst},
    time::Duration,
};

use outband_protocol::hid::{Buttons, HeldKeys, Pointer, Usage};
use tokio::{sync::watch, time::Instant};

use super::{
    super::testing::{FakeKeyboard, TestAudit},
    BadStroke, InputHub, InputRefused, Stroke,
};
use crate::{
    access::{Actor, Denied, Role},
    events::EventKind,
    host::testing::TestClock,
};

struct Bench {
    keyboard: Arc<FakeKeyboard>,
    audit: Arc<TestAudit>,
    hub: Arc<InputHub>,
}

impl Bench {
    fn new() -> Self {
        let keyboard = Arc::new(FakeKeyboard::default());
        let audit = Arc::new(TestAudit::default());
        let id = "1".parse().unwrap();
        let hub = InputHub::new(id, keyboard.clone(), audit.clone(), Arc::new(TestClock));
        Self {
            keyboard,
            audit,
            hub,
        }
    }

    /// What the server was sent since the last look.
    fn reports(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.keyboard.reports.lock().unwrap())
    }

    async fn type_out(&self, actor: &Arc<Actor>, strokes: &[Stroke]) -> Result<(), InputRefused> {
        let batch = self.hub.batch(strokes.to_vec()).unwrap();
        self.hub.holder(actor)?.type_out(&batch).await
    }
}

fn operator() -> Arc<Actor> {
    Arc::new(Actor::of_role(Role::Operator))
}

fn keys(keys: &[Usage]) -> HeldKeys {
    keys.iter().copied().collect()
}

const A: u8 = Usage::A.get();
const Z: u8 = Usage::Z.get();

#[tokio::test]
async fn what_a_holder_held_is_released_when_it_vanishes() {
    let bench = Bench::new();
    let holder = bench.hub.holder(&operator()).unwrap();
    holder.hold(keys(&[Usage::A])).unwrap();
    drop(holder);
    assert_eq!(bench.reports(), [vec![A], vec![]]);
}

#[tokio::test]
async fn a_key_is_up_once_nobody_holds_it_any_more() {
    let bench = Bench::new();
    let (one, other) = (bench.hub.holder(&operator()), bench.hub.holder(&operator()));
    let (one, other) = (one.unwrap(), other.unwrap());
    one.hold(keys(&[Usage::A])).unwrap();
    other.hold(keys(&[Usage::A, Usage::Z])).unwrap();
    drop(one);
    assert_eq!(bench.reports(), [vec![A], vec![A, Z]]);
    other.hold(HeldKeys::NONE).unwrap();
    assert_eq!(bench.reports(), [Vec::<u8>::new()]);
}

#[tokio::test]
async fn what_was_let_go_is_pressed_again_only_after_it_was_reported_up() {
    let bench = Bench::new();
    let holder = bench.hub.holder(&operator()).unwrap();
    holder.hold(keys(&[Usage::A])).unwrap();
    holder.let_go();
    holder.hold(keys(&[Usage::A])).unwrap();
    assert_eq!(bench.reports(), [vec![A], vec![]]);
    holder.hold(keys(&[Usage::A, Usage::Z])).unwrap();
    assert_eq!(bench.reports(), [vec![Z]]);
    holder.hold(keys(&[Usage::Z])).unwrap();
    holder.hold(keys(&[Usage::A, Usage::Z])).unwrap();
    assert_eq!(bench.reports(), [vec![A, Z]]);
}

#[tokio::test]
async fn who_may_no_longer_type_holds_nothing() {
    let bench = Bench::new();
    let (end, ended) = watch::channel(false);
    let actor = Arc::new(Actor::of_role(Role::Operator).until(ended));
    let holder = bench.hub.holder(&actor).unwrap();
    holder.hold(keys(&[Usage::A])).unwrap();
    end.send_replace(true);
    let refused = holder.hold(keys(&[Usage::A, Usage::Z])).unwrap_err();
    assert!(matches!(refused, InputRefused::Denied(Denied::Ended)));
    assert_eq!(bench.reports(), [vec![A], vec![]]);
}

#[tokio::test]
async fn who_may_only_look_gets_no_place_and_the_log_says_so() {
    let bench = Bench::new();
    let reader = Arc::new(Actor::of_role(Role::ReadOnly));
    assert!(matches!(
        bench.hub.holder(&reader),
        Err(Denied::Privilege(_))
    ));
    let kinds = bench.audit.0.lock().unwrap();
    assert!(
        matches!(kinds[..], [EventKind::Refused { .. }]),
        "{kinds:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_typed_in_order_and_leaves_nothing_down() {
    let bench = Bench::new();
    let strokes = [
        Stroke::Press(Usage::LEFT_SHIFT),
        Stroke::Tap(vec![Usage::A, Usage::Z]),
        Stroke::Wait(Duration::from_secs(1)),
        Stroke::Release(Usage::LEFT_SHIFT),
    ];
    bench.type_out(&operator(), &strokes).await.unwrap();
    let shift = Usage::LEFT_SHIFT.get();
    let typed = [vec![shift], vec![A, Z, shift], vec![shift], vec![]];
    assert_eq!(bench.reports(), typed);
}

#[tokio::test(start_paused = true)]
async fn two_batches_do_not_mix() {
    let bench = Bench::new();
    let actor = operator();
    let tap = |key| vec![Stroke::Tap(vec![key]); 3];
    let (a, z) = (tap(Usage::A), tap(Usage::Z));
    let (one, other) = tokio::join!(bench.type_out(&actor, &a), bench.type_out(&actor, &z));
    one.and(other).unwrap();
    let typed: Vec<u8> = bench.reports().concat();
    assert_eq!(typed, [A, A, A, Z, Z, Z]);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_given_up_lets_go() {
    let bench = Bench::new();
    let strokes = [
        Stroke::Press(Usage::A),
        Stroke::Wait(Duration::from_secs(5)),
        Stroke::Release(Usage::A),
    ];
    let actor = operator();
    let typing = bench.type_out(&actor, &strokes);
    let given_up = tokio::time::timeout(Duration::from_secs(1), typing).await;
    assert!(given_up.is_err());
    assert_eq!(bench.reports(), [vec![A], vec![]]);
}

#[tokio::test(start_paused = true)]
async fn a_batch_ends_with_the_rights_of_who_sent_it() {
    let bench = Bench::new();
    let (end, ended) = watch::channel(false);
    let actor = Arc::new(Actor::of_role(Role::Operator).until(ended));
    let strokes = [
        Stroke::Press(Usage::A),
        Stroke::Wait(Duration::from_secs(5)),
        Stroke::Release(Usage::A),
    ];
    let begun = Instant::now();
    let (typed, ()) = tokio::join!(bench.type_out(&actor, &strokes), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        end.send_replace(true);
    });
    assert!(matches!(typed, Err(InputRefused::Denied(Denied::Ended))));
    assert_eq!(begun.elapsed(), Duration::from_secs(1));
    assert_eq!(bench.reports(), [vec![A], vec![]]);
}

#[tokio::test(start_paused = true)]
async fn what_may_have_arrived_of_a_failed_report_is_released() {
    let bench = Bench::new();
    let holder = bench.hub.holder(&operator()).unwrap();
    bench.keyboard.broken.store(true, SeqCst);
    let refused = holder.hold(keys(&[Usage::A])).unwrap_err();
    assert!(matches!(refused, InputRefused::Driver(_)));
    assert_eq!(bench.reports(), [vec![A], vec![]]);
    bench.keyboard.broken.store(false, SeqCst);
    drop(holder);
    assert_eq!(bench.reports(), [Vec::<u8>::new()], "nobody knows it is up");
}

#[tokio::test]
async fn a_key_that_the_keyboard_lacks_is_refused_before_anything_is_typed() {
    let bench = Bench::new();
    let strokes = vec![Stroke::Tap(vec![Usage::A]), Stroke::Tap(vec![Usage::F12])];
    let refused = bench.hub.batch(strokes);
    assert_eq!(refused, Err((Some(1), BadStroke::Unknown(Usage::F12))));
}

#[tokio::test(start_paused = true)]
async fn the_audit_log_has_one_event_for_a_while_of_typing() {
    let bench = Bench::new();
    let actor = operator();
    let tap = [Stroke::Tap(vec![Usage::A])];
    let uses = || bench.audit.0.lock().unwrap().len();
    for _ in 0..3 {
        bench.type_out(&actor, &tap).await.unwrap();
    }
    assert_eq!(uses(), 1);
    tokio::time::advance(Duration::from_secs(10 * 60)).await;
    bench.type_out(&actor, &tap).await.unwrap();
    assert_eq!(uses(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_switches_the_server_off_was_typed_all_the_same() {
    let bench = Bench::new();
    let holder = bench.hub.holder(&operator()).unwrap();
    holder.hold(keys(&[Usage::A])).unwrap();
    bench.keyboard.broken.store(true, SeqCst);
    assert!(holder.hold(HeldKeys::NONE).is_ok());
    assert!(holder.hold(keys(&[Usage::Z])).is_err());
}

const LEFT: Buttons = Buttons {
    left: true,
    ..Buttons::NONE
};

fn at(x: u16, buttons: Buttons) -> Pointer {
    Pointer::Absolute {
        x,
        y: 1,
        buttons,
        wheel: 0,
    }
}

#[tokio::test]
async fn a_button_that_was_let_go_is_pressed_again_only_after_it_was_reported_up() {
    let bench = Bench::new();
    let holder = bench.hub.holder(&operator()).unwrap();
    let pointed = || std::mem::take(&mut *bench.keyboard.pointer.lock().unwrap());
    holder.point(at(1, LEFT)).unwrap();
    holder.let_go();
    assert_eq!(pointed(), [at(1, LEFT), at(1, Buttons::NONE)]);
    holder.point(at(2, LEFT)).unwrap();
    assert_eq!(pointed(), [at(2, Buttons::NONE)]);
    holder.point(at(2, Buttons::NONE)).unwrap();
    holder.point(at(2, LEFT)).unwrap();
    drop(holder);
    let lifted = at(2, Buttons::NONE);
    assert_eq!(pointed(), [lifted, at(2, LEFT), lifted]);
}

#[tokio::test]
async fn who_may_no_longer_point_holds_no_button() {
    let bench = Bench::new();
    let (end, ended) = watch::channel(false);
    let actor = Arc::new(Actor::of_role(Role::Operator).until(ended));
    let holder = bench.hub.holder(&actor).unwrap();
    holder.point(at(1, LEFT)).unwrap();
    end.send_replace(true);
    let refused = holder.point(at(2, LEFT)).unwrap_err();
    assert!(matches!(refused, InputRefused::Denied(Denied::Ended)));
    let pointed = bench.keyboard.pointer.lock().unwrap().clone();
    assert_eq!(pointed, [at(1, LEFT), at(1, Buttons::NONE)]);
}
