//! Finding the events in a journal at start.

use super::{Event, codec};
use crate::host::{HostFault, Journal};

/// How much of the journal is looked at at once.
const WINDOW: usize = 256 * 1024;

/// What was wrong with a journal that was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Damage {
    /// Bytes cut off its end: a record that a crash tore.
    pub cut: u64,
    /// Bytes passed over in its middle: damaged, with whole records after them.
    pub passed_over: u64,
}

/// Gives every whole event to `found`, with its record's position and length in bytes, and cuts off
/// what comes after the last one. A damaged stretch in the middle costs what lay in it and nothing
/// after it.
///
/// # Errors
/// [`HostFault`] when the journal can't be read or cut, or when a sound record can't be understood:
/// a newer version wrote it, and it is not for this one to cut.
pub(super) fn scan(
    journal: &dyn Journal,
    mut found: impl FnMut(Event, u64, u32),
) -> Result<Damage, HostFault> {
    let extent = journal.extent();
    let mut window = Window {
        journal,
        end: extent.end,
        from: extent.start,
        bytes: Vec::new(),
    };
    let mut damage = Damage::default();
    let (mut at, mut good, mut last) = (extent.start, extent.start, 0);
    while at < extent.end {
        let Some(body) = codec::body(window.at(at)?) else {
            at += 1;
            continue;
        };
        let length = codec::HEADER + body.len();
        let event = codec::decode(body).ok_or_else(|| HostFault {
            doing: "open the event log",
            why: format!("the record at position {at} was written by a newer version").into(),
        })?;
        if event.seq <= last {
            at += 1;
            continue;
        }
        last = event.seq;
        damage.passed_over += at - good;
        // Both fit: a record is bounded by `codec::RECORD_MAX`.
        found(event, at, u32::try_from(length).unwrap_or(u32::MAX));
        at += length as u64;
        good = at;
    }
    damage.cut = extent.end - good;
    if damage.cut > 0 {
        journal.truncate(good)?;
    }
    Ok(damage)
}

/// A sliding view of the journal.
struct Window<'a> {
    journal: &'a dyn Journal,
    end: u64,
    from: u64,
    bytes: Vec<u8>,
}

impl Window<'_> {
    /// The bytes from a position on: a longest record's worth, or all up to the journal's end.
    fn at(&mut self, at: u64) -> Result<&[u8], HostFault> {
        let have = self.from + self.bytes.len() as u64;
        if have < self.end && have.saturating_sub(at) < codec::RECORD_MAX as u64 {
            let want = usize::try_from(self.end - at).map_or(WINDOW, |left| left.min(WINDOW));
            self.bytes = self.journal.read(at, want)?;
            self.from = at;
        }
        let skip = usize::try_from(at - self.from).unwrap_or(usize::MAX);
        Ok(self.bytes.get(skip..).unwrap_or_default())
    }
}
