//! By which protocols the daemon can be reached.

use outband_core::server::ServerHandle;

use super::super::{
    Redfish,
    health::{Health, status},
    page::Page,
    reply::Outcome,
    routes::Ask,
};

/// The daemon's protocols.
pub(in super::super) fn show_daemon(ask: &Ask<'_>, page: &mut Page) -> Outcome<()> {
    write(ask.redfish, page);
    Ok(())
}

/// The protocols of a server's manager.
pub(in super::super) fn show(ask: &Ask<'_>, server: &ServerHandle, page: &mut Page) -> Outcome<()> {
    write(ask.redfish, page);
    let ports = &ask.redfish.options.ipmi_ports;
    protocol(page, "IPMI", ports.get(server.id()).copied());
    Ok(())
}

fn write(redfish: &Redfish, page: &mut Page) {
    page.text("Id", "NetworkProtocol");
    page.text("Name", "Network protocols");
    page.maybe("HostName", Some(&redfish.bmc.identity.host_name));
    status(page, Some("Enabled"), Some(Health::Ok));
    for (name, port) in [
        ("HTTP", redfish.options.http_port),
        ("HTTPS", redfish.options.https_port),
    ] {
        protocol(page, name, port);
    }
}

fn protocol(page: &mut Page, name: &str, port: Option<u16>) {
    page.object(name, |page| {
        page.plain("ProtocolEnabled", port.is_some());
        page.known("Port", port);
    });
}
