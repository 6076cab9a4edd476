//! Files that are old or new and never half: private folders, the lock, atomic writes.

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io::{ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use outband_core::host::HostFault;

use super::fault_at;

/// How the name of a file that is being written ends.
const UNFINISHED: &str = ".unfinished";

/// Makes a folder, and those above it, that only the daemon's user may enter (mode 0700). One that
/// is there stays as it is.
///
/// # Errors
/// [`HostFault`] when it can't be made or is no folder.
pub fn make_private_folder(folder: &Path) -> Result<(), HostFault> {
    let doing = "make the folder";
    let mut builder = DirBuilder::new();
    match builder.recursive(true).mode(0o700).create(folder) {
        Ok(()) => Ok(()),
        Err(why) => Err(fault_at(doing, folder, why)),
    }
}

/// Writes a file so that a crash or a power cut leaves the old one or the new one: a new file of
/// mode 0600 beside it is written, synced and renamed over it, and the folder is synced.
///
/// # Errors
/// [`HostFault`] when any step fails; the old file is then still there.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), HostFault> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let doing = "write the file";
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(fault_at(doing, path, "names no file"));
    };
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let unfinished = folder.join(format!(".{}.{count}{UNFINISHED}", name.display()));
    let written = (|| {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&unfinished, path)
    })();
    if let Err(why) = written {
        if why.kind() != ErrorKind::AlreadyExists {
            // What can't be removed now is removed at the next start.
            let _ = std::fs::remove_file(&unfinished);
        }
        return Err(fault_at(doing, path, why));
    }
    sync_folder(folder)
}

/// Removes what [`write_atomically`] left behind when it was interrupted.
///
/// # Errors
/// [`HostFault`] when the folder can't be read or a file can't be removed.
pub fn remove_leftovers(folder: &Path) -> Result<(), HostFault> {
    let doing = "tidy the folder";
    let entries = std::fs::read_dir(folder).map_err(|why| fault_at(doing, folder, why))?;
    for entry in entries {
        let entry = entry.map_err(|why| fault_at(doing, folder, why))?;
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        if name.starts_with(b".") && name.ends_with(UNFINISHED.as_bytes()) {
            let path = entry.path();
            std::fs::remove_file(&path).map_err(|why| fault_at(doing, &path, why))?;
        }
    }
    Ok(())
}

/// Makes a folder's entries survive a power cut.
///
/// # Errors
/// [`HostFault`] with the operating system's words.
pub fn sync_folder(folder: &Path) -> Result<(), HostFault> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|why| fault_at("sync the folder", folder, why))
}

/// The right to use a state folder. The operating system gives it back when the process ends,
/// however it ends.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Takes the folder.
    ///
    /// # Errors
    /// [`HostFault`] when another daemon has it, or the lock can't be made.
    pub fn take(folder: &Path) -> Result<Self, HostFault> {
        let doing = "take the state folder";
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(folder.join("lock"))
            .map_err(|why| fault_at(doing, folder, why))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => {
                Err(fault_at(doing, folder, "another outband is using it"))
            }
            Err(TryLockError::Error(why)) => Err(fault_at(doing, folder, why)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::host::tests::Folder;

    #[test]
    fn a_write_replaces_whole_files_and_leaves_nothing_beside_them() {
        let folder = Folder::new();
        let path = folder.path().join("value");
        write_atomically(&path, b"old").unwrap();
        write_atomically(&path, b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_failed_write_keeps_the_old_file() {
        let folder = Folder::new();
        let path = folder.path().join("value");
        std::fs::create_dir(&path).unwrap();
        std::fs::write(path.join("old"), b"old").unwrap();
        let fault = write_atomically(&path, b"new").unwrap_err();
        assert!(fault.why.contains("value"), "{fault}");
        assert_eq!(std::fs::read(path.join("old")).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_an_interrupted_write_left_is_removed_and_nothing_else() {
        let folder = Folder::new();
        for name in [".value.7.unfinished", "value", ".other"] {
            std::fs::write(folder.path().join(name), b"x").unwrap();
        }
        remove_leftovers(folder.path()).unwrap();
        assert!(!folder.path().join(".value.7.unfinished").exists());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_folder_has_one_owner_at_a_time() {
        let folder = Folder::new();
        let lock = FolderLock::take(folder.path()).unwrap();
        let fault = FolderLock::take(folder.path()).unwrap_err();
        assert!(
            fault.why.ends_with("another outband is using it"),
            "{fault}"
        );
        drop(lock);
        FolderLock::take(folder.path()).unwrap();
    }
}
