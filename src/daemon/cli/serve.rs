//! `outband serve`: the daemon.

use std::path::PathBuf;

use clap::Args;

use super::Failure;
use crate::{
    app::{self, Mode},
    settings::{DEFAULT_FILE, Loaded, load},
};

/// `outband serve`.
#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    file: SettingsFile,
}

/// Which settings file.
#[derive(Debug, Clone, Args)]
pub(super) struct SettingsFile {
    /// The settings file; conf.d/*.toml beside it is read too [default: /etc/outband/outband.toml]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl SettingsFile {
    /// The file's path.
    pub(super) fn path(&self) -> PathBuf {
        self.config.clone().unwrap_or_else(|| DEFAULT_FILE.into())
    }

    /// Whether nobody named one.
    pub(super) fn is_default(&self) -> bool {
        self.config.is_none()
    }

    /// Reads it. Only the file that nobody named may be absent.
    pub(super) fn load(&self) -> Result<Loaded, Failure> {
        Ok(load(&self.path(), self.config.is_none())?)
    }
}

impl Serve {
    pub(super) fn run(self) -> Result<(), Failure> {
        let reload = {
            let file = self.file.clone();
            Box::new(move || load(&file.path(), file.config.is_none()))
        };
        let loaded = self.file.load()?;
        Ok(app::run(loaded, Mode::Serve { reload })?)
    }
}
