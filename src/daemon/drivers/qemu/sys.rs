//! The one call that the compiler can't vouch for.

use std::{io, os::fd::OwnedFd};

use tokio::io::unix::AsyncFd;

/// Lets the runtime watch a descriptor.
pub(super) fn watch(descriptor: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: the descriptor is valid and stays so for as long as it is registered: `AsyncFd` owns
    // it from here on, and nobody takes it out or replaces it through `get_mut`.
    let watched = unsafe { AsyncFd::register(descriptor) };
    watched.map_err(|failed| failed.into_parts().1)
}
