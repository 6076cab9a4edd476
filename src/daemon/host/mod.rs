//! What meets the ports of `outband_core::host`: store, journal, hashes, seals, clocks.
//!
//! With a folder, everything durable lies in it and one daemon at a time owns it:
//!
//! | file | what |
//! |---|---|
//! | `lock` | held by the daemon that owns the folder |
//! | `state.redb` | small state ([`RedbStore`]) |
//! | `events/events-*.log` | the event log ([`FileJournal`]) |
//! | `outband.key` | the key that recoverable secrets are sealed with ([`KeyFileSealer`]) |
//!
//! Without one, everything is in memory and gone with the process.

mod clock;
mod entropy;
pub mod files;
mod hasher;
mod journal;
mod memory;
mod sealer;
mod store;

use std::{fmt::Display, path::Path, sync::Arc};

use outband_core::host::{BootId, Clock, Entropy, Hasher, HostFault, Journal, Sealer, Store};

pub use clock::{SystemClock, boot_id};
pub use entropy::OsEntropy;
pub use hasher::Argon2Hasher;
pub use journal::FileJournal;
pub use memory::{MemoryJournal, MemoryStore};
pub use sealer::{KeyFileSealer, MemorySealer};
pub use store::RedbStore;

use files::FolderLock;

/// The machine beneath, as core sees it.
#[derive(Debug, Clone)]
pub struct Host {
    /// Small durable state.
    pub store: Arc<dyn Store>,
    /// Where the event log lies.
    pub journal: Arc<dyn Journal>,
    /// The hash of passwords.
    pub hasher: Arc<dyn Hasher>,
    /// The seal of recoverable secrets.
    pub sealer: Arc<dyn Sealer>,
    /// Unpredictable bytes.
    pub entropy: Arc<dyn Entropy>,
    /// The clocks.
    pub clock: Arc<dyn Clock>,
    /// The run of the device.
    pub boot: BootId,
}

impl Host {
    /// Opens the machine beneath: in a folder, which is made where it is missing, or all in memory.
    /// `log_bytes` is how much the event log will keep. Blocks for as long as the disk takes.
    ///
    /// # Errors
    /// [`HostFault`], one sentence that names the file: the folder is another daemon's, can't be
    /// used, or holds what a newer version wrote or what is damaged. Nothing is reset.
    pub fn open(folder: Option<&Path>, log_bytes: u64) -> Result<Self, HostFault> {
        let entropy = Arc::new(OsEntropy);
        let (store, journal, sealer): (Arc<dyn Store>, Arc<dyn Journal>, Arc<dyn Sealer>) =
            match folder {
                None => (
                    Arc::new(MemoryStore::default()),
                    Arc::new(MemoryJournal::default()),
                    Arc::new(MemorySealer::new(&*entropy)?),
                ),
                Some(folder) => {
                    files::make_private_folder(folder)?;
                    let lock = Arc::new(FolderLock::take(folder)?);
                    files::remove_leftovers(folder)?;
                    (
                        Arc::new(RedbStore::open(&folder.join("state.redb"), lock.clone())?),
                        Arc::new(FileJournal::open(&folder.join("events"), log_bytes, lock)?),
                        Arc::new(KeyFileSealer::new(folder, entropy.clone())),
                    )
                }
            };
        Ok(Self {
            store,
            journal,
            hasher: Arc::new(Argon2Hasher::new(entropy.clone())),
            sealer,
            entropy,
            clock: Arc::new(SystemClock),
            boot: boot_id()?,
        })
    }
}

/// A fault that names the file.
fn fault_at(doing: &'static str, path: &Path, why: impl Display) -> HostFault {
    fault(doing, format!("{}: {why}", path.display()))
}

fn fault(doing: &'static str, why: impl Display) -> HostFault {
    HostFault {
        doing,
        why: why.to_string().into(),
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
