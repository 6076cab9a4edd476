//! The whole BMC: what every service is given.

use std::sync::Arc;

use uuid::Uuid;

use crate::{
    access::Gate,
    events::EventLog,
    host::Clock,
    inventory::Inventory,
    server::{ServerId, Servers},
    tasks::Tasks,
};

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

impl Identity {
    /// The UUID that a server's own manager keeps for good, made from the daemon's and the server's
    /// id: Redfish's `Manager.UUID`, IPMI's device GUID (IPMI 2.0 section 20.8). `None` when the
    /// daemon's own is none.
    #[must_use]
    pub fn manager_uuid(&self, server: &ServerId) -> Option<Uuid> {
        let daemon = Uuid::parse_str(&self.uuid).ok()?;
        Some(Uuid::new_v5(&daemon, server.as_str().as_bytes()))
    }

    /// The UUID by which a server is told from others, IPMI's system GUID (IPMI 2.0 section 22.14):
    /// its own where the inventory knows it, else one that its manager keeps for it.
    #[must_use]
    pub fn system_uuid(&self, server: &ServerId, inventory: &Inventory) -> Option<Uuid> {
        let own = inventory.uuid.as_deref();
        own.and_then(|uuid| Uuid::parse_str(uuid).ok()).or_else(|| {
            let manager = self.manager_uuid(server)?;
            Some(Uuid::new_v5(&manager, b"system"))
        })
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(uuid: &str) -> Identity {
        Identity {
            uuid: uuid.into(),
            version: "0.1.0".into(),
            host_name: "bmc".into(),
        }
    }

    const DAEMON: &str = "92384634-2938-2342-8820-489239905423";

    #[test]
    fn each_servers_manager_keeps_a_uuid_of_its_own() {
        let (one, two) = ("1".parse().unwrap(), "2".parse().unwrap());
        let manager = |server| identity(DAEMON).manager_uuid(server);
        assert_eq!(manager(&one), manager(&one));
        assert_ne!(manager(&one), manager(&two));
        assert_eq!(identity("no uuid").manager_uuid(&one), None);
    }

    #[test]
    fn a_server_has_its_own_uuid_or_one_that_is_kept_for_it() {
        let server = "1".parse().unwrap();
        let system = |uuid: Option<&str>| {
            let inventory = Inventory {
                uuid: uuid.map(str::to_owned),
                ..Inventory::default()
            };
            identity(DAEMON).system_uuid(&server, &inventory).unwrap()
        };
        let own = "0f0e0d0c-0b0a-0908-0706-050403020100";
        assert_eq!(system(Some(own)).to_string(), own);
        assert_eq!(system(None), system(None));
        assert_eq!(system(Some("to be filled by O.E.M.")), system(None));
        assert_ne!(Some(system(None)), identity(DAEMON).manager_uuid(&server));
    }
}
