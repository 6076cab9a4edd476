//! By which protocols the daemon can be reached, as far as the request itself shows it.

use outband_core::server::ServerHandle;

use super::super::{
    Redfish,
    health::{Health, status},
    page::Page,
    reply::Outcome,
    routes::{Ask, Door},
};

/// The daemon's protocols.
pub(in super::super) fn show_daemon(ask: &Ask<'_>, page: &mut Page) -> Outcome<()> {
    write(ask.redfish, ask.door, page);
    Ok(())
}

/// The protocols of a server's manager.
pub(in super::super) fn show(
    ask: &Ask<'_>,
    _server: &ServerHandle,
    page: &mut Page,
) -> Outcome<()> {
    write(ask.redfish, ask.door, page);
    Ok(())
}

/// The door that a request came in by is open: of the others nothing is said.
fn write(redfish: &Redfish, door: Option<Door>, page: &mut Page) {
    page.text("Id", "NetworkProtocol");
    page.text("Name", "Network protocols");
    page.maybe("HostName", Some(&redfish.bmc.identity.host_name));
    status(page, Some("Enabled"), Some(Health::Ok));
    if let Some(Door { tls, port }) = door {
        page.object(if tls { "HTTPS" } else { "HTTP" }, |page| {
            page.plain("ProtocolEnabled", true);
            page.plain("Port", port);
        });
    }
}
