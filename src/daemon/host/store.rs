//! Small durable state in one file: redb, written by one thread.
//!
//! Changes that wait are made durable together, in one transaction and so with one sync. After a
//! failed write the file is opened anew, so that a full disk does not outlast itself.

use std::{
    fs::{OpenOptions, Permissions},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    thread::JoinHandle,
};

use outband_core::host::{BoxFuture, Change, HostFault, Key, Store};
use redb::{
    Builder, Database, DatabaseError, ReadableDatabase, StorageError, TableDefinition, TableError,
    backends::FileBackend,
};
use tokio::sync::{mpsc, oneshot};

use super::{
    fault, fault_at,
    files::{FolderLock, sync_folder},
};

/// (server, kind) to value; the server is empty for the daemon's own.
const VALUES: TableDefinition<'_, (&str, &str), &[u8]> = TableDefinition::new("values");
/// Where the layout's own version stands, among the daemon's own.
const FORMAT_KEY: (&str, &str) = ("", "store-format");
const FORMAT: u8 = 1;

/// How many commits may wait; one more is refused.
const WAITING_MAX: usize = 4096;
/// How many commits become one transaction at most.
const GROUP_MAX: usize = 512;
/// The longest value in bytes.
const VALUE_MAX: usize = 4 << 20;
/// redb's cache. The state is small, and the kernel caches the file.
const CACHE_BYTES: usize = 1 << 20;

const OPEN: &str = "open the state file";
const READ: &str = "read the state file";
const WRITE: &str = "write the state file";

/// A store in a file.
#[derive(Debug)]
pub struct RedbStore {
    shared: Arc<Shared>,
    /// Only `None` while it is dropped.
    commits: Option<mpsc::Sender<Commit>>,
    thread: Option<JoinHandle<()>>,
    _lock: Option<Arc<FolderLock>>,
}

/// Changes that wait to be made durable, and who waits for them.
#[derive(Debug)]
struct Commit {
    changes: Vec<Change>,
    done: oneshot::Sender<Result<(), HostFault>>,
}

type Opener = Box<dyn Fn() -> Result<Database, HostFault> + Send + Sync>;

struct Shared {
    opener: Opener,
    /// `None` after a failed write, until it is opened anew.
    database: RwLock<Option<Database>>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl RedbStore {
    /// Opens the file, or makes it (mode 0600). The whole file is checked.
    ///
    /// # Errors
    /// [`HostFault`] when it can't be opened, is damaged, or was written by a newer version. It is
    /// never reset.
    pub fn open(path: &Path, lock: Arc<FolderLock>) -> Result<Self, HostFault> {
        let path: PathBuf = path.into();
        let mut store = Self::start(Box::new(move || open_file(&path)))?;
        store._lock = Some(lock);
        Ok(store)
    }

    fn start(opener: Opener) -> Result<Self, HostFault> {
        let database = RwLock::new(Some(opener()?));
        let shared = Arc::new(Shared { opener, database });
        let (commits, waiting) = mpsc::channel(WAITING_MAX);
        let thread = std::thread::Builder::new()
            .name("store".into())
            .spawn({
                let shared = shared.clone();
                move || shared.serve(waiting)
            })
            .map_err(|why| fault("start the store's thread", why))?;
        Ok(Self {
            shared,
            commits: Some(commits),
            thread: Some(thread),
            _lock: None,
        })
    }
}

impl Store for RedbStore {
    fn load(&self, key: &Key) -> Result<Option<Vec<u8>>, HostFault> {
        self.shared.with(READ, |database| {
            let values = database.begin_read()?.open_table(VALUES)?;
            let value = values.get(place(key))?;
            Ok(value.map(|value| value.value().to_vec()))
        })
    }

    fn commit(&self, changes: Vec<Change>) -> BoxFuture<Result<(), HostFault>> {
        let refused =
            |why: &str| -> BoxFuture<_> { Box::pin(std::future::ready(Err(fault(WRITE, why)))) };
        let long = |change: &Change| change.value.as_ref().map_or(0, Vec::len) > VALUE_MAX;
        if changes.iter().any(long) {
            return refused("a value is too long");
        }
        let (done, answer) = oneshot::channel();
        let sent = self
            .commits
            .as_ref()
            .map(|commits| commits.try_send(Commit { changes, done }));
        match sent {
            Some(Ok(())) => Box::pin(async move {
                let ended = |_| Err(fault(WRITE, "the store's thread has ended"));
                answer.await.unwrap_or_else(ended)
            }),
            Some(Err(mpsc::error::TrySendError::Full(_))) => refused("too many changes wait"),
            _ => refused("the store's thread has ended"),
        }
    }
}

impl Drop for RedbStore {
    /// Waits until what was handed over is durable.
    fn drop(&mut self) {
        self.commits = None;
        if let Some(thread) = self.thread.take() {
            // A panic in it was told to whoever waited.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn serve(&self, mut waiting: mpsc::Receiver<Commit>) {
        let mut group = Vec::new();
        while let Some(first) = waiting.blocking_recv() {
            group.push(first);
            while group.len() < GROUP_MAX
                && let Ok(next) = waiting.try_recv()
            {
                group.push(next);
            }
            let written = self.write(&group);
            for commit in group.drain(..) {
                // Whoever no longer waits does not care.
                let _ = commit.done.send(written.clone());
            }
        }
    }

    /// Makes a group durable. Tried a second time on the file opened anew: a database that failed
    /// once refuses everything after it.
    fn write(&self, group: &[Commit]) -> Result<(), HostFault> {
        let write = || self.with(WRITE, |database| write(database, group));
        write()
            .or_else(|_| {
                self.close();
                write()
            })
            .inspect_err(|_| self.close())
    }

    /// Works on the database, which is opened where it is not.
    fn with<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Database) -> Result<T, redb::Error>,
    ) -> Result<T, HostFault> {
        let done = |done: Result<T, redb::Error>| done.map_err(|why| fault(doing, why));
        {
            let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(database) = &*database {
                return done(work(database));
            }
        }
        let mut database = self
            .database
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        match &*database {
            Some(database) => done(work(database)),
            None => done(work(database.insert((self.opener)()?))),
        }
    }

    fn close(&self) {
        *self
            .database
            .write()
            .unwrap_or_else(PoisonError::into_inner) = None;
    }
}

fn place(key: &Key) -> (&str, &str) {
    (key.server.as_ref().map_or("", |id| id.as_str()), key.kind)
}

fn write(database: &Database, group: &[Commit]) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    {
        let mut values = transaction.open_table(VALUES)?;
        for change in group.iter().flat_map(|commit| &commit.changes) {
            match &change.value {
                Some(value) => values.insert(place(&change.key), value.as_slice())?,
                None => values.remove(place(&change.key))?,
            };
        }
    }
    Ok(transaction.commit()?)
}

fn open_file(path: &Path) -> Result<Database, HostFault> {
    let at = |why: std::io::Error| fault_at(OPEN, path, why);
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(at)?;
    let about = file.metadata().map_err(at)?;
    if about.permissions().mode() & 0o077 != 0 {
        let private = Permissions::from_mode(0o600);
        file.set_permissions(private).map_err(at)?;
    }
    let backend = FileBackend::new(file).map_err(|why| fault_at(OPEN, path, why))?;
    let database = open_backend(backend).map_err(|why| fault_at(OPEN, path, why.why))?;
    if about.len() == 0
        && let Some(folder) = path.parent()
    {
        sync_folder(folder)?;
    }
    Ok(database)
}

/// Opens what a backend holds, or makes a new database in an empty one.
fn open_backend(backend: impl redb::StorageBackend) -> Result<Database, HostFault> {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    // The state is small; without the check damage might be found in the middle of a read.
    builder.set_check_integrity_on_open(true);
    let database = builder.create_with_backend(backend).map_err(|why| {
        let why = match why {
            DatabaseError::DatabaseAlreadyOpen => "another outband is using it".into(),
            DatabaseError::Storage(StorageError::Io(why))
                if why.kind() == std::io::ErrorKind::InvalidData =>
            {
                format!("it is damaged, or no state file of Outband ({why})")
            }
            DatabaseError::Storage(StorageError::Corrupted(why)) => {
                format!("it is damaged ({why}); put a backup in its place or move it away")
            }
            why => why.to_string(),
        };
        fault(OPEN, why)
    })?;
    check_format(&database)?;
    Ok(database)
}

/// Compares the layout's version, and writes it into a new file.
fn check_format(database: &Database) -> Result<(), HostFault> {
    let broken = |why: redb::Error| fault(OPEN, why);
    match read_format(database).map_err(broken)? {
        Some(FORMAT) => Ok(()),
        Some(format) => {
            let why = format!(
                "it was written by a newer version (format {format}, known up to {FORMAT})"
            );
            Err(fault(OPEN, why))
        }
        None => {
            let made = (|| {
                let transaction = database.begin_write()?;
                let format: &[u8] = &[FORMAT];
                transaction.open_table(VALUES)?.insert(FORMAT_KEY, format)?;
                Ok(transaction.commit()?)
            })();
            made.map_err(broken)
        }
    }
}

fn read_format(database: &Database) -> Result<Option<u8>, redb::Error> {
    let values = match database.begin_read()?.open_table(VALUES) {
        Err(TableError::TableDoesNotExist(_)) => return Ok(None),
        values => values?,
    };
    let format = values.get(FORMAT_KEY)?;
    Ok(format.map(|value| value.value().first().copied().unwrap_or(0)))
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
