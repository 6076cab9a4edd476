//! What is said on the console's WebSocket, as JSON in text frames; `schemas/openapi.json` has the
//! same for others to read.

use std::net::IpAddr;

use outband_core::{
    access::Via,
    console::{Person, Present, SeatId},
};
use outband_protocol::hid::{Buttons, HeldKeys, Leds, Pointer, Usage};
use serde::{Deserialize, Serialize};

/// The longest text frame that a page sends, in bytes.
pub(super) const SAID_MAX: usize = 4096;

/// How many keys a statement names at most: more than hands can hold.
const KEYS_MAX: usize = 32;

/// What a page says.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Said {
    /// Send the picture.
    Watch {},
    /// Send it no more.
    Unwatch {},
    /// This update of the picture is drawn.
    Seen { update: u32 },
    /// Exactly these keys are held: numbers of the Keyboard/Keypad page, 4 to 231.
    Keys { seq: u64, held: Vec<u8> },
    /// The pointer is here, on axes over `0..=32767`, the whole picture.
    Pointer {
        x: u16,
        y: u16,
        #[serde(default)]
        buttons: u8,
        #[serde(default)]
        wheel: i8,
    },
    /// The pointer moved by so much.
    Move {
        #[serde(default)]
        dx: i8,
        #[serde(default)]
        dy: i8,
        #[serde(default)]
        buttons: u8,
        #[serde(default)]
        wheel: i8,
    },
    /// Take the keyboard.
    Take {},
    /// Ask for it.
    Ask {},
    /// Give it to this place, or to nobody.
    Give { to: Option<u64> },
    /// Answer with the same number: to measure the way there and back.
    Ping { token: u64 },
}

/// What a page is told.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub(super) enum Told<'a> {
    /// First of all: which place this is, and whether its account may type here.
    Hello {
        server: &'a str,
        seat: u64,
        may_type: bool,
    },
    /// Who is here and who has the keyboard.
    People {
        people: Vec<PersonTold<'a>>,
        holder: Option<u64>,
    },
    /// The keyboard's lights, where they can be read.
    Leds { num: bool, caps: bool, scroll: bool },
    /// Whether there is a picture, and why not.
    Picture { state: PictureTold },
    /// Something that the page said was not done.
    Refused { what: &'static str, why: String },
    /// The answer to `ping`.
    Pong { token: u64 },
}

/// Whether there is a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum PictureTold {
    /// There is one; its updates follow.
    Live,
    /// Capture has begun, and nothing came yet.
    Starting,
    /// The server is off.
    Off,
    /// The server is not off, and sends nothing.
    NoSignal,
    /// The server sends what can't be shown.
    OutOfRange,
    /// The server has no screen.
    NoScreen,
}

/// Somebody at the console.
#[derive(Debug, Serialize)]
pub(super) struct PersonTold<'a> {
    seat: u64,
    name: &'a str,
    via: Via,
    from: Option<IpAddr>,
    /// Seconds since 1970.
    since: u32,
    may_type: bool,
    asks: bool,
}

impl<'a> From<&'a Person> for PersonTold<'a> {
    fn from(person: &'a Person) -> Self {
        Self {
            seat: person.seat.0,
            name: &person.name,
            via: person.origin.via,
            from: person.origin.source,
            since: person.since.unix_seconds(),
            may_type: person.may_type,
            asks: person.asks,
        }
    }
}

impl<'a> From<&'a Present> for Told<'a> {
    fn from(present: &'a Present) -> Self {
        Self::People {
            people: present.people.iter().map(PersonTold::from).collect(),
            holder: present.holder.map(|seat| seat.0),
        }
    }
}

impl From<Leds> for Told<'_> {
    fn from(leds: Leds) -> Self {
        Self::Leds {
            num: leds.num_lock,
            caps: leds.caps_lock,
            scroll: leds.scroll_lock,
        }
    }
}

/// Why what was said makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Nonsense {
    /// It is no message of this protocol.
    #[error("{0}")]
    Message(String),
    /// A statement of keys that is no newer than the one before.
    #[error("each `seq` is greater than the one before")]
    Order,
    /// An update that was not the last one.
    #[error("this is not the update that was sent last")]
    Update,
    /// A key that no keyboard has.
    #[error("{0} is no key: they are 4 to 231")]
    Key(u8),
    /// More keys than hands can hold.
    #[error("at most {KEYS_MAX} keys are held at once")]
    Keys,
    /// A position off the picture.
    #[error("both axes run from 0 to 32767")]
    Position,
    /// A button that no pointer has.
    #[error("buttons are 1 (left), 2 (right) and 4 (middle), added up")]
    Buttons,
}

impl Said {
    /// Reads a text frame.
    ///
    /// # Errors
    /// [`Nonsense::Message`].
    pub(super) fn read(text: &str) -> Result<Self, Nonsense> {
        serde_json::from_str(text).map_err(|why| Nonsense::Message(why.to_string()))
    }
}

/// The keys of these numbers.
///
/// # Errors
/// [`Nonsense`].
pub(super) fn keys(numbers: &[u8]) -> Result<HeldKeys, Nonsense> {
    if numbers.len() > KEYS_MAX {
        return Err(Nonsense::Keys);
    }
    let usage = |number: &u8| Usage::new(*number).ok_or(Nonsense::Key(*number));
    numbers.iter().map(usage).collect()
}

/// A report of an absolute pointer.
///
/// # Errors
/// [`Nonsense`].
pub(super) fn absolute(x: u16, y: u16, held: u8, wheel: i8) -> Result<Pointer, Nonsense> {
    if x.max(y) > 0x7FFF {
        return Err(Nonsense::Position);
    }
    Ok(Pointer::Absolute {
        x,
        y,
        buttons: buttons(held)?,
        wheel,
    })
}

/// A report of a relative pointer.
///
/// # Errors
/// [`Nonsense`].
pub(super) fn relative(dx: i8, dy: i8, held: u8, wheel: i8) -> Result<Pointer, Nonsense> {
    Ok(Pointer::Relative {
        dx,
        dy,
        buttons: buttons(held)?,
        wheel,
    })
}

/// The buttons in a sum, as `MouseEvent.buttons` has it.
fn buttons(sum: u8) -> Result<Buttons, Nonsense> {
    if sum > 7 {
        return Err(Nonsense::Buttons);
    }
    Ok(Buttons {
        left: sum & 1 != 0,
        right: sum & 2 != 0,
        middle: sum & 4 != 0,
    })
}

/// The place of a number.
pub(super) fn seat(number: Option<u64>) -> Option<SeatId> {
    number.map(SeatId)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_says_is_read_to_the_letter() {
        let Ok(Said::Keys { seq: 7, held }) =
            Said::read(r#"{"type":"keys","seq":7,"held":[4,225]}"#)
        else {
            panic!("no keys")
        };
        let held = keys(&held).unwrap();
        assert!(held.holds(Usage::A) && held.holds(Usage::LEFT_SHIFT));
        for nonsense in [
            "",
            "{}",
            "[]",
            r#"{"type":"kill"}"#,
            r#"{"type":"watch","now":true}"#,
            r#"{"type":"keys","seq":-1,"held":[]}"#,
            r#"{"type":"keys","seq":1,"held":[300]}"#,
            r#"{"type":"keys","held":[4]}"#,
            r#"{"type":"pointer","x":70000,"y":0}"#,
        ] {
            assert!(
                matches!(Said::read(nonsense), Err(Nonsense::Message(_))),
                "{nonsense}"
            );
        }
    }

    #[test]
    fn what_no_hands_can_do_is_refused() {
        assert_eq!(keys(&[3]), Err(Nonsense::Key(3)));
        assert_eq!(keys(&[4; 33]), Err(Nonsense::Keys));
        assert_eq!(absolute(0x8000, 0, 0, 0), Err(Nonsense::Position));
        assert_eq!(relative(0, 0, 8, 0), Err(Nonsense::Buttons));
        let right = absolute(1, 2, 2, 0).unwrap().buttons();
        assert_eq!(
            (right.left, right.right, right.middle),
            (false, true, false)
        );
    }
}
