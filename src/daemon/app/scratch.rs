//! A private folder that is gone when the daemon ends, for machines that nothing is kept of.

use std::{
    fs::{self, DirBuilder},
    os::unix::fs::DirBuilderExt,
    path::PathBuf,
    sync::OnceLock,
};

use super::{AppFault, secrets};

/// The folder; made when it is first asked for.
#[derive(Debug, Default)]
pub struct Scratch(OnceLock<PathBuf>);

impl Scratch {
    /// Its path.
    ///
    /// # Errors
    /// [`AppFault`] when it can't be made.
    pub fn path(&self) -> Result<PathBuf, AppFault> {
        if let Some(path) = self.0.get() {
            return Ok(path.clone());
        }
        // A name that nobody guesses; a folder that is there already is refused.
        let name = secrets::made_up(secrets::LOGIN_LENGTH)?;
        let path = std::env::temp_dir().join(format!("outband-{}", name.as_str()));
        let made = DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|why| AppFault::new(format!("make the folder {}: {why}", path.display())))?;
        Ok(self.0.get_or_init(|| path).clone())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Some(path) = self.0.get()
            && let Err(why) = fs::remove_dir_all(path)
        {
            tracing::warn!("{} stays: {why}", path.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn it_is_private_and_gone_at_the_end() {
        let scratch = Scratch::default();
        let path = scratch.path().unwrap();
        assert_eq!(scratch.path().unwrap(), path);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
        drop(scratch);
        assert!(!path.exists());
    }
}
