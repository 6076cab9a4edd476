//! The chassis: one for each server.

use futures_util::future::BoxFuture;
use outband_core::server::ServerHandle;

use super::{
    super::{
        health::{Health, server_state, status, write_power},
        page::Page,
        patch::Fields,
        reply::Outcome,
        routes::Ask,
    },
    collection, indicator, power,
    sensors::has,
    systems, thermal,
};

/// The chassis of the servers that the actor reaches.
pub(in super::super) fn list(ask: &Ask<'_>, page: &mut Page) -> Outcome<()> {
    let ids = systems::ids(ask);
    collection(page, ask.uri, "Chassis", ids.iter());
    Ok(())
}

/// A chassis.
pub(in super::super) fn show(ask: &Ask<'_>, server: &ServerHandle, page: &mut Page) -> Outcome<()> {
    let snapshot = server.snapshot();
    let inventory = &snapshot.inventory;
    let chassis = &inventory.chassis;
    let id = server.id();

    page.text("Id", id.as_str());
    page.text("Name", &format!("Chassis of server {id}"));
    // The one property that must be there whatever is known.
    page.text("ChassisType", chassis_type(chassis.kind.as_deref()));
    page.maybe("Manufacturer", inventory.manufacturer.as_deref());
    page.maybe("Model", inventory.model.as_deref());
    page.maybe("SKU", inventory.sku.as_deref());
    page.maybe("PartNumber", chassis.part_number.as_deref());
    page.maybe("SerialNumber", chassis.serial_number.as_deref());
    write_power(page, &snapshot, &snapshot.abilities);
    indicator::write(page, &snapshot);
    let now = ask.redfish.bmc.clock.now();
    let health = Health::of_sensors(server, now, |_| true);
    status(page, server_state(&snapshot), health);
    let uri = ask.uri;
    if !inventory.drives.is_empty() {
        page.link("Drives", format_args!("{uri}/Drives"));
    }
    if !server.sensors().is_empty() {
        page.link("Sensors", format_args!("{uri}/Sensors"));
    }
    if has(server, thermal::KINDS) {
        page.link("Thermal", format_args!("{uri}/Thermal"));
    }
    if has(server, power::KINDS) {
        page.link("Power", format_args!("{uri}/Power"));
    }
    page.object("Links", |page| {
        page.links(
            "ComputerSystems",
            [format_args!("/redfish/v1/Systems/{id}")],
        );
        page.links("ManagedBy", [format_args!("/redfish/v1/Managers/{id}")]);
    });
    Ok(())
}

/// `ChassisType` for what the inventory says, which may have it by SMBIOS's names.
fn chassis_type(kind: Option<&str>) -> &'static str {
    const KNOWN: [&str; 12] = [
        "Rack",
        "Blade",
        "Enclosure",
        "StandAlone",
        "RackMount",
        "Card",
        "Cartridge",
        "Sled",
        "Shelf",
        "Drawer",
        "Module",
        "Component",
    ];
    let kind = kind.unwrap_or_default();
    match kind {
        "Desktop" | "LowProfileDesktop" | "MiniTower" | "Tower" => "StandAlone",
        _ => KNOWN
            .into_iter()
            .find(|known| *known == kind)
            .unwrap_or("Other"),
    }
}

/// Switches the identify light.
pub(in super::super) fn change<'a>(
    ask: Ask<'a>,
    server: &'a ServerHandle,
    mut fields: Fields<'a>,
    mut page: Page,
) -> BoxFuture<'a, Outcome<Page>> {
    Box::pin(async move {
        let command = indicator::read(&mut fields, &server.snapshot());
        fields.finish()?;
        systems::carry_out(&ask, server, command.into_iter().collect()).await?;
        show(&ask, server, &mut page)?;
        Ok(page)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chassis_type_is_one_that_redfish_has() {
        assert_eq!(chassis_type(Some("RackMount")), "RackMount");
        assert_eq!(chassis_type(Some("Tower")), "StandAlone");
        assert_eq!(chassis_type(Some("teapot")), "Other");
        assert_eq!(chassis_type(None), "Other");
    }
}
