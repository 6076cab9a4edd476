//! A server's keyboard: `/api/v1/servers/{id}/keys`.
//!
//! `POST` types, in the order of the list, and answers 204 when all was handed over. Keys are numbers
//! of the Keyboard/Keypad page (USB HID Usage Tables 1.5, chapter 10): 4 to 231, by place, whatever
//! layout the server is set to.
//!
//! ```json
//! {"keys": [
//!   {"usage": 225, "down": true},
//!   {"tap": [4]},
//!   {"usage": 225, "down": false},
//!   {"wait_ms": 500},
//!   {"tap": [224, 226, 76]}
//! ]}
//! ```
//!
//! - `usage` and `down` press a key or release it. Every key that is pressed must be released in the
//!   same list: the request is what holds it, and when the request ends, by a client that vanishes
//!   too, nothing is held. Whoever wants to hold a key for a while waits with it held.
//! - `tap` presses one key, or several together, and releases them.
//! - `wait_ms` waits: at most 10,000 ms in all of the list.
//!
//! A list has 1 to 256 entries, is checked as a whole before anything is typed, and holds at most six
//! keys beside the modifiers at once. Each report stands for 20 ms; lists of several requests are
//! typed one after the other. What is wrong is 400 with the place (`keys[3]: ...`), a key that this
//! keyboard lacks 409, a keyboard that takes nothing 503: `off` while the server is off, `busy` while
//! others type, `input` otherwise.
//!
//! `GET` answers `{"leds": {"num": false, "caps": true, "scroll": false}}`, as the server switches
//! its lights, or `{"leds": null}` where they can't be read. Which keys are held is not told: it
//! would show to whoever may look what somebody else types.

use std::{sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use http::StatusCode;
use outband_core::{
    console::{InputHub, Stroke},
    server::{PowerState, ServerHandle},
};
use outband_protocol::hid::Usage;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, error::Refusal, routes::Ask};
use crate::services::{
    body,
    json::{self, Object},
};

/// The keyboard of a server.
fn keyboard(server: &ServerHandle) -> Result<&Arc<InputHub>, Refusal> {
    let hub = server.input();
    hub.ok_or_else(|| Refusal::not_found("this server has no keyboard"))
}

/// Its lights.
pub(super) fn state(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let leds = keyboard(&ask.server)?.leds().map(|leds| {
        let leds = *leds.borrow();
        json!({"num": leds.num_lock, "caps": leds.caps_lock, "scroll": leds.scroll_lock})
    });
    Answer::json(StatusCode::OK, &json!({ "leds": leds }))
}

/// Types what a body says.
pub(super) fn press(ask: Ask<'_>) -> BoxFuture<'_, Result<Answer, Refusal>> {
    Box::pin(async move {
        let hub = keyboard(&ask.server)?;
        // Before the body is read: who may not is told nothing else.
        let holder = hub.holder(ask.actor)?;
        let bytes = body::read(ask.headers, ask.body.take().unwrap_or_default()).await?;
        let batch = hub.batch(read(json::object(&bytes)?)?)?;
        let typed = holder.type_out(&batch).await;
        typed.map_err(|refused| {
            let off = ask.server.snapshot().power == PowerState::Off;
            Refusal::input(refused, off)
        })?;
        Ok(Answer::done())
    })
}

/// A body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    keys: Vec<Entry>,
}

/// An entry of the list; which of its members stand together is looked at afterwards.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    usage: Option<u32>,
    down: Option<bool>,
    tap: Option<Vec<u32>>,
    wait_ms: Option<u32>,
}

/// The strokes in a body.
fn read(body: Object) -> Result<Vec<Stroke>, Refusal> {
    let typed: Typed =
        serde_path_to_error::deserialize(Value::Object(body)).map_err(Refusal::invalid)?;
    let entries = typed.keys.into_iter().enumerate();
    entries
        .map(|(at, entry)| {
            stroke(entry).map_err(|why| Refusal::invalid(format!("keys[{at}]: {why}")))
        })
        .collect()
}

fn stroke(entry: Entry) -> Result<Stroke, String> {
    match entry {
        Entry {
            usage: Some(key),
            down: Some(down),
            tap: None,
            wait_ms: None,
        } => {
            let key = usage(key)?;
            Ok(if down {
                Stroke::Press(key)
            } else {
                Stroke::Release(key)
            })
        }
        Entry {
            usage: None,
            down: None,
            tap: Some(keys),
            wait_ms: None,
        } => Ok(Stroke::Tap(
            keys.into_iter().map(usage).collect::<Result<_, _>>()?,
        )),
        Entry {
            usage: None,
            down: None,
            tap: None,
            wait_ms: Some(time),
        } => Ok(Stroke::Wait(Duration::from_millis(time.into()))),
        _ => Err("an entry is `usage` and `down`, or `tap`, or `wait_ms`".to_owned()),
    }
}

fn usage(number: u32) -> Result<Usage, String> {
    let usage = u8::try_from(number).ok().and_then(Usage::new);
    usage.ok_or_else(|| format!("{number} is no key: they are 4 to 231"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_body(body: Value) -> Result<Vec<Stroke>, Refusal> {
        let Value::Object(body) = body else {
            panic!("no object")
        };
        read(body)
    }

    #[test]
    fn a_list_is_presses_releases_taps_and_waits() {
        let strokes = read_body(json!({"keys": [
            {"usage": 4, "down": true},
            {"usage": 4, "down": false},
            {"tap": [224, 226, 76]},
            {"wait_ms": 10},
        ]}));
        let chord = vec![Usage::LEFT_CONTROL, Usage::LEFT_ALT, Usage::DELETE];
        assert_eq!(
            strokes.unwrap(),
            [
                Stroke::Press(Usage::A),
                Stroke::Release(Usage::A),
                Stroke::Tap(chord),
                Stroke::Wait(Duration::from_millis(10)),
            ]
        );
    }

    #[test]
    fn what_is_no_list_of_keys_is_refused_with_its_place() {
        for (body, place) in [
            (json!({}), "keys"),
            (json!({"keys": 4}), "keys"),
            (json!({"keys": [], "text": "ls"}), "text"),
            (json!({"keys": [4]}), "keys[0]"),
            (json!({"keys": [{"tap": [4]}, {}]}), "keys[1]"),
            (json!({"keys": [{"usage": 4}]}), "keys[0]"),
            (json!({"keys": [{"down": true}]}), "keys[0]"),
            (json!({"keys": [{"tap": [4], "down": true}]}), "keys[0]"),
            (json!({"keys": [{"usage": 4, "down": 1}]}), "keys[0].down"),
            (
                json!({"keys": [{"usage": -4, "down": true}]}),
                "keys[0].usage",
            ),
            (json!({"keys": [{"usage": 3, "down": true}]}), "keys[0]"),
            (json!({"keys": [{"usage": 260, "down": true}]}), "keys[0]"),
            (json!({"keys": [{"tap": [4, 0]}]}), "keys[0]"),
            (json!({"keys": [{"tap": ["a"]}]}), "keys[0].tap[0]"),
            (json!({"keys": [{"wait_ms": 1.5}]}), "keys[0].wait_ms"),
            (json!({"keys": [{"press": 4}]}), "keys[0]"),
        ] {
            let refused = format!("{:?}", read_body(body.clone()).unwrap_err());
            assert!(refused.contains(place), "{body}: {refused}");
        }
    }
}
