//! What can be asked of a server, and the two answers: accepted, and the outcome.

use std::{fmt, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};

use super::{BootOption, BootOverride, Identify, RestorePolicy};
use crate::{access::Operation, host::HostFault};

/// An action on a server's power (IPMI 2.0 section 28.3; Redfish `ResetType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PowerAction {
    /// Switch on.
    On,
    /// Switch off at once.
    Off,
    /// Off, the enforced rest, on.
    Cycle,
    /// Hard reset of a running server.
    Reset,
    /// Ask the operating system to shut down.
    SoftOff,
    /// Ask the operating system to shut down, then switch on again.
    SoftCycle,
    /// Pulse a diagnostic interrupt, whatever comes of it.
    Nmi,
    /// Press the power button briefly, whatever comes of it.
    PushButton,
}

impl PowerAction {
    /// Every action.
    pub const ALL: [Self; 8] = [
        Self::On,
        Self::Off,
        Self::Cycle,
        Self::Reset,
        Self::SoftOff,
        Self::SoftCycle,
        Self::Nmi,
        Self::PushButton,
    ];
}

impl fmt::Display for PowerAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::On => "on",
            Self::Off => "off",
            Self::Cycle => "cycle",
            Self::Reset => "reset",
            Self::SoftOff => "soft-off",
            Self::SoftCycle => "soft-cycle",
            Self::Nmi => "nmi",
            Self::PushButton => "push-button",
        })
    }
}

/// A request to change a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Act on the power.
    Power(PowerAction),
    /// Set the boot override, or take it back with `None`. The id in it is given by the engine.
    BootOverride(Option<BootOverride>),
    /// Write boot options that only IPMI speaks of, all or none.
    BootOptions(Arc<[BootOption]>),
    /// Set what happens when the device's power returns.
    RestorePolicy(RestorePolicy),
    /// Set the pause of a power cycle in whole seconds; the rest that is kept in any case is not cut
    /// short by it (IPMI 2.0 section 28.9).
    CycleInterval(u8),
    /// Switch the identify light.
    Identify(Identify),
    /// Set the owner's asset tag (at most [`Self::ASSET_TAG_MAX`] bytes).
    AssetTag(Arc<str>),
}

impl Command {
    /// The longest asset tag in bytes (DCMI 1.5 section 6.4.2 allows 63).
    pub const ASSET_TAG_MAX: usize = 63;

    /// The operation that an actor needs the privilege for.
    #[must_use]
    pub const fn operation(&self) -> Operation {
        match self {
            Self::Power(_) => Operation::ControlPower,
            Self::BootOverride(_) | Self::BootOptions(_) => Operation::SetBootOverride,
            Self::RestorePolicy(_) => Operation::SetRestorePolicy,
            Self::CycleInterval(_) => Operation::SetCycleInterval,
            Self::Identify(_) => Operation::Identify,
            Self::AssetTag(_) => Operation::SetAssetTag,
        }
    }
}

/// Why a command was not accepted. Nothing has changed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Refused {
    /// The actor may not do this.
    #[error("not allowed: {0}")]
    Denied(#[from] crate::access::Denied),
    /// The server has no such part.
    #[error("this server has no {0}")]
    Absent(&'static str),
    /// The part can't do this.
    #[error("this server's {part} can't do this: {what}")]
    Unsupported {
        /// Which part.
        part: &'static str,
        /// What was asked of it.
        what: String,
    },
    /// The server is in a state in which this means nothing: a reset while it is off.
    #[error("not while the server is {state}")]
    WrongState {
        /// The sensed state.
        state: super::PowerState,
    },
    /// Something else is under way that this does not supersede.
    #[error("busy with {with}")]
    Busy {
        /// What is under way.
        with: PowerAction,
        /// When it will have ended at the latest, counted from now.
        at_most: Duration,
    },
    /// Somebody else has begun to write the boot options and has not ended yet (IPMI 2.0 section
    /// 28.12, completion code 81h).
    #[error("somebody else is writing the boot options")]
    SetInProgress,
    /// A value is outside what it may be.
    #[error("{what}: {why}")]
    Invalid {
        /// Which value.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// Too many commands are waiting.
    #[error("too many commands are waiting")]
    QueueFull,
    /// It could not be made durable.
    #[error(transparent)]
    Host(#[from] HostFault),
    /// The server was removed.
    #[error("this server was removed")]
    Gone,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "result")]
pub enum Outcome {
    /// What was promised is so: the sensed state agrees, the pulse was given, the setting is in
    /// force.
    Done,
    /// It was carried out, and whether it had its effect could not be sensed.
    Unconfirmed,
    /// It was carried out and the state did not agree in time.
    Failed {
        /// What was seen instead, for people.
        seen: String,
    },
    /// Another command took its place.
    Superseded {
        /// Which.
        by: PowerAction,
    },
}

impl Outcome {
    /// Whether the command did what it promised, as far as can be known.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self, Self::Done | Self::Unconfirmed)
    }
}
