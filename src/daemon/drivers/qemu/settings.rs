//! `[server.qemu]`: what a virtual machine is made of.

use std::{fmt, path::PathBuf, str::FromStr};

use outband_protocol::uefi::URI_MAX;
use serde::{Deserialize, Serialize};

use super::{Fault, definition, probe};
use crate::settings::Bytes;

/// The most processors, drives and network cards that a machine may have.
const CPUS_MAX: u16 = 256;
const DISKS_MAX: usize = 16;
const NICS_MAX: usize = 8;

/// The ports of the board's AHCI controller that are left for disks.
const SATA_MAX: usize = 4;

/// The least and the most memory.
const MEMORY: std::ops::RangeInclusive<u64> = 16 << 20..=16 << 40;

/// What the driver `qemu` is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The emulator: a name looked up in `PATH`, or a path.
    pub program: PathBuf,
    /// Memory.
    pub memory: Bytes,
    /// Processors.
    pub cpus: u16,
    /// What boots it.
    pub firmware: Firmware,
    /// What runs its processors.
    pub accelerator: Accelerator,
    /// The image in its CD drive; absent, the drive is empty.
    pub cd: Option<PathBuf>,
    /// Its disks, in the order they are booted from.
    pub disk: Vec<Disk>,
    /// Its network cards, in the order they are booted from.
    pub nic: Vec<Nic>,
    /// Further arguments for the emulator, for those who know what they do.
    pub extra: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            program: "qemu-system-x86_64".into(),
            memory: Bytes::mib(256),
            cpus: 1,
            firmware: Firmware::default(),
            accelerator: Accelerator::default(),
            cd: None,
            disk: Vec::new(),
            nic: Vec::new(),
            extra: Vec::new(),
        }
    }
}

/// What boots a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Firmware {
    /// SeaBIOS.
    #[default]
    Bios,
    /// UEFI (OVMF).
    Uefi,
    /// UEFI that starts only what is signed, with Microsoft's keys enrolled.
    UefiSecure,
}

/// What runs a machine's processors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Accelerator {
    /// QEMU's own translation: slow, and works everywhere.
    #[default]
    Tcg,
    /// The host's hardware; where a probe shows in time that it doesn't serve, the machine is not
    /// switched on.
    Kvm,
    /// The host's hardware where a probe shows in time that it serves, else translation.
    Auto,
}

/// A disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disk {
    /// The image, always raw bytes.
    pub file: PathBuf,
    /// How large it is made at the first start if it isn't there.
    pub size: Option<Bytes>,
    /// What it hangs on.
    #[serde(default)]
    pub bus: Bus,
}

/// What a disk hangs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bus {
    /// A paravirtual disk.
    #[default]
    Virtio,
    /// The board's AHCI controller.
    Sata,
    /// NVM Express.
    Nvme,
    /// A USB stick.
    Usb,
}

/// A network card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nic {
    /// What it is connected to.
    #[serde(default)]
    pub network: Network,
    /// Its address; absent, one that follows from the server's id.
    pub mac: Option<Mac>,
    /// The URL that UEFI's HTTP boot loads; absent, the one that DHCP names.
    pub http_boot: Option<String>,
}

/// What a network card is connected to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Network {
    /// A network inside QEMU that reaches out through the host.
    User {
        /// A folder that is served by TFTP.
        tftp: Option<PathBuf>,
        /// The file that DHCP names for a boot.
        bootfile: Option<String>,
    },
    /// A tap interface that is there already.
    Tap {
        /// Its name.
        interface: Interface,
    },
    /// A bridge of the host, joined through QEMU's helper.
    Bridge {
        /// Its name.
        interface: Interface,
    },
    /// A cable to another machine, at the end that listens: `127.0.0.1:7000`.
    Listen {
        /// The address.
        address: std::net::SocketAddr,
    },
    /// A cable to another machine, at the end that connects.
    Connect {
        /// The address.
        address: std::net::SocketAddr,
    },
}

impl Default for Network {
    fn default() -> Self {
        Self::User {
            tftp: None,
            bootfile: None,
        }
    }
}

impl Settings {
    /// What is wrong, by key.
    #[must_use]
    pub fn check(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut refuse = |wrong: bool, key: String, what: &str| {
            if wrong {
                found.push((key, what.to_owned()));
            }
        };
        refuse(
            !MEMORY.contains(&self.memory.get()) || !self.memory.get().is_multiple_of(1024),
            "memory".into(),
            "from 16MiB to 16TiB, in whole KiB",
        );
        refuse(
            self.cpus == 0 || self.cpus > CPUS_MAX,
            "cpus".into(),
            "from 1 to 256",
        );
        refuse(
            self.disk.len() > DISKS_MAX,
            "disk".into(),
            "at most 16 disks",
        );
        let on_sata = self.disk.iter().filter(|disk| disk.bus == Bus::Sata);
        refuse(
            on_sata.count() > SATA_MAX,
            "disk".into(),
            "at most 4 disks on sata",
        );
        refuse(self.nic.len() > NICS_MAX, "nic".into(), "at most 8 cards");
        refuse(
            self.program.as_os_str().is_empty(),
            "program".into(),
            "empty",
        );
        for (at, disk) in self.disk.iter().enumerate() {
            let bad = disk.file.to_str().is_none_or(str::is_empty);
            refuse(bad, format!("disk.{at}.file"), "must be a path in UTF-8");
            let size = disk.size.map_or(512, Bytes::get);
            refuse(
                size == 0 || size % 512 != 0,
                format!("disk.{at}.size"),
                "must be a multiple of 512 bytes",
            );
        }
        let cd = self.cd.as_ref().is_some_and(|cd| cd.to_str().is_none());
        refuse(cd, "cd".into(), "must be a path in UTF-8");
        for (at, nic) in self.nic.iter().enumerate() {
            let url = nic.http_boot.as_deref().is_some_and(|url| !is_url(url));
            let what = "must be an http or https URL of at most 1024 letters";
            refuse(url, format!("nic.{at}.http_boot"), what);
            if let Network::User {
                tftp: Some(folder), ..
            } = &nic.network
            {
                let key = format!("nic.{at}.network.tftp");
                refuse(folder.to_str().is_none(), key, "must be a path in UTF-8");
            }
        }
        found
    }
}

impl Settings {
    /// What the host lacks, by key. Looks for files and runs nothing.
    #[must_use]
    pub fn missing(&self) -> Vec<(&'static str, Fault)> {
        let program = probe::find(&self.program).err();
        let firmware = definition::ovmf(self.firmware).err();
        let missing = [("program", program), ("firmware", firmware)];
        let missing = missing.into_iter();
        missing
            .filter_map(|(key, fault)| Some((key, fault?)))
            .collect()
    }
}

fn is_url(text: &str) -> bool {
    let known = ["http://", "https://"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme));
    let plain = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_graphic());
    text.len() <= URI_MAX && known.is_some_and(plain)
}

/// A text that a value can't be made of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {what}")]
pub struct Bad {
    text: String,
    what: &'static str,
}

impl Bad {
    fn new(text: &str, what: &'static str) -> Self {
        let text = text.chars().take(64).collect::<String>();
        let text = text.escape_debug().to_string();
        Self { text, what }
    }
}

/// An Ethernet address of one card: `52:54:00:12:34:56`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Mac(pub [u8; 6]);

impl FromStr for Mac {
    type Err = Bad;

    fn from_str(text: &str) -> Result<Self, Bad> {
        let bad = || {
            Bad::new(
                text,
                "address of a network card, as in \"52:54:00:12:34:56\"",
            )
        };
        let byte = |part: &str| match part.len() {
            2 => u8::from_str_radix(part, 16).ok(),
            _ => None,
        };
        let bytes: Option<Vec<u8>> = text.split(':').map(byte).collect();
        let bytes = bytes.and_then(|bytes| <[u8; 6]>::try_from(bytes).ok());
        bytes
            .filter(|bytes| bytes[0] & 1 == 0 && *bytes != [0; 6])
            .map(Self)
            .ok_or_else(bad)
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

/// The name of a network interface of the host.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Interface(String);

impl FromStr for Interface {
    type Err = Bad;

    fn from_str(text: &str) -> Result<Self, Bad> {
        let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        match (1..=15).contains(&text.len()) && text.bytes().all(good) {
            true => Ok(Self(text.to_owned())),
            false => Err(Bad::new(text, "name of a network interface")),
        }
    }
}

impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! as_text {
    ($($name:ty),*) => { $(
        impl TryFrom<String> for $name {
            type Error = Bad;
            fn try_from(text: String) -> Result<Self, Bad> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }
    )* };
}

as_text!(Mac, Interface);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_machine_reads_from_toml() {
        let text = r#"
            memory = "2GiB"
            cpus = 2
            firmware = "uefi-secure"
            accelerator = "auto"
            cd = "/srv/x.iso"
            [[disk]]
            file = "/srv/a.img"
            size = "8GiB"
            bus = "nvme"
            [[nic]]
            mac = "52:54:00:00:00:01"
            network = { kind = "tap", interface = "tap0" }
            [[nic]]
        "#;
        let settings: Settings = toml::from_str(text).unwrap();
        assert_eq!(settings.memory, Bytes::mib(2 << 10));
        assert_eq!(settings.disk[0].bus, Bus::Nvme);
        assert_eq!(settings.nic[1].network, Network::default());
        assert_eq!(settings.check(), []);
        assert_eq!(
            toml::from_str::<Settings>(&toml::to_string(&settings).unwrap()).unwrap(),
            settings
        );
    }

    #[test]
    fn what_makes_no_machine_is_refused_by_its_key() {
        let text = "memory = \"1MiB\"\ncpus = 0\n[[disk]]\nfile = \"\"\nsize = \"0KiB\"";
        let settings: Settings = toml::from_str(text).unwrap();
        let five = "[[disk]]\nfile = \"x\"\nbus = \"sata\"\n".repeat(5);
        let five: Settings = toml::from_str(&five).unwrap();
        assert_eq!(five.check()[0].0, "disk");
        let keys: Vec<_> = settings.check().into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["memory", "cpus", "disk.0.file", "disk.0.size"]);
        let uneven: Settings = toml::from_str("memory = \"20000001B\"").unwrap();
        assert_eq!(uneven.check()[0].0, "memory");
        for url in ["", "file:///etc/passwd", "http://", "http://a b"] {
            let text = format!("[[nic]]\nhttp_boot = \"{url}\"");
            let settings: Settings = toml::from_str(&text).unwrap();
            assert_eq!(settings.check()[0].0, "nic.0.http_boot", "{url}");
        }
    }

    #[test]
    fn texts_that_are_no_value_are_refused() {
        for bad in [
            "",
            "52:54:00:12:34",
            "01:00:00:00:00:00",
            "+1:54:00:12:34:56",
            "00:00:00:00:00:00",
        ] {
            assert!(bad.parse::<Mac>().is_err(), "{bad}");
        }
        for bad in ["", "a,script=x", "a b", "0123456789abcdef"] {
            assert!(bad.parse::<Interface>().is_err(), "{bad}");
        }
        assert!(toml::from_str::<Settings>("disks = []").is_err());
    }
}
