//! `[[server]]`: the managed servers and their parts.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
};

use outband_core::{
    faults::{Fault, FaultKind, FaultScope},
    server::ServerId,
};
use serde::{Deserialize, Deserializer, Serialize, de::Error};

use super::{
    Address,
    profile::{BadProfile, Blueprint, Profile},
};
use crate::drivers::qemu;

/// One managed server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Its id, which stands in URLs.
    pub id: ServerId,
    /// The driver that makes its parts real.
    #[serde(default)]
    pub driver: DriverName,
    /// What a simulated server is like, and what a virtual one calls itself: a built-in profile's
    /// name or the path of a profile.
    #[serde(default = "default_profile")]
    pub profile: String,
    /// What was read under that name when the settings were: two settings differ where it does.
    #[serde(skip)]
    pub blueprint: Option<Arc<Blueprint>>,
    /// Its power.
    #[serde(default)]
    pub power: Part,
    /// Its screen.
    #[serde(default)]
    pub display: Part,
    /// Its keyboard and pointer.
    #[serde(default)]
    pub input: Part,
    /// Its serial port.
    #[serde(default)]
    pub serial: Part,
    /// Its sensors.
    #[serde(default)]
    pub health: Part,
    /// What it boots from.
    #[serde(default)]
    pub boot: Part,
    /// What the driver `sim` is told.
    #[serde(default)]
    pub sim: Sim,
    /// What the driver `qemu` is told.
    #[serde(default)]
    pub qemu: qemu::Settings,
    /// Addresses of its own.
    #[serde(default)]
    pub listen: ServerListen,
}

impl Server {
    /// A server as it is when only its id is given.
    #[must_use]
    pub fn new(id: ServerId) -> Self {
        Self {
            id,
            driver: DriverName::default(),
            profile: default_profile(),
            blueprint: None,
            power: Part::default(),
            display: Part::default(),
            input: Part::default(),
            serial: Part::default(),
            health: Part::default(),
            boot: Part::default(),
            sim: Sim::default(),
            qemu: qemu::Settings::default(),
            listen: ServerListen::default(),
        }
    }

    /// The file of its profile; `None` for one that is built in.
    #[must_use]
    pub fn profile_file(&self) -> Option<&Path> {
        let is_path = self.profile.contains('/') || self.profile.ends_with(".toml");
        is_path.then(|| Path::new(&self.profile))
    }

    /// Reads its profile, from the file or from what is built in.
    pub(super) fn read_profile(&self) -> Result<Arc<Blueprint>, BadProfile> {
        let profile = match self.profile_file() {
            Some(file) => Profile::load(file),
            None => Profile::builtin(&self.profile),
        };
        profile.map(|profile| profile.blueprint)
    }

    /// Its profile with its own numbers; `None` where the settings were not loaded.
    #[must_use]
    pub fn own_profile(&self) -> Option<Arc<Profile>> {
        let blueprint = self.blueprint.clone()?;
        Some(Arc::new(Profile::made_from(blueprint, &self.id)))
    }

    /// The part that is switched off and without which there is no fault of this kind.
    #[must_use]
    pub fn part_missing_for(&self, kind: FaultKind) -> Option<&'static str> {
        let (name, part) = match kind {
            FaultKind::DeafSoftOff | FaultKind::DeadPowerLed | FaultKind::StuckReset => {
                ("power", &self.power)
            }
            FaultKind::NoSignal => ("display", &self.display),
            FaultKind::SensorValue => ("health", &self.health),
            FaultKind::SlowPost
            | FaultKind::SelEntry
            | FaultKind::LateDatagrams
            | FaultKind::LostDatagrams
            | FaultKind::HttpUnavailable => return None,
        };
        part.is_off().then_some(name)
    }
}

/// The profile of a server that names none.
fn default_profile() -> String {
    "pc".to_owned()
}

/// A driver that fills all parts of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DriverName {
    /// A small simulated computer.
    #[default]
    Sim,
    /// A virtual machine under QEMU.
    Qemu,
}

impl FromStr for DriverName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "sim" => Ok(Self::Sim),
            "qemu" => Ok(Self::Qemu),
            _ => Err(format!(
                "there is no driver `{}`; the drivers are: sim, qemu",
                text.escape_debug()
            )),
        }
    }
}

impl TryFrom<String> for DriverName {
    type Error = String;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<DriverName> for String {
    fn from(driver: DriverName) -> Self {
        driver.to_string()
    }
}

impl fmt::Display for DriverName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sim => "sim",
            Self::Qemu => "qemu",
        })
    }
}

/// `[server.PART]`: a part that is not the server's driver's.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Part {
    /// The part's own driver; absent, the server's driver makes the part.
    pub driver: Option<PartDriver>,
}

impl Part {
    /// Whether the part was switched off.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.driver == Some(PartDriver::None)
    }
}

/// A driver of a single part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum PartDriver {
    /// The server has no such part.
    None,
}

impl TryFrom<String> for PartDriver {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "none" => Ok(Self::None),
            _ => Err(format!(
                "there is no driver `{}` for this part; the drivers are: none",
                text.escape_debug()
            )),
        }
    }
}

impl From<PartDriver> for String {
    fn from(driver: PartDriver) -> Self {
        match driver {
            PartDriver::None => "none".to_owned(),
        }
    }
}

/// `[server.sim]`: what the driver `sim` is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sim {
    /// An ISO 9660 image, the medium in its drive; absent, the drive is empty.
    pub cd: Option<PathBuf>,
    /// Whether there is a system on its disk; a blank disk boots nothing.
    pub disk: bool,
    /// Whether the machine writes down what it saw at its own connectors, in
    /// `sim/ID.journal` of the state folder.
    pub journal: bool,
    /// Whether a machine that was never seen before starts on or off.
    pub start: Start,
    /// Faults it starts with.
    pub fault: Vec<FaultSetting>,
}

impl Default for Sim {
    fn default() -> Self {
        Self {
            cd: None,
            disk: true,
            journal: false,
            start: Start::Off,
            fault: Vec::new(),
        }
    }
}

/// How a simulated machine begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Start {
    /// Switched off.
    #[default]
    Off,
    /// Switched on.
    On,
}

/// `[[server.sim.fault]]`: a fault's kind and values, and a `scope` beside them; the same form as
/// the native API's.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FaultSetting {
    /// What it is.
    #[serde(flatten)]
    pub fault: Fault,
    /// How often and how long it strikes.
    pub scope: FaultScope,
}

impl<'de> Deserialize<'de> for FaultSetting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Not derived: `flatten` would let unknown keys through, and so do kinds without values.
        let mut keys = toml::Table::deserialize(deserializer)?;
        let scope = keys.remove("scope").map(toml::Value::try_into);
        let scope = scope.transpose().map_err(|why| plain::<D>(&why))?;
        let fault: Fault = keys.clone().try_into().map_err(|why| plain::<D>(&why))?;
        let known = toml::Table::try_from(&fault).map_err(D::Error::custom)?;
        if let Some(unknown) = keys.keys().find(|key| !known.contains_key(*key)) {
            let what = format!("unknown field `{}`", unknown.escape_debug());
            return Err(D::Error::custom(what));
        }
        Ok(Self {
            fault,
            scope: scope.unwrap_or_default(),
        })
    }
}

/// An error's words without the layout that is meant for a whole file.
fn plain<'de, D: Deserializer<'de>>(why: &toml::de::Error) -> D::Error {
    D::Error::custom(why.message())
}

/// `[server.listen]`: addresses of its own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerListen {
    /// An HTTPS address where Redfish and the native API show this server alone.
    pub https: Option<Address>,
    /// An address (UDP) where IPMI reaches this server.
    pub ipmi: Option<Address>,
}
