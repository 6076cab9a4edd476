//! What a server is made of: processors, memory, network interfaces.

use outband_core::{
    inventory::{Inventory, MemoryModule, Nic},
    server::ServerHandle,
};

use super::{
    super::{
        health::{Health, status},
        page::Page,
        reply::Outcome,
        routes::Ask,
    },
    absent, numbered, place,
};

const CPU: &str = "CPU";
const DIMM: &str = "DIMM";
const NIC: &str = "NIC";

/// The entity "processor" (IPMI 2.0 table 43-13).
const PROCESSOR: u8 = 3;

/// A collection of what the server has; absent where it has none that is known.
fn list(
    ask: &Ask<'_>,
    server: &ServerHandle,
    page: &mut Page,
    name: &str,
    prefix: &str,
    count: impl FnOnce(&Inventory) -> usize,
) -> Outcome<()> {
    match count(&server.snapshot().inventory) {
        0 => Err(absent(ask)),
        count => {
            numbered(page, ask.uri, name, prefix, count);
            Ok(())
        }
    }
}

/// The processors.
pub(in super::super) fn processors(
    ask: &Ask<'_>,
    server: &ServerHandle,
    page: &mut Page,
) -> Outcome<()> {
    let count = |inventory: &Inventory| inventory.processors.len();
    list(ask, server, page, "Processors", CPU, count)
}

/// A processor. Its health is that of the sensors that sit on it.
pub(in super::super) fn processor(
    ask: &Ask<'_>,
    server: &ServerHandle,
    page: &mut Page,
) -> Outcome<()> {
    let snapshot = server.snapshot();
    let at = place(ask.id, CPU).ok_or_else(|| absent(ask))?;
    let cpu = snapshot.inventory.processors.get(at);
    let cpu = cpu.ok_or_else(|| absent(ask))?;
    page.text("Id", ask.id);
    page.text("Name", &format!("Processor {}", at + 1));
    page.maybe("Socket", Some(&cpu.socket));
    page.text("ProcessorType", "CPU");
    page.maybe("Manufacturer", cpu.manufacturer.as_deref());
    page.maybe("Model", cpu.model.as_deref());
    page.maybe("ProcessorArchitecture", cpu.architecture.as_deref());
    page.maybe("InstructionSet", cpu.instruction_set.as_deref());
    page.known("TotalCores", cpu.cores);
    page.known("TotalThreads", cpu.threads);
    page.known("MaxSpeedMHz", cpu.max_mhz);
    let health = Health::of_sensors(server, ask.redfish.bmc.clock.now(), |sensor| {
        let entity = sensor.spec.entity;
        entity.id == PROCESSOR && usize::from(entity.instance) == at + 1
    });
    status(page, Some("Enabled"), health);
    Ok(())
}

/// The memory modules.
pub(in super::super) fn memory(
    ask: &Ask<'_>,
    server: &ServerHandle,
    page: &mut Page,
) -> Outcome<()> {
    let count = |inventory: &Inventory| inventory.memory.len();
    list(ask, server, page, "Memory modules", DIMM, count)
}

/// A memory module.
pub(in super::super) fn module(
    ask: &Ask<'_>,
    server: &ServerHandle,
    page: &mut Page,
) -> Outcome<()> {
    let snapshot = server.snapshot();
    let at = place(ask.id, DIMM);
    let module = at.and_then(|at| snapshot.inventory.memory.get(at));
    page.text("Id", ask.id);
    write_module(page, module.ok_or_else(|| absent(ask))?);
    Ok(())
}

fn write_module(page: &mut Page, module: &MemoryModule) {
    let slot = Some(module.slot.as_str()).filter(|slot| !slot.is_empty());
    page.text("Name", slot.unwrap_or("Memory module"));
    if let Some(slot) = slot {
        page.object("Location", |page| {
            page.object("PartLocation", |page| {
                page.text("ServiceLabel", slot);
                page.text("LocationType", "Slot");
            });
        });
    }
    page.text("MemoryType", "DRAM");
    page.plain("CapacityMiB", module.mib);
    page.maybe("MemoryDeviceType", module.kind.as_deref());
    page.known("OperatingSpeedMhz", module.speed);
    let correction = module.ecc.map(|ecc| match ecc {
        true => "MultiBitECC",
        false => "NoECC",
    });
    page.maybe("ErrorCorrection", correction);
    page.maybe("Manufacturer", module.manufacturer.as_deref());
    page.maybe("PartNumber", module.part_number.as_deref());
    page.maybe("SerialNumber", module.serial_number.as_deref());
    status(page, Some("Enabled"), None);
}

/// The network interfaces.
pub(in super::super) fn nics(ask: &Ask<'_>, server: &ServerHandle, page: &mut Page) -> Outcome<()> {
    let count = |inventory: &Inventory| inventory.nics.len();
    list(ask, server, page, "Network interfaces", NIC, count)
}

/// A network interface.
pub(in super::super) fn nic(ask: &Ask<'_>, server: &ServerHandle, page: &mut Page) -> Outcome<()> {
    let snapshot = server.snapshot();
    let at = place(ask.id, NIC);
    let nic = at.and_then(|at| snapshot.inventory.nics.get(at));
    page.text("Id", ask.id);
    write_nic(page, nic.ok_or_else(|| absent(ask))?);
    Ok(())
}

fn write_nic(page: &mut Page, nic: &Nic) {
    let name = Some(nic.name.as_str()).filter(|name| !name.is_empty());
    page.text("Name", name.unwrap_or("Network interface"));
    page.text("EthernetInterfaceType", "Physical");
    page.maybe("PermanentMACAddress", nic.mac.as_deref());
    page.maybe("MACAddress", nic.mac.as_deref());
    page.known("SpeedMbps", nic.speed_mbps);
    let link = nic.link_up.map(|up| match up {
        true => "LinkUp",
        false => "LinkDown",
    });
    page.maybe("LinkStatus", link);
    status(page, Some("Enabled"), None);
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn what_is_not_known_of_a_part_is_left_out() {
        let mut page = Page::bare();
        write_module(
            &mut page,
            &MemoryModule {
                mib: 4096,
                ..MemoryModule::default()
            },
        );
        let shown: Value = serde_json::from_slice(&page.bare_bytes()).unwrap();
        let expected = json!({
            "Name": "Memory module", "MemoryType": "DRAM", "CapacityMiB": 4096,
            "Status": {"State": "Enabled"},
        });
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_link_is_up_down_or_not_known() {
        for (up, link) in [
            (Some(true), json!("LinkUp")),
            (Some(false), json!("LinkDown")),
            (None, Value::Null),
        ] {
            let mut page = Page::bare();
            write_nic(
                &mut page,
                &Nic {
                    link_up: up,
                    ..Nic::default()
                },
            );
            let shown: Value = serde_json::from_slice(&page.bare_bytes()).unwrap();
            assert_eq!(shown["LinkStatus"], link);
        }
    }
}
