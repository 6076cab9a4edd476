//! Tests of the whole machine: a server and consoles that hand each other datagrams.

mod changes;
mod golden;
mod guard;
mod hostile;
mod link;
mod login;
mod rig;
mod secrets;
mod sessions;
mod table;

#[allow(clippy::disallowed_methods)] // any moment will do
pub(super) fn start() -> std::time::Instant {
    std::time::Instant::now()
}
