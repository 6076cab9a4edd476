//! The program: drivers, services, the machine beneath, settings and the command line.
//!
//! Services know no driver and drivers know no service; both meet in `outband_core`.

pub mod app;
pub mod cli;
pub mod codecs;
pub mod drivers;
pub mod host;
pub mod listen;
pub mod services;
pub mod settings;
pub mod tls;
