//! The one table of resources: where each is, what it can be asked, and what right that needs.

use outband_core::access::Operation;

use super::{
    metadata,
    resources::{
        accounts, chassis, managers, network, parts, power, reset, roles, root, sensors, sessions,
        storage, systems, tasks, thermal, update,
    },
    routes::{Act, Change, Need, Read, Resource, Schema},
};

const READ: Need = Need::To(Operation::ReadManager);

/// Every resource. Of two patterns that fit, the first counts.
pub(super) static RESOURCES: &[Resource] = &[
    // The way in.
    Resource::document("", root::versions),
    Resource::document("/v1/odata", metadata::service_document),
    Resource::document("/v1/$metadata", metadata::metadata),
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

    use super::{super::routes::find, *};

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
