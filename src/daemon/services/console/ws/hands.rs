//! A viewer's hands: from what it states that it holds to what is held at the server.
//!
//! A viewer states the whole set of its keys at each change, and again and again while it holds any.
//! When it falls silent with keys held, they are released before the server would repeat them: a
//! network that stalls makes no letter double. What comes late, in a bunch, is handed on one report
//! after the other, each standing long enough to be seen: none is lost either.

use std::time::Duration;

use outband_core::console::{PACE, Seat, SeatRefused};
use outband_protocol::hid::{HeldKeys, Pointer};
use tokio::time::{Instant, sleep_until};

/// How long a viewer may be silent while it holds keys. Shorter than the shortest delay after which
/// a server repeats a key that stays down, 250 ms, and longer than two of the viewer's reports.
pub(super) const SILENCE: Duration = Duration::from_millis(150);

/// What one viewer holds.
#[derive(Debug)]
pub(super) struct Hands {
    seat: Seat,
    stated: HeldKeys,
    /// The number of the last statement; each is greater than the one before.
    sequence: Option<u64>,
    /// When the last change was handed on.
    changed: Option<Instant>,
    /// Until when the viewer must be heard of.
    silent: Option<Instant>,
}

/// A statement that is older than one before it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OutOfOrder;

impl Hands {
    pub(super) fn new(seat: Seat) -> Self {
        Self {
            seat,
            stated: HeldKeys::NONE,
            sequence: None,
            changed: None,
            silent: None,
        }
    }

    pub(super) fn seat(&self) -> &Seat {
        &self.seat
    }

    /// Until when the viewer must be heard of, while it holds keys.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.silent
    }

    /// The viewer was not heard of: what it holds is released.
    pub(super) fn fell_silent(&mut self) {
        self.silent = None;
        self.seat.let_go();
    }

    /// Takes a statement of which keys are held. What the seat refuses is refused once: while the
    /// same keys are stated again, nothing is said.
    ///
    /// # Errors
    /// [`OutOfOrder`]; nothing has changed then.
    pub(super) async fn hold(
        &mut self,
        sequence: u64,
        keys: HeldKeys,
    ) -> Result<Result<(), SeatRefused>, OutOfOrder> {
        if self.sequence.is_some_and(|last| last >= sequence) {
            return Err(OutOfOrder);
        }
        self.sequence = Some(sequence);
        let changes = keys != self.stated;
        if changes {
            if let Some(changed) = self.changed {
                sleep_until(changed + PACE).await;
            }
            self.stated = keys;
            self.changed = Some(Instant::now());
        }
        // From here on, however long it lay in some buffer.
        self.silent = (!keys.is_empty()).then(|| Instant::now() + SILENCE);
        Ok(if changes {
            self.seat.hold(keys)
        } else {
            Ok(())
        })
    }

    /// Moves the pointer.
    pub(super) fn point(&self, pointer: Pointer) -> Result<(), SeatRefused> {
        self.seat.point(pointer)
    }
}
