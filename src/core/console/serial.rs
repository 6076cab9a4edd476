//! The serial hub: what the server sent, addressed by absolute position, for any number of readers.
//!
//! A reader asks for what follows the position it has. Who comes late gets the history, who comes
//! back loses nothing that is still kept, and a slow reader holds up nobody.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use crate::driver::{DriverFault, Serial, SerialSink};

/// How many bytes of history are kept for each server.
const KEPT: usize = 64 * 1024;

#[derive(Debug, Default)]
struct History {
    /// The position of the first byte kept.
    begin: u64,
    bytes: VecDeque<u8>,
}

/// The hub of one serial port.
#[derive(Debug)]
pub struct SerialHub {
    port: Arc<dyn Serial>,
    history: Mutex<History>,
    end: watch::Sender<u64>,
}

impl SerialHub {
    /// A hub that the port's bytes go to from now on.
    #[must_use]
    pub fn attach(port: Arc<dyn Serial>) -> Arc<Self> {
        let hub = Arc::new(Self {
            port,
            history: Mutex::default(),
            end: watch::Sender::new(0),
        });
        hub.port.attach(hub.clone());
        hub
    }

    fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The position after the newest byte, now and from now on.
    #[must_use]
    pub fn end(&self) -> watch::Receiver<u64> {
        self.end.subscribe()
    }

    /// At most `max` bytes from a position on, and the position of the first of them: a later one
    /// than asked for when the history does not reach back so far.
    #[must_use]
    pub fn read(&self, from: u64, max: usize) -> (u64, Vec<u8>) {
        let history = self.history();
        let from = from.max(history.begin);
        let skip = usize::try_from(from - history.begin).unwrap_or(usize::MAX);
        (
            from,
            history.bytes.iter().skip(skip).take(max).copied().collect(),
        )
    }

    /// Sends bytes to the server; returns how many were taken.
    ///
    /// # Errors
    /// [`DriverFault`] when the port is gone.
    pub fn send(&self, bytes: &[u8]) -> Result<usize, DriverFault> {
        self.port.send(bytes)
    }

    /// Sends a break.
    ///
    /// # Errors
    /// [`DriverFault`] when the port can't.
    pub fn send_break(&self) -> Result<(), DriverFault> {
        self.port.send_break()
    }
}

impl SerialSink for SerialHub {
    fn received(&self, bytes: &[u8]) {
        let mut history = self.history();
        history.bytes.extend(bytes);
        let over = history.bytes.len().saturating_sub(KEPT);
        history.bytes.drain(..over);
        history.begin += over as u64;
        let end = history.begin + history.bytes.len() as u64;
        drop(history);
        self.end.send_replace(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Deaf;

    impl Serial for Deaf {
        fn attach(&self, _: Arc<dyn SerialSink>) {}
        fn send(&self, _: &[u8]) -> Result<usize, DriverFault> {
            Ok(0)
        }
        fn send_break(&self) -> Result<(), DriverFault> {
            Ok(())
        }
    }

    #[test]
    fn a_late_reader_gets_the_history_and_a_later_one_goes_on_from_its_place() {
        let hub = SerialHub::attach(Arc::new(Deaf));
        hub.received(b"login: ");
        assert_eq!(hub.read(0, 100), (0, b"login: ".to_vec()));
        assert_eq!(hub.read(5, 100), (5, b": ".to_vec()));
        assert_eq!(hub.read(7, 100), (7, vec![]));
        assert_eq!(*hub.end().borrow(), 7);
    }

    #[test]
    fn the_history_is_bounded_and_says_where_it_begins() {
        let hub = SerialHub::attach(Arc::new(Deaf));
        for _ in 0..3 {
            hub.received(&[b'x'; KEPT / 2]);
        }
        let (begin, bytes) = hub.read(0, usize::MAX);
        assert_eq!((begin, bytes.len()), (KEPT as u64 / 2, KEPT));
    }
}
