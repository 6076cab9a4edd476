//! The calls that the compiler can't vouch for.

use std::{io, os::fd::OwnedFd};

use rustix::process::{Signal, getpid, getppid, set_parent_process_death_signal};
use tokio::{io::unix::AsyncFd, process::Command};

/// Lets the runtime watch a descriptor.
pub(super) fn watch(descriptor: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: the descriptor is valid and stays so for as long as it is registered: `AsyncFd` owns
    // it from here on, and nobody takes it out or replaces it through `get_mut`.
    let watched = unsafe { AsyncFd::register(descriptor) };
    watched.map_err(|failed| failed.into_parts().1)
}

/// Binds a program to this one: it is killed when the thread that starts it ends, and that thread, a
/// worker of the runtime, ends with the daemon, however it ends.
pub(super) fn bound_to_us(command: &mut Command) -> &mut Command {
    let us = getpid();
    let bind = move || {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // We may have ended just before.
        if getppid() == Some(us) {
            Ok(())
        } else {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    };
    // SAFETY: what runs between fork and exec makes two system calls; it takes no memory and no lock.
    unsafe { command.pre_exec(bind) }
}
