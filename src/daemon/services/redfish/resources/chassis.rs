//! The chassis: one for each server.

use futures_util::future::BoxFuture;
use outband_core::{sensors::SensorKind, server::ServerHandle};

use super::{
    super::{
        health::{Health, server_state, status, write_power},
        page::Page,
        patch::Fields,
        reply::Outcome,
        routes::Ask,
    },
    collection, indicator, systems,
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
    let kind = chassis.kind.as_deref().filter(|kind| !kind.is_empty());
    page.text("ChassisType", kind.unwrap_or("Other"));
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
    let has = |kinds: &[SensorKind]| {
        let mut sensors = server.sensors().iter();
        sensors.any(|sensor| kinds.contains(&sensor.spec.kind))
    };
    let uri = ask.uri;
    if !server.sensors().is_empty() {
        page.link("Sensors", format_args!("{uri}/Sensors"));
    }
    if has(super::thermal::KINDS) {
        page.link("Thermal", format_args!("{uri}/Thermal"));
    }
    if has(super::power::KINDS) {
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
