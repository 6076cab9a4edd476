//! A viewer's stay, as its page and its server see it, on a clock that the tests move.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use axum::extract::ws::Message;
use futures_util::{Sink, Stream};
use outband_core::{
    access::{AccountChange, Actor, Origin, Via},
    console::SeatId,
    driver::{DriverFault, Input},
    server::ServerHandle,
};
use outband_protocol::hid::{HeldKeys, Leds, Pointer, Usage};
use serde_json::{Value, json};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::{Instant, sleep},
};
use zeroize::Zeroizing;

use super::{hands::SILENCE, talk::talk};
use crate::services::rig::{PASSWORD, Rig};

/// A keyboard that remembers what it was told, and when.
#[derive(Debug)]
struct Keyboard {
    reports: Mutex<Vec<(Instant, Vec<u8>)>>,
    pointer: Mutex<Vec<Pointer>>,
    leds: watch::Sender<Leds>,
}

impl Input for Keyboard {
    fn hold(&self, keys: HeldKeys) -> Result<(), DriverFault> {
        let keys = keys.iter().map(Usage::get).collect();
        self.reports.lock().unwrap().push((Instant::now(), keys));
        Ok(())
    }
    fn point(&self, pointer: Pointer) -> Result<(), DriverFault> {
        self.pointer.lock().unwrap().push(pointer);
        Ok(())
    }
    fn leds(&self) -> Option<watch::Receiver<Leds>> {
        Some(self.leds.subscribe())
    }
}

/// The server's end of a connection that loses nothing.
struct Pipe {
    from: mpsc::UnboundedReceiver<Message>,
    to: mpsc::UnboundedSender<Message>,
}

impl Stream for Pipe {
    type Item = Result<Message, Infallible>;
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.from.poll_recv(cx).map(|message| message.map(Ok))
    }
}

impl Sink<Message> for Pipe {
    type Error = Infallible;
    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }
    fn start_send(self: Pin<&mut Self>, message: Message) -> Result<(), Infallible> {
        // A page that is gone takes nothing in.
        let _ = self.to.send(message);
        Ok(())
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }
    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }
}

/// A page at a server's console.
struct Page {
    to: Option<mpsc::UnboundedSender<Message>>,
    from: mpsc::UnboundedReceiver<Message>,
    stay: JoinHandle<()>,
    sequence: u64,
}

impl Page {
    /// Says something.
    fn say(&self, said: Value) {
        let text = said.to_string().into();
        let _ = self.to.as_ref().unwrap().send(Message::Text(text));
    }

    /// States which keys are held.
    fn hold(&mut self, held: &[u8]) {
        self.sequence += 1;
        self.say(json!({"type": "keys", "seq": self.sequence, "held": held}));
    }

    /// The next thing of this type that it is told.
    async fn told(&mut self, kind: &str) -> Value {
        loop {
            let message = self.from.recv().await.expect("the stay ended");
            if let Message::Text(text) = message {
                let told: Value = serde_json::from_str(&text).unwrap();
                if told["type"] == kind {
                    return told;
                }
            }
        }
    }

    /// The code of the good-bye.
    async fn closed(&mut self) -> Option<u16> {
        while let Some(message) = self.from.recv().await {
            if let Message::Close(close) = message {
                return close.map(|close| close.code);
            }
        }
        None
    }

    /// All that was said has been done.
    async fn done(&mut self) {
        self.say(json!({"type": "ping", "token": 1}));
        self.told("pong").await;
    }
}

struct Bench {
    rig: Rig,
    keyboard: Arc<Keyboard>,
    server: ServerHandle,
}

impl Bench {
    async fn new() -> Self {
        let keyboard = Arc::new(Keyboard {
            reports: Mutex::default(),
            pointer: Mutex::default(),
            leds: watch::Sender::default(),
        });
        let rig = Rig::with_keyboard(keyboard.clone()).await;
        let server = rig.bmc.servers.get("1").unwrap();
        Self {
            rig,
            keyboard,
            server,
        }
    }

    /// Somebody who came in with a session of their own.
    async fn actor(&self, name: &str) -> Arc<Actor> {
        let origin = Origin {
            via: Via::Console,
            source: None,
        };
        let gate = &self.rig.bmc.gate;
        let password = Zeroizing::new(PASSWORD.to_owned());
        let session = gate.open_session(origin, name, password).await;
        session.unwrap().actor
    }

    async fn page(&self, name: &str) -> Page {
        let actor = self.actor(name).await;
        let seat = self.server.people().sit(&actor).unwrap();
        let (to, theirs) = mpsc::unbounded_channel();
        let (ours, from) = mpsc::unbounded_channel();
        let (server, bmc) = (self.server.clone(), self.rig.bmc.clone());
        let stay = tokio::spawn(async move {
            let pipe = Pipe {
                from: theirs,
                to: ours,
            };
            talk(pipe, &bmc.gate, &server, &actor, seat).await;
        });
        let mut page = Page {
            to: Some(to),
            from,
            stay,
            sequence: 0,
        };
        let hello = page.told("hello").await;
        assert_eq!(hello["server"], "1");
        page
    }

    /// What the server was sent since the last look.
    fn reports(&self) -> Vec<Vec<u8>> {
        let reports = std::mem::take(&mut *self.keyboard.reports.lock().unwrap());
        reports.into_iter().map(|(_, keys)| keys).collect()
    }

    fn holder(&self) -> Option<SeatId> {
        self.server.people().present().borrow().holder
    }
}

#[tokio::test(start_paused = true)]
async fn keys_are_held_as_long_as_the_page_says_so() {
    let bench = Bench::new().await;
    let mut page = bench.page("op").await;
    for _ in 0..20 {
        page.hold(&[4]);
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(bench.reports(), [vec![4]]);
    page.hold(&[]);
    page.done().await;
    assert_eq!(bench.reports(), [Vec::<u8>::new()]);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_stalls_lets_go_and_what_it_says_late_presses_nothing_twice() {
    let bench = Bench::new().await;
    let mut page = bench.page("op").await;
    page.hold(&[4]);
    sleep(SILENCE + Duration::from_millis(1)).await;
    assert_eq!(bench.reports(), [vec![4], vec![]]);
    // What lay in the network meanwhile comes in one go.
    for held in [&[4u8][..], &[4], &[], &[5], &[], &[5], &[]] {
        page.hold(held);
    }
    page.done().await;
    let none = Vec::<u8>::new();
    let typed = [vec![5], none.clone(), vec![5], none];
    assert_eq!(bench.reports(), typed);
    // Nothing is held, so nothing need be said.
    sleep(SILENCE * 2).await;
    assert_eq!(bench.reports(), Vec::<Vec<u8>>::new());
}

#[tokio::test(start_paused = true)]
async fn each_report_stands_long_enough_to_be_seen() {
    let bench = Bench::new().await;
    let mut page = bench.page("op").await;
    for held in [&[4u8][..], &[], &[5], &[]] {
        page.hold(held);
    }
    page.done().await;
    let reports = bench.keyboard.reports.lock().unwrap().clone();
    assert_eq!(reports.len(), 4);
    for pair in reports.windows(2) {
        let stood = pair[1].0.duration_since(pair[0].0);
        assert!(stood >= Duration::from_millis(20), "{stood:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_vanishes_leaves_no_key_down_and_no_seat_taken() {
    let bench = Bench::new().await;
    let mut page = bench.page("op").await;
    page.hold(&[4, 0xE0]);
    page.done().await;
    drop(page.to.take());
    (&mut page.stay).await.unwrap();
    assert_eq!(bench.reports(), [vec![4, 0xE0], vec![]]);
    assert!(bench.server.people().present().borrow().people.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_keyboard_changes_hands_in_the_open() {
    let bench = Bench::new().await;
    let (mut one, mut other) = (bench.page("op").await, bench.page("admin").await);
    one.hold(&[4]);
    one.done().await;
    other.hold(&[5]);
    let refused = other.told("refused").await;
    assert_eq!(
        (&refused["what"], &refused["why"]),
        (&json!("keys"), &json!("op has the keyboard"))
    );
    other.say(json!({"type": "take"}));
    other.done().await;
    let seen = loop {
        let people = one.told("people").await;
        if people["holder"] == 1 {
            break people;
        }
    };
    let names: Vec<_> = seen["people"]
        .as_array()
        .unwrap()
        .iter()
        .map(|person| &person["name"])
        .collect();
    assert_eq!(names, ["op", "admin"]);
    assert_eq!(bench.reports(), [vec![4], vec![]]);
}

#[tokio::test(start_paused = true)]
async fn who_may_only_look_is_told_so() {
    let bench = Bench::new().await;
    let mut page = bench.page("ro").await;
    page.hold(&[4]);
    assert_eq!(
        page.told("refused").await["why"],
        "this account may only look"
    );
    assert_eq!((bench.reports(), bench.holder()), (vec![], None));
}

#[tokio::test(start_paused = true)]
async fn the_lights_are_told_now_and_when_they_change() {
    let bench = Bench::new().await;
    let mut page = bench.page("ro").await;
    assert_eq!(page.told("leds").await["caps"], false);
    bench
        .keyboard
        .leds
        .send_modify(|leds| leds.caps_lock = true);
    assert_eq!(page.told("leds").await["caps"], true);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_session_ends_the_stay_and_releases_what_it_held() {
    let bench = Bench::new().await;
    let mut page = bench.page("op").await;
    page.hold(&[4]);
    page.done().await;
    let gate = &bench.rig.bmc.gate;
    let accounts = gate.accounts(&gate.local("test"));
    let op = accounts.iter().find(|account| &*account.name == "op");
    let change = AccountChange {
        enabled: Some(false),
        ..AccountChange::default()
    };
    bench.rig.change(op.unwrap(), change).await;
    assert_eq!(page.closed().await, Some(4001));
    assert_eq!(bench.reports(), [vec![4], vec![]]);
}

#[tokio::test(start_paused = true)]
async fn who_talks_nonsense_is_shown_out() {
    let bench = Bench::new().await;
    for nonsense in [
        json!({"type": "kill"}),
        json!({"type": "keys", "seq": 0, "held": [255]}),
        json!({"type": "pointer", "x": 40000, "y": 0}),
    ] {
        let mut page = bench.page("op").await;
        page.say(nonsense.clone());
        assert_eq!(page.closed().await, Some(1008), "{nonsense}");
    }
    let mut page = bench.page("op").await;
    page.hold(&[4]);
    page.sequence -= 1;
    page.hold(&[5]);
    assert_eq!(page.closed().await, Some(1008), "the same number twice");
    assert_eq!(bench.reports(), [vec![4], vec![]]);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_not_heard_of_is_given_up() {
    let bench = Bench::new().await;
    let mut page = bench.page("op").await;
    let begun = Instant::now();
    assert_eq!(page.closed().await, None);
    let stayed = begun.elapsed();
    assert!(
        stayed > Duration::from_secs(20) && stayed < Duration::from_secs(60),
        "{stayed:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_pointer_follows_the_hand_that_has_the_keyboard() {
    let bench = Bench::new().await;
    let mut page = bench.page("op").await;
    page.say(json!({"type": "pointer", "x": 5, "y": 6}));
    page.say(json!({"type": "pointer", "x": 7, "y": 8, "buttons": 1}));
    page.say(json!({"type": "pointer", "x": 9, "y": 9}));
    page.done().await;
    let pointed = bench.keyboard.pointer.lock().unwrap().clone();
    let places: Vec<_> = pointed
        .iter()
        .map(|pointer| match pointer {
            Pointer::Absolute { x, buttons, .. } => (*x, buttons.left),
            Pointer::Relative { .. } => panic!("it was no move"),
        })
        .collect();
    assert_eq!(places, [(7, true), (9, false)]);
}
