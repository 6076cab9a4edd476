//! The one table of resources: where each is, what it can be asked, and what right that needs.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use http::Method;
use outband_core::{
    access::{Actor, Operation, Origin},
    server::ServerHandle,
};

use super::{
    Redfish,
    page::Page,
    patch::Fields,
    reply::{Outcome, Reply},
    resources::{
        accounts, chassis, managers, network, parts, power, reset, roles, root, sensors, sessions,
        storage, systems, tasks, thermal, update,
    },
};
use crate::services::json::Object;

/// A schema of the DMTF, in the version that a resource follows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schema {
    /// Its name.
    pub(super) name: &'static str,
    /// Its version; collections have none.
    pub(super) version: Option<&'static str>,
}

impl Schema {
    const fn of(name: &'static str, version: &'static str) -> Self {
        Self {
            name,
            version: Some(version),
        }
    }

    const fn collection(name: &'static str) -> Self {
        Self {
            name,
            version: None,
        }
    }

    /// The value of `@odata.type`.
    pub(super) fn odata_type(&self) -> String {
        let name = self.name;
        match self.version {
            Some(version) => format!("#{name}.{version}.{name}"),
            None => format!("#{name}.{name}"),
        }
    }
}

/// What a handler is given.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask<'a> {
    /// The service.
    pub(super) redfish: &'a Redfish,
    /// Who asks.
    pub(super) actor: &'a Arc<Actor>,
    /// The path, without a slash at its end.
    pub(super) uri: &'a str,
    /// The last variable part of the path.
    pub(super) id: &'a str,
}

/// Somebody who has not logged in yet.
#[derive(Debug)]
pub(super) struct Visit<'a> {
    /// The service.
    pub(super) redfish: &'a Redfish,
    /// Where from.
    pub(super) origin: Origin,
}

/// What a right is needed for.
#[derive(Clone, Copy)]
pub(super) enum Need {
    /// For this.
    To(Operation),
    /// For this, or to configure oneself where it is the asker's own.
    OrOwn(Operation, fn(&Ask<'_>) -> bool),
}

/// A read.
#[derive(Clone, Copy)]
pub(super) enum Read {
    /// The same document for everybody, known or not.
    Document(fn() -> &'static Document),
    /// The service root, for everybody.
    Open(fn(&Redfish, &mut Page)),
    /// A resource of the daemon.
    Daemon(Need, fn(&Ask<'_>, &mut Page) -> Outcome<()>),
    /// A resource of a server; needs the right to read it.
    Server(fn(&Ask<'_>, &ServerHandle, &mut Page) -> Outcome<()>),
}

/// A document that isn't a resource.
#[derive(Debug)]
pub(super) struct Document {
    /// Its type.
    pub(super) content_type: &'static str,
    /// Its bytes.
    pub(super) body: Vec<u8>,
}

/// A change of a resource: gets the properties that were sent and an empty page, and gives the page
/// with the resource as it is then.
#[derive(Clone, Copy)]
pub(super) enum Change {
    /// Of the daemon's.
    Daemon(
        Need,
        for<'a> fn(Ask<'a>, Fields<'a>, Page) -> BoxFuture<'a, Outcome<Page>>,
    ),
    /// Of a server's. The right is the least that any of its properties needs; each asks for its own.
    Server(
        Operation,
        for<'a> fn(Ask<'a>, &'a ServerHandle, Fields<'a>, Page) -> BoxFuture<'a, Outcome<Page>>,
    ),
}

/// Something to be done: an action, a new member, a removal.
#[derive(Clone, Copy)]
pub(super) enum Act {
    /// By somebody who has not logged in: to log in.
    Open(for<'a> fn(Visit<'a>, Object) -> BoxFuture<'a, Outcome<Reply>>),
    /// With the daemon.
    Daemon(
        Need,
        for<'a> fn(Ask<'a>, Object) -> BoxFuture<'a, Outcome<Reply>>,
    ),
    /// With a server.
    Server(
        Operation,
        for<'a> fn(Ask<'a>, &'a ServerHandle, Object) -> BoxFuture<'a, Outcome<Reply>>,
    ),
}

/// A resource, or an action of one.
pub(super) struct Resource {
    /// Its path below `/redfish`; `{...}` stands for any one segment, `{server}` for a server's id.
    pub(super) pattern: &'static str,
    /// What it is; `None` for actions and documents.
    pub(super) schema: Option<Schema>,
    /// GET and HEAD.
    pub(super) get: Option<Read>,
    /// PATCH.
    pub(super) patch: Option<Change>,
    /// POST.
    pub(super) post: Option<Act>,
    /// DELETE.
    pub(super) delete: Option<Act>,
}

impl Resource {
    const fn at(pattern: &'static str, schema: Schema, get: Read) -> Self {
        Self {
            pattern,
            schema: Some(schema),
            get: Some(get),
            patch: None,
            post: None,
            delete: None,
        }
    }

    const fn document(pattern: &'static str, get: fn() -> &'static Document) -> Self {
        Self {
            pattern,
            schema: None,
            get: Some(Read::Document(get)),
            patch: None,
            post: None,
            delete: None,
        }
    }

    const fn action(pattern: &'static str, act: Act) -> Self {
        Self {
            pattern,
            schema: None,
            get: None,
            patch: None,
            post: Some(act),
            delete: None,
        }
    }

    const fn patch(mut self, change: Change) -> Self {
        self.patch = Some(change);
        self
    }

    const fn post(mut self, act: Act) -> Self {
        self.post = Some(act);
        self
    }

    const fn delete(mut self, act: Act) -> Self {
        self.delete = Some(act);
        self
    }

    /// The methods it knows, for `Allow`.
    pub(super) fn allow(&self) -> String {
        let mut methods = Vec::with_capacity(5);
        if self.get.is_some() {
            methods.extend([Method::GET, Method::HEAD]);
        }
        for (method, there) in [
            (Method::PATCH, self.patch.is_some()),
            (Method::POST, self.post.is_some()),
            (Method::DELETE, self.delete.is_some()),
        ] {
            if there {
                methods.push(method);
            }
        }
        let methods: Vec<&str> = methods.iter().map(Method::as_str).collect();
        methods.join(", ")
    }
}

/// Where a path led.
pub(super) struct Found<'a> {
    /// The resource.
    pub(super) resource: &'static Resource,
    /// The server's id in the path.
    pub(super) server: Option<&'a str>,
    /// The last variable part of the path.
    pub(super) id: &'a str,
}

/// The resource at a path below `/redfish` (`/v1/Systems/1`), without a slash at its end.
pub(super) fn find(path: &str) -> Option<Found<'_>> {
    RESOURCES.iter().find_map(|resource| follow(resource, path))
}

fn follow<'a>(resource: &'static Resource, path: &'a str) -> Option<Found<'a>> {
    let mut found = Found {
        resource,
        server: None,
        id: "",
    };
    let mut segments = path.split('/');
    for wanted in resource.pattern.split('/') {
        let segment = segments.next()?;
        if wanted.starts_with('{') && !segment.is_empty() {
            found.id = segment;
            if wanted == "{server}" {
                found.server = Some(segment);
            }
        } else if wanted != segment {
            return None;
        }
    }
    segments.next().is_none().then_some(found)
}

const READ: Need = Need::To(Operation::ReadManager);

/// Every resource. Of two patterns that fit, the first counts.
pub(super) static RESOURCES: &[Resource] = &[
    // The way in.
    Resource::document("", root::versions),
    Resource::document("/v1/odata", super::metadata::service_document),
    Resource::document("/v1/$metadata", super::metadata::metadata),
    Resource::at(
        "/v1",
        Schema::of("ServiceRoot", "v1_20_0"),
        Read::Open(root::show),
    ),
    // The servers.
    Resource::at(
        "/v1/Systems",
        Schema::collection("ComputerSystemCollection"),
        Read::Daemon(READ, systems::list),
    ),
    Resource::at(
        "/v1/Systems/{server}",
        Schema::of("ComputerSystem", "v1_27_0"),
        Read::Server(systems::show),
    )
    .patch(Change::Server(Operation::SetAssetTag, systems::change)),
    Resource::action(
        "/v1/Systems/{server}/Actions/ComputerSystem.Reset",
        Act::Server(Operation::ControlPower, reset::reset),
    ),
    Resource::at(
        "/v1/Systems/{server}/Processors",
        Schema::collection("ProcessorCollection"),
        Read::Server(parts::processors),
    ),
    Resource::at(
        "/v1/Systems/{server}/Processors/{id}",
        Schema::of("Processor", "v1_22_0"),
        Read::Server(parts::processor),
    ),
    Resource::at(
        "/v1/Systems/{server}/Memory",
        Schema::collection("MemoryCollection"),
        Read::Server(parts::memory),
    ),
    Resource::at(
        "/v1/Systems/{server}/Memory/{id}",
        Schema::of("Memory", "v1_23_0"),
        Read::Server(parts::module),
    ),
    Resource::at(
        "/v1/Systems/{server}/EthernetInterfaces",
        Schema::collection("EthernetInterfaceCollection"),
        Read::Server(parts::nics),
    ),
    Resource::at(
        "/v1/Systems/{server}/EthernetInterfaces/{id}",
        Schema::of("EthernetInterface", "v1_12_4"),
        Read::Server(parts::nic),
    ),
    Resource::at(
        "/v1/Systems/{server}/Storage",
        Schema::collection("StorageCollection"),
        Read::Server(storage::list),
    ),
    Resource::at(
        "/v1/Systems/{server}/Storage/{id}",
        Schema::of("Storage", "v1_21_0"),
        Read::Server(storage::show),
    ),
    Resource::at(
        "/v1/Chassis",
        Schema::collection("ChassisCollection"),
        Read::Daemon(READ, chassis::list),
    ),
    Resource::at(
        "/v1/Chassis/{server}",
        Schema::of("Chassis", "v1_28_0"),
        Read::Server(chassis::show),
    )
    .patch(Change::Server(Operation::Identify, chassis::change)),
    Resource::at(
        "/v1/Chassis/{server}/Drives",
        Schema::collection("DriveCollection"),
        Read::Server(storage::drives),
    ),
    Resource::at(
        "/v1/Chassis/{server}/Drives/{id}",
        Schema::of("Drive", "v1_22_0"),
        Read::Server(storage::drive),
    ),
    Resource::at(
        "/v1/Chassis/{server}/Sensors",
        Schema::collection("SensorCollection"),
        Read::Server(sensors::list),
    ),
    Resource::at(
        "/v1/Chassis/{server}/Sensors/{id}",
        Schema::of("Sensor", "v1_12_0"),
        Read::Server(sensors::show),
    ),
    Resource::at(
        "/v1/Chassis/{server}/Thermal",
        Schema::of("Thermal", "v1_7_3"),
        Read::Server(thermal::show),
    ),
    Resource::at(
        "/v1/Chassis/{server}/Power",
        Schema::of("Power", "v1_7_3"),
        Read::Server(power::show),
    ),
    // The managers: the daemon, and what it is to each server.
    Resource::at(
        "/v1/Managers",
        Schema::collection("ManagerCollection"),
        Read::Daemon(READ, managers::list),
    ),
    Resource::at(
        "/v1/Managers/outband",
        Schema::of("Manager", "v1_24_0"),
        Read::Daemon(READ, managers::show_daemon),
    ),
    Resource::at(
        "/v1/Managers/outband/NetworkProtocol",
        Schema::of("ManagerNetworkProtocol", "v1_12_0"),
        Read::Daemon(READ, network::show_daemon),
    ),
    Resource::at(
        "/v1/Managers/{server}",
        Schema::of("Manager", "v1_24_0"),
        Read::Server(managers::show),
    ),
    Resource::at(
        "/v1/Managers/{server}/NetworkProtocol",
        Schema::of("ManagerNetworkProtocol", "v1_12_0"),
        Read::Server(network::show),
    ),
    // Who may come in.
    Resource::at(
        "/v1/SessionService",
        Schema::of("SessionService", "v1_2_0"),
        Read::Daemon(READ, sessions::service),
    )
    .patch(Change::Daemon(
        Need::To(Operation::ConfigureManager),
        sessions::change_service,
    )),
    Resource::at(
        "/v1/SessionService/Sessions",
        Schema::collection("SessionCollection"),
        Read::Daemon(READ, sessions::list),
    )
    .post(Act::Open(sessions::open)),
    Resource::action(
        "/v1/SessionService/Sessions/Members",
        Act::Open(sessions::open),
    ),
    Resource::at(
        "/v1/SessionService/Sessions/{id}",
        Schema::of("Session", "v1_8_0"),
        Read::Daemon(
            Need::OrOwn(Operation::EndSessions, sessions::is_own),
            sessions::show,
        ),
    )
    .delete(Act::Daemon(
        Need::OrOwn(Operation::EndSessions, sessions::is_own),
        sessions::end,
    )),
    Resource::at(
        "/v1/AccountService",
        Schema::of("AccountService", "v1_18_1"),
        Read::Daemon(READ, accounts::service),
    ),
    Resource::at(
        "/v1/AccountService/Accounts",
        Schema::collection("ManagerAccountCollection"),
        Read::Daemon(READ, accounts::list),
    )
    .post(Act::Daemon(
        Need::To(Operation::ConfigureAccounts),
        accounts::create,
    )),
    Resource::action(
        "/v1/AccountService/Accounts/Members",
        Act::Daemon(Need::To(Operation::ConfigureAccounts), accounts::create),
    ),
    Resource::at(
        "/v1/AccountService/Accounts/{id}",
        Schema::of("ManagerAccount", "v1_14_1"),
        Read::Daemon(
            Need::OrOwn(Operation::ReadAccounts, accounts::is_own),
            accounts::show,
        ),
    )
    .patch(Change::Daemon(
        Need::OrOwn(Operation::ConfigureAccounts, accounts::is_own),
        accounts::change,
    ))
    .delete(Act::Daemon(
        Need::To(Operation::ConfigureAccounts),
        accounts::remove,
    )),
    Resource::at(
        "/v1/AccountService/Roles",
        Schema::collection("RoleCollection"),
        Read::Daemon(READ, roles::list),
    ),
    Resource::at(
        "/v1/AccountService/Roles/{id}",
        Schema::of("Role", "v1_3_3"),
        Read::Daemon(READ, roles::show),
    ),
    // What is under way, and what is installed.
    Resource::at(
        "/v1/TaskService",
        Schema::of("TaskService", "v1_3_0"),
        Read::Daemon(READ, tasks::service),
    ),
    Resource::at(
        "/v1/TaskService/Tasks",
        Schema::collection("TaskCollection"),
        Read::Daemon(READ, tasks::list),
    ),
    Resource::at(
        "/v1/TaskService/Tasks/{id}",
        Schema::of("Task", "v1_7_4"),
        Read::Daemon(READ, tasks::show),
    ),
    Resource::at(
        "/v1/TaskService/TaskMonitors/{id}",
        Schema::of("Task", "v1_7_4"),
        Read::Daemon(READ, tasks::monitor),
    ),
    Resource::at(
        "/v1/UpdateService",
        Schema::of("UpdateService", "v1_17_0"),
        Read::Daemon(READ, update::service),
    ),
    Resource::at(
        "/v1/UpdateService/FirmwareInventory",
        Schema::collection("SoftwareInventoryCollection"),
        Read::Daemon(READ, update::list),
    ),
    Resource::at(
        "/v1/UpdateService/FirmwareInventory/{id}",
        Schema::of("SoftwareInventory", "v1_13_0"),
        Read::Daemon(READ, update::show),
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn at(path: &str) -> Option<(&'static str, Option<&str>, &str)> {
        find(path).map(|found| (found.resource.pattern, found.server, found.id))
    }

    #[test]
    fn a_path_leads_to_one_resource_and_its_variable_parts() {
        assert_eq!(at(""), Some(("", None, "")));
        assert_eq!(at("/v1"), Some(("/v1", None, "")));
        assert_eq!(
            at("/v1/Systems/web1"),
            Some(("/v1/Systems/{server}", Some("web1"), "web1"))
        );
        assert_eq!(
            at("/v1/Chassis/1/Sensors/cpu1-temp"),
            Some(("/v1/Chassis/{server}/Sensors/{id}", Some("1"), "cpu1-temp"))
        );
        assert_eq!(
            at("/v1/Managers/outband"),
            Some(("/v1/Managers/outband", None, ""))
        );
        assert_eq!(
            at("/v1/SessionService/Sessions/Members"),
            Some(("/v1/SessionService/Sessions/Members", None, ""))
        );
    }

    #[test]
    fn other_paths_lead_nowhere() {
        for path in [
            "/",
            "/v2",
            "/v1/",
            "/v1/systems",
            "/v1/Systems/",
            "/v1/Systems//Memory",
            "/v1/Systems/1/Bios",
            "/v1/Systems/1/Storage/1/Drives/Drive1",
            "/v1/$metadata/x",
        ] {
            assert!(at(path).is_none(), "{path}");
        }
    }

    #[test]
    fn no_pattern_stands_twice_and_none_is_hidden_by_another() {
        let mut seen = BTreeSet::new();
        for resource in RESOURCES {
            assert!(seen.insert(resource.pattern), "{}", resource.pattern);
            let path = resource.pattern.replace("{server}", "web1");
            let path = path.replace("{id}", "x");
            let found = find(&path).unwrap();
            assert_eq!(found.resource.pattern, resource.pattern);
        }
    }

    #[test]
    fn what_belongs_to_a_server_names_it_in_its_path() {
        for resource in RESOURCES {
            let of_server = matches!(resource.get, Some(Read::Server(_)))
                || matches!(resource.patch, Some(Change::Server(..)))
                || matches!(resource.post, Some(Act::Server(..)));
            let names_it = resource.pattern.contains("{server}");
            assert_eq!(of_server, names_it, "{}", resource.pattern);
        }
    }

    /// DSP0266 section 13.3.1: what may be asked without logging in, and nothing else.
    #[test]
    fn what_is_open_is_what_the_specification_opens() {
        let mut open = Vec::new();
        for resource in RESOURCES {
            if matches!(resource.get, Some(Read::Document(_) | Read::Open(_))) {
                open.push(("GET", resource.pattern));
            }
            for (method, act) in [("POST", resource.post), ("DELETE", resource.delete)] {
                if matches!(act, Some(Act::Open(_))) {
                    open.push((method, resource.pattern));
                }
            }
        }
        let expected = [
            ("GET", ""),
            ("GET", "/v1/odata"),
            ("GET", "/v1/$metadata"),
            ("GET", "/v1"),
            ("POST", "/v1/SessionService/Sessions"),
            ("POST", "/v1/SessionService/Sessions/Members"),
        ];
        assert_eq!(open, expected);
    }

    #[test]
    fn a_resource_tells_its_methods() {
        let allow = |path| find(path).unwrap().resource.allow();
        assert_eq!(allow("/v1"), "GET, HEAD");
        assert_eq!(allow("/v1/Systems/1"), "GET, HEAD, PATCH");
        assert_eq!(
            allow("/v1/AccountService/Accounts/1"),
            "GET, HEAD, PATCH, DELETE"
        );
        assert_eq!(allow("/v1/Systems/1/Actions/ComputerSystem.Reset"), "POST");
    }
}
