//! What happened, in order: the one log that the SEL, Redfish's logs, event streams and the page's
//! log are views of.

mod codec;
mod index;
mod kind;
mod log;
mod scan;
mod sel;
mod standard;
mod state;
#[cfg(test)]
mod testing;
mod text;
mod view;

pub use kind::{EventKind, OffCause, Severity};
pub use log::{EventLog, EventLogSettings, LogHealth};
pub use scan::Damage;
pub use sel::{SelAt, SelEntry, SelInfo, SelView};
pub use standard::{sel_for, threshold_event};
pub use view::View;

use std::sync::Arc;

use outband_protocol::ipmi::sel::{Record, SystemEvent};
use serde::{Deserialize, Serialize};

use crate::{
    access::{Actor, Via},
    host::{BootId, Stamp},
    server::ServerId,
};

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its number: from 1, one more for each event, for the life of the log. A gap stands where
    /// events were lost.
    pub seq: u64,
    /// The server it is about; `None` for the daemon's own.
    pub server: Option<ServerId>,
    /// When.
    pub at: Stamp,
    /// In which run of the device.
    pub boot: BootId,
    /// What.
    pub kind: EventKind,
    /// How bad.
    pub severity: Severity,
    /// Who did it.
    pub actor: Option<ActorMark>,
    /// The record that the system event log shows for it.
    pub sel: Option<Record>,
}

/// An actor as an event remembers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActorMark {
    /// The account's name, or the policy's.
    pub name: Arc<str>,
    /// By which way.
    pub via: Via,
    /// From which address.
    pub source: Option<std::net::IpAddr>,
}

impl From<&Actor> for ActorMark {
    fn from(actor: &Actor) -> Self {
        Self {
            name: actor.name().clone(),
            via: actor.origin().via,
            source: actor.origin().source,
        }
    }
}

/// An event to be recorded: the log adds number, time and boot id.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// The server it is about.
    pub server: Option<ServerId>,
    /// What.
    pub kind: EventKind,
    /// Who did it.
    pub actor: Option<ActorMark>,
    /// What the system event log shall show for it; the log adds record id and time.
    pub sel: Option<SystemEvent>,
}
