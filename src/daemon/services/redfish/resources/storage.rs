//! The drives of a server: in its chassis, and all in one storage resource, since which controllers
//! they hang on isn't known.

use outband_core::{inventory::Drive, server::ServerHandle};

use super::{
    super::{health::status, page::Page, reply::Outcome, routes::Ask},
    absent, collection, numbered, place,
};

/// The one storage resource.
const ONLY: &str = "1";
const DRIVE: &str = "Drive";

/// The storage resources; absent where no drive is known.
pub(in super::super) fn list(ask: &Ask<'_>, server: &ServerHandle, page: &mut Page) -> Outcome<()> {
    if server.snapshot().inventory.drives.is_empty() {
        return Err(absent(ask));
    }
    collection(page, ask.uri, "Storage", [ONLY].into_iter());
    Ok(())
}

/// The storage resource.
pub(in super::super) fn show(ask: &Ask<'_>, server: &ServerHandle, page: &mut Page) -> Outcome<()> {
    let count = server.snapshot().inventory.drives.len();
    if count == 0 || ask.id != ONLY {
        return Err(absent(ask));
    }
    page.text("Id", ONLY);
    page.text("Name", "Drives");
    status(page, Some("Enabled"), None);
    page.plain("Drives@odata.count", count);
    let chassis = format!("/redfish/v1/Chassis/{}", server.id());
    let drives = (1..=count).map(|at| format!("{chassis}/Drives/{DRIVE}{at}"));
    page.links("Drives", drives);
    Ok(())
}

/// The drives in the chassis; absent where none is known.
pub(in super::super) fn drives(
    ask: &Ask<'_>,
    server: &ServerHandle,
    page: &mut Page,
) -> Outcome<()> {
    match server.snapshot().inventory.drives.len() {
        0 => Err(absent(ask)),
        count => {
            numbered(page, ask.uri, "Drives", DRIVE, count);
            Ok(())
        }
    }
}

/// A drive.
pub(in super::super) fn drive(
    ask: &Ask<'_>,
    server: &ServerHandle,
    page: &mut Page,
) -> Outcome<()> {
    let snapshot = server.snapshot();
    let at = place(ask.id, DRIVE);
    let drive = at.and_then(|at| snapshot.inventory.drives.get(at));
    page.text("Id", ask.id);
    write(page, drive.ok_or_else(|| absent(ask))?);
    Ok(())
}

fn write(page: &mut Page, drive: &Drive) {
    let name = Some(drive.name.as_str()).filter(|name| !name.is_empty());
    page.text("Name", name.unwrap_or("Drive"));
    page.maybe("Manufacturer", drive.manufacturer.as_deref());
    page.maybe("Model", drive.model.as_deref());
    page.maybe("SerialNumber", drive.serial_number.as_deref());
    page.known("CapacityBytes", drive.bytes);
    page.maybe("MediaType", drive.media.as_deref());
    page.maybe("Protocol", drive.protocol.as_deref());
    status(page, Some("Enabled"), None);
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_drive_shows_what_is_known_of_it() {
        let mut page = Page::bare();
        let drive = Drive {
            name: "Disk 1".into(),
            bytes: Some(512),
            ..Drive::default()
        };
        write(&mut page, &drive);
        let shown: Value = serde_json::from_slice(&page.bare_bytes()).unwrap();
        let expected = json!({
            "Name": "Disk 1", "CapacityBytes": 512, "Status": {"State": "Enabled"},
        });
        assert_eq!(shown, expected);
    }
}
