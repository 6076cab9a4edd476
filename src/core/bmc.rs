//! The whole BMC: what every service is given.

use std::sync::Arc;

use crate::{access::Gate, events::EventLog, host::Clock, server::Servers, tasks::Tasks};

/// What the daemon says of itself.
#[derive(Debug, Clone)]
pub struct Identity {
    /// A UUID made at first start and kept, lower case with dashes.
    pub uuid: Arc<str>,
    /// The daemon's version.
    pub version: Arc<str>,
    /// The device's host name.
    pub host_name: Arc<str>,
}

/// One model, one gate, one log: shared by all services.
#[derive(Debug)]
pub struct Bmc {
    /// Who the daemon is.
    pub identity: Identity,
    /// The managed servers.
    pub servers: Servers,
    /// The gate.
    pub gate: Arc<Gate>,
    /// What happened.
    pub events: Arc<EventLog>,
    /// What is under way.
    pub tasks: Arc<Tasks>,
    /// The clocks.
    pub clock: Arc<dyn Clock>,
}
