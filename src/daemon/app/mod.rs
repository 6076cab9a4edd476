//! Puts the program together: settings, drivers, engines, services.
//!
//! [`boot`] lays the foundations (state, log, [`gate`]) and makes the daemon; [`opening`] opens drivers
//! and [`servers`] runs engines; [`doors`] and [`lan`] listen; [`first_start`] sees that somebody can get in;
//! [`ready`] says where; [`reload`] changes what changed; [`stop`] ends it all. [`local`] and
//! [`offline`] serve who sits at the device.

mod boot;
mod doors;
pub mod first_start;
pub mod folder;
mod gate;
mod lan;
pub mod local;
mod log;
mod notify;
pub mod offline;
mod opening;
pub mod orders;
mod parts;
mod ready;
mod reload;
pub mod scratch;
pub mod secrets;
mod servers;
mod stop;
#[cfg(test)]
mod tests;

use std::{fmt, time::Duration};

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

impl fmt::Debug for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Serve { .. } => "serve",
            Self::Bench(bench) => bench.what,
        })
    }
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

impl fmt::Debug for Bench {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }
}

/// Runs the daemon until it is told to stop.
///
/// # Errors
/// [`AppFault`] when it can't start.
pub fn run(loaded: Loaded, mode: Mode) -> Result<(), AppFault> {
    // Where each value came from is of no more use, and there may be a thousand servers of them.
    let settings = loaded.into_settings();
    log::start(&mode);
    // What is written is for the daemon's user alone.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        // The work is waiting: more threads would only cost memory.
        .worker_threads(std::thread::available_parallelism().map_or(2, |n| n.get().clamp(2, 4)))
        .max_blocking_threads(16)
        .thread_name("outband")
        .enable_all()
        .build()
        .map_err(|why| AppFault::new(format!("can't start threads: {why}")))?;
    let done = runtime.block_on(boot::live(settings, mode));
    // What still blocks on a disk must not keep the program.
    runtime.shutdown_timeout(Duration::from_secs(1));
    done
}
