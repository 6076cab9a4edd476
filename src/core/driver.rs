//! The contract that drivers meet.
//!
//! A driver is opened once and hands over [`Parts`]. Control goes through small trait objects whose
//! calls must not block; data (frames, serial bytes, sensed lines) flows through channels and
//! never through the engine. A part that a server lacks is `None`, never a stub.

use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use outband_protocol::{
    hid::{HeldKeys, Leds, Pointer, Usage},
    video::{PixelFormat, Rect, Size},
};
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};

use crate::{
    faults::FaultKind,
    host::BoxFuture,
    inventory::Inventory,
    sensors::{Reading, SensorSpec},
    server::{BootMode, BootOverride, BootProgress, BootTarget, PowerAction},
};

/// What a driver makes real of a server.
#[derive(Debug, Default)]
pub struct Parts {
    /// Its power.
    pub power: Option<Power>,
    /// Its screen.
    pub display: Option<Arc<dyn Display>>,
    /// Its keyboard and pointer.
    pub input: Option<Arc<dyn Input>>,
    /// Its serial port.
    pub serial: Option<Arc<dyn Serial>>,
    /// Its sensors.
    pub health: Option<Arc<dyn Health>>,
    /// What it boots from.
    pub boot: Option<Arc<dyn Boot>>,
    /// What it is made of.
    pub inventory: Option<Arc<Inventory>>,
    /// Which faults the server can have: those that the driver carries out when the server's fault
    /// board asks for them, and for a simulated server [`FaultKind::AT_THE_DOORS`].
    pub faults: BTreeSet<FaultKind>,
    /// What the driver sees the server do by itself.
    pub observed: Option<mpsc::Receiver<Observed>>,
}

/// A driver could not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{part}: {why}")]
pub struct DriverFault {
    /// Which part.
    pub part: &'static str,
    /// What went wrong, for people.
    pub why: Arc<str>,
}

/// How power is worked.
#[derive(Debug)]
pub enum Power {
    /// Buttons and lights: the sequencer presses, waits and looks.
    Lines(Box<dyn Lines>),
    /// The driver carries out whole actions.
    Verbs(Arc<dyn Verbs>),
}

/// A line that can be driven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Line {
    /// Across the power button.
    PowerButton,
    /// Across the reset button.
    ResetButton,
    /// The diagnostic interrupt.
    Nmi,
    /// The identify light.
    Identify,
}

/// What is sensed of the power.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sensed {
    /// Whether the server runs; `None` where nothing senses it, and while it can't be told.
    pub on: Option<bool>,
    /// Whether the disk light is lit; `None` where nothing senses it.
    pub disk_active: Option<bool>,
}

/// Power as lines. Dropping it releases every line.
pub trait Lines: Send + fmt::Debug {
    /// Which lines there are.
    fn present(&self) -> BTreeSet<Line>;
    /// Presses (`true`) or releases a line. Takes microseconds; never blocks.
    ///
    /// # Errors
    /// [`DriverFault`] when the line could not be driven.
    fn drive(&mut self, line: Line, pressed: bool) -> Result<(), DriverFault>;
    /// What is sensed, now and from now on.
    fn sensed(&self) -> watch::Receiver<Sensed>;
    /// Whether there is something that senses power, though it may not say at every moment: then a
    /// switch whose effect is not seen has failed, else it ends unconfirmed.
    fn senses_power(&self) -> bool;
    /// Whether a reset is seen through [`Observed::BootBegan`]: then a reset that is not seen has
    /// failed, else it ends unconfirmed.
    fn sees_boots(&self) -> bool;
    /// How long buttons are pressed and states awaited.
    fn timings(&self) -> Timings;
}

/// How long the sequencer presses, waits and rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timings {
    /// A short press of the power button.
    pub press: Duration,
    /// The long press that forces a server off (ATX: four seconds and more).
    pub long_press: Duration,
    /// A press of the reset button.
    pub reset_press: Duration,
    /// The pulse on the diagnostic line.
    pub nmi_pulse: Duration,
    /// The rest between off and on that is always kept.
    pub rest: Duration,
    /// How long the sensed state may take to follow a switch on or off or a reset.
    pub settle: Duration,
    /// How long an operating system may take to shut down.
    pub soft_off: Duration,
}

impl Default for Timings {
    /// For an ATX board behind relays.
    fn default() -> Self {
        Self {
            press: Duration::from_millis(500),
            long_press: Duration::from_millis(5500),
            reset_press: Duration::from_millis(500),
            nmi_pulse: Duration::from_millis(500),
            rest: Duration::from_secs(5),
            settle: Duration::from_secs(10),
            soft_off: Duration::from_secs(120),
        }
    }
}

/// A whole action that a driver carries out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verb {
    /// Switch on.
    On,
    /// Switch off at once.
    Off,
    /// Reset.
    Reset,
    /// Ask for a shut-down, as a short press of the power button does.
    SoftOff,
    /// Send a diagnostic interrupt.
    Nmi,
}

/// Power as verbs.
pub trait Verbs: Send + Sync + fmt::Debug {
    /// Which verbs there are.
    fn present(&self) -> BTreeSet<Verb>;
    /// Carries out a verb. The future ends when the request has been handed over; the effect is
    /// seen in [`Verbs::sensed`].
    fn carry_out(&self, verb: Verb) -> BoxFuture<Result<(), DriverFault>>;
    /// What is sensed, now and from now on.
    fn sensed(&self) -> watch::Receiver<Sensed>;
    /// Whether there is something that senses power, as in [`Lines::senses_power`].
    fn senses_power(&self) -> bool;
    /// Whether a reset is seen through [`Observed::BootBegan`].
    fn sees_boots(&self) -> bool;
    /// How long states are awaited.
    fn timings(&self) -> Timings;
}

/// What a driver sees a server do by itself, or in answer to a button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observed {
    /// Firmware began to run: after power-on or after a reset.
    BootBegan {
        /// What made it begin.
        by: BootBy,
    },
    /// Firmware chose what to boot. With `used` this boot used that override.
    Booted {
        /// Which kind of device; `None` when there was nothing to boot.
        target: Option<BootTarget>,
        /// The medium's own name, where it has one.
        label: Option<Arc<str>>,
        /// The override that this boot used.
        used: Option<u64>,
    },
    /// How far the boot came.
    Progress(BootProgress),
    /// A boot was given this override, where nothing tells what firmware then chose
    /// ([`Observed::Booted`] says both at once).
    OverrideUsed {
        /// The override.
        id: u64,
    },
    /// The server switched itself off: its operating system shut down.
    ShutDown,
    /// The server goes off because it broke: a virtual machine's process died.
    Failed {
        /// What is known of it, for people.
        why: Arc<str>,
    },
    /// What the server is made of turned out to be other than it was known: this is all of it.
    Inventory(Arc<Inventory>),
    /// Something that belongs in the system event log by the server's or a person's own doing:
    /// sixteen bytes without id and time.
    SystemEvent(outband_protocol::ipmi::sel::SystemEvent),
}

/// What made firmware begin to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BootBy {
    /// Power came on.
    PowerOn,
    /// The reset line.
    Reset,
    /// The running system restarted itself.
    Software,
    /// A watchdog.
    Watchdog,
}

/// The screen.
pub trait Display: Send + Sync + fmt::Debug {
    /// The newest picture, now and from now on. The driver captures while a receiver is alive and
    /// stops when none is; the first value is [`Picture::Starting`] until a frame was captured.
    fn watch(&self) -> watch::Receiver<Picture>;
}

/// What the screen shows.
#[derive(Debug, Clone)]
pub enum Picture {
    /// Capture has begun and nothing was seen yet.
    Starting,
    /// The server sends no picture.
    NoSignal,
    /// A frame.
    Frame(Arc<Frame>),
}

/// One captured frame.
#[derive(Debug)]
pub struct Frame {
    /// Counts up by one with each frame of this driver.
    pub sequence: u64,
    /// When it was captured.
    pub at: Instant,
    /// Its size.
    pub size: Size,
    /// How its bytes make pixels.
    pub format: PixelFormat,
    /// Bytes from one line to the next.
    pub stride: usize,
    /// The bytes, at least `stride * height`.
    pub bytes: Bytes,
    /// What differs from the frame before, where the driver knows; `None` when it does not.
    pub damage: Option<Vec<Rect>>,
}

/// Keyboard and pointer.
pub trait Input: Send + Sync + fmt::Debug {
    /// Whether the keyboard has this key. What it lacks is refused before anything is typed.
    fn has_key(&self, _key: Usage) -> bool {
        true
    }
    /// Makes exactly these keys held.
    ///
    /// # Errors
    /// [`DriverFault`] when the report could not be delivered.
    fn hold(&self, keys: HeldKeys) -> Result<(), DriverFault>;
    /// Moves the pointer.
    ///
    /// # Errors
    /// [`DriverFault`] when the report could not be delivered.
    fn point(&self, pointer: Pointer) -> Result<(), DriverFault>;
    /// The keyboard's lights as the server switches them; `None` where they can't be read back.
    fn leds(&self) -> Option<watch::Receiver<Leds>>;
}

/// The serial port.
pub trait Serial: Send + Sync + fmt::Debug {
    /// Gives the port the place that its bytes go to. Called once, before anything else.
    fn attach(&self, sink: Arc<dyn SerialSink>);
    /// Sends bytes to the server; returns how many were taken.
    ///
    /// # Errors
    /// [`DriverFault`] when the port is gone.
    fn send(&self, bytes: &[u8]) -> Result<usize, DriverFault>;
    /// Sends a break.
    ///
    /// # Errors
    /// [`DriverFault`] when the port can't.
    fn send_break(&self) -> Result<(), DriverFault>;
}

/// Where a serial port's bytes go.
pub trait SerialSink: Send + Sync + fmt::Debug {
    /// Takes bytes that the server sent. Must not block.
    fn received(&self, bytes: &[u8]);
}

/// The sensors.
pub trait Health: Send + Sync + fmt::Debug {
    /// Which sensors there are; the same for the life of the driver.
    fn sensors(&self) -> Arc<[SensorSpec]>;
    /// Reads a sensor by its place in [`Health::sensors`]. Must not block for long (a read of
    /// sysfs is fine).
    fn read(&self, index: usize, now: Instant) -> Reading;
}

/// What the server boots from.
pub trait Boot: Send + Sync + fmt::Debug {
    /// What can be asked for.
    fn ability(&self) -> BootAbility;
    /// Makes an override the one that the next boot obeys, or takes it back with `None`. The
    /// driver names the override's id in [`Observed::Booted`] when a boot used it. It uses a
    /// `Once` override for one boot and then no more, without waiting to be told.
    ///
    /// # Errors
    /// [`DriverFault`] when it could not be handed over.
    fn set_override(&self, boot_override: Option<BootOverride>) -> Result<(), DriverFault>;
    /// The id of the last override that a boot used, as far as the machine still knows: asked once
    /// at start, so that an override can't be used a second time after the daemon died in between.
    fn last_used(&self) -> Option<u64>;
}

/// What a server's boot override can be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BootAbility {
    /// The targets.
    pub targets: BTreeSet<BootTarget>,
    /// The firmware modes that can be asked for.
    pub modes: BTreeSet<BootMode>,
    /// The mode that the machine is in when none is asked for.
    pub native_mode: Option<BootMode>,
}

/// What a server's parts can do, as data.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Abilities {
    /// The power actions; empty when there is no power part.
    pub power: BTreeSet<PowerAction>,
    /// Whether there is a power part at all.
    pub has_power: bool,
    /// Whether there is something that senses power; what it says may still be unknown.
    pub senses_power: bool,
    /// Whether there is an identify light.
    pub identify: bool,
    /// Boot overrides.
    pub boot: Option<BootAbility>,
    /// Whether there is a screen.
    pub display: bool,
    /// Whether there is a keyboard.
    pub input: bool,
    /// Whether keyboard lights can be read back.
    pub reads_leds: bool,
    /// Whether there is a serial port.
    pub serial: bool,
    /// Whether boots are seen.
    pub sees_boots: bool,
    /// Which faults can be set.
    pub faults: BTreeSet<FaultKind>,
}
