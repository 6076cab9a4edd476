//! The service as its clients see it, over a real gate and real engines.

mod access;
mod changes;
mod protocol;
mod resets;
