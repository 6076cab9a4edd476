//! A machine and a plan as QEMU's arguments. Pure.
//!
//! Whatever comes from settings goes in as a JSON string where QEMU takes JSON, and with its commas
//! doubled where it does not, so that no text becomes an option. Images are always `raw`: a header
//! that a guest wrote into its disk must not make QEMU open other files. Sockets are named relative
//! to the machine's folder, in which QEMU is started.

use std::path::Path;

use outband_core::server::{BootMode, BootTarget};
use serde_json::{Value, json};

use super::{
    definition::Definition,
    plan::Plan,
    probe::Accelerated,
    settings::{Bus, Network},
};

/// The screen's socket.
pub(super) const SCREEN: &str = "vnc.sock";
/// The serial port's socket.
pub(super) const SERIAL: &str = "serial.sock";
/// The monitor's socket. QEMU is given it, already listening, as its standard input.
pub(super) const MONITOR: &str = "qmp.sock";
/// What the monitor said, also while nobody listened.
pub(super) const JOURNAL: &str = "qmp.log";
/// The process's number, as QEMU itself writes it down.
pub(super) const NUMBER: &str = "qemu.pid";
/// The first network card's place on the root bus; the others follow.
pub(super) const NIC_SLOT: u8 = 0x16;
/// The serial port's id.
pub(super) const SERIAL_ID: &str = "serial0";

/// What a reset by the guest, or by the monitor, does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OnReset {
    /// Firmware begins anew in the same process.
    Reset,
    /// The machine stops, so that another process can begin with another plan.
    Stop,
}

impl OnReset {
    /// QEMU's word for it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Stop => "shutdown",
        }
    }
}

/// How a process is started, beside what the machine is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Launch {
    /// What it boots.
    pub(super) plan: Plan,
    pub(super) on_reset: OnReset,
    pub(super) accelerated: Accelerated,
    /// Whether it goes on when the daemon is killed.
    pub(super) outlives_us: bool,
}

/// The arguments, without the program's name.
pub(super) fn arguments(machine: &Definition, launch: &Launch) -> Vec<String> {
    let mut line = Line::default();
    line.frame(machine, launch);
    line.identity(machine);
    line.firmware(machine, &launch.plan);
    line.consoles();
    line.devices(machine, &launch.plan);
    line.0.extend(machine.settings.extra.iter().cloned());
    line.0
}

#[derive(Default)]
struct Line(Vec<String>);

impl Line {
    fn add(&mut self, option: &str, value: impl Into<String>) {
        self.0.push(option.to_owned());
        self.0.push(value.into());
    }

    fn json(&mut self, option: &str, value: &Value) {
        self.add(option, value.to_string());
    }

    /// What every machine has, and what happens when it stops.
    fn frame(&mut self, machine: &Definition, launch: &Launch) {
        let settings = &machine.settings;
        self.0
            .extend(["-nodefaults", "-no-user-config", "-S"].map(str::to_owned));
        self.add("-display", "none");
        self.add("-pidfile", NUMBER);
        self.add(
            "-name",
            format!("guest=outband-{}", doubled(machine.id.as_str())),
        );
        let accelerator = match launch.accelerated {
            // Translated code is written through one mapping and run through another: none is both,
            // so that it works where a service may have none (systemd's MemoryDenyWriteExecute).
            Accelerated::Tcg => "tcg,split-wx=on",
            Accelerated::Kvm => "kvm",
        };
        self.add("-accel", accelerator);
        self.add("-cpu", "max");
        self.add("-smp", settings.cpus.to_string());
        self.add("-m", format!("{}K", settings.memory.get() >> 10));
        self.add("-rtc", "base=utc");
        // A guest that shut down stays, stopped, until the event was taken. A panic is told of and
        // changes nothing, as on a board; a watchdog resets.
        let actions = "shutdown=pause,panic=none,watchdog=reset";
        let reboot = launch.on_reset.word();
        self.add("-action", format!("reboot={reboot},{actions}"));
        // QEMU's helper for bridges gains privileges when it starts.
        let bridged = settings
            .nic
            .iter()
            .any(|nic| matches!(nic.network, Network::Bridge { .. }));
        if !bridged {
            self.add(
                "-sandbox",
                "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
            );
        }
    }

    fn identity(&mut self, machine: &Definition) {
        self.add("-uuid", machine.uuid.to_string());
        let of = &machine.identity;
        let system = [
            ("manufacturer", &of.manufacturer),
            ("product", &of.model),
            ("serial", &of.serial_number),
            ("sku", &of.sku),
        ];
        let board = [
            ("manufacturer", &of.board.manufacturer),
            ("product", &of.board.product),
            ("serial", &of.board.serial_number),
        ];
        self.smbios(1, &system);
        self.smbios(2, &board);
        self.smbios(3, &[("serial", &of.chassis.serial_number)]);
    }

    /// One of the tables that an operating system reads; absent where nothing is said.
    fn smbios(&mut self, kind: u8, fields: &[(&str, &Option<String>)]) {
        let said = fields.iter().filter_map(|(name, value)| {
            let value = doubled(value.as_deref()?);
            Some(format!(",{name}={value}"))
        });
        let said: String = said.collect();
        if !said.is_empty() {
            self.add("-smbios", format!("type={kind}{said}"));
        }
    }

    fn firmware(&mut self, machine: &Definition, plan: &Plan) {
        let uefi = machine
            .ovmf
            .as_ref()
            .filter(|_| plan.mode == BootMode::Uefi);
        let Some(ovmf) = uefi else {
            self.add("-machine", "q35");
            return;
        };
        let smm = if ovmf.secure { ",smm=on" } else { "" };
        self.add(
            "-machine",
            format!("q35{smm},pflash0=code,pflash1=variables"),
        );
        if ovmf.secure {
            self.add("-global", "driver=cfi.pflash01,property=secure,value=on");
        }
        self.json("-blockdev", &image("code", &ovmf.code, true));
        self.json(
            "-blockdev",
            &image("variables", Path::new(ovmf.variables), false),
        );
    }

    fn consoles(&mut self) {
        let monitor =
            format!("socket,id=qmp,fd=0,server=on,wait=off,logfile={JOURNAL},logappend=on");
        self.add("-chardev", monitor);
        self.add("-mon", "chardev=qmp,mode=control");
        self.add("-vnc", format!("unix:{SCREEN}"));
        self.add(
            "-chardev",
            format!("socket,id={SERIAL_ID},path={SERIAL},server=on,wait=off"),
        );
        self.json(
            "-device",
            &json!({"driver": "isa-serial", "chardev": SERIAL_ID}),
        );
        self.json("-device", &json!({"driver": "VGA", "id": "vga0"}));
        self.json("-device", &json!({"driver": "qemu-xhci", "id": "xhci"}));
        // The keyboard is the board's PS/2 port, which every firmware reads and lights.
        self.json("-device", &json!({"driver": "usb-tablet", "bus": "xhci.0"}));
        self.alarms();
    }

    /// What an operating system tells of itself by: a watchdog that it has to feed, and a port that
    /// a panicking kernel writes to.
    fn alarms(&mut self) {
        // In a place of its own, so that no other card's place depends on it.
        let dog = json!({"driver": "i6300esb", "id": "dog0", "bus": "pcie.0", "addr": "1e.0"});
        self.json("-device", &dog);
        self.json("-device", &json!({"driver": "pvpanic", "id": "panic0"}));
    }

    fn devices(&mut self, machine: &Definition, plan: &Plan) {
        let settings = &machine.settings;
        let order = order(machine, plan.target);
        let place = |device| order.iter().position(|other| *other == device);
        // The board has six ports; the CD drive is on the second.
        let mut sata = 2;
        for (at, disk) in settings.disk.iter().enumerate() {
            let id = format!("disk{at}");
            let node = format!("{id}-image");
            self.json("-blockdev", &image(&node, &disk.file, false));
            let index = place(Bootable::Disk(at));
            let serial = format!("{}-{at}", machine.id);
            let mut device = json!({"id": id, "drive": node, "bootindex": index, "serial": serial});
            device["driver"] = match disk.bus {
                Bus::Virtio => "virtio-blk-pci",
                Bus::Sata => {
                    device["bus"] = format!("ide.{sata}").into();
                    sata += 1;
                    "ide-hd"
                }
                Bus::Nvme => "nvme",
                Bus::Usb => {
                    device["bus"] = "xhci.0".into();
                    device["removable"] = true.into();
                    "usb-storage"
                }
            }
            .into();
            self.json("-device", &device);
        }
        let index = place(Bootable::Cd);
        let mut drive =
            json!({"driver": "ide-cd", "id": "cd0", "bus": "ide.1", "bootindex": index});
        if let Some(file) = &settings.cd {
            self.json("-blockdev", &image("cd0-image", file, true));
            drive["drive"] = "cd0-image".into();
        }
        self.json("-device", &drive);
        for (at, nic) in settings.nic.iter().enumerate() {
            let backend = format!("net{at}");
            self.json("-netdev", &network(&backend, &nic.network));
            let index = place(Bootable::Nic(at));
            let mac = machine.mac(at).to_string();
            self.json(
                "-device",
                &json!({"driver": "virtio-net-pci", "id": format!("nic{at}"),
                    "bus": "pcie.0", "addr": format!("{:x}.0", usize::from(NIC_SLOT) + at),
                    "netdev": backend, "mac": mac, "bootindex": index}),
            );
        }
    }
}

/// A text within an option that is a list: a comma is written twice.
fn doubled(text: &str) -> String {
    text.replace(',', ",,")
}

fn image(node: &str, file: &Path, read_only: bool) -> Value {
    json!({"driver": "raw", "node-name": node, "read-only": read_only,
        "file": {"driver": "file", "filename": file.to_string_lossy(), "read-only": read_only}})
}

fn network(id: &str, network: &Network) -> Value {
    match network {
        Network::User { tftp, bootfile } => {
            let mut value = json!({"type": "user", "id": id});
            if let Some(folder) = tftp {
                value["tftp"] = folder.to_string_lossy().into();
            }
            if let Some(file) = bootfile {
                value["bootfile"] = file.as_str().into();
            }
            value
        }
        Network::Tap { interface } => json!({"type": "tap", "id": id,
            "ifname": interface.to_string(), "script": "no", "downscript": "no"}),
        Network::Bridge { interface } => {
            json!({"type": "bridge", "id": id, "br": interface.to_string()})
        }
        Network::Listen { address } => {
            json!({"type": "socket", "id": id, "listen": address.to_string()})
        }
        Network::Connect { address } => {
            json!({"type": "socket", "id": id, "connect": address.to_string()})
        }
    }
}

/// A device that can be booted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bootable {
    Disk(usize),
    Cd,
    Nic(usize),
}

/// The order of boot: disks, CD, USB sticks, network; what the target names comes before.
fn order(machine: &Definition, target: Option<BootTarget>) -> Vec<Bootable> {
    let disks = machine.settings.disk.iter().enumerate();
    let (sticks, disks): (Vec<_>, Vec<_>) = disks.partition(|(_, disk)| disk.bus == Bus::Usb);
    let disk = |(at, _)| Bootable::Disk(at);
    let disks: Vec<_> = disks.into_iter().map(disk).collect();
    let sticks: Vec<_> = sticks.into_iter().map(disk).collect();
    let nics: Vec<_> = (0..machine.settings.nic.len()).map(Bootable::Nic).collect();
    let first = match target {
        Some(BootTarget::Hdd) => disks.clone(),
        Some(BootTarget::Cd) => vec![Bootable::Cd],
        Some(BootTarget::Usb) => sticks.clone(),
        Some(BootTarget::Pxe | BootTarget::UefiHttp) => nics.clone(),
        Some(BootTarget::Floppy | BootTarget::BiosSetup | BootTarget::Diags) | None => Vec::new(),
    };
    let usual = disks
        .into_iter()
        .chain([Bootable::Cd])
        .chain(sticks)
        .chain(nics);
    let rest: Vec<_> = usual.filter(|device| !first.contains(device)).collect();
    first.into_iter().chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use outband_core::inventory::Inventory;

    use super::*;
    use crate::drivers::qemu::settings::Settings;

    fn machine(text: &str) -> Definition {
        let settings: Settings = toml::from_str(text).unwrap();
        let identity = Inventory {
            model: Some("Box, 2 units".into()),
            ..Inventory::default()
        };
        let id = "web1".parse().unwrap();
        Definition::new(id, settings, identity).unwrap()
    }

    const ALL: &str = r#"
        cd = "/srv/a,b.iso"
        extra = ["-trace", "x"]
        [[disk]]
        file = "/srv/u.img"
        bus = "usb"
        [[disk]]
        file = "/srv/d,format=qcow2.img"
        [[disk]]
        file = "/srv/s.img"
        bus = "sata"
        [[nic]]
        network = { kind = "user", bootfile = "a,tftp=/etc" }
    "#;

    fn launch(target: Option<BootTarget>) -> Launch {
        Launch {
            plan: Plan {
                target,
                ..Plan::ordinary(BootMode::Legacy)
            },
            on_reset: OnReset::Reset,
            accelerated: Accelerated::Tcg,
            outlives_us: true,
        }
    }

    fn line(machine: &Definition, target: Option<BootTarget>) -> Vec<String> {
        arguments(machine, &launch(target))
    }

    /// The ids of the devices, first to boot first.
    fn booted(arguments: &[String]) -> Vec<String> {
        let devices = arguments
            .iter()
            .filter_map(|one| serde_json::from_str::<Value>(one).ok());
        let mut found: Vec<_> = devices
            .filter_map(|device| {
                Some((
                    device["bootindex"].as_u64()?,
                    device["id"].as_str()?.to_owned(),
                ))
            })
            .collect();
        found.sort();
        found.into_iter().map(|(_, id)| id).collect()
    }

    #[test]
    fn disks_come_before_the_cd_the_sticks_and_the_network() {
        let machine = machine(ALL);
        assert_eq!(
            booted(&line(&machine, None)),
            ["disk1", "disk2", "cd0", "disk0", "nic0"]
        );
    }

    #[test]
    fn the_target_comes_first_and_the_rest_keeps_its_order() {
        let machine = machine(ALL);
        let first = |target| booted(&line(&machine, Some(target)));
        assert_eq!(
            first(BootTarget::Cd),
            ["cd0", "disk1", "disk2", "disk0", "nic0"]
        );
        assert_eq!(
            first(BootTarget::Usb),
            ["disk0", "disk1", "disk2", "cd0", "nic0"]
        );
        assert_eq!(
            first(BootTarget::Pxe),
            ["nic0", "disk1", "disk2", "cd0", "disk0"]
        );
        assert_eq!(
            first(BootTarget::Hdd),
            ["disk1", "disk2", "cd0", "disk0", "nic0"]
        );
    }

    #[test]
    fn no_text_becomes_an_option() {
        let arguments = line(&machine(ALL), None);
        assert!(arguments.contains(&"type=1,product=Box,, 2 units".to_owned()));
        let values: Vec<Value> = arguments
            .iter()
            .filter_map(|one| serde_json::from_str(one).ok())
            .collect();
        let image = values
            .iter()
            .find(|value| value["node-name"] == "disk1-image")
            .unwrap();
        assert_eq!(image["driver"], "raw");
        assert_eq!(image["file"]["filename"], "/srv/d,format=qcow2.img");
        let net = values.iter().find(|value| value["id"] == "net0").unwrap();
        assert_eq!(net["bootfile"], "a,tftp=/etc");
        assert!(net.get("tftp").is_none());
    }

    #[test]
    fn every_image_is_raw_and_the_cd_is_never_written() {
        let arguments = line(&machine(ALL), None);
        let images: Vec<Value> = arguments
            .windows(2)
            .filter(|pair| pair[0] == "-blockdev")
            .map(|pair| serde_json::from_str(&pair[1]).unwrap())
            .collect();
        assert_eq!(images.len(), 4);
        for image in images {
            assert_eq!(image["driver"], "raw");
            assert_eq!(image["read-only"], image["node-name"] == "cd0-image");
        }
    }

    #[test]
    fn further_arguments_come_last() {
        let arguments = line(&machine(ALL), None);
        assert_eq!(arguments[arguments.len() - 2..], ["-trace", "x"]);
    }

    #[test]
    fn what_a_reset_does_stands_on_the_line() {
        let machine = machine("");
        let launch = Launch {
            on_reset: OnReset::Stop,
            ..launch(None)
        };
        let stop = arguments(&machine, &launch);
        let word = "reboot=shutdown,shutdown=pause,panic=none,watchdog=reset";
        assert!(stop.windows(2).any(|pair| pair == ["-action", word]));
    }

    #[test]
    fn the_same_server_has_the_same_addresses_each_time() {
        let (one, two) = (machine(ALL), machine(ALL));
        assert_eq!((one.uuid, one.mac(0)), (two.uuid, two.mac(0)));
        assert!(one.mac(0).to_string().starts_with("52:54:00:"));
    }
}
