//! A machine's folder: its sockets, what is known of its process, which override it used.
//!
//! The folder has mode 0700 and is locked while a daemon manages the machine. Sockets are reached
//! through the folder's descriptor, so a long path doesn't matter (`sun_path` has 108 bytes).

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::{
            fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
            net::UnixListener,
        },
    },
    path::{Path, PathBuf},
};

use rustix::{
    fs::{FlockOperation, Mode, OFlags},
    process::Pid,
};
use serde::{Deserialize, Serialize};

use super::{
    command_line::{JOURNAL, MONITOR, NUMBER, SCREEN, SERIAL},
    definition::Source,
    fault::Fault,
    plan::Plan,
};

const RECORD: &str = "process.json";
const SOURCE: &str = "machine.json";
const USED: &str = "used-override";
const OUTPUT: &str = "qemu.log";
const LOCK: &str = "lock";

/// How much of the journal's or the output's end is looked at.
const TAIL: u64 = 64 << 10;

/// A process, told apart from every other that this device ever runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// Its number.
    pub(super) pid: i32,
    /// When it started, in clock ticks since the device did (field 22 of `/proc/PID/stat`).
    pub(super) started: u64,
    /// The run of the device.
    pub(super) boot_id: String,
    /// What it boots.
    pub(super) plan: Plan,
}

/// A machine's folder, locked.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    descriptor: OwnedFd,
    /// Locked for as long as it is open.
    _lock: File,
}

impl Folder {
    /// Makes the folder where it isn't, and locks it.
    pub(super) fn open(path: &Path) -> Result<Self, Fault> {
        let shown = path.display();
        let made = fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path);
        made.map_err(Fault::file(format!("make the folder {shown}")))?;
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        let descriptor = rustix::fs::open(path, flags, Mode::empty())
            .map_err(|why| Fault::file(format!("open the folder {shown}"))(why.into()))?;
        let private = Fault::file(format!("make the folder {shown} private"));
        rustix::fs::fchmod(&descriptor, Mode::from_raw_mode(0o700))
            .map_err(|why| private(why.into()))?;
        let lock = open_file(
            &path.join(LOCK),
            OpenOptions::new().write(true).create(true),
        )?;
        match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Err(Fault::Taken),
            Err(why) => return Err(Fault::file(format!("lock {shown}"))(why.into())),
        }
        Ok(Self {
            path: path.to_owned(),
            descriptor,
            _lock: lock,
        })
    }

    /// The folder.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A short path of a socket in the folder, good in this process.
    pub(super) fn socket(&self, name: &str) -> PathBuf {
        format!("/proc/self/fd/{}/{name}", self.descriptor.as_raw_fd()).into()
    }

    /// Removes what an earlier process left.
    pub(super) fn clear(&self) -> Result<(), Fault> {
        for name in [MONITOR, SCREEN, SERIAL, JOURNAL, RECORD, SOURCE] {
            match fs::remove_file(self.path.join(name)) {
                Ok(()) => {}
                Err(why) if why.kind() == io::ErrorKind::NotFound => {}
                Err(why) => return Err(Fault::file(format!("remove {name}"))(why)),
            }
        }
        Ok(())
    }

    /// The monitor's socket, listening, to be handed to a process.
    pub(super) fn listen(&self) -> Result<UnixListener, Fault> {
        UnixListener::bind(self.socket(MONITOR)).map_err(Fault::file("listen for the monitor"))
    }

    /// A file for what the process prints.
    pub(super) fn output(&self) -> Result<File, Fault> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        open_file(&self.path.join(OUTPUT), &mut options)
    }

    /// The last thing that the process printed, on one line.
    pub(super) fn last_words(&self) -> Option<String> {
        let text = self.tail(OUTPUT)?;
        let line = text.lines().rev().find(|line| !line.trim().is_empty())?;
        Some(ends_of(line))
    }

    /// The end of what the monitor said.
    pub(super) fn journal(&self) -> String {
        self.tail(JOURNAL).unwrap_or_default()
    }

    /// Empties the journal, whose writer appends.
    pub(super) fn empty_journal(&self) -> Result<(), Fault> {
        let file = OpenOptions::new().write(true).open(self.path.join(JOURNAL));
        file.and_then(|file| file.set_len(0))
            .map_err(Fault::file("empty the monitor's journal"))
    }

    /// Whether QEMU wrote a file in the folder larger than so many bytes.
    pub(super) fn journal_exceeds(&self, bytes: u64) -> bool {
        fs::metadata(self.path.join(JOURNAL)).is_ok_and(|file| file.size() > bytes)
    }

    /// The number of a process as QEMU wrote it down itself.
    pub(super) fn number(&self) -> Option<i32> {
        let text = fs::read_to_string(self.path.join(NUMBER)).ok()?;
        text.trim().parse().ok()
    }

    /// Whether a process was started in this folder, and lives.
    pub(super) fn is_home_of(&self, pid: Pid) -> Result<bool, Fault> {
        let looking = || Fault::file("look where a process is at home");
        let own = rustix::fs::fstat(&self.descriptor).map_err(|why| looking()(why.into()))?;
        match fs::metadata(format!("/proc/{}/cwd", pid.as_raw_nonzero())) {
            Ok(home) => Ok((home.dev(), home.ino()) == (own.st_dev, own.st_ino)),
            // It is gone, or somebody else's.
            Err(why) => match why.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied => Ok(false),
                _ => Err(looking()(why)),
            },
        }
    }

    /// What is known of the process.
    pub(super) fn record(&self) -> Option<Record> {
        let bytes = fs::read(self.path.join(RECORD)).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Writes down what is known of the process.
    pub(super) fn keep_record(&self, record: &Record) -> Result<(), Fault> {
        let text = serde_json::to_vec(record).map_err(io::Error::from);
        let kept = text.and_then(|text| self.replace(RECORD, &text));
        kept.map_err(Fault::file("write down the process"))
    }

    /// What the process was started from; `None` where that isn't known or can't be understood.
    /// Apart from [`Folder::record`], so that a process is found again in any case.
    pub(super) fn source(&self) -> Option<Source> {
        let bytes = fs::read(self.path.join(SOURCE)).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Writes down what a process is started from.
    pub(super) fn keep_source(&self, source: &Source) -> Result<(), Fault> {
        let text = serde_json::to_vec(source).map_err(io::Error::from);
        let kept = text.and_then(|text| self.replace(SOURCE, &text));
        kept.map_err(Fault::file("write down what the machine is made from"))
    }

    /// The last override that a boot was given.
    pub(super) fn used(&self) -> Option<u64> {
        fs::read_to_string(self.path.join(USED))
            .ok()?
            .trim()
            .parse()
            .ok()
    }

    /// Writes down that a boot is given this override; survives a power cut.
    pub(super) fn keep_used(&self, id: u64) -> Result<(), Fault> {
        self.replace(USED, id.to_string().as_bytes())
            .map_err(Fault::file("write down the override that is used"))
    }

    /// Copies a file into the folder, unless it is there.
    pub(super) fn copy_once(&self, from: &Path, name: &str) -> Result<(), Fault> {
        if self.path.join(name).exists() {
            return Ok(());
        }
        fs::read(from)
            .and_then(|bytes| self.replace(name, &bytes))
            .map_err(Fault::file(format!("copy {}", from.display())))
    }

    /// Reads a file of at most so many bytes that QEMU wrote, and removes it.
    pub(super) fn take(&self, name: &str, most: u64) -> Option<Vec<u8>> {
        let path = self.path.join(name);
        let mut bytes = Vec::new();
        let read = File::open(&path).and_then(|file| file.take(most).read_to_end(&mut bytes));
        let _ = fs::remove_file(path);
        read.ok().map(|_| bytes)
    }

    /// Changes a file of the folder as a whole, or leaves it as it is.
    pub(super) fn change<E: std::fmt::Display>(
        &self,
        name: &str,
        change: impl FnOnce(&mut [u8]) -> Result<(), E>,
    ) -> Result<(), Fault> {
        let changed = fs::read(self.path.join(name)).and_then(|mut bytes| {
            change(&mut bytes).map_err(|why| io::Error::other(why.to_string()))?;
            self.replace(name, &bytes)
        });
        changed.map_err(Fault::file(format!("change {name}")))
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let part = self.path.join(format!("{name}.part"));
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(part, self.path.join(name))?;
        Ok(rustix::fs::fsync(&self.descriptor)?)
    }

    fn tail(&self, name: &str) -> Option<String> {
        let mut file = File::open(self.path.join(name)).ok()?;
        let length = file.metadata().ok()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))
            .ok()?;
        let mut bytes = Vec::new();
        file.take(TAIL).read_to_end(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }
}

fn open_file(path: &Path, options: &mut OpenOptions) -> Result<File, Fault> {
    options
        .mode(0o600)
        .open(path)
        .map_err(Fault::file(format!("open {}", path.display())))
}

/// A line, without its middle where it is long: QEMU repeats the argument that is at fault, however
/// long, and says at the very end what is wrong with it.
fn ends_of(line: &str) -> String {
    const BEGINNING: usize = 80;
    const END: usize = 320;
    let length = line.chars().count();
    if length <= BEGINNING + END {
        return line.to_owned();
    }
    let beginning = line.chars().take(BEGINNING);
    let end = line.chars().skip(length - END);
    beginning.chain(" ... ".chars()).chain(end).collect()
}

#[cfg(test)]
mod tests {
    use outband_core::server::BootMode;

    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("outband-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        path
    }

    #[test]
    fn a_folder_is_private_and_has_one_master() {
        let path = scratch("folder");
        let folder = Folder::open(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
        assert!(matches!(Folder::open(&path), Err(Fault::Taken)));
        drop(folder);
        Folder::open(&path).unwrap();
        fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn what_is_known_survives_and_is_forgotten_by_the_next_process() {
        let path = scratch("record");
        let folder = Folder::open(&path).unwrap();
        let record = Record {
            pid: 1,
            started: 2,
            boot_id: "3".into(),
            plan: Plan::ordinary(BootMode::Legacy),
        };
        folder.keep_record(&record).unwrap();
        folder.keep_used(7).unwrap();
        assert_eq!(folder.record(), Some(record));
        folder.clear().unwrap();
        assert_eq!((folder.record(), folder.used()), (None, Some(7)));
        fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn the_reason_of_an_end_is_told_however_long_the_argument_is() {
        let path = scratch("words");
        let folder = Folder::open(&path).unwrap();
        let said = format!("qemu: -blockdev {}: No such file\n\n", "x".repeat(1000));
        fs::write(path.join(OUTPUT), &said).unwrap();
        let words = folder.last_words().unwrap();
        assert!(words.starts_with("qemu: -blockdev xxx") && words.ends_with("xxx: No such file"));
        assert_eq!(words.chars().count(), 405);
        fs::write(path.join(OUTPUT), "qemu: short\n").unwrap();
        assert_eq!(folder.last_words().as_deref(), Some("qemu: short"));
        fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn a_socket_is_reached_however_long_the_path_is() {
        let path = scratch("long").join("x".repeat(200));
        let folder = Folder::open(&path).unwrap();
        let listener = folder.listen().unwrap();
        std::os::unix::net::UnixStream::connect(folder.socket(MONITOR)).unwrap();
        drop(listener);
        let refused = std::os::unix::net::UnixStream::connect(folder.socket(MONITOR));
        assert_eq!(
            refused.unwrap_err().kind(),
            io::ErrorKind::ConnectionRefused
        );
        fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }
}
