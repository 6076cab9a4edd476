//! The managers: what the daemon is to each server, and the daemon itself.

use outband_core::server::ServerHandle;

use super::{
    super::{
        Redfish,
        health::{Health, status},
        page::Page,
        reply::Outcome,
        routes::Ask,
        time::iso,
    },
    collection, systems,
};

/// The manager that is the daemon itself.
const DAEMON: &str = "outband";

/// The managers: those of the servers that the actor reaches, then the daemon itself, so that
/// clients that take the first get one that manages a server.
pub(in super::super) fn list(ask: &Ask<'_>, page: &mut Page) -> Outcome<()> {
    let ids = systems::ids(ask);
    let mut names: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
    names.push(DAEMON);
    collection(page, ask.uri, "Managers", names.into_iter());
    Ok(())
}

/// What every manager shows.
fn write(redfish: &Redfish, uri: &str, page: &mut Page) {
    page.text("Manufacturer", "Outband");
    page.text("Model", "Outband");
    page.text("FirmwareVersion", &redfish.bmc.identity.version);
    page.text("PowerState", "On");
    let now = iso(redfish.bmc.clock.wall());
    page.live(|page| page.maybe("DateTime", now.as_deref()));
    page.text("DateTimeLocalOffset", "+00:00");
    status(page, Some("Enabled"), Some(Health::Ok));
    page.link("NetworkProtocol", format_args!("{uri}/NetworkProtocol"));
}

/// A server's own manager.
pub(in super::super) fn show(ask: &Ask<'_>, server: &ServerHandle, page: &mut Page) -> Outcome<()> {
    let id = server.id();
    page.text("Id", id.as_str());
    page.text("Name", &format!("Manager of server {id}"));
    page.text("ManagerType", "BMC");
    let uuid = ask.redfish.bmc.identity.manager_uuid(id);
    page.maybe("UUID", uuid.map(|uuid| uuid.to_string()).as_deref());
    write(ask.redfish, ask.uri, page);
    page.object("Links", |page| {
        page.links(
            "ManagerForServers",
            [format_args!("/redfish/v1/Systems/{id}")],
        );
        page.links(
            "ManagerForChassis",
            [format_args!("/redfish/v1/Chassis/{id}")],
        );
        page.links("ManagedBy", [format_args!("/redfish/v1/Managers/{DAEMON}")]);
    });
    Ok(())
}

/// The daemon itself.
pub(in super::super) fn show_daemon(ask: &Ask<'_>, page: &mut Page) -> Outcome<()> {
    let identity = &ask.redfish.bmc.identity;
    page.text("Id", DAEMON);
    page.text("Name", "Outband");
    page.text("ManagerType", "Service");
    page.text("UUID", &identity.uuid);
    page.text("ServiceEntryPointUUID", &identity.uuid);
    page.maybe("ServiceIdentification", Some(&identity.host_name));
    write(ask.redfish, ask.uri, page);
    Ok(())
}
