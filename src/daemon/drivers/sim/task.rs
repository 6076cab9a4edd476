//! The machine's one task: it lets time pass, hands on bytes and pictures, and does what needs a
//! disk. It sleeps until the machine's next deadline or until something is done to the machine;
//! with an idle machine that nobody looks at it doesn't wake up at all.

use std::{path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use outband_core::{
    driver::{Frame, Observed, Picture, SerialSink},
    faults::{Fault, FaultKind},
    host::BootId,
};
use outband_protocol::{
    ipmi::sel::{GENERATOR_BMC, SystemEvent},
    video::PixelFormat,
};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep_until},
};

use super::{
    machine::{Record, Scene, Work},
    memory,
    screen::Painter,
    shared::Shared,
};

/// Half a period of the blinking cursor.
const BLINK: Duration = Duration::from_millis(500);
/// How often a screen that draws itself is drawn.
const MOVING: Duration = Duration::from_millis(66);
/// The shortest time between two frames.
const FRAME: Duration = Duration::from_millis(16);
/// How often faults that end by themselves are looked at.
const FAULTS: Duration = Duration::from_secs(1);

/// What the task works with.
#[derive(Debug)]
pub(super) struct Task {
    shared: Arc<Shared>,
    /// The machine's file.
    memory: Option<PathBuf>,
    /// The image in its drive.
    cd: Option<PathBuf>,
    boot_id: BootId,
    events: mpsc::Sender<Observed>,
    /// What is being looked at; only while someone does.
    look: Option<Box<Look>>,
    /// The number of the last frame.
    sequence: u64,
    faults: watch::Receiver<u64>,
    /// A fault is in force that ends by itself and is seen from outside.
    timed_fault: bool,
}

/// A screen that someone looks at.
#[derive(Debug)]
struct Look {
    painter: Painter,
    since: Instant,
    last: Option<Instant>,
    dark: bool,
}

/// What is to be done after a look at the machine.
#[derive(Debug, Default)]
struct Turn {
    serial: Option<(Arc<dyn SerialSink>, Vec<u8>)>,
    work: Option<(Work, Record)>,
    deadline: Option<Instant>,
    backlog: bool,
    abandoned: bool,
}

impl Task {
    pub(super) fn new(
        shared: Arc<Shared>,
        memory: Option<PathBuf>,
        cd: Option<PathBuf>,
        boot_id: BootId,
        events: mpsc::Sender<Observed>,
        mut faults: watch::Receiver<u64>,
    ) -> Self {
        // The board is looked at once in any case: faults may have been set before.
        faults.mark_changed();
        Self {
            shared,
            memory,
            cd,
            boot_id,
            events,
            look: None,
            sequence: 0,
            faults,
            timed_fault: false,
        }
    }

    /// Runs until no part is held any more. Borrowed: a future that takes what it works with has room
    /// for it twice.
    pub(super) async fn run(&mut self) {
        loop {
            let turn = self.turn();
            if let Some((sink, bytes)) = turn.serial {
                sink.received(&bytes);
            }
            if let Some((work, record)) = turn.work {
                // In a box: the task of an idle machine, of which there are many, stays small.
                Box::pin(self.work(work, record)).await;
                continue;
            }
            if turn.abandoned {
                return;
            }
            let deadline = turn.deadline.unwrap_or_else(Instant::now);
            let display = self.shared.display().filter(|_| self.look.is_some());
            tokio::select! {
                () = self.shared.notify.notified() => {}
                () = sleep_until(deadline), if turn.deadline.is_some() => {}
                // Waiting took note of the change; the next turn is to look at it.
                Ok(()) = self.faults.changed() => self.faults.mark_changed(),
                () = unwatched(display) => {}
                // Room for one more: the next turn fills it. Nobody reads any more: the next turn
                // gives the backlog up.
                _ = self.events.reserve(), if turn.backlog => {}
            }
        }
    }

    /// Looks at the machine once.
    fn turn(&mut self) -> Turn {
        let shared = self.shared.clone();
        #[cfg(test)]
        shared
            .turns
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let now = shared.now();
        let entries = self.look_at_faults();
        let mut turn = Turn::default();
        let (scene, moving) = {
            let mut state = shared.state();
            state.machine.advance(now);
            for entry in entries {
                state.observe(Observed::SystemEvent(entry));
            }
            shared.settle(&mut state, now);
            if let Some(sink) = state.sink.clone() {
                let bytes = state.machine.take_serial();
                turn.serial = (!bytes.is_empty()).then_some((sink, bytes));
            }
            turn.work = state
                .machine
                .work()
                .map(|work| (work, state.machine.record(self.boot_id)));
            turn.deadline = state.machine.deadline();
            turn.backlog = state.has_backlog();
            turn.abandoned = state.abandoned;
            let watched = shared.display().is_some_and(|to| to.receiver_count() > 0);
            let scene = watched.then(|| state.machine.scene(now));
            (scene, state.machine.is_moving())
        };
        let next = self.show(scene, moving, now);
        let faults = self.timed_fault.then(|| now + FAULTS);
        turn.deadline = [turn.deadline, next, faults].into_iter().flatten().min();
        turn
    }

    /// Draws a scene for whoever looks; gives when to look again.
    fn show(&mut self, scene: Option<Scene>, moving: bool, now: Instant) -> Option<Instant> {
        let display = self.shared.display()?;
        let Some(scene) = scene else {
            if self.look.take().is_some() {
                // The last frame is let go; the next one to look begins anew.
                display.send_replace(Picture::Starting);
            }
            return None;
        };
        let look = self.look.get_or_insert_with(|| Box::new(Look::new(now)));
        if let Some(soon) = look.last.map(|last| last + FRAME).filter(|at| *at > now) {
            return Some(soon);
        }
        if scene == Scene::Dark {
            if !look.dark {
                **look = Look::new(now);
                look.dark = true;
                display.send_replace(Picture::NoSignal);
            }
            return None;
        }
        look.dark = false;
        let blinks = matches!(
            scene,
            Scene::Text {
                cursor: Some(_),
                ..
            }
        );
        let watched = now.saturating_duration_since(look.since);
        let half_periods = watched.as_millis() / BLINK.as_millis();
        let lit = half_periods.is_multiple_of(2);
        let damage = look.painter.paint(scene, &self.shared.profile, lit);
        if !damage.is_empty() {
            self.sequence += 1;
            look.last = Some(now);
            let size = look.painter.size();
            let format = PixelFormat::Bgrx8888;
            display.send_replace(Picture::Frame(Arc::new(Frame {
                sequence: self.sequence,
                at: now,
                size,
                format,
                stride: usize::from(size.width) * format.bytes_per_pixel(),
                bytes: Bytes::copy_from_slice(look.painter.bytes()),
                damage: Some(damage),
            })));
        }
        let blink = u32::try_from(half_periods + 1).ok();
        match (moving, blinks, blink) {
            (true, _, _) => Some(now + MOVING),
            (false, true, Some(next)) => Some(look.since + BLINK * next),
            _ => None,
        }
    }

    /// Looks at the fault board when it changed: entries for the log happen once, at once.
    fn look_at_faults(&mut self) -> Vec<SystemEvent> {
        let changed = self.faults.has_changed().unwrap_or(false);
        if !changed && !self.timed_fault {
            return Vec::new();
        }
        self.faults.mark_unchanged();
        let faults = &self.shared.faults;
        self.timed_fault = faults.list().iter().any(|active| {
            matches!(active.fault, Fault::DeadPowerLed | Fault::NoSignal)
                && active.scope.seconds.is_some()
        });
        let mut entries = Vec::new();
        while let Some(Fault::SelEntry {
            sensor_type,
            sensor_number,
            event_type,
            data,
        }) = faults.strikes(FaultKind::SelEntry)
        {
            entries.push(SystemEvent {
                generator: GENERATOR_BMC,
                sensor_type,
                sensor_number,
                assertion: event_type & 0x80 == 0,
                event_type: event_type & 0x7F,
                data,
            });
        }
        entries
    }

    /// Does what the machine needs done on a disk, away from everything that must not wait.
    async fn work(&self, work: Work, record: Record) {
        match work {
            Work::Save(change) => {
                if let Some(path) = self.memory.clone() {
                    let shown = path.clone();
                    let saved = tokio::task::spawn_blocking(move || memory::save(&path, &record));
                    if let Ok(Err(why)) = saved.await {
                        let file = shown.display();
                        tracing::warn!(%file, %why, "the machine's memory can't be written");
                    }
                }
                self.shared.act(|machine, now| machine.saved(change, now));
            }
            Work::ReadLabel => {
                let mut label = None;
                if let Some(path) = self.cd.clone() {
                    let shown = path.clone();
                    let read = tokio::task::spawn_blocking(move || memory::label(&path));
                    match read.await {
                        Ok(Ok(found)) => label = Some(found),
                        Ok(Err(why)) => {
                            let file = shown.display();
                            tracing::warn!(%file, %why, "the medium can't be booted");
                        }
                        Err(_) => {}
                    }
                }
                self.shared.act(|machine, now| machine.medium(label, now));
            }
        }
    }
}

impl Look {
    fn new(now: Instant) -> Self {
        Self {
            painter: Painter::new(),
            since: now,
            last: None,
            dark: false,
        }
    }
}

/// Ends when nobody looks any more; never when nobody did.
async fn unwatched(display: Option<&watch::Sender<Picture>>) {
    match display {
        Some(display) => display.closed().await,
        None => std::future::pending().await,
    }
}
