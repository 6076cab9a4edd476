//! What a simulated server is like: makers and models, sensors with their curves, boot times,
//! buttons and screens.
//!
//! A profile is a TOML file; three are built in (`config/profiles`). Its [`Blueprint`] is shared by
//! all servers made from it. What differs from server to server, serial numbers, UUID and MAC
//! addresses, is derived from the server's id: distinct in a fleet, the same after each start.

mod derive;
mod front;
mod sensors;
mod value;

use std::{collections::BTreeSet, fmt, fs::File, io::Read, path::Path, sync::Arc, time::Duration};

use outband_core::{
    inventory::Inventory,
    server::{BootMode, BootTarget, ServerId},
};
use serde::Deserialize;

pub use front::{FontSize, Front, Screens};
pub use sensors::{Curve, Sensors};

/// The built-in profiles, by name, the default one first.
const BUILT_IN: [(&str, &str); 3] = [
    ("pc", include_str!("../../../../config/profiles/pc.toml")),
    (
        "two-socket",
        include_str!("../../../../config/profiles/two-socket.toml"),
    ),
    (
        "board",
        include_str!("../../../../config/profiles/board.toml"),
    ),
];

/// The largest profile that is read, in bytes.
const FILE_MAX: u64 = 256 * 1024;

/// The most modules, drives or interfaces of one kind that an inventory may list.
const PIECES_MAX: usize = 64;

/// One server made from a profile. Cheap to clone: all but the names of things is shared.
#[derive(Debug, Clone)]
pub struct Profile {
    /// What all servers of this kind share.
    pub blueprint: Arc<Blueprint>,
    /// What this server is made of, with its own serial numbers and addresses.
    pub inventory: Arc<Inventory>,
    /// A number of this server's own, for what should differ between servers yet stay the same.
    pub seed: u64,
}

/// What all servers of one profile share.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blueprint {
    /// The profile's name.
    pub name: String,
    /// What it stands for, in a sentence.
    pub description: String,
    /// The inventory; `#` in a serial number or MAC address stands for a hexadecimal digit that
    /// each server gets of its own, `{id}` in the host name for the server's id.
    inventory: Inventory,
    /// What it can boot from.
    pub boot: BootPlan,
    /// How long it takes for what.
    pub times: Times,
    /// Its front panel.
    pub front: Front,
    /// Its screens.
    #[serde(default)]
    pub screen: Screens,
    /// Its sensors.
    #[serde(default, rename = "sensor")]
    pub sensors: Sensors,
}

/// What a server can boot from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BootPlan {
    /// The order in which firmware tries its devices until someone changes it in the set-up.
    pub order: Vec<BootTarget>,
    /// Where a boot override can point.
    pub targets: BTreeSet<BootTarget>,
    /// The firmware modes that an override can ask for.
    #[serde(default)]
    pub modes: BTreeSet<BootMode>,
    /// The mode it is in when none is asked for.
    pub native_mode: Option<BootMode>,
}

/// How long a server takes for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Times {
    /// The power-on self-test.
    #[serde(with = "value::duration")]
    pub post: Duration,
    /// The boot loader.
    #[serde(with = "value::duration")]
    pub loader: Duration,
    /// The operating system's start, up to the log-in.
    #[serde(with = "value::duration")]
    pub os: Duration,
    /// The operating system's shut-down.
    #[serde(with = "value::duration")]
    pub shutdown: Duration,
    /// How long a network boot waits for an answer that does not come.
    #[serde(with = "value::duration")]
    pub network: Duration,
}

/// Why there is no profile to be had.
#[derive(Debug, Clone, thiserror::Error)]
pub enum BadProfile {
    /// No built-in profile has this name.
    #[error("there is no built-in profile `{0}`; there are: {names}", names = Names)]
    Unknown(String),
    /// The file can't be read.
    #[error("{path}: {why}")]
    Read {
        /// Which file.
        path: String,
        /// What the operating system said.
        why: String,
    },
    /// The file says something that no profile can.
    #[error("{path}: {why}")]
    Content {
        /// Which file, or the built-in profile's name.
        path: String,
        /// What is wrong, with the line and the key where they are known.
        why: String,
    },
}

/// The built-in profiles' names, for people.
struct Names;

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = Profile::names().collect();
        f.write_str(&names.join(", "))
    }
}

impl BootPlan {
    /// Whether the firmware has a set-up and a boot menu.
    #[must_use]
    pub fn has_set_up(&self) -> bool {
        self.targets.contains(&BootTarget::BiosSetup)
    }
}

impl Profile {
    /// The names of the built-in profiles, the default one first.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// A built-in profile.
    ///
    /// # Errors
    /// [`BadProfile::Unknown`] when there is none of this name.
    pub fn builtin(name: &str) -> Result<Self, BadProfile> {
        let found = BUILT_IN.iter().find(|(known, _)| *known == name);
        let (name, text) = found.ok_or_else(|| BadProfile::Unknown(name.to_owned()))?;
        Self::parse(name, text)
    }

    /// A profile from a file of at most 256 KiB.
    ///
    /// # Errors
    /// [`BadProfile`] with the file's name and what is wrong with it.
    pub fn load(path: &Path) -> Result<Self, BadProfile> {
        let failed = |why: String| BadProfile::Read {
            path: path.display().to_string(),
            why,
        };
        let mut text = String::new();
        let read = File::open(path).and_then(|file| {
            // What says that it is short may be a device without an end.
            file.take(FILE_MAX + 1).read_to_string(&mut text)
        });
        read.map_err(|why| failed(why.to_string()))?;
        if text.len() as u64 > FILE_MAX {
            return Err(failed(format!("a profile has at most {FILE_MAX} bytes")));
        }
        Self::parse(&path.display().to_string(), &text)
    }

    /// A profile from its text; `path` is named in what is said about it.
    fn parse(path: &str, text: &str) -> Result<Self, BadProfile> {
        let content = |why: String| BadProfile::Content {
            path: path.to_owned(),
            why,
        };
        let blueprint: Blueprint = toml::from_str(text).map_err(|why| content(why.to_string()))?;
        blueprint.check().map_err(content)?;
        Ok(Self::own(Arc::new(blueprint), "1"))
    }

    /// One server of this kind: with serial numbers, UUID and addresses of its own.
    #[must_use]
    pub fn made_from(blueprint: Arc<Blueprint>, id: &ServerId) -> Self {
        Self::own(blueprint, id.as_str())
    }

    fn own(blueprint: Arc<Blueprint>, id: &str) -> Self {
        let own = derive::Own::of(id);
        Self {
            inventory: Arc::new(own.inventory(&blueprint.inventory)),
            seed: own.seed(),
            blueprint,
        }
    }
}

impl Blueprint {
    /// What no single value shows.
    fn check(&self) -> Result<(), String> {
        let pieces = &self.inventory;
        for (what, count) in [
            ("processors", pieces.processors.len()),
            ("memory", pieces.memory.len()),
            ("nics", pieces.nics.len()),
            ("drives", pieces.drives.len()),
        ] {
            if count > PIECES_MAX {
                return Err(format!("inventory.{what}: at most {PIECES_MAX}"));
            }
        }
        let order: BTreeSet<_> = self.boot.order.iter().copied().collect();
        if order.len() != self.boot.order.len() {
            return Err("boot.order: a device stands in it twice".to_owned());
        }
        if order.contains(&BootTarget::BiosSetup) {
            return Err("boot.order: the set-up is no device".to_owned());
        }
        if !order.is_subset(&self.boot.targets) {
            return Err("boot.order: a device is missing in boot.targets".to_owned());
        }
        if let Some(mode) = self.boot.native_mode
            && !self.boot.modes.contains(&mode)
        {
            return Err("boot.native_mode: it is missing in boot.modes".to_owned());
        }
        self.front.check()?;
        self.screen.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Profile> {
        Profile::names()
            .map(|name| Profile::builtin(name).unwrap_or_else(|why| panic!("{why}")))
            .collect()
    }

    #[test]
    fn every_built_in_profile_can_be_had_by_its_name() {
        for (name, profile) in Profile::names().zip(all()) {
            assert_eq!(profile.blueprint.name, name);
            assert!(!profile.blueprint.sensors.specs.is_empty(), "{name}");
        }
        let why = Profile::builtin("vax").unwrap_err().to_string();
        assert_eq!(
            why,
            "there is no built-in profile `vax`; there are: pc, two-socket, board"
        );
    }

    #[test]
    fn servers_of_one_profile_are_distinct_and_each_stays_itself() {
        for profile in all() {
            let [a, b, again] = ["web1", "web2", "web1"]
                .map(|id| Profile::made_from(profile.blueprint.clone(), &id.parse().unwrap()));
            assert_eq!(a.inventory, again.inventory);
            assert_eq!(a.seed, again.seed);
            assert_ne!(a.inventory.uuid, b.inventory.uuid);
            assert_ne!(a.inventory.serial_number, b.inventory.serial_number);
            assert_ne!(a.inventory.nics[0].mac, b.inventory.nics[0].mac);
            assert_ne!(a.seed, b.seed);
        }
    }

    #[test]
    fn no_pattern_is_left_in_what_a_server_says_of_itself() {
        for profile in all() {
            let said = format!("{:?}", profile.inventory);
            assert!(!said.contains('#') && !said.contains("{id}"), "{said}");
        }
    }

    #[test]
    fn a_profile_with_an_unknown_key_says_where() {
        let text = BUILT_IN[0].1.replace("[times]", "[times]\nnap = \"1s\"");
        let why = Profile::parse("x.toml", &text).unwrap_err().to_string();
        assert!(why.starts_with("x.toml: TOML parse error at line"), "{why}");
        assert!(why.contains("unknown field `nap`"), "{why}");
    }

    #[test]
    fn a_profile_that_contradicts_itself_is_refused() {
        for (from, to, says) in [
            ("order = [\"hdd\"", "order = [\"hdd\", \"hdd\"", "twice"),
            (
                "order = [\"hdd\"",
                "order = [\"bios-setup\", \"hdd\"",
                "no device",
            ),
            ("post = \"", "post = \"-", "no length of time"),
            ("reset = true", "reset = 1", "invalid type"),
        ] {
            let text = BUILT_IN[0].1.replacen(from, to, 1);
            assert_ne!(text, BUILT_IN[0].1, "{from}");
            let why = Profile::parse("x", &text).unwrap_err().to_string();
            assert!(why.contains(says), "{says}: {why}");
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let why = Profile::load(Path::new("/nonexistent/p.toml")).unwrap_err();
        assert!(why.to_string().starts_with("/nonexistent/p.toml: "));
    }
}
