//! QEMU's monitor (QMP) as a client machine: bytes in, messages out; commands in, bytes out.
//!
//! QMP is JSON, one object a line, over a stream (QEMU's `docs/interop/qmp-spec`). The server
//! greets, the client negotiates, then commands and their replies follow each other while events
//! come in between at any time. [`Client`] does the greeting and the negotiation, matches replies
//! to commands by their id, bounds how much a line may take, and holds a deadline for each command,
//! so that a QEMU that lies or falls silent is cut off.

mod client;
mod command;
mod event;
mod lines;
mod message;
pub mod reply;

pub use client::{Client, CommandId, Fault, Incoming, Limits, NotSent};
pub use command::Command;
pub use event::{Event, EventKind, Reason, Timestamp};
pub use message::{Greeting, QemuVersion, Refusal};
