//! What a managed server is, and what may be done to it.
//!
//! This crate is the BMC without sockets, files or hardware. A [`driver`] makes a server's parts
//! real; an engine in [`server`] owns its state; [`access`] is the one gate through which every
//! service obtains an actor; [`events`] is the one log that every view of history is made from.
//! What it needs of the machine it runs on stands in [`host`] as traits that the daemon meets.
//! Of tokio it uses channels and timers only.
#![forbid(unsafe_code)]

pub mod access;
pub mod bmc;
pub mod console;
pub mod driver;
pub mod events;
pub mod faults;
pub mod host;
pub mod inventory;
pub mod power;
pub mod sensors;
pub mod server;
pub mod tasks;
