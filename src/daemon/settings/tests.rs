//! Bad settings name file, line and key; good ones say where each value came from.

use std::path::PathBuf;

use super::{Problems, load, show};

/// A folder for one test, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let unique = format!("outband-settings-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(unique);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(path.join("conf.d")).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What `config check` says of one file, with the folder's name cut off.
fn complaints(name: &str, text: &str) -> Vec<String> {
    let folder = Folder::new(name);
    let file = folder.write("outband.toml", text);
    let Problems(problems) = load(&file, false).err().unwrap_or(Problems(Vec::new()));
    let cut = format!("{}/", folder.0.display());
    problems
        .iter()
        .map(|problem| problem.to_string().replace(&cut, ""))
        .collect()
}

#[test]
fn bad_settings_name_file_line_and_key() {
    // Each: the file, and how its one complaint begins.
    let table = [
        ("[acess]", "outband.toml:1: acess: unknown field `acess`"),
        (
            "[access]\n\nenbled = true",
            "outband.toml:3: access.enbled: unknown field `enbled`",
        ),
        (
            "[access]\nenabled = \"yes\"",
            "outband.toml:2: access.enabled: invalid type: string \"yes\", expected a boolean",
        ),
        (
            "[access]\nsession_idle = 30",
            "outband.toml:2: access.session_idle: invalid type: integer `30`, expected a string",
        ),
        (
            "[access]\nsession_idle = \"30\"",
            "outband.toml:2: access.session_idle: `30` is no length of time",
        ),
        (
            "[access]\nsession_idle = \"1s\"",
            "outband.toml:2: access.session_idle: from 30s to 24h",
        ),
        (
            "access = { sessions_max = 0 }",
            "outband.toml:1: access.sessions_max: at least 1",
        ),
        (
            "access.sessions_max = 70000",
            "outband.toml:1: access.sessions_max: invalid value: integer `70000`, expected u16",
        ),
        (
            "access.sessions_max = 99999999999999999999",
            "outband.toml:1: access.sessions_max: the number is out of range",
        ),
        (
            "[access]\nenabled = true\nenabled = false",
            "outband.toml:3: access.enabled: duplicate key",
        ),
        (
            "[state]\nevents_max = \"4GB\"",
            "outband.toml:2: state.events_max: `4GB` is no size",
        ),
        ("[state]\ndir = \"\"", "outband.toml:2: state.dir: empty"),
        (
            "[limits]\nconnections = 20\nconnections_per_address = 30",
            "outband.toml:3: limits.connections_per_address: from 1 to limits.connections",
        ),
        (
            "[service.https]\nlisten = [\n  \"[::]:443\",\n  \"localhost:443\",\n]",
            "outband.toml:4: service.https.listen: `localhost:443` is no address with a port",
        ),
        (
            "[service.https]\nlisten = []",
            "outband.toml:2: service.https.listen: no address",
        ),
        (
            "[service.https]\nkey = \"key.pem\"",
            "outband.toml:2: service.https.key: needs `certificate` beside it",
        ),
        (
            "[service.https]\nnames = [\"a.example\", \"b_c\"]",
            "outband.toml:2: service.https.names: `b_c` is no host name",
        ),
        (
            "[service.http]\nlisten = [\"192.0.2.1:443\"]",
            "outband.toml:2: service.http.listen: 192.0.2.1:443 is taken by another listener",
        ),
        (
            "[service.vnc]\nenabled = true",
            "outband.toml:1: service.vnc: unknown field `vnc`",
        ),
        (
            "[[server]]\ndriver = \"sim\"",
            "outband.toml:1: server: missing field `id`",
        ),
        (
            "[[server]]\nid = \"../x\"",
            "outband.toml:2: server.id: `../x` is no server id",
        ),
        (
            "[[server]]\nid = \"1\"\n[[server]]\nid = \"1\"",
            "outband.toml:4: server.id: another server has the id `1`",
        ),
        (
            "[[server]]\nid = \"1\"\ndriver = \"qmu\"",
            "outband.toml:3: server.driver: there is no driver `qmu`; the drivers are: sim, qemu",
        ),
        (
            "[[server]]\nid = \"1\"\nprofile = \"vax\"",
            "outband.toml:3: server.profile: there is no built-in profile `vax`",
        ),
        (
            "[[server]]\nid = \"1\"\nprofile = \"./vax.toml\"",
            "outband.toml:3: server.profile: vax.toml: No such file",
        ),
        (
            "[[server]]\nid = \"1\"\n[[server.sim.fault]]\nkind = \"slow-post\"\nfactor = 1",
            "outband.toml:3: server.sim.fault: factor: ",
        ),
        (
            "[[server]]\nid = \"1\"\n[server.power]\ndriver = \"gpio\"",
            "outband.toml:4: server.power.driver: there is no driver `gpio` for this part",
        ),
        (
            "[[server]]\nid = \"1\"\n[server.powr]\ndriver = \"none\"",
            "outband.toml:3: server.powr: unknown field `powr`",
        ),
        (
            "[[server]]\nid = \"1\"\nsim = { start = \"maybe\" }",
            "outband.toml:3: server.sim.start: unknown variant `maybe`",
        ),
        (
            "[[server]]\nid = \"1\"\nsim.cd = \"no.iso\"",
            "outband.toml:3: server.sim.cd: no.iso: there is no such file",
        ),
        (
            "state.dir = \"memory\"\n[[server]]\nid = \"1\"\nsim.journal = true",
            "outband.toml:4: server.sim.journal: needs a folder as state.dir",
        ),
        (
            "[[server]]\nid = \"1\"\n[[server.sim.fault]]\nkind = \"slow-post\"\nfctor = 2",
            "outband.toml:3: server.sim.fault: unknown field `fctor`",
        ),
        (
            "[[server]]\nid = \"1\"\n[[server.sim.fault]]\nkind = \"no-signal\"\nx = 1",
            "outband.toml:3: server.sim.fault: unknown field `x`",
        ),
        (
            "[service.https]\nlisten = [\"localhost\"]",
            "outband.toml:2: service.https.listen: `localhost` is no address",
        ),
        (
            "[[server]]\nid = \"1\"\n[[server.sim.fault]]\nkind = \"no-signal\"\nscope = { x = 1 }",
            "outband.toml:3: server.sim.fault: unknown field `x`",
        ),
        (
            "[service.https]\nenabled = false\n[[server]]\nid = \"1\"\nlisten.https = \"[::1]:1\"",
            "outband.toml:5: server.listen.https: needs service.https.enabled",
        ),
        (
            "[service.ipmi]\nenabled = false\n[[server]]\nid = \"1\"\nlisten.ipmi = \"[::1]:1\"",
            "outband.toml:5: server.listen.ipmi: needs service.ipmi.enabled",
        ),
        (
            "[service.ipmi]\nlisten = [\"192.0.2.1:443\"]\n[[server]]\nid = \"1\"\nlisten.ipmi = \"192.0.2.1:443\"",
            "outband.toml:5: server.listen.ipmi: 192.0.2.1:443 is taken by another listener",
        ),
        (
            "[[server]]\nid = \"1\"\n[server.qemu]\nmemry = \"1GiB\"",
            "outband.toml:4: server.qemu.memry: unknown field `memry`",
        ),
        (
            "[[server]]\nid = \"1\"\n[server.qemu]\nmemory = \"1MiB\"",
            "outband.toml:4: server.qemu.memory: from 16MiB to 16TiB",
        ),
        (
            "[[server]]\nid = \"1\"\ndriver = \"qemu\"\n[[server.qemu.disk]]\nfile = \"no.img\"",
            "outband.toml:5: server.qemu.disk.file: no.img: there is no such file",
        ),
        (
            "[[server]]\nid = \"1\"\ndriver = \"qemu\"\nqemu.cd = \"no.iso\"",
            "outband.toml:4: server.qemu.cd: no.iso: there is no such file",
        ),
        (
            "[[server]]\nid = \"1\"\nsim.journal = true\n[[server]]\nid = \"1.journal\"",
            "outband.toml:3: server.sim.journal: its file would stand where the server `1.journal`",
        ),
        (
            "[[server]]\nid = \"1\"\ndriver = \"qemu\"\nqemu.program = \"/no/qemu\"",
            "outband.toml:4: server.qemu.program: QEMU is not installed: there is no `/no/qemu`",
        ),
        (
            "[service.https]\ncertificate = \"no.pem\"\nkey = \"no.key\"",
            "outband.toml:2: service.https.certificate: can't read no.pem: ",
        ),
        (
            "[state]\ndir = \"outband.toml/state\"",
            "outband.toml:2: state.dir: outband.toml/state: outband.toml is no folder",
        ),
        ("[state]\ndir = [\n", "outband.toml:2: state.dir: "),
        ("[state]\ndir = \"memory\n", "outband.toml:2: state.dir: "),
        ("[state\n", "outband.toml:1: state: "),
    ];
    for (at, (text, begins)) in table.iter().enumerate() {
        let found = complaints(&format!("table-{at}"), text);
        assert!(
            found.len() == 1 && found[0].starts_with(begins),
            "{text}\nshould say: {begins}\nsays: {found:#?}"
        );
    }
}

#[test]
fn a_fault_that_the_server_can_not_have_is_refused_as_the_settings_spell_it() {
    // Each: the server, the fault, the line and the key that is wrong, and why.
    let table = [
        (
            "display.driver = \"none\"",
            "kind = \"no-signal\"",
            "5: server.sim.fault.kind: `no-signal` needs the part `display`, which is switched off",
        ),
        (
            "driver = \"qemu\"",
            "kind = \"http-unavailable\"",
            "5: server.sim.fault.kind: `http-unavailable` is for simulated computers, and this \
             server's driver is `qemu`",
        ),
        (
            "profile = \"board\"",
            "kind = \"stuck-reset\"",
            "5: server.sim.fault.kind: this server can't have the fault `stuck-reset`",
        ),
        (
            "profile = \"pc\"",
            "kind = \"sensor-value\"\nsensor = \"warp-core\"\nvalue = 1.0",
            "6: server.sim.fault.sensor: the profile `pc` has no sensor `warp-core`",
        ),
    ];
    for (at, (keys, fault, says)) in table.iter().enumerate() {
        let text = format!("[[server]]\nid = \"1\"\n{keys}\n[[server.sim.fault]]\n{fault}\n");
        let found = complaints(&format!("fault-{at}"), &text);
        assert_eq!(found, [format!("outband.toml:{says}")], "{text}");
    }
    let many = "[[server.sim.fault]]\nkind = \"no-signal\"\n";
    let text = format!("[[server]]\nid = \"1\"\n{}", many.repeat(65));
    let says = "outband.toml:131: server.sim.fault: there are as many faults as there may be (64)";
    assert_eq!(complaints("fault-many", &text), [says]);
}

#[test]
fn one_look_finds_everything_that_is_wrong() {
    let folder = Folder::new("everything");
    let file = folder.write(
        "outband.toml",
        "[access]\nx = 1\ny = 2\n[[server]]\n[[server]]\nid = \"1\"\nz = 3\n",
    );
    folder.write("conf.d/10-syntax.toml", "a =\nb =\n");
    folder.write("conf.d/20-double.toml", "[[server]]\nid = \"1\"\n");
    folder.write("conf.d/not-settings.txt", "nonsense");
    let Problems(problems) = load(&file, false).unwrap_err();
    let cut = format!("{}/", folder.0.display());
    let mut places: Vec<String> = problems
        .iter()
        .map(|problem| problem.at.to_string().replace(&cut, ""))
        .collect();
    places.sort();
    assert_eq!(
        places,
        [
            "conf.d/10-syntax.toml:1",
            "conf.d/10-syntax.toml:2",
            "conf.d/20-double.toml:2",
            "outband.toml:2",
            "outband.toml:3",
            "outband.toml:4",
            "outband.toml:7",
        ],
        "{problems:#?}"
    );
}

#[test]
fn a_file_that_is_not_there_is_an_error_only_where_it_was_named() {
    let folder = Folder::new("absent");
    let file = folder.0.join("outband.toml");
    let why = load(&file, false).unwrap_err().to_string();
    assert!(
        why.ends_with("outband.toml: there is no such file"),
        "{why}"
    );
    let loaded = load(&file, true).unwrap();
    assert_eq!(loaded.settings, super::Settings::default());
    assert!(loaded.files.is_empty());
}

#[test]
fn a_file_that_is_no_text_is_refused_by_name() {
    let folder = Folder::new("no-text");
    let file = folder.0.join("outband.toml");
    std::fs::write(&file, [0xff, 0xfe]).unwrap();
    let why = load(&file, false).unwrap_err().to_string();
    assert!(why.ends_with("outband.toml: not UTF-8 text"), "{why}");
}

#[test]
fn what_a_file_says_can_not_draw_on_a_terminal() {
    let found = complaints("escape", "[access]\n\"\\u001b[31m\" = 1\nb = 1\n");
    assert!(
        found.iter().all(|line| !line.contains('\u{1b}')),
        "{found:?}"
    );
}

#[test]
fn show_says_each_value_and_where_it_came_from() {
    let folder = Folder::new("show");
    let file = folder.write(
        "outband.toml",
        "[limits]\nconnections = 500\n\n[[server]]\nid = \"web1\"\n[server.power]\ndriver = \"none\"\n",
    );
    folder.write("conf.d/a.toml", "[limits]\nconnections = 600\n");
    let text = show(&load(&file, false).unwrap());
    let cut = format!("{}/", folder.0.display());
    let lines: Vec<String> = text
        .lines()
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            words.join(" ").replace(&cut, "")
        })
        .collect();
    for expected in [
        "limits.connections = 600 # conf.d/a.toml:2",
        "access.enabled = true # default",
        "access.first_password_file = (not set) # default",
        "service.https.listen = [\"[::]:443\"] # default",
        "server.web1.id = \"web1\" # outband.toml:5",
        "server.web1.power.driver = \"none\" # outband.toml:7",
        "server.web1.profile = \"pc\" # default",
    ] {
        assert!(lines.contains(&expected.to_owned()), "{expected}\n{text}");
    }
}

#[test]
fn relative_paths_count_from_the_folder_of_the_file() {
    let folder = Folder::new("relative");
    let file = folder.write(
        "outband.toml",
        "[access]\nfirst_password_file = \"pw\"\n[[server]]\nid = \"1\"\nprofile = \"my-box.toml\"\n",
    );
    folder.write(
        "my-box.toml",
        include_str!("../../../config/profiles/pc.toml"),
    );
    let settings = load(&file, false).unwrap().settings;
    assert_eq!(
        settings.access.first_password_file,
        Some(folder.0.join("pw"))
    );
    let profile = folder.0.join("my-box.toml");
    assert_eq!(settings.server[0].profile, profile.display().to_string());
}
