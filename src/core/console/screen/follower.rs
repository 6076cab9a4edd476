//! A viewer that follows a screen by what changes of it.
//!
//! All followers of a screen share one published picture: the newest frame is compared with it once,
//! whoever looks first, and what changed is packed once for all who lack the same. A follower that
//! is slow lacks more the next time it looks, and costs the others nothing.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use outband_protocol::video::{
    Size, shared,
    tiles::{self, BadFrame, Published},
};
use tokio::{sync::watch, time::Instant};

use super::NoPicture;
use crate::driver::{Frame, Picture};

/// What the followers of one screen share; gone with the last of them.
#[derive(Debug, Default)]
pub(super) struct Shared(Mutex<Shown>);

/// The published picture.
#[derive(Debug, Default)]
struct Shown {
    published: Published,
    made: shared::Shared,
    /// The frame that was taken last: its number, and when it was captured.
    taken: Option<(u64, Instant)>,
}

/// Somebody who follows a screen, which is captured until the last of them is dropped.
#[derive(Debug)]
pub struct Follower {
    shared: Arc<Shared>,
    picture: watch::Receiver<Picture>,
    viewer: tiles::Viewer,
    /// The last update left something over.
    more: bool,
}

/// What a follower is to be shown.
#[derive(Debug)]
pub enum Look {
    /// Capture has begun, and nothing was seen yet.
    Starting,
    /// The server sends no picture.
    NoSignal,
    /// The server sends what can't be shown.
    Bad(BadFrame),
    /// What it has not seen of the picture.
    Update(Update),
    /// It has seen everything.
    Same,
}

/// What changed of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// The picture's size. Where it is another than before, all that was shown is void.
    pub size: Size,
    /// The parts, in reading order, none overlapping another: each a rectangle as RFB has it
    /// (RFC 6143 section 7.6.1), head and body, in the encoding Tight.
    pub parts: Vec<Bytes>,
}

impl Shared {
    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shown {
    /// Takes a frame over, unless another follower did.
    fn take(&mut self, frame: &Frame) -> Result<(), BadFrame> {
        // Several followers may come with several frames; one that was captured before what is
        // shown shows nothing that isn't known.
        if self.taken.is_some_and(|(_, at)| at >= frame.at) {
            return Ok(());
        }
        let follows = self
            .taken
            .is_some_and(|(number, _)| number + 1 == frame.sequence);
        self.published.take(&tiles::Frame {
            size: frame.size,
            format: frame.format,
            stride: frame.stride,
            bytes: &frame.bytes,
            // It says what differs from the frame before alone.
            damage: frame.damage.as_deref().filter(|_| follows),
        })?;
        self.taken = Some((frame.sequence, frame.at));
        Ok(())
    }
}

impl Follower {
    pub(super) fn new(shared: Arc<Shared>, picture: watch::Receiver<Picture>) -> Self {
        Self {
            shared,
            picture,
            viewer: tiles::Viewer::new(),
            more: true,
        }
    }

    /// Waits until there may be something to look at. May be given up and asked again.
    ///
    /// # Errors
    /// [`NoPicture::Gone`] when the server was removed.
    pub async fn changed(&mut self) -> Result<(), NoPicture> {
        if self.more {
            return Ok(());
        }
        self.picture.changed().await.map_err(|_| NoPicture::Gone)
    }

    /// Looks at the screen; what it is given counts as seen. An update has about as many pixels as
    /// `limit`; what is left over comes with the next look. This compares, copies and packs: up to
    /// tens of milliseconds of work for a large picture that is all new.
    pub fn look(&mut self, limit: usize) -> Look {
        let picture = self.picture.borrow_and_update().clone();
        self.more = false;
        let frame = match picture {
            Picture::Starting => return Look::Starting,
            Picture::NoSignal => return Look::NoSignal,
            Picture::Frame(frame) => frame,
        };
        let mut shown = self.shared.shown();
        let Shown {
            published, made, ..
        } = {
            if let Err(bad) = shown.take(&frame) {
                return Look::Bad(bad);
            }
            &mut *shown
        };
        let update = self.viewer.update(published, limit);
        self.more = update.more;
        let parts = update.rects.iter();
        let parts: Result<Vec<Bytes>, _> =
            parts.map(|rect| made.rectangle(published, *rect)).collect();
        // The rectangles are the picture's own: none is misplaced.
        match parts.unwrap_or_default() {
            parts if parts.is_empty() => Look::Same,
            parts => Look::Update(Update {
                size: published.size(),
                parts,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use outband_protocol::video::{PixelFormat, Rect};
    use tokio::time::Duration;

    use super::{
        super::{ScreenHub, tests::FakeDisplay},
        *,
    };

    const SIZE: Size = Size {
        width: 128,
        height: 32,
    };

    /// A screen that shows what it is told to.
    struct Bench {
        display: Arc<FakeDisplay>,
        hub: Arc<ScreenHub>,
        bytes: Vec<u8>,
        sequence: u64,
    }

    impl Bench {
        fn new() -> Self {
            let display = Arc::new(FakeDisplay(watch::Sender::new(Picture::Starting)));
            let hub = ScreenHub::new(display.clone());
            Self {
                display,
                hub,
                bytes: vec![0; 128 * 32 * 4],
                sequence: 0,
            }
        }

        /// Changes a pixel of a tile, and shows the frame.
        fn touch(&mut self, tile: usize) {
            let (row, column) = (tile / 2, tile % 2);
            self.bytes[row * 16 * 512 + column * 256] += 1;
            self.show(None);
        }

        fn show(&mut self, damage: Option<Vec<Rect>>) {
            self.sequence += 1;
            let frame = Frame {
                sequence: self.sequence,
                at: Instant::now() + Duration::from_millis(self.sequence),
                size: SIZE,
                format: PixelFormat::Bgrx8888,
                stride: 512,
                bytes: self.bytes.clone().into(),
                damage,
            };
            self.display.0.send_replace(Picture::Frame(Arc::new(frame)));
        }
    }

    /// Where the parts of an update are.
    fn places(look: Look) -> Vec<(u16, u16)> {
        let Look::Update(update) = look else {
            panic!("{look:?}")
        };
        assert_eq!(update.size, SIZE);
        let place = |part: &Bytes| {
            let number = |at: usize| u16::from_be_bytes([part[at], part[at + 1]]);
            (number(0), number(2))
        };
        update.parts.iter().map(place).collect()
    }

    #[tokio::test]
    async fn a_follower_is_shown_what_it_has_not_seen_and_nothing_twice() {
        let mut bench = Bench::new();
        let mut follower = bench.hub.follow();
        assert!(matches!(follower.look(1 << 20), Look::Starting));
        bench.touch(0);
        follower.changed().await.unwrap();
        assert_eq!(places(follower.look(1 << 20)), [(0, 0)]);
        assert!(matches!(follower.look(1 << 20), Look::Same));
        // What it missed comes together.
        bench.touch(1);
        bench.touch(2);
        follower.changed().await.unwrap();
        assert_eq!(places(follower.look(1 << 20)), [(64, 0), (0, 16)]);
        bench.display.0.send_replace(Picture::NoSignal);
        follower.changed().await.unwrap();
        assert!(matches!(follower.look(1 << 20), Look::NoSignal));
    }

    #[tokio::test]
    async fn what_does_not_fit_comes_with_the_next_look() {
        let mut bench = Bench::new();
        let mut follower = bench.hub.follow();
        bench.touch(0);
        let _ = follower.look(1 << 20);
        bench.touch(1);
        bench.touch(2);
        assert_eq!(places(follower.look(1)), [(64, 0)]);
        // There is more, so there is nothing to be waited for.
        follower.changed().await.unwrap();
        assert_eq!(places(follower.look(1)), [(0, 16)]);
        assert!(matches!(follower.look(1), Look::Same));
    }

    #[test]
    fn followers_share_a_picture_and_each_is_shown_what_it_lacks() {
        let mut bench = Bench::new();
        let (mut one, mut other) = (bench.hub.follow(), bench.hub.follow());
        bench.touch(0);
        let _ = (one.look(1 << 20), other.look(1 << 20));
        bench.touch(1);
        assert_eq!(places(one.look(1 << 20)), [(64, 0)]);
        bench.touch(2);
        assert_eq!(places(other.look(1 << 20)), [(64, 0), (0, 16)]);
        assert_eq!(places(one.look(1 << 20)), [(0, 16)]);
        drop((one, other));
        assert_eq!(bench.display.0.receiver_count(), 0, "nobody watches");
        // The next to come is shown it all, by a picture of their own.
        assert_eq!(places(bench.hub.follow().look(1 << 20)), [(0, 0)]);
    }

    #[test]
    fn a_driver_s_word_of_what_changed_holds_for_the_next_frame_alone() {
        let mut bench = Bench::new();
        let mut follower = bench.hub.follow();
        let first = Rect {
            width: 1,
            height: 1,
            ..Rect::default()
        };
        bench.touch(0);
        let _ = follower.look(1 << 20);
        // A change that the driver doesn't speak of is not looked for.
        bench.bytes[256] += 1;
        bench.show(Some(vec![first]));
        assert!(matches!(follower.look(1 << 20), Look::Same));
        // Two frames later its word means nothing.
        bench.show(Some(vec![first]));
        bench.show(Some(vec![first]));
        assert_eq!(places(follower.look(1 << 20)), [(64, 0)]);
    }

    #[test]
    fn a_frame_that_can_not_be_shown_is_told_and_changes_nothing() {
        let mut bench = Bench::new();
        let mut follower = bench.hub.follow();
        bench.touch(0);
        let _ = follower.look(1 << 20);
        let whole = std::mem::take(&mut bench.bytes);
        bench.show(None);
        assert!(matches!(follower.look(1 << 20), Look::Bad(_)));
        bench.bytes = whole;
        bench.touch(3);
        assert_eq!(places(follower.look(1 << 20)), [(64, 16)]);
    }
}
