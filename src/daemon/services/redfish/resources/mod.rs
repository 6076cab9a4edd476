//! The resources: a file each, or one for a family.

pub(super) mod accounts;
mod boot;
pub(super) mod chassis;
mod indicator;
pub(super) mod managers;
pub(super) mod network;
mod old_sensors;
pub(super) mod parts;
pub(super) mod power;
pub(super) mod reset;
pub(super) mod roles;
pub(super) mod root;
pub(super) mod sensors;
pub(super) mod sessions;
pub(super) mod storage;
pub(super) mod systems;
pub(super) mod tasks;
#[cfg(test)]
mod tests_support;
pub(super) mod thermal;
pub(super) mod update;

use std::fmt::Display;

use super::{page::Page, refusals, reply::Reply, routes::Ask};

/// Writes a collection: its name, and its members, each below the collection's own path.
fn collection(
    page: &mut Page,
    uri: &str,
    name: &str,
    members: impl ExactSizeIterator<Item = impl Display>,
) {
    page.text("Name", name);
    page.plain("Members@odata.count", members.len());
    page.links("Members", members.map(|id| format!("{uri}/{id}")));
}

/// There is nothing at the path that was asked for.
fn absent(ask: &Ask<'_>) -> Box<Reply> {
    Box::new(refusals::not_found(ask.uri))
}

/// Writes a collection of what is numbered: `CPU1`, `CPU2`, ...
fn numbered(page: &mut Page, uri: &str, name: &str, prefix: &str, count: usize) {
    let members = (0..count).map(|at| format!("{prefix}{}", at + 1));
    collection(page, uri, name, members);
}

/// The place in the list of what is numbered so.
fn place(id: &str, prefix: &str) -> Option<usize> {
    let number = id.strip_prefix(prefix)?;
    let at = number.parse::<usize>().ok()?.checked_sub(1)?;
    // One path for each member: neither `CPU01` nor `CPU+1`.
    (number == (at + 1).to_string()).then_some(at)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_numbered_member_has_one_name() {
        assert_eq!(place("CPU1", "CPU"), Some(0));
        assert_eq!(place("CPU12", "CPU"), Some(11));
        for bad in [
            "CPU0",
            "CPU01",
            "CPU+1",
            "CPU",
            "DIMM1",
            "CPU-1",
            "CPU99999999999999999999",
        ] {
            assert_eq!(place(bad, "CPU"), None, "{bad}");
        }
    }

    #[test]
    fn a_collection_counts_its_members() {
        let mut page = Page::bare();
        numbered(&mut page, "/x", "Processors", "CPU", 2);
        let read: Value = serde_json::from_slice(&page.bare_bytes()).unwrap();
        let members = json!([{"@odata.id": "/x/CPU1"}, {"@odata.id": "/x/CPU2"}]);
        assert_eq!(
            read,
            json!({"Name": "Processors", "Members@odata.count": 2, "Members": members})
        );
    }
}
