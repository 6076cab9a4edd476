//! Tests of the whole machine: a server and consoles that hand each other datagrams.

mod golden;
mod guard;
mod hostile;
mod link;
mod login;
mod rig;
mod sessions;

#[allow(clippy::disallowed_methods)] // any moment will do
pub(super) fn start() -> std::time::Instant {
    std::time::Instant::now()
}
