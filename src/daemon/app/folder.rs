//! The state folder: where it is by default, and that it is nobody else's.

use std::{
    fs::{self, DirBuilder},
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use super::AppFault;

/// The name of the daemon's own socket in its state folder.
pub const SOCKET: &str = "control.sock";

/// Where `demo` keeps its state: a fixed folder of the user's, so that a killed demo finds its
/// machine again.
#[must_use]
pub fn of_demo() -> PathBuf {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    match runtime.filter(|folder| folder.is_absolute()) {
        Some(folder) => folder.join("outband").join("demo"),
        None => {
            let user = rustix::process::geteuid().as_raw();
            std::env::temp_dir()
                .join(format!("outband-{user}"))
                .join("demo")
        }
    }
}

/// Makes the folder, for this user alone, where it is missing.
///
/// A folder that belongs to another user, or that others may write to, is refused: whoever writes
/// there decides who gets in. What is read by others is made private.
///
/// # Errors
/// [`AppFault`] in one sentence.
pub fn prepare(folder: &Path) -> Result<(), AppFault> {
    let fail = |why: &dyn std::fmt::Display| {
        AppFault::new(format!("the state folder {}: {why}", folder.display()))
    };
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|why| fail(&why))?;
    // A fixed place under the folder of everybody's temporary files: its parent counts too.
    let parent = folder.parent().filter(|parent| {
        parent
            .parent()
            .is_some_and(|above| above == std::env::temp_dir())
    });
    for path in [Some(folder), parent].into_iter().flatten() {
        let found = fs::symlink_metadata(path).map_err(|why| fail(&why))?;
        if path != folder && !found.is_dir() {
            return Err(fail(&format!("{} is a link", path.display())));
        }
        let found = fs::metadata(path).map_err(|why| fail(&why))?;
        let user = rustix::process::geteuid().as_raw();
        if found.uid() != user {
            return Err(fail(&format!("{} belongs to another user", path.display())));
        }
        if found.mode() & 0o022 != 0 {
            return Err(fail(&format!("others may write to {}", path.display())));
        }
    }
    let found = fs::metadata(folder).map_err(|why| fail(&why))?;
    if found.mode() & 0o077 != 0 {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(|why| fail(&why))?;
    }
    // A folder that can't be written to would fail later and less clearly.
    rustix::fs::access(
        folder,
        rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK,
    )
    .map_err(|why| fail(&why))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A place for one test, gone with it.
    struct Place(PathBuf);

    impl Place {
        fn new(name: &str) -> Self {
            let unique = format!("outband-folder-{}-{name}", std::process::id());
            Self(std::env::temp_dir().join(unique))
        }

        fn folder(&self) -> PathBuf {
            self.0.join("deep").join("state")
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_missing_folder_is_made_private() {
        let place = Place::new("missing");
        let folder = place.folder();
        prepare(&folder).unwrap();
        assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_folder_that_others_may_write_to_is_refused() {
        let place = Place::new("shared");
        let folder = place.folder();
        prepare(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
        let why = prepare(&folder).unwrap_err().to_string();
        assert!(why.contains("others may write"), "{why}");
    }

    #[test]
    fn a_file_in_its_place_is_one_sentence() {
        let place = Place::new("file");
        let folder = place.folder();
        fs::create_dir_all(folder.parent().unwrap()).unwrap();
        fs::write(&folder, "").unwrap();
        let why = prepare(&folder).unwrap_err().to_string();
        assert!(why.starts_with("the state folder "), "{why}");
        assert_eq!(why.lines().count(), 1);
    }
}
