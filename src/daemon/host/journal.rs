//! The event log's files: segments that only grow, the oldest of which go.
//!
//! A segment `events-<position>.log` is named by the position of its first byte, 16 hexadecimal
//! digits, and holds the bytes up to the next one's. An append lies in one segment.

use std::{
    collections::VecDeque,
    fs::{File, OpenOptions},
    ops::Range,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use outband_core::host::{BoxFuture, HostFault, Journal};

use super::{
    fault, fault_at,
    files::{FolderLock, make_private_folder, sync_folder},
};

/// The least that a segment holds before a new one is begun, in bytes.
const SEGMENT_MIN: u64 = 64 * 1024;
/// The part of the log that a segment is: what goes at once when the log is full.
const SEGMENTS: u64 = 8;

const OPEN: &str = "open the event log";
const WRITE: &str = "write the event log";
const READ: &str = "read the event log";

/// The event log's files.
#[derive(Debug)]
pub struct FileJournal {
    folder: Arc<Path>,
    segment_max: u64,
    state: Arc<Mutex<State>>,
    /// The folder is this process's for as long as the journal is open.
    _lock: Arc<FolderLock>,
}

#[derive(Debug, Default)]
struct State {
    /// Oldest first, each beginning where the one before ends.
    segments: VecDeque<Segment>,
    /// The newest segment is to be left alone: a failed write could not be taken back, or a failed
    /// sync left it in doubt.
    doubtful: bool,
    /// A file was made or removed since the folder was synced.
    folder_changed: bool,
}

#[derive(Debug)]
struct Segment {
    start: u64,
    length: u64,
    file: Arc<File>,
    /// Written since it was synced.
    changed: bool,
}

impl Segment {
    const fn end(&self) -> u64 {
        self.start + self.length
    }
}

impl State {
    fn extent(&self) -> Range<u64> {
        let start = self.segments.front().map_or(0, |segment| segment.start);
        start..self.segments.back().map_or(start, Segment::end)
    }
}

impl FileJournal {
    /// Opens the segments in a folder, which is made where it is missing. The log will keep
    /// `max_bytes`.
    ///
    /// # Errors
    /// [`HostFault`] when a file can't be opened or the segments don't follow on each other.
    pub fn open(folder: &Path, max_bytes: u64, lock: Arc<FolderLock>) -> Result<Self, HostFault> {
        make_private_folder(folder)?;
        let segment_max = SEGMENT_MIN.max(max_bytes / SEGMENTS);
        let mut segments = VecDeque::new();
        let mut starts = starts(folder)?;
        // What can be missing between two segments is at most what the first could have held, and
        // one more record.
        let hole_max = 2 * segment_max;
        while let Some(start) = starts.pop() {
            segments.push_front(open_segment(folder, start, segments.front(), hole_max)?);
        }
        Ok(Self {
            folder: folder.into(),
            segment_max,
            state: Arc::new(Mutex::new(State {
                segments,
                ..State::default()
            })),
            _lock: lock,
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, start: u64) -> PathBuf {
        self.folder.join(name(start))
    }

    /// The segment to append so many bytes to.
    fn room<'s>(&self, state: &'s mut State, bytes: u64) -> Result<&'s mut Segment, HostFault> {
        let end = state.extent().end;
        let full = match state.segments.back() {
            None => true,
            Some(last) => last.length > 0 && last.length + bytes > self.segment_max,
        };
        if full || state.doubtful {
            if state.segments.back().is_some_and(|last| last.length == 0) {
                // Its name is the new one's.
                self.remove(end)?;
                state.segments.pop_back();
            }
            let path = self.path(end);
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&path)
                .map_err(|why| fault_at(WRITE, &path, why))?;
            state.folder_changed = true;
            state.doubtful = false;
            state.segments.push_back(Segment {
                start: end,
                length: 0,
                file: Arc::new(file),
                changed: true,
            });
        }
        let last = state.segments.back_mut();
        last.ok_or_else(|| fault(WRITE, "there is no segment"))
    }

    fn remove(&self, start: u64) -> Result<(), HostFault> {
        let path = self.path(start);
        std::fs::remove_file(&path).map_err(|why| fault_at("trim the event log", &path, why))
    }
}

impl Journal for FileJournal {
    fn append(&self, bytes: &[u8]) -> Result<u64, HostFault> {
        let mut state = self.lock();
        let segment = self.room(&mut state, bytes.len() as u64)?;
        let position = segment.end();
        if let Err(why) = segment.file.write_all_at(bytes, segment.length) {
            let taken_back = segment.file.set_len(segment.length);
            let path = self.path(segment.start);
            state.doubtful |= taken_back.is_err();
            return Err(fault_at(WRITE, &path, why));
        }
        segment.length += bytes.len() as u64;
        segment.changed = true;
        Ok(position)
    }

    fn read(&self, position: u64, length: usize) -> Result<Vec<u8>, HostFault> {
        let end = position.saturating_add(length as u64);
        let parts: Vec<(Arc<File>, u64, u64)> = {
            let state = self.lock();
            let extent = state.extent();
            if position < extent.start || end > extent.end {
                return Err(fault(READ, "the bytes are not kept"));
            }
            let overlap = |segment: &Segment| {
                let from = position.max(segment.start);
                let to = end.min(segment.end());
                (from < to).then(|| (segment.file.clone(), from - segment.start, to - from))
            };
            state.segments.iter().filter_map(overlap).collect()
        };
        let mut bytes = vec![0; length];
        let mut rest = bytes.as_mut_slice();
        for (file, at, count) in parts {
            let count = usize::try_from(count).map_err(|why| fault(READ, why))?;
            let Some((part, after)) = rest.split_at_mut_checked(count) else {
                break;
            };
            file.read_exact_at(part, at)
                .map_err(|why| fault_at(READ, &self.folder, why))?;
            rest = after;
        }
        Ok(bytes)
    }

    fn extent(&self) -> Range<u64> {
        self.lock().extent()
    }

    fn truncate(&self, end: u64) -> Result<(), HostFault> {
        let doing = "cut the event log";
        let mut state = self.lock();
        let extent = state.extent();
        if !(extent.start..=extent.end).contains(&end) {
            return Err(fault(doing, "the position is not kept"));
        }
        while state.segments.len() > 1
            && let Some(start) = state.segments.back().map(|last| last.start)
            && start >= end
        {
            self.remove(start)?;
            state.segments.pop_back();
            state.folder_changed = true;
        }
        let Some(last) = state.segments.back_mut() else {
            return Ok(());
        };
        let length = end - last.start;
        let cut = last.file.set_len(length);
        cut.map_err(|why| fault_at(doing, &self.folder, why))?;
        last.length = length;
        last.changed = true;
        Ok(())
    }

    fn trim(&self, bytes: u64) -> Result<u64, HostFault> {
        let mut state = self.lock();
        loop {
            let extent = state.extent();
            let front_end = state.segments.front().map_or(0, Segment::end);
            // The last segment with something in it stays: the log's numbers go on from there.
            if extent.end - extent.start <= bytes || front_end == extent.end {
                return Ok(extent.start);
            }
            self.remove(extent.start)?;
            state.segments.pop_front();
        }
    }

    fn sync(&self) -> BoxFuture<Result<(), HostFault>> {
        let state = self.state.clone();
        let folder = self.folder.clone();
        Box::pin(async move {
            let synced = tokio::task::spawn_blocking(move || sync(&state, &folder)).await;
            synced.unwrap_or_else(|why| Err(fault("sync the event log", why)))
        })
    }
}

/// Syncs what changed, the oldest first, so that what survives a power cut has no hole.
fn sync(state: &Mutex<State>, folder: &Path) -> Result<(), HostFault> {
    let lock = || state.lock().unwrap_or_else(PoisonError::into_inner);
    let (files, folder_changed) = {
        let mut state = lock();
        let changed = state.segments.iter_mut().filter(|segment| segment.changed);
        let files: Vec<Arc<File>> = changed
            .map(|segment| {
                segment.changed = false;
                segment.file.clone()
            })
            .collect();
        (files, std::mem::take(&mut state.folder_changed))
    };
    let synced = (|| {
        for file in files {
            let synced = file.sync_data();
            synced.map_err(|why| fault_at("sync the event log", folder, why))?;
        }
        if folder_changed {
            sync_folder(folder)?;
        }
        Ok(())
    })();
    if synced.is_err() {
        // A second sync of the same file may say that all is well when it is not: go on in a new
        // one.
        let mut state = lock();
        state.doubtful = true;
        state.folder_changed |= folder_changed;
    }
    synced
}

fn name(start: u64) -> String {
    format!("events-{start:016x}.log")
}

/// Where the segments in a folder begin, in order.
fn starts(folder: &Path) -> Result<Vec<u64>, HostFault> {
    let entries = std::fs::read_dir(folder).map_err(|why| fault_at(OPEN, folder, why))?;
    let mut starts = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|why| fault_at(OPEN, folder, why))?;
        let found = entry.file_name();
        let digits = found
            .to_str()
            .and_then(|found| found.strip_prefix("events-"))
            .and_then(|found| found.strip_suffix(".log"));
        let start = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
        // Other spellings of a number are other files.
        starts.extend(start.filter(|start| *found == *name(*start)));
    }
    starts.sort_unstable();
    Ok(starts)
}

/// Opens a segment that `next` follows. Where a power cut took its end, zeros stand in for it, which
/// are no records; where a failed write left bytes beyond it, they are not part of it.
fn open_segment(
    folder: &Path,
    start: u64,
    next: Option<&Segment>,
    hole_max: u64,
) -> Result<Segment, HostFault> {
    let path = folder.join(name(start));
    let at = |why| fault_at(OPEN, &path, why);
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(&path)
        .map_err(at)?;
    let found = file.metadata().map_err(at)?.len();
    let mut length = found;
    if let Some(next) = next {
        length = next.start - start;
        if length > found {
            if length - found > hole_max {
                let why = format!("{} bytes are missing after it", length - found);
                return Err(fault_at(OPEN, &path, why));
            }
            file.set_len(length).map_err(at)?;
        }
    }
    if start.checked_add(length).is_none() {
        return Err(fault_at(OPEN, &path, "its name is no position"));
    }
    Ok(Segment {
        start,
        length,
        file: Arc::new(file),
        changed: length > found,
    })
}

#[cfg(test)]
#[path = "journal_tests.rs"]
mod tests;
