//! What a server is made of, as far as it is known. What isn't known is `None` or empty, and then
//! absent from every service.

use serde::{Deserialize, Serialize};

/// A server's inventory.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Inventory {
    /// Who made it.
    pub manufacturer: Option<String>,
    /// Which model it is.
    pub model: Option<String>,
    /// The maker's order number.
    pub sku: Option<String>,
    /// Its part number.
    pub part_number: Option<String>,
    /// Its serial number.
    pub serial_number: Option<String>,
    /// Its UUID, lower case with dashes.
    pub uuid: Option<String>,
    /// The firmware's version.
    pub bios_version: Option<String>,
    /// The firmware's maker.
    pub bios_vendor: Option<String>,
    /// The name the operating system gave itself.
    pub host_name: Option<String>,
    /// The chassis.
    pub chassis: Chassis,
    /// The main board.
    pub board: Board,
    /// The processors.
    pub processors: Vec<Processor>,
    /// The memory modules.
    pub memory: Vec<MemoryModule>,
    /// The network interfaces.
    pub nics: Vec<Nic>,
    /// The drives.
    pub drives: Vec<Drive>,
}

/// The chassis of a server (IPMI FRU chassis area, SMBIOS type 3).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Chassis {
    /// Redfish `ChassisType`: `RackMount`, `Tower`, `Module`, ...
    pub kind: Option<String>,
    /// Part number.
    pub part_number: Option<String>,
    /// Serial number.
    pub serial_number: Option<String>,
}

/// The main board (IPMI FRU board area, SMBIOS type 2).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Board {
    /// Who made it.
    pub manufacturer: Option<String>,
    /// Which product it is.
    pub product: Option<String>,
    /// Serial number.
    pub serial_number: Option<String>,
    /// Part number.
    pub part_number: Option<String>,
}

/// A processor package.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Processor {
    /// Where it sits: `CPU 1`.
    pub socket: String,
    /// Who made it.
    pub manufacturer: Option<String>,
    /// Which model.
    pub model: Option<String>,
    /// Redfish `ProcessorArchitecture`: `x86`, `ARM`, ...
    pub architecture: Option<String>,
    /// Redfish `InstructionSet`: `x86-64`, `ARM-A64`, ...
    pub instruction_set: Option<String>,
    /// Cores.
    pub cores: Option<u32>,
    /// Hardware threads.
    pub threads: Option<u32>,
    /// Highest clock in MHz.
    pub max_mhz: Option<u32>,
}

/// A memory module.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MemoryModule {
    /// Where it sits: `DIMM A1`.
    pub slot: String,
    /// Capacity in MiB.
    pub mib: u64,
    /// Redfish `MemoryDeviceType`: `DDR4`, `DDR5`, `LPDDR4`, ...
    pub kind: Option<String>,
    /// Speed in MT/s.
    pub speed: Option<u32>,
    /// Whether it corrects errors.
    pub ecc: Option<bool>,
    /// Who made it.
    pub manufacturer: Option<String>,
    /// Part number.
    pub part_number: Option<String>,
    /// Serial number.
    pub serial_number: Option<String>,
}

/// A network interface of the server.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Nic {
    /// Its name: `eth0`.
    pub name: String,
    /// Its MAC address, lower case with colons.
    pub mac: Option<String>,
    /// Its speed in Mbit/s.
    pub speed_mbps: Option<u32>,
    /// Whether the link is up, where it is known.
    pub link_up: Option<bool>,
}

/// A drive of the server.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Drive {
    /// Its name: `Disk 1`.
    pub name: String,
    /// Who made it.
    pub manufacturer: Option<String>,
    /// Which model.
    pub model: Option<String>,
    /// Serial number.
    pub serial_number: Option<String>,
    /// Capacity in bytes.
    pub bytes: Option<u64>,
    /// Redfish `MediaType`: `HDD`, `SSD`.
    pub media: Option<String>,
    /// Redfish `Protocol`: `SATA`, `NVMe`, `SAS`, `USB`.
    pub protocol: Option<String>,
}

impl Inventory {
    /// All memory in MiB; `None` when no module is known.
    #[must_use]
    pub fn memory_mib(&self) -> Option<u64> {
        (!self.memory.is_empty()).then(|| self.memory.iter().map(|module| module.mib).sum())
    }
}
