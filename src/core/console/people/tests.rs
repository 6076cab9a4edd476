//! A console that several people are at.

use std::sync::Arc;

use outband_protocol::hid::{Buttons, HeldKeys, Pointer, Usage};
use tokio::sync::watch;

use super::*;
use crate::{
    access::Role,
    console::testing::{FakeKeyboard, TestAudit},
    host::testing::TestClock,
};

const A: u8 = Usage::A.get();
const Z: u8 = Usage::Z.get();

struct Bench {
    keyboard: Arc<FakeKeyboard>,
    people: Arc<People>,
}

impl Bench {
    fn new() -> Self {
        let keyboard = Arc::new(FakeKeyboard::default());
        let server: ServerId = "1".parse().unwrap();
        let audit = Arc::new(TestAudit::default());
        let input = InputHub::new(server.clone(), keyboard.clone(), audit, Arc::new(TestClock));
        let people = People::new(server, Some(input), Arc::new(TestClock));
        Self { keyboard, people }
    }

    fn sit(&self, role: Role) -> Seat {
        self.people.sit(&Arc::new(Actor::of_role(role))).unwrap()
    }

    fn holder(&self) -> Option<SeatId> {
        self.people.present().borrow().holder
    }

    fn asking(&self) -> Vec<SeatId> {
        let present = self.people.present().borrow().clone();
        let asks = present.people.iter().filter(|person| person.asks);
        asks.map(|person| person.seat).collect()
    }

    /// What the server was sent since the last look.
    fn reports(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.keyboard.reports.lock().unwrap())
    }
}

fn key(key: Usage) -> HeldKeys {
    [key].into_iter().collect()
}

fn pointer(buttons: Buttons) -> Pointer {
    Pointer::Absolute {
        x: 1,
        y: 2,
        buttons,
        wheel: 0,
    }
}

#[test]
fn the_first_key_takes_the_keyboard_and_the_next_person_is_told_who_has_it() {
    let bench = Bench::new();
    let (one, other) = (bench.sit(Role::Operator), bench.sit(Role::Administrator));
    assert_eq!(bench.holder(), None);
    one.hold(HeldKeys::NONE).unwrap();
    one.point(pointer(Buttons::NONE)).unwrap();
    assert_eq!(bench.holder(), None, "to do nothing takes nothing");
    one.hold(key(Usage::A)).unwrap();
    assert_eq!(bench.holder(), Some(one.id()));
    let refused = other.hold(key(Usage::Z)).unwrap_err();
    assert_eq!(refused.to_string(), "somebody has the keyboard");
    assert_eq!(bench.reports(), [vec![A]]);
    drop(one);
    assert_eq!((bench.holder(), bench.reports()), (None, vec![vec![]]));
    // The key that was refused was not up since.
    other.hold(key(Usage::Z)).unwrap();
    assert_eq!(bench.reports(), Vec::<Vec<u8>>::new());
    other.hold(HeldKeys::NONE).unwrap();
    other.hold(key(Usage::Z)).unwrap();
    assert_eq!(bench.reports(), [vec![Z]]);
}

#[test]
fn a_hand_over_releases_what_the_one_before_held_and_keeps_it_released() {
    let bench = Bench::new();
    let (one, other) = (bench.sit(Role::Operator), bench.sit(Role::Operator));
    one.hold(key(Usage::A)).unwrap();
    other.ask().unwrap();
    assert_eq!(
        (bench.holder(), bench.asking()),
        (Some(one.id()), vec![other.id()])
    );
    other.take().unwrap();
    assert_eq!((bench.holder(), bench.asking()), (Some(other.id()), vec![]));
    // It did not notice yet, and holds on.
    assert!(matches!(
        one.hold(key(Usage::A)),
        Err(SeatRefused::NotYours(_))
    ));
    assert_eq!(bench.reports(), [vec![A], vec![]]);
    other.give(Some(one.id())).unwrap();
    one.hold(key(Usage::A)).unwrap();
    assert_eq!(
        bench.reports(),
        Vec::<Vec<u8>>::new(),
        "it was not up in between"
    );
    one.hold(HeldKeys::NONE).unwrap();
    one.hold(key(Usage::A)).unwrap();
    assert_eq!(bench.reports(), [vec![A]]);
}

#[test]
fn what_was_reported_up_while_another_had_the_keyboard_can_be_pressed_at_once() {
    let bench = Bench::new();
    let (one, other) = (bench.sit(Role::Operator), bench.sit(Role::Operator));
    one.hold(key(Usage::A)).unwrap();
    other.take().unwrap();
    one.hold(HeldKeys::NONE).unwrap();
    one.take().unwrap();
    one.hold(key(Usage::A)).unwrap();
    assert_eq!(bench.reports(), [vec![A], vec![], vec![A]]);
    // And what was pressed meanwhile, and not let go, is not.
    other.take().unwrap();
    one.hold(HeldKeys::NONE).unwrap();
    one.hold(key(Usage::Z)).unwrap_err();
    one.take().unwrap();
    one.hold(key(Usage::Z).with(key(Usage::A))).unwrap();
    assert_eq!(bench.reports(), [vec![], vec![A]]);
}

#[test]
fn only_who_has_the_keyboard_gives_it_and_only_to_who_may_type() {
    let bench = Bench::new();
    let (one, other) = (bench.sit(Role::Operator), bench.sit(Role::Operator));
    let looker = bench.sit(Role::ReadOnly);
    one.take().unwrap();
    assert!(matches!(other.give(None), Err(SeatRefused::NotYours(_))));
    for nobody in [looker.id(), SeatId(99)] {
        assert!(matches!(one.give(Some(nobody)), Err(SeatRefused::Nobody)));
    }
    assert_eq!(bench.holder(), Some(one.id()));
    one.give(None).unwrap();
    assert_eq!(bench.holder(), None);
}

#[test]
fn who_may_only_look_types_nothing_and_is_told_so() {
    let bench = Bench::new();
    let looker = bench.sit(Role::ReadOnly);
    let left = Buttons {
        left: true,
        ..Buttons::NONE
    };
    let tried = [
        looker.hold(key(Usage::A)),
        looker.point(pointer(left)),
        looker.take(),
        looker.ask(),
    ];
    for refused in tried {
        assert!(matches!(refused, Err(SeatRefused::ViewOnly)));
    }
    assert_eq!((bench.holder(), bench.reports()), (None, vec![]));
    let present = bench.people.present().borrow().clone();
    assert!(!present.people[0].may_type);
}

#[test]
fn without_a_keyboard_people_watch() {
    let people = People::new("1".parse().unwrap(), None, Arc::new(TestClock));
    let seat = people
        .sit(&Arc::new(Actor::of_role(Role::Operator)))
        .unwrap();
    assert!(matches!(
        seat.hold(key(Usage::A)),
        Err(SeatRefused::NoKeyboard)
    ));
}

#[test]
fn a_console_has_room_for_so_many() {
    let bench = Bench::new();
    let seats: Vec<Seat> = (0..PEOPLE_MAX).map(|_| bench.sit(Role::ReadOnly)).collect();
    let one_more = Arc::new(Actor::of_role(Role::Operator));
    assert_eq!(bench.people.sit(&one_more).unwrap_err(), NoSeat::Full);
    drop(seats);
    assert!(bench.people.present().borrow().people.is_empty());
    bench.people.sit(&one_more).unwrap();
}

#[test]
fn whose_session_ended_sits_nowhere_and_holds_nothing() {
    let bench = Bench::new();
    let (end, ended) = watch::channel(false);
    let actor = Arc::new(Actor::of_role(Role::Operator).until(ended));
    let seat = bench.people.sit(&actor).unwrap();
    seat.hold(key(Usage::A)).unwrap();
    end.send_replace(true);
    assert!(matches!(
        seat.hold(key(Usage::Z)),
        Err(SeatRefused::Input(_))
    ));
    assert_eq!(bench.reports(), [vec![A], vec![]]);
    let refused = bench.people.sit(&actor).unwrap_err();
    assert_eq!(refused, NoSeat::Denied(Denied::Ended));
}
