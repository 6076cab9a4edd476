//! What core needs of the machine it runs on, as traits that the daemon meets.

use std::{fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::{events::NewEvent, server::ServerId};

/// A boxed future: what a trait object can return.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send + 'static>>;

/// A moment of wall time, with a mark while the clock is not known to be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stamp {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub unix_ms: i64,
    /// Whether the clock had been set from a trusted source when the stamp was taken.
    pub synchronised: bool,
}

impl Stamp {
    /// Whole seconds since 1970, as the SEL counts time; clamped to `0..=u32::MAX`.
    #[must_use]
    pub fn unix_seconds(self) -> u32 {
        u32::try_from(self.unix_ms.max(0) / 1000).unwrap_or(u32::MAX)
    }
}

/// The two clocks. Deadlines are counted on the first, stamps are taken from the second.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The monotonic clock.
    fn now(&self) -> Instant;
    /// The wall clock.
    fn wall(&self) -> Stamp;
}

/// The identity of one run of the device this daemon runs on: it changes with each power-up or
/// reboot and with nothing else (Linux: `/proc/sys/kernel/random/boot_id`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BootId(pub [u8; 16]);

/// Unpredictable bytes from the operating system.
pub trait Entropy: Send + Sync + fmt::Debug {
    /// Fills the buffer. Fails only where the operating system has no entropy to give.
    ///
    /// # Errors
    /// [`HostFault`] with the operating system's words.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), HostFault>;
}

/// A failure of the machine beneath: a disk that is full, a file that can't be read.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{doing}: {why}")]
pub struct HostFault {
    /// What was being done, for people: `write the event log`.
    pub doing: &'static str,
    /// What the operating system said.
    pub why: Arc<str>,
}

/// What a value belongs to, and which of its values it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The server it belongs to; `None` for the daemon's own.
    pub server: Option<ServerId>,
    /// Which value: `accounts`, `durable`, `sensor-numbers`.
    pub kind: &'static str,
}

/// One change of the store.
#[derive(Debug, Clone)]
pub struct Change {
    /// What is changed.
    pub key: Key,
    /// The new value, or `None` to remove it.
    pub value: Option<Vec<u8>>,
}

/// Small durable state: versioned values under (server, kind).
///
/// Values carry their own format version as a first byte (see [`versioned`] and [`unversioned`]);
/// a newer one than the reader knows is refused, never reset.
pub trait Store: Send + Sync + fmt::Debug {
    /// Reads a value.
    ///
    /// # Errors
    /// [`HostFault`] when the store can't be read.
    fn load(&self, key: &Key) -> Result<Option<Vec<u8>>, HostFault>;

    /// Makes changes durable, all or none. The future resolves once a power cut can't undo them.
    /// Changes become durable in the order of the calls.
    fn commit(&self, changes: Vec<Change>) -> BoxFuture<Result<(), HostFault>>;
}

/// Puts a format version before a value.
#[must_use]
pub fn versioned(version: u8, value: &impl Serialize) -> Vec<u8> {
    let mut bytes = vec![version];
    // Serialising our own types to memory can't fail: no maps with non-text keys, no I/O.
    if serde_json::to_writer(&mut bytes, value).is_err() {
        bytes.truncate(1);
    }
    bytes
}

/// Reads a value that [`versioned`] wrote.
///
/// # Errors
/// [`HostFault`] when the version is newer than `newest` or the value can't be understood.
pub fn unversioned<T: for<'de> Deserialize<'de>>(
    newest: u8,
    bytes: &[u8],
    what: &'static str,
) -> Result<T, HostFault> {
    let Some((version, body)) = bytes.split_first() else {
        return Err(HostFault {
            doing: what,
            why: "the stored value is empty".into(),
        });
    };
    if *version > newest {
        let why = format!("written by a newer version (format {version}, known up to {newest})");
        return Err(HostFault {
            doing: what,
            why: why.into(),
        });
    }
    serde_json::from_slice(body).map_err(|why| HostFault {
        doing: what,
        why: why.to_string().into(),
    })
}

/// A slow hash of a password, salted, and its verification. Runs for tens of milliseconds on
/// purpose: implementations move it off the caller's thread and bound how many run at once.
pub trait Hasher: Send + Sync + fmt::Debug {
    /// Makes a verifier in PHC string format (`$argon2id$...`).
    fn hash(&self, password: zeroize::Zeroizing<String>) -> BoxFuture<Result<String, HostFault>>;
    /// Whether a password belongs to a verifier.
    fn verify(
        &self,
        password: zeroize::Zeroizing<String>,
        verifier: Arc<str>,
    ) -> BoxFuture<Result<bool, HostFault>>;
}

/// Seals secrets that must be recoverable (IPMI, VNC, TOTP, K_g) with a key that is kept apart
/// from the store. `context` binds a sealed secret to its place, so that one can't be moved.
pub trait Sealer: Send + Sync + fmt::Debug {
    /// Seals.
    ///
    /// # Errors
    /// [`HostFault`] when no key can be had.
    fn seal(&self, secret: &[u8], context: &str) -> Result<Vec<u8>, HostFault>;
    /// Opens what `seal` made with the same context.
    ///
    /// # Errors
    /// [`HostFault`] when the key or the context is another.
    fn open(&self, sealed: &[u8], context: &str) -> Result<zeroize::Zeroizing<Vec<u8>>, HostFault>;
}

/// Where what happened is written down, as far as whoever only writes needs it.
pub trait Audit: Send + Sync + fmt::Debug {
    /// Records an event and returns its number. Never waits for a disk to settle.
    fn record(&self, event: NewEvent) -> u64;
}

/// A file that only grows at its end, in segments, for the event log.
///
/// Positions are byte counts from the beginning of the log's life; they never repeat.
pub trait Journal: Send + Sync + fmt::Debug {
    /// Appends bytes and gives the position of the first. Survives the death of the process once
    /// it returns; survives a power cut after the next [`Journal::sync`].
    ///
    /// # Errors
    /// [`HostFault`] when the bytes could not all be written; none of them are then kept.
    fn append(&self, bytes: &[u8]) -> Result<u64, HostFault>;
    /// Reads exactly `length` bytes from a position.
    ///
    /// # Errors
    /// [`HostFault`] when they are no longer or not yet there.
    fn read(&self, position: u64, length: usize) -> Result<Vec<u8>, HostFault>;
    /// The positions that are kept: from the oldest byte to the end.
    fn extent(&self) -> std::ops::Range<u64>;
    /// Cuts the journal's end off at a position (a torn record found at start).
    ///
    /// # Errors
    /// [`HostFault`] when the file can't be cut.
    fn truncate(&self, end: u64) -> Result<(), HostFault>;
    /// Gives up the oldest whole segments so that about `bytes` stay; returns the new beginning.
    ///
    /// # Errors
    /// [`HostFault`] when a segment can't be removed.
    fn trim(&self, bytes: u64) -> Result<u64, HostFault>;
    /// Makes everything appended so far survive a power cut.
    fn sync(&self) -> BoxFuture<Result<(), HostFault>>;
}

/// How long a driver's call may take before the engine gives it up.
pub const DRIVER_DEADLINE: Duration = Duration::from_secs(10);

#[cfg(test)]
pub(crate) mod testing {
    //! A clock for tests: tokio's, which they can pause, and a wall clock that stands.

    use super::*;

    #[derive(Debug)]
    pub(crate) struct TestClock;

    impl Clock for TestClock {
        fn now(&self) -> Instant {
            Instant::now()
        }

        fn wall(&self) -> Stamp {
            Stamp {
                unix_ms: 1_000,
                synchronised: true,
            }
        }
    }
}
