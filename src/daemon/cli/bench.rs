//! `outband demo` and `outband fleet`: settings made of flags.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use toml::{Table, Value};
use zeroize::Zeroizing;

use super::{
    Failure,
    cidr::Cidr,
    disk,
    listen_at::ListenAt,
    machine::{self, Machine},
    secret,
};
use crate::{
    app::{self, Bench, Mode, folder, scratch::Scratch},
    settings::{Address, DriverName, KeyPath, Loaded, Source, layers::Layer, load_layers},
};

/// `outband demo`.
#[derive(Debug, Args)]
pub(super) struct Demo {
    #[command(flatten)]
    common: Common,
}

/// `outband fleet`.
#[derive(Debug, Args)]
pub(super) struct Fleet {
    /// How many servers
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    count: u16,
    /// One Redfish tree for all servers, or an address for each, from --https upward
    #[arg(long, value_enum, default_value_t = Trees::One)]
    redfish: Trees,
    #[command(flatten)]
    common: Common,
}

/// How a fleet shows itself in Redfish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Trees {
    /// One tree with every server.
    One,
    /// A tree of its own for each.
    Each,
}

/// What both take.
#[derive(Debug, Args)]
struct Common {
    /// HTTPS: Redfish and the native API (`off`: not at all)
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8443")]
    https: ListenAt,
    /// IPMI, a port for each server from here upward (`off`: not at all)
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:6230")]
    ipmi: ListenAt,
    /// VNC, a port for each server from here upward [not built yet: nothing is bound]
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:5900")]
    vnc: ListenAt,
    /// Plain HTTP beside HTTPS: passwords can be read on the way
    #[arg(long, value_name = "ADDR", default_value = "off")]
    http: ListenAt,
    /// A network that media may be fetched from; may be given several times [not built yet]
    #[arg(long, value_name = "CIDR")]
    media_allow: Vec<Cidr>,
    /// The folder that is kept
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// What makes the servers real: sim, qemu
    #[arg(long, value_name = "DRIVER", default_value_t = DriverName::Sim)]
    driver: DriverName,
    /// What the servers are like: pc, two-socket, board, or the path of a profile
    #[arg(long, value_name = "PROFILE", default_value = "pc")]
    profile: String,
    #[command(flatten)]
    machine: Machine,
    /// A fault that each server starts with, as JSON: '{"kind":"deaf-soft-off"}'
    #[arg(long, value_name = "JSON")]
    fault: Vec<String>,
}

impl Demo {
    pub(super) fn run(mut self) -> Result<(), Failure> {
        let state = match &self.common.state {
            Some(state) => state.clone(),
            None => folder::of_demo(),
        };
        if self.common.lacks_disks() {
            folder::prepare(&state)?;
            self.common.give_disks(&state, "disk.img", 1)?;
        }
        self.common.run("demo", Some(state), 1, Trees::One)
    }
}

impl Fleet {
    pub(super) fn run(mut self) -> Result<(), Failure> {
        let state = self.common.state.clone();
        // Gone with the fleet.
        let scratch = Scratch::default();
        if self.common.lacks_disks() {
            let folder = match &state {
                Some(state) => state.clone(),
                None => scratch.path()?,
            };
            folder::prepare(&folder)?;
            let name = format!("disk-{}.img", machine::ID);
            self.common.give_disks(&folder, &name, self.count)?;
        }
        self.common.run("fleet", state, self.count, self.redfish)
    }
}

impl Common {
    /// Whether there are virtual machines that were given nothing to boot.
    fn lacks_disks(&self) -> bool {
        self.driver == DriverName::Qemu && self.machine.boots_nothing()
    }

    /// Gives each machine a small disk that boots, of this name in the folder.
    fn give_disks(&mut self, folder: &Path, name: &str, count: u16) -> Result<(), Failure> {
        for id in 1..=count {
            disk::make(&folder.join(name.replace(machine::ID, &id.to_string())))?;
        }
        self.machine
            .add_disk(folder.join(name).display().to_string());
        Ok(())
    }

    fn run(
        &self,
        what: &'static str,
        state: Option<PathBuf>,
        count: u16,
        trees: Trees,
    ) -> Result<(), Failure> {
        let password = secret::from_environment(std::env::var_os("OUTBAND_ADMIN_PASSWORD"))?;
        let loaded = self.settings(what, state, count, trees, password.is_some())?;
        let made_up = password.is_none();
        let password: Zeroizing<String> = match password {
            Some(password) => password,
            None => app::secrets::made_up(app::secrets::LOGIN_LENGTH)?,
        };
        let bench = Bench {
            what,
            password,
            made_up,
        };
        Ok(app::run(loaded, Mode::Bench(bench))?)
    }

    /// The settings that the flags make, checked. `has_password`: one was given by who started it.
    fn settings(
        &self,
        what: &'static str,
        state: Option<PathBuf>,
        count: u16,
        trees: Trees,
        has_password: bool,
    ) -> Result<Loaded, Failure> {
        self.check(count, trees, has_password)?;
        self.machine.check(self.driver, count)?;
        let mut layer = Layer::default();
        let mut set = |key: &str, value: Value, flag: &'static str| {
            layer.set(&KeyPath::dotted(key), value, Source::Flag(flag));
        };
        let dir = match &state {
            Some(dir) => dir
                .to_str()
                .ok_or_else(|| Failure::new("--state: the folder's name is not UTF-8 text"))?,
            None => "memory",
        };
        set("state.dir", dir.into(), "--state");
        set("service.http.enabled", false.into(), what);
        set(
            "service.plain_http.enabled",
            self.http.0.is_some().into(),
            "--http",
        );
        if let Some(address) = self.http.0 {
            let listen = vec![address.to_string()];
            set("service.plain_http.listen", listen.into(), "--http");
        }
        set(
            "service.https.enabled",
            self.https.0.is_some().into(),
            "--https",
        );
        set(
            "service.ipmi.enabled",
            self.ipmi.0.is_some().into(),
            "--ipmi",
        );
        // Each server has an address of its own.
        set("service.ipmi.listen", Vec::<String>::new().into(), "--ipmi");
        // With a tree for each server, the first server has the address itself.
        let shared = self.https.0.filter(|_| trees == Trees::One);
        let listen: Vec<String> = shared.iter().map(Address::to_string).collect();
        set("service.https.listen", listen.into(), "--https");
        let faults = self.faults()?;
        for at in 0..count {
            let own = self.https.0.filter(|_| trees == Trees::Each);
            let listen = [
                ("https", own.and_then(|first| first.up(at))),
                ("ipmi", self.ipmi.0.and_then(|first| first.up(at))),
            ];
            layer.add_server(self.server(at, listen, &faults), Source::Flag(what));
        }
        Ok(load_layers(layer)?)
    }

    fn server(&self, at: u16, listen: [(&str, Option<Address>); 2], faults: &[Table]) -> Table {
        let mut server = Table::new();
        server.insert("id".to_owned(), (at + 1).to_string().into());
        server.insert("driver".to_owned(), self.driver.to_string().into());
        server.insert("profile".to_owned(), self.profile.clone().into());
        if let Some(machine) = self.machine.settings(at + 1) {
            server.insert("qemu".to_owned(), machine.into());
        }
        if !faults.is_empty() {
            let faults: Vec<Value> = faults.iter().cloned().map(Value::Table).collect();
            let sim = Table::from_iter([("fault".to_owned(), Value::Array(faults))]);
            server.insert("sim".to_owned(), sim.into());
        }
        let listen = listen.into_iter().filter_map(|(service, address)| {
            Some((service.to_owned(), Value::from(address?.to_string())))
        });
        let listen = Table::from_iter(listen);
        if !listen.is_empty() {
            server.insert("listen".to_owned(), listen.into());
        }
        server
    }

    fn faults(&self) -> Result<Vec<Table>, Failure> {
        let table = |text: &String| {
            serde_json::from_str::<Table>(text)
                .map_err(|why| Failure::new(format!("--fault {text}: {why}")))
        };
        self.fault.iter().map(table).collect()
    }

    fn check(&self, count: u16, trees: Trees, has_password: bool) -> Result<(), Failure> {
        let each = |trees| if trees == Trees::Each { count } else { 1 };
        let doors = [
            ("--https", self.https, each(trees)),
            ("--ipmi", self.ipmi, count),
            ("--vnc", self.vnc, count),
            ("--http", self.http, 1),
        ];
        for (flag, ListenAt(address), ports) in doors {
            let Some(address) = address else { continue };
            if address.up(ports - 1).is_none() {
                let why = format!("{flag} {address}: {count} servers go past the last port, 65535");
                return Err(Failure::new(why));
            }
            if !address.is_loopback() && !has_password {
                let why = format!(
                    "{flag} {address} can be reached from other machines: \
                     set OUTBAND_ADMIN_PASSWORD to a password of your own first"
                );
                return Err(Failure::new(why));
            }
        }
        if self.https.0.is_none() && trees == Trees::Each {
            return Err(Failure::new("--redfish each needs --https"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::settings::Settings;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        fleet: Fleet,
    }

    fn settings(flags: &[&str], has_password: bool) -> Result<Settings, String> {
        let line = Line::try_parse_from([&["fleet"], flags].concat()).map_err(|e| e.to_string())?;
        let Fleet {
            count,
            redfish,
            common,
        } = line.fleet;
        common
            .settings("fleet", common.state.clone(), count, redfish, has_password)
            .map(|loaded| loaded.settings)
            .map_err(|why| why.to_string())
    }

    #[test]
    fn the_defaults_are_loopback_and_nothing_plain() {
        let settings = settings(&["--count", "2"], false).unwrap();
        let https = ["127.0.0.1:8443".parse().unwrap()];
        assert_eq!(settings.service.https.listen, https);
        assert!(!settings.service.http.enabled);
        assert!(!settings.service.plain_http.enabled);
        assert_eq!(settings.state.dir, None);
        let ids: Vec<&str> = settings.server.iter().map(|s| s.id.as_str()).collect();
        assert_eq!(ids, ["1", "2"]);
    }

    #[test]
    fn each_server_gets_an_address_upward_of_the_first() {
        let flags = [
            "--count",
            "3",
            "--redfish",
            "each",
            "--https",
            "127.0.0.1:9000",
        ];
        let settings = settings(&flags, false).unwrap();
        assert!(settings.service.https.listen.is_empty());
        let own: Vec<String> = settings
            .server
            .iter()
            .map(|server| server.listen.https.unwrap().to_string())
            .collect();
        assert_eq!(own, ["127.0.0.1:9000", "127.0.0.1:9001", "127.0.0.1:9002"]);
    }

    #[test]
    fn an_address_off_loopback_needs_a_password_for_every_door() {
        for flag in ["--https", "--ipmi", "--vnc", "--http"] {
            let flags = ["--count", "1", flag, "0.0.0.0:9000"];
            let why = settings(&flags, false).unwrap_err();
            assert!(why.contains("OUTBAND_ADMIN_PASSWORD"), "{flag}: {why}");
            assert!(settings(&flags, true).is_ok(), "{flag}");
        }
    }

    #[test]
    fn flags_of_a_machine_make_its_settings_and_need_its_driver() {
        let machine = [
            "--driver",
            "qemu",
            "--nic",
            "user",
            "--nic",
            "bridge:br0",
            "--firmware",
            "secure",
        ];
        let made = settings(&[["--count", "2"].as_slice(), &machine].concat(), false).unwrap();
        let made = &made.server[1].qemu;
        let shown = toml::to_string(made).unwrap();
        assert_eq!(made.nic.len(), 2, "{shown}");
        assert!(shown.contains("interface = \"br0\""), "{shown}");
        assert!(shown.contains("firmware = \"uefi-secure\""), "{shown}");
        for (flags, says) in [
            (
                ["--count", "1", "--firmware", "bios"].as_slice(),
                "--firmware needs --driver qemu",
            ),
            (
                &["--count", "1", "--disk", "a.img"],
                "--disk needs --driver qemu",
            ),
            (
                &["--count", "2", "--driver", "qemu", "--disk", "a.img"],
                "a disk of its own",
            ),
            (
                &["--count", "1", "--driver", "qemu", "--nic", "tap"],
                "the kinds are",
            ),
            (
                &["--count", "1", "--driver", "qemu", "--nic", "tap:a,b"],
                "network interface",
            ),
            (
                &["--count", "1", "--driver", "qemu", "--cd", "no.iso"],
                "there is no such file",
            ),
        ] {
            let why = settings(flags, false).unwrap_err();
            assert!(why.contains(says), "{flags:?}: {why}");
        }
    }

    #[test]
    fn flags_of_services_that_are_not_built_are_checked_all_the_same() {
        for flags in [
            ["--ipmi", "nowhere"],
            ["--vnc", "127.0.0.1"],
            ["--media-allow", "192.0.2.1/24"],
            ["--driver", "toaster"],
            ["--ipmi", "127.0.0.1:65530"],
            ["--fault", "{\"kind\":\"none\"}"],
            ["--fault", "deaf"],
            ["--count", "0"],
        ] {
            let mut all = vec!["--count", "10"];
            if flags[0] == "--count" {
                all.clear();
            }
            all.extend(flags);
            assert!(settings(&all, false).is_err(), "{flags:?}");
        }
        let all = [
            "--count",
            "1",
            "--ipmi",
            "off",
            "--vnc",
            "[::1]:0",
            "--media-allow",
            "10.0.0.0/8",
            "--media-allow",
            "192.0.2.1",
            "--http",
            "127.0.0.1:8000",
            "--fault",
            "{\"kind\":\"slow-post\",\"factor\":3,\"scope\":{\"times\":1}}",
        ];
        let settings = settings(&all, false).unwrap();
        assert!(settings.service.plain_http.enabled);
        assert_eq!(settings.server[0].sim.fault[0].scope.times, Some(1));
    }
}
