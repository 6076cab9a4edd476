//! The managed servers.

use futures_util::future::BoxFuture;
use outband_core::server::{Command, ServerHandle};

use super::{
    super::{
        health::{Health, server_state, status, write_power},
        page::Page,
        patch::Fields,
        refusals,
        reply::Outcome,
        routes::Ask,
        time::iso,
        words::{BOOT_PROGRESS, RESET_TYPES, RESTORE_POLICIES, meaning, word, words_where},
    },
    boot, collection, indicator,
};

/// The servers that the actor reaches.
pub(in super::super) fn list(ask: &Ask<'_>, page: &mut Page) -> Outcome<()> {
    let ids = ids(ask);
    collection(page, ask.uri, "Computer systems", ids.iter());
    Ok(())
}

/// The ids of the servers that the actor reaches and this tree shows.
pub(super) fn ids(ask: &Ask<'_>) -> Vec<outband_core::server::ServerId> {
    let servers = ask.redfish.bmc.servers.all();
    let shown = servers.keys().filter(|id| ask.redfish.shows(ask.actor, id));
    shown.cloned().collect()
}

/// A server.
pub(in super::super) fn show(ask: &Ask<'_>, server: &ServerHandle, page: &mut Page) -> Outcome<()> {
    let snapshot = server.snapshot();
    let inventory = &snapshot.inventory;
    let abilities = &snapshot.abilities;
    let id = server.id();
    let uri = format!("/redfish/v1/Systems/{id}");

    page.text("Id", id.as_str());
    page.text("Name", &format!("Server {id}"));
    page.text("SystemType", "Physical");
    page.maybe("Manufacturer", inventory.manufacturer.as_deref());
    page.maybe("Model", inventory.model.as_deref());
    page.maybe("SKU", inventory.sku.as_deref());
    page.maybe("PartNumber", inventory.part_number.as_deref());
    page.maybe("SerialNumber", inventory.serial_number.as_deref());
    page.maybe("UUID", inventory.uuid.as_deref());
    page.maybe("BiosVersion", inventory.bios_version.as_deref());
    page.maybe("HostName", inventory.host_name.as_deref());
    page.setting(|page| match &*snapshot.asset_tag {
        "" => page.null("AssetTag"),
        tag => page.text("AssetTag", tag),
    });
    write_power(page, &snapshot, abilities);
    if abilities.has_power {
        let policy = word(RESTORE_POLICIES, &snapshot.restore_policy);
        page.setting(|page| page.maybe("PowerRestorePolicy", policy));
    }
    indicator::write(page, &snapshot);
    let now = ask.redfish.bmc.clock.now();
    let health = Health::of_sensors(server, now, |_| true);
    status(page, server_state(&snapshot), health);
    page.maybe(
        "LastResetTime",
        snapshot.last_reset.and_then(iso).as_deref(),
    );
    if let Some(progress) = snapshot.boot_progress {
        page.object("BootProgress", |page| {
            page.maybe("LastState", word(BOOT_PROGRESS, &progress));
        });
    }
    boot::write(page, &snapshot);

    if let Some(first) = inventory.processors.first() {
        page.object("ProcessorSummary", |page| {
            page.plain("Count", inventory.processors.len());
            page.maybe("Model", first.model.as_deref());
            let cores = inventory.processors.iter().map(|cpu| cpu.cores);
            page.known("CoreCount", cores.sum::<Option<u32>>());
            let threads = inventory.processors.iter().map(|cpu| cpu.threads);
            page.known("LogicalProcessorCount", threads.sum::<Option<u32>>());
        });
        page.link("Processors", format_args!("{uri}/Processors"));
    }
    if let Some(mib) = inventory.memory_mib() {
        page.object("MemorySummary", |page| {
            page.plain("TotalSystemMemoryGiB", mib as f64 / 1024.0);
        });
        page.link("Memory", format_args!("{uri}/Memory"));
    }
    if !inventory.nics.is_empty() {
        page.link(
            "EthernetInterfaces",
            format_args!("{uri}/EthernetInterfaces"),
        );
    }
    if !inventory.drives.is_empty() {
        page.link("Storage", format_args!("{uri}/Storage"));
    }
    page.object("Links", |page| {
        page.links("Chassis", [format_args!("/redfish/v1/Chassis/{id}")]);
        page.links("ManagedBy", [format_args!("/redfish/v1/Managers/{id}")]);
    });
    if !abilities.power.is_empty() {
        page.object("Actions", |page| {
            page.object("#ComputerSystem.Reset", |page| {
                let target = format!("{uri}/Actions/ComputerSystem.Reset");
                page.text("target", &target);
                let types = words_where(RESET_TYPES, |action| abilities.power.contains(action));
                page.texts("ResetType@Redfish.AllowableValues", types);
            });
        });
    }
    Ok(())
}

/// Changes a server's settings: all of what is asked, or nothing where anything of it is wrong.
pub(in super::super) fn change<'a>(
    ask: Ask<'a>,
    server: &'a ServerHandle,
    fields: Fields<'a>,
    mut page: Page,
) -> BoxFuture<'a, Outcome<Page>> {
    Box::pin(async move {
        let commands = commands(server, fields)?;
        carry_out(&ask, server, commands).await?;
        show(&ask, server, &mut page)?;
        Ok(page)
    })
}

/// A command, and the property that asked for it.
pub(super) type Asked = (Command, &'static str);

fn commands(server: &ServerHandle, mut fields: Fields<'_>) -> Outcome<Vec<Asked>> {
    let snapshot = server.snapshot();
    let mut commands = Vec::new();
    if let Some(tag) = fields.text_or_null("AssetTag") {
        commands.push((Command::AssetTag(tag.into()), "AssetTag"));
    }
    if snapshot.abilities.has_power {
        let words: Vec<_> = words_where(RESTORE_POLICIES, |_| true).collect();
        let policy = fields.choice("PowerRestorePolicy", &words, |word| {
            meaning(RESTORE_POLICIES, word)
        });
        commands
            .extend(policy.map(|policy| (Command::RestorePolicy(policy), "PowerRestorePolicy")));
    }
    commands.extend(indicator::read(&mut fields, &snapshot));
    commands.extend(boot::read(&mut fields, &snapshot));
    fields.finish()?;
    Ok(commands)
}

/// Carries commands out one after the other. The rights to all of them are asked for before the
/// first; settings are in force when they are accepted.
pub(super) async fn carry_out(
    ask: &Ask<'_>,
    server: &ServerHandle,
    commands: Vec<Asked>,
) -> Outcome<()> {
    let who = ask.actor.account();
    for (command, _) in &commands {
        let may = ask.actor.may(command.operation(), Some(server.id()));
        may.map_err(|denied| Box::new(refusals::denied(denied, who, ask.uri)))?;
    }
    for (command, property) in commands {
        let accepted = server.submit(ask.actor, command).await;
        accepted
            .map_err(|refused| Box::new(refusals::refused(&refused, who, ask.uri, property)))?;
    }
    Ok(())
}
