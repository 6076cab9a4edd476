//! A client of a screen: bytes in, a picture and notices out; keys and pointer in, bytes out.
//!
//! The machine keeps the picture itself and writes pixels into it as they come, so no rectangle is
//! ever in memory twice. It asks for the next update after each one while it is told to
//! [`Client::follow`]; between updates it costs the server nothing.
//!
//! Only the security type None is spoken: the connection is one that needs no more, a socket in a
//! private folder.

mod handshake;
mod input;
mod picture;
mod send;
mod update;

pub use picture::Picture;

use super::{
    rect::{self, RectHead},
    wire,
};
use crate::{
    hid::{HeldKeys, Leds},
    video::{self, Rect, Size},
};
use picture::Damage;

/// The greatest width and height that are taken.
pub const SIDE_MAX: u16 = video::SIDE_MAX;

/// How many rectangles of an update are told apart; more become the one that holds them all.
pub const DAMAGE_MAX: usize = 256;

/// The longest name and the longest clipboard text that are passed over, in bytes.
const TEXT_MAX: u32 = 1 << 20;

/// How much is kept of the reason that a server gives for turning the client away, in bytes.
const REASON_MAX: u32 = 512;

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The handshake ended; the screen has this size.
    Ready(Size),
    /// The screen has another size; the picture is blank until the next update.
    Resized(Size),
    /// The picture changed in these rectangles, which may overlap. There are at most
    /// [`DAMAGE_MAX`] of them.
    Updated(Vec<Rect>),
    /// The keyboard's lights are now so.
    Leds(Leds),
    /// The bell rang.
    Bell,
}

/// The server broke the protocol, or wants what is not spoken here. The connection is of no more
/// use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The first bytes are no version of the protocol from 3.3.
    #[error("no RFB server")]
    NoVersion,
    /// The server turned the client away.
    #[error("turned away: {0}")]
    TurnedAway(Box<str>),
    /// The server doesn't offer the security type None.
    #[error("the screen wants a password")]
    Security,
    /// The screen is larger than [`SIDE_MAX`].
    #[error("a screen of {} by {} is too large", .0.width, .0.height)]
    TooLarge(Size),
    /// A text is longer than is taken.
    #[error("a text of {0} bytes is too long")]
    TextTooLong(u32),
    /// A rectangle reaches outside the screen.
    #[error("a rectangle outside the screen: {0:?}")]
    Outside(Rect),
    /// A rectangle comes in an encoding that wasn't offered.
    #[error("an encoding that wasn't offered: {0}")]
    Encoding(i32),
    /// A message that isn't known, or that means nothing for true colour.
    #[error("an unexpected message: {0}")]
    Message(u8),
}

/// What the next bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Version,
    /// Version 3.3: the server's choice.
    SecurityChoice,
    /// Versions 3.7 and 3.8: how many types there are, then which.
    SecurityCount,
    SecurityTypes(usize),
    SecurityResult,
    ReasonLength,
    Reason(usize),
    ServerInit,
    /// The kind of the next message.
    Message,
    UpdateHead,
    RectHead,
    Pixels {
        rect: Rect,
        done: usize,
    },
    CopySource(Rect),
    Screens {
        head: RectHead,
    },
    Leds,
    CutTextHead,
    /// Bytes that nobody needs, then a message or, within an update, the end of a rectangle.
    Skip {
        left: usize,
        in_update: bool,
    },
}

/// The machine. Hand it bytes with [`Client::receive`] and write what [`Client::outgoing`] gives.
#[derive(Debug)]
pub struct Client {
    step: Step,
    /// A message's fixed part, until it is whole; bounded by what [`Client::need`] says.
    gathered: Vec<u8>,
    picture: Picture,
    damage: Damage,
    /// Rectangles left in the update under way.
    rects_left: u16,
    minor_version: u8,
    ready: bool,
    following: bool,
    /// Whether the next request must be for everything.
    request_all: bool,
    extended_keys: bool,
    absolute: bool,
    held: HeldKeys,
    /// Where the pointer was last, in pixels.
    pointer: (u16, u16),
    outgoing: Vec<u8>,
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

impl Client {
    /// A client of a fresh connection.
    #[must_use]
    pub fn new() -> Self {
        Self {
            step: Step::Version,
            gathered: Vec::new(),
            picture: Picture::default(),
            damage: Damage::default(),
            rects_left: 0,
            minor_version: 8,
            ready: false,
            following: false,
            request_all: true,
            extended_keys: false,
            absolute: true,
            held: HeldKeys::NONE,
            pointer: (0, 0),
            outgoing: Vec::new(),
        }
    }

    /// Takes bytes from the front of the slice, up to the first notice or to the end. Call it
    /// until it gives `None`; the picture is that of the last notice.
    ///
    /// # Errors
    /// [`Fault`] when the connection is of no more use.
    pub fn receive(&mut self, bytes: &mut &[u8]) -> Result<Option<Notice>, Fault> {
        loop {
            let whole = match &mut self.step {
                Step::Pixels { rect, done } => {
                    self.picture.write(*rect, done, bytes);
                    *done == Picture::bytes_of(*rect)
                }
                Step::Skip { left, .. } => {
                    let count = bytes.len().min(*left);
                    wire::advance(bytes, count);
                    *left -= count;
                    *left == 0
                }
                _ => self.gather(bytes),
            };
            if !whole {
                return Ok(None);
            }
            let head = std::mem::take(&mut self.gathered);
            let notice = self.step_done(&head)?;
            // The buffer is kept: its bytes were read.
            self.gathered = head;
            self.gathered.clear();
            if notice.is_some() {
                return Ok(notice);
            }
        }
    }

    /// What is to be written to the connection since the last call.
    pub fn outgoing(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.outgoing)
    }

    /// The picture as far as it came; blank before the first update.
    #[must_use]
    pub const fn picture(&self) -> &Picture {
        &self.picture
    }

    /// Whether the server's pointing device takes positions (`true`) or movements.
    #[must_use]
    pub const fn pointer_is_absolute(&self) -> bool {
        self.absolute
    }

    /// Asks for updates from now on, beginning with the whole picture, or no more.
    pub fn follow(&mut self, follow: bool) {
        if follow && !self.following {
            self.request_all = true;
            self.following = true;
            self.request();
        }
        self.following = follow;
    }

    /// How many bytes the step under way takes in one piece.
    const fn need(&self) -> usize {
        match self.step {
            Step::Version => 12,
            Step::SecurityCount | Step::Message | Step::Leds => 1,
            Step::SecurityChoice | Step::SecurityResult | Step::ReasonLength => 4,
            Step::SecurityTypes(count) | Step::Reason(count) => count,
            Step::ServerInit => 24,
            Step::UpdateHead => 3,
            Step::RectHead => rect::HEAD,
            Step::CopySource(_) | Step::Screens { .. } => 4,
            Step::CutTextHead => 7,
            Step::Pixels { .. } | Step::Skip { .. } => 0,
        }
    }

    fn gather(&mut self, bytes: &mut &[u8]) -> bool {
        let missing = self.need() - self.gathered.len();
        let count = missing.min(bytes.len());
        self.gathered.extend(wire::advance(bytes, count));
        count == missing
    }

    /// The step under way has all its bytes: reads them and goes to the next step.
    fn step_done(&mut self, head: &[u8]) -> Result<Option<Notice>, Fault> {
        match self.step {
            Step::Version
            | Step::SecurityChoice
            | Step::SecurityCount
            | Step::SecurityTypes(_)
            | Step::SecurityResult
            | Step::ReasonLength
            | Step::Reason(_)
            | Step::ServerInit => self.handshake(head),
            Step::Message
            | Step::UpdateHead
            | Step::RectHead
            | Step::Pixels { .. }
            | Step::CopySource(_)
            | Step::Screens { .. }
            | Step::Leds
            | Step::CutTextHead
            | Step::Skip { .. } => self.message(head),
        }
    }
}

#[cfg(test)]
mod tests;
