//! The screen hub: the newest picture of a server's screen, for any number of viewers.
//!
//! A viewer is a lease: the driver captures while there is at least one, and stops with the last. A
//! viewer that is slow finds the newest picture when it looks again, and holds up nobody.

mod follower;

use std::{
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use tokio::{sync::watch, time::timeout};

use self::follower::Shared;
pub use self::follower::{Follower, Look, Update};
use crate::driver::{Display, Frame, Picture};

/// Why there is no picture to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoPicture {
    /// The server has no screen, or it was switched off in the settings.
    #[error("this server has no screen")]
    NoDisplay,
    /// The server is off.
    #[error("the server is off")]
    Off,
    /// The server sends no picture.
    #[error("there is no signal from the server's screen")]
    NoSignal,
    /// Capture has begun, and no frame came in the time that there was.
    #[error("no frame came within {} s", .0.as_secs())]
    NoFrame(Duration),
    /// The server was removed.
    #[error("the screen is gone")]
    Gone,
}

/// The hub of one screen.
#[derive(Debug)]
pub struct ScreenHub {
    display: Arc<dyn Display>,
    /// What the followers share, as long as there are any.
    shared: Mutex<Weak<Shared>>,
}

impl ScreenHub {
    /// A hub over a screen. Nothing is captured yet.
    #[must_use]
    pub fn new(display: Arc<dyn Display>) -> Arc<Self> {
        Arc::new(Self {
            display,
            shared: Mutex::default(),
        })
    }

    /// A place to follow the picture from by what changes of it; the screen is captured until it is
    /// dropped.
    #[must_use]
    pub fn follow(&self) -> Follower {
        let mut kept = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = kept.upgrade().unwrap_or_else(|| {
            let shared = Arc::new(Shared::default());
            *kept = Arc::downgrade(&shared);
            shared
        });
        Follower::new(shared, self.display.watch())
    }

    /// A lease on the picture; the screen is captured until it is dropped.
    #[must_use]
    pub fn watch(&self) -> Viewer {
        Viewer {
            picture: self.display.watch(),
        }
    }
}

/// A lease on a server's picture.
#[derive(Debug)]
pub struct Viewer {
    picture: watch::Receiver<Picture>,
}

impl Viewer {
    /// The newest picture, which counts as seen from here on.
    #[must_use]
    pub fn newest(&mut self) -> Picture {
        self.picture.borrow_and_update().clone()
    }

    /// Waits for a newer picture than the one last seen, and gives the newest.
    ///
    /// # Errors
    /// [`NoPicture::Gone`] when the server was removed.
    pub async fn changed(&mut self) -> Result<Picture, NoPicture> {
        let changed = self.picture.changed().await;
        changed.map_err(|_| NoPicture::Gone)?;
        Ok(self.newest())
    }

    /// The newest frame; while capture is only starting, the first one, for which it waits at most
    /// so long.
    ///
    /// # Errors
    /// [`NoPicture`].
    pub async fn frame(&mut self, patience: Duration) -> Result<Arc<Frame>, NoPicture> {
        let begun = self
            .picture
            .wait_for(|picture| !matches!(picture, Picture::Starting));
        match timeout(patience, begun).await {
            Ok(Ok(picture)) => match &*picture {
                Picture::Frame(frame) => Ok(frame.clone()),
                Picture::NoSignal | Picture::Starting => Err(NoPicture::NoSignal),
            },
            Ok(Err(_)) => Err(NoPicture::Gone),
            Err(_) => Err(NoPicture::NoFrame(patience)),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use outband_protocol::video::{PixelFormat, Size};
    use tokio::time::Instant;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(5);

    #[derive(Debug)]
    pub(super) struct FakeDisplay(pub(super) watch::Sender<Picture>);

    impl Display for FakeDisplay {
        fn watch(&self) -> watch::Receiver<Picture> {
            self.0.subscribe()
        }
    }

    fn hub() -> (Arc<FakeDisplay>, Arc<ScreenHub>) {
        let display = Arc::new(FakeDisplay(watch::Sender::new(Picture::Starting)));
        (display.clone(), ScreenHub::new(display))
    }

    fn frame(sequence: u64) -> Picture {
        let size = Size {
            width: 1,
            height: 1,
        };
        Picture::Frame(Arc::new(Frame {
            sequence,
            at: Instant::now(),
            size,
            format: PixelFormat::Bgrx8888,
            stride: 4,
            bytes: Bytes::from_static(&[0; 4]),
            damage: None,
        }))
    }

    #[tokio::test]
    async fn the_screen_is_captured_while_somebody_watches() {
        let (display, hub) = hub();
        assert_eq!(display.0.receiver_count(), 0);
        let viewers = [hub.watch(), hub.watch()];
        assert_eq!(display.0.receiver_count(), 2);
        drop(viewers);
        assert_eq!(display.0.receiver_count(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_frame_is_waited_for() {
        let (display, hub) = hub();
        let mut viewer = hub.watch();
        let (shown, ()) = tokio::join!(viewer.frame(PATIENCE), async {
            tokio::time::sleep(PATIENCE / 2).await;
            display.0.send_replace(frame(7));
        });
        assert_eq!(shown.unwrap().sequence, 7);
    }

    #[tokio::test(start_paused = true)]
    async fn a_frame_that_never_comes_is_not_waited_for_for_ever() {
        let (_display, hub) = hub();
        let refused = hub.watch().frame(PATIENCE).await.unwrap_err();
        assert_eq!(refused, NoPicture::NoFrame(PATIENCE));
    }

    #[tokio::test]
    async fn a_dark_screen_and_a_removed_server_are_told_apart() {
        let (display, hub) = hub();
        display.0.send_replace(Picture::NoSignal);
        let mut viewer = hub.watch();
        let dark = viewer.frame(PATIENCE).await.unwrap_err();
        assert_eq!(dark, NoPicture::NoSignal);
        let mut gone = hub.watch();
        let _ = gone.newest();
        drop((display, hub));
        assert_eq!(gone.changed().await.unwrap_err(), NoPicture::Gone);
    }

    #[tokio::test]
    async fn who_was_slow_gets_the_newest_picture_and_not_the_next() {
        let (display, hub) = hub();
        let mut viewer = hub.watch();
        for sequence in 1..=3 {
            display.0.send_replace(frame(sequence));
        }
        let Ok(Picture::Frame(shown)) = viewer.changed().await else {
            panic!("no frame")
        };
        assert_eq!(shown.sequence, 3);
    }
}
