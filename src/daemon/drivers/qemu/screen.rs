//! The screen and what goes the other way: one VNC connection for pictures, keys, pointer, lights.
//!
//! Keys go through the same connection as the picture because QEMU looks at an idle screen less and
//! less often, up to three seconds apart, and a key through its VNC server wakes it. The connection
//! stands while the machine runs; pictures are asked for only while somebody watches.

use std::{
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use outband_core::driver::{Display, DriverFault, Frame, Input, Picture};
use outband_protocol::{
    hid::{HeldKeys, Leds, Pointer, Usage},
    rfb::{
        client::{Client, Notice},
        keys,
    },
    video::{PixelFormat, Rect},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
    sync::{Notify, mpsc, watch},
    time::{Instant, timeout},
};

use super::fault::Fault;

/// How long the handshake, and a write, may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many reports may wait for the machine.
const REPORTS: usize = 64;

/// How much is read at once.
const CHUNK: usize = 256 << 10;

/// Something for the machine.
#[derive(Debug, Clone, Copy)]
enum Report {
    Hold(HeldKeys),
    Point(Pointer),
}

/// A machine's screen, keyboard and pointer, whether it runs or not.
#[derive(Debug)]
pub(super) struct Screen {
    picture: watch::Sender<Picture>,
    leds: watch::Sender<Leds>,
    watched: Notify,
    frames: AtomicU64,
    /// To the connection, while there is one.
    reports: Mutex<Option<Outbox>>,
}

/// What goes to a connection.
#[derive(Debug)]
struct Outbox {
    reports: mpsc::Sender<Report>,
    /// The keys that there was no room for in the queue: they are held, and others released, once
    /// there is, so that a release which came at a bad time doesn't leave a key down.
    missed: Option<HeldKeys>,
}

impl Screen {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            picture: watch::Sender::new(Picture::NoSignal),
            leds: watch::Sender::new(Leds::default()),
            watched: Notify::new(),
            frames: AtomicU64::new(0),
            reports: Mutex::new(None),
        })
    }

    /// Connects to a machine's screen.
    pub(super) async fn connect(self: &Arc<Self>, socket: &Path) -> Result<Connection, Fault> {
        let connected = UnixStream::connect(socket).await;
        let stream = connected.map_err(Fault::file("connect to the screen"))?;
        let mut wire = Wire {
            stream,
            client: Client::new(),
        };
        match timeout(PATIENCE, wire.handshake()).await {
            Ok(done) => done?,
            Err(_) => return Err(late("the screen's handshake")),
        }
        let (to, reports) = mpsc::channel(REPORTS);
        Ok(Connection {
            attached: Attached::new(self.clone(), to),
            wire,
            reports,
            following: false,
        })
    }

    fn say(&self, report: Report) -> Result<(), DriverFault> {
        let refused = |why: &str| DriverFault {
            part: "input",
            why: why.into(),
        };
        let mut outbox = self.outbox();
        let Some(to) = outbox.as_mut() else {
            return Err(refused("the machine is off"));
        };
        let sent = to.reports.try_send(report);
        if let Report::Hold(keys) = report {
            to.missed = sent.is_err().then_some(keys);
        }
        sent.map_err(|_| refused("the machine does not take its input"))
    }

    fn outbox(&self) -> MutexGuard<'_, Option<Outbox>> {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The keys that there was no room for, once all before them were taken.
    fn missed(&self) -> Option<HeldKeys> {
        let mut outbox = self.outbox();
        let to = outbox.as_mut()?;
        if to.reports.capacity() < to.reports.max_capacity() {
            return None;
        }
        to.missed.take()
    }
}

impl Display for Screen {
    fn watch(&self) -> watch::Receiver<Picture> {
        let receiver = self.picture.subscribe();
        self.watched.notify_one();
        receiver
    }
}

impl Input for Screen {
    fn has_key(&self, key: Usage) -> bool {
        keys::of(key).is_some()
    }

    fn hold(&self, keys: HeldKeys) -> Result<(), DriverFault> {
        self.say(Report::Hold(keys))
    }

    fn point(&self, pointer: Pointer) -> Result<(), DriverFault> {
        self.say(Report::Point(pointer))
    }

    fn leds(&self) -> Option<watch::Receiver<Leds>> {
        Some(self.leds.subscribe())
    }
}

/// A connection whose handshake has ended. Keys are taken from here on.
pub(super) struct Connection {
    attached: Attached,
    wire: Wire,
    reports: mpsc::Receiver<Report>,
    following: bool,
}

impl Connection {
    /// Runs until the connection ends.
    pub(super) async fn run(mut self) -> Result<(), Fault> {
        let screen = self.attached.0.clone();
        if screen.picture.receiver_count() > 0 {
            self.follow(true);
        }
        let mut buffer = vec![0; CHUNK];
        loop {
            self.wire.write().await?;
            tokio::select! {
                count = self.wire.read(&mut buffer) => {
                    self.receive(buffer.get(..count?).unwrap_or_default())?;
                }
                Some(report) = self.reports.recv() => {
                    match report {
                        Report::Hold(keys) => self.wire.client.hold(keys),
                        Report::Point(pointer) => self.wire.client.point(pointer),
                    }
                    if let Some(keys) = screen.missed() {
                        self.wire.client.hold(keys);
                    }
                }
                () = screen.watched.notified() => self.follow(true),
                () = screen.picture.closed(), if self.following => {
                    self.follow(false);
                    // Nobody sees it: the frame's memory is given back.
                    screen.picture.send_replace(Picture::Starting);
                }
            }
        }
    }

    fn follow(&mut self, follow: bool) {
        self.following = follow;
        self.wire.client.follow(follow);
    }

    fn receive(&mut self, mut bytes: &[u8]) -> Result<(), Fault> {
        // Whatever one read brought is one frame.
        let mut damage: Option<Vec<Rect>> = None;
        let mut resized = false;
        while let Some(notice) = self.wire.client.receive(&mut bytes)? {
            match notice {
                Notice::Updated(rects) => damage.get_or_insert_default().extend(rects),
                Notice::Resized(_) => resized = true,
                Notice::Leds(leds) => {
                    self.attached.0.leds.send_if_modified(|shown| {
                        let before = std::mem::replace(shown, leds);
                        before != leds
                    });
                }
                Notice::Ready(_) | Notice::Bell => {}
            }
        }
        if damage.is_some() && self.following {
            self.publish(if resized { None } else { damage });
        }
        Ok(())
    }

    fn publish(&self, damage: Option<Vec<Rect>>) {
        let screen = &self.attached.0;
        let picture = self.wire.client.picture();
        let had_frame = matches!(*screen.picture.borrow(), Picture::Frame(_));
        let frame = Frame {
            sequence: screen.frames.fetch_add(1, Ordering::Relaxed),
            at: Instant::now(),
            size: picture.size(),
            format: PixelFormat::Bgrx8888,
            stride: picture.stride(),
            bytes: Bytes::copy_from_slice(picture.bytes()),
            damage: damage.filter(|_| had_frame),
        };
        screen.picture.send_replace(Picture::Frame(Arc::new(frame)));
    }
}

/// The bytes of a connection.
struct Wire {
    stream: UnixStream,
    client: Client,
}

impl Wire {
    async fn handshake(&mut self) -> Result<(), Fault> {
        // No pixel comes before it is asked for, so this is room enough.
        let mut buffer = [0; 512];
        loop {
            let count = self.read(&mut buffer).await?;
            let mut rest = buffer.get(..count).unwrap_or_default();
            let mut ready = false;
            while let Some(notice) = self.client.receive(&mut rest)? {
                ready |= matches!(notice, Notice::Ready(_));
            }
            self.write().await?;
            if ready {
                return Ok(());
            }
        }
    }

    async fn write(&mut self) -> Result<(), Fault> {
        let outgoing = self.client.outgoing();
        if outgoing.is_empty() {
            return Ok(());
        }
        match timeout(PATIENCE, self.stream.write_all(&outgoing)).await {
            Ok(written) => written.map_err(Fault::stream("write to the screen")),
            Err(_) => Err(late("writing to the screen")),
        }
    }

    /// May be given up and asked again.
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        let count = self.stream.read(buffer).await;
        match count.map_err(Fault::stream("read from the screen"))? {
            0 => Err(Fault::Ended("".into())),
            count => Ok(count),
        }
    }
}

/// While it lives, a connection serves the screen; afterwards there is no signal.
struct Attached(Arc<Screen>);

impl Attached {
    fn new(screen: Arc<Screen>, reports: mpsc::Sender<Report>) -> Self {
        *screen.outbox() = Some(Outbox {
            reports,
            missed: None,
        });
        screen.picture.send_replace(Picture::Starting);
        Self(screen)
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        *self.0.outbox() = None;
        self.0.picture.send_replace(Picture::NoSignal);
        self.0.leds.send_replace(Leds::default());
    }
}

fn late(what: &'static str) -> Fault {
    let limit = PATIENCE;
    Fault::Late { what, limit }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_without_room_in_the_queue_is_made_up_for() {
        let screen = Screen::new();
        let (reports, mut queue) = mpsc::channel(1);
        *screen.outbox() = Some(Outbox {
            reports,
            missed: None,
        });
        let a = [Usage::A].into_iter().collect();
        screen.hold(a).unwrap();
        assert!(screen.hold(HeldKeys::NONE).is_err());
        assert_eq!(screen.missed(), None, "what is in the queue comes first");
        assert!(matches!(queue.try_recv(), Ok(Report::Hold(keys)) if keys == a));
        assert_eq!(screen.missed(), Some(HeldKeys::NONE));
        assert_eq!(screen.missed(), None);
        // What is stated later stands for what was missed.
        screen.hold(a).unwrap();
        assert!(screen.hold(HeldKeys::NONE).is_err());
        queue.try_recv().unwrap();
        screen.hold(a).unwrap();
        queue.try_recv().unwrap();
        assert_eq!(screen.missed(), None);
    }
}
