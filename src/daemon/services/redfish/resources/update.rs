//! Which firmware there is. None of it can be updated this way, and the service says so.

use outband_core::server::{ServerHandle, ServerId};

use super::{
    super::{health::status, page::Page, reply::Outcome, routes::Ask},
    absent, collection,
};

const INVENTORY: &str = "/redfish/v1/UpdateService/FirmwareInventory";

/// The daemon's own entry.
const DAEMON: &str = "outband";

/// What comes before a server's id in the name of its firmware's entry.
const BIOS: &str = "bios.";

/// The update service.
pub(in super::super) fn service(_: &Ask<'_>, page: &mut Page) -> Outcome<()> {
    page.text("Id", "UpdateService");
    page.text("Name", "Update service");
    page.plain("ServiceEnabled", false);
    status(page, Some("Disabled"), None);
    page.link("FirmwareInventory", INVENTORY);
    Ok(())
}

/// The firmware of the daemon and of the servers that the actor reaches, as far as it is known.
pub(in super::super) fn list(ask: &Ask<'_>, page: &mut Page) -> Outcome<()> {
    let servers = ask.redfish.bmc.servers.all();
    let mut names = vec![DAEMON.to_owned()];
    names.extend(
        servers
            .iter()
            .filter(|(id, server)| ask.redfish.shows(ask.actor, id) && bios(server).is_some())
            .map(|(id, _)| format!("{BIOS}{id}")),
    );
    collection(page, INVENTORY, "Firmware", names.into_iter());
    Ok(())
}

fn bios(server: &ServerHandle) -> Option<String> {
    let version = server.snapshot().inventory.bios_version.clone();
    version.filter(|version| !version.is_empty())
}

/// An entry.
pub(in super::super) fn show(ask: &Ask<'_>, page: &mut Page) -> Outcome<()> {
    page.text("Id", ask.id);
    if ask.id == DAEMON {
        page.text("Name", "Outband");
        page.text("Manufacturer", "Outband");
        page.text("Version", &ask.redfish.bmc.identity.version);
        related(page, format_args!("/redfish/v1/Managers/{DAEMON}"));
        return Ok(());
    }
    let id = ask.id.strip_prefix(BIOS).ok_or_else(|| absent(ask))?;
    let server = ask.redfish.server(ask.actor, id);
    let server = server.ok_or_else(|| absent(ask))?;
    let version = bios(&server).ok_or_else(|| absent(ask))?;
    let id: &ServerId = server.id();
    page.text("Name", &format!("Firmware of server {id}"));
    let vendor = server.snapshot().inventory.bios_vendor.clone();
    page.maybe("Manufacturer", vendor.as_deref());
    page.text("Version", &version);
    related(page, format_args!("/redfish/v1/Systems/{id}"));
    Ok(())
}

fn related(page: &mut Page, uri: std::fmt::Arguments<'_>) {
    page.plain("Updateable", false);
    status(page, Some("Enabled"), None);
    page.plain("RelatedItem@odata.count", 1);
    page.links("RelatedItem", [uri]);
}
