//! A managed server: its commands, its state, and the engine that alone changes it.

mod admission;
mod boot_options;
mod command;
mod durable;
mod engine;
mod handle;
mod id;
mod servers;
mod snapshot;

pub use boot_options::{
    BootInitiator, BootOption, BootOptions, KeepValid, LooseFlags, ServiceScan,
};
pub use command::{Command, Outcome, PowerAction, Refused};
pub use engine::EngineSetup;
pub use handle::{Accepted, SensorEntry, ServerHandle};
pub use id::{BadServerId, ServerId};
pub use servers::Servers;
pub use snapshot::{
    BootMode, BootOverride, BootProgress, BootTarget, Identify, IdentifyState, LastOutcome,
    OverrideLifetime, Pending, PowerState, RestartCause, RestorePolicy, Snapshot,
};
