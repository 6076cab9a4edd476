//! Puts the program together: settings, drivers, engines, services.

pub mod folder;
pub mod local;
pub mod offline;
pub mod orders;
pub mod secrets;

use std::fmt;

use outband_core::{access::AccountRefused, host::HostFault};
use zeroize::Zeroizing;

use crate::settings::{Loaded, Problems};

/// Why the program ended or a command failed: one clear sentence.
#[derive(Debug)]
pub struct AppFault(String);

impl AppFault {
    /// A fault in these words.
    #[must_use]
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

impl fmt::Display for AppFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<HostFault> for AppFault {
    fn from(fault: HostFault) -> Self {
        Self(fault.to_string())
    }
}

impl From<AccountRefused> for AppFault {
    fn from(refused: AccountRefused) -> Self {
        Self(refused.to_string())
    }
}

/// Reads the settings again.
pub type Reload = Box<dyn Fn() -> Result<Loaded, Problems> + Send + Sync>;

/// What the daemon is run as.
pub enum Mode {
    /// `serve`: leaves machines running when it ends, reads its settings again on SIGHUP.
    Serve {
        /// Reads the settings again.
        reload: Reload,
    },
    /// `demo` and `fleet`: stops its machines when it ends.
    Bench(Bench),
}

/// What `demo` and `fleet` are run with.
pub struct Bench {
    /// Which of them.
    pub what: &'static str,
    /// The password of `admin`.
    pub password: Zeroizing<String>,
    /// Whether it was made up, and is printed.
    pub made_up: bool,
}

/// Runs the daemon until it is told to stop.
///
/// # Errors
/// [`AppFault`] when it can't start.
pub fn run(_loaded: Loaded, _mode: Mode) -> Result<(), AppFault> {
    Err(AppFault::new("the daemon isn't wired yet"))
}
