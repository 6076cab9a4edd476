//! The picture's way to one viewer: an update at a time, the next one when that was drawn.
//!
//! A binary frame is an update: the kind 1 (one byte), the update's number (four bytes), width and
//! height of the picture and the number of rectangles (two bytes each), then the rectangles as RFB has
//! them (RFC 6143 section 7.6.1) in the encoding Tight, big-endian all. A viewer that is slow skips
//! what happened meanwhile and gets what it lacks.

use axum::extract::ws::Message;
use outband_core::{
    console::{Follower, Look, NoPicture, Update},
    server::{PowerState, ServerHandle},
};
use outband_protocol::video::Size;

use super::words::{Nonsense, PictureTold};

/// The kind of a binary frame that is an update of the picture.
const UPDATE: u8 = 1;

/// About how many pixels an update has at most: half of a full-HD picture. Whoever is at the end of
/// a slow line sees something after the first of them.
const LIMIT: usize = 1 << 20;

/// What one viewer is shown.
#[derive(Debug, Default)]
pub(super) struct Pictures {
    /// While it watches.
    follower: Option<Follower>,
    /// The number of the last update.
    number: u32,
    /// That update was not drawn yet.
    under_way: bool,
    /// What was seen of the screen last.
    screen: Option<Screen>,
    /// What the viewer was told last.
    told: Option<PictureTold>,
}

/// What comes from a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Screen {
    Starting,
    Dark,
    Bad,
    Live,
}

impl Pictures {
    /// Begins to watch a server's screen.
    pub(super) fn watch(&mut self, server: &ServerHandle) {
        if self.follower.is_none() {
            self.follower = server.screen().map(|screen| screen.follow());
            self.under_way = false;
            self.screen = None;
            self.told = None;
        }
    }

    /// Watches no more.
    pub(super) fn unwatch(&mut self) {
        self.follower = None;
    }

    /// An update was drawn.
    ///
    /// # Errors
    /// [`Nonsense::Update`].
    pub(super) fn seen(&mut self, number: u32) -> Result<(), Nonsense> {
        if number != self.number {
            return Err(Nonsense::Update);
        }
        self.under_way = false;
        Ok(())
    }

    /// Resolves when it is time to look: somebody watches, the last update was drawn, and something
    /// changed. May be given up and asked again.
    pub(super) async fn due(&mut self) -> Result<(), NoPicture> {
        match &mut self.follower {
            Some(follower) if !self.under_way => follower.changed().await,
            _ => std::future::pending().await,
        }
    }

    /// Looks; gives the update, where there is one. Not to be given up half way.
    pub(super) async fn look(&mut self) -> Option<Message> {
        let mut follower = self.follower.take()?;
        // It is too much work for a thread that others wait for.
        let looked = tokio::task::spawn_blocking(move || {
            let look = follower.look(LIMIT);
            (follower, look)
        });
        let look = match looked.await {
            Ok((follower, look)) => {
                self.follower = Some(follower);
                look
            }
            Err(why) => {
                tracing::error!(%why, "a viewer's picture ended");
                return None;
            }
        };
        self.screen = Some(match look {
            Look::Starting => Screen::Starting,
            Look::NoSignal => Screen::Dark,
            Look::Bad(why) => {
                tracing::warn!(%why, "a frame can't be shown");
                Screen::Bad
            }
            Look::Same => Screen::Live,
            Look::Update(update) => {
                self.screen = Some(Screen::Live);
                self.number = self.number.wrapping_add(1);
                self.under_way = true;
                return Some(Message::Binary(framed(self.number, &update).into()));
            }
        });
        None
    }

    /// What the viewer is to be told of the picture, where that is something else than before.
    pub(super) fn state(&mut self, server: &ServerHandle) -> Option<PictureTold> {
        let off = server.snapshot().power == PowerState::Off;
        let now = match self.screen {
            _ if server.screen().is_none() => PictureTold::NoScreen,
            Some(Screen::Live) => PictureTold::Live,
            _ if off => PictureTold::Off,
            Some(Screen::Dark) => PictureTold::NoSignal,
            Some(Screen::Bad) => PictureTold::OutOfRange,
            Some(Screen::Starting) | None => PictureTold::Starting,
        };
        (self.told != Some(now)).then(|| {
            self.told = Some(now);
            now
        })
    }

    /// Whether somebody watches, or would.
    pub(super) fn is_watched(&self) -> bool {
        self.follower.is_some()
    }
}

/// An update as it goes out.
fn framed(number: u32, update: &Update) -> Vec<u8> {
    let Size { width, height } = update.size;
    let count = u16::try_from(update.parts.len()).unwrap_or(u16::MAX);
    let parts = update.parts.iter().take(count.into());
    let length: usize = parts.clone().map(|part| part.len()).sum();
    let mut bytes = Vec::with_capacity(11 + length);
    bytes.push(UPDATE);
    bytes.extend_from_slice(&number.to_be_bytes());
    for field in [width, height, count] {
        bytes.extend_from_slice(&field.to_be_bytes());
    }
    for part in parts {
        bytes.extend_from_slice(part);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_begins_with_what_it_is() {
        let update = Update {
            size: Size {
                width: 0x0280,
                height: 0x01E0,
            },
            parts: vec![b"one".as_slice().into(), b"two".as_slice().into()],
        };
        let expected = b"\x01\0\0\0\x07\x02\x80\x01\xE0\0\x02onetwo";
        assert_eq!(framed(7, &update), expected);
    }
}
