//! The daemon as a whole, in this process: starting, reloading, ending.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use outband_core::{
    access::{AccountRefused, Denied, Operation, Origin, Via},
    server::{PowerState, ServerHandle},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use zeroize::Zeroizing;

use super::{
    Bench, Mode,
    boot::Daemon,
    first_start,
    orders::{Order, Secret, carry_out},
};
use crate::settings::{Settings, layers::Layer, load_layers};

/// How long a test waits for what must come, so that a hang is a failure.
pub(super) const HANG: Duration = Duration::from_secs(30);

pub(super) const MEMORY: &str = r#"
[state]
dir = "memory"
[service.https]
enabled = false
[service.http]
enabled = false
[service.plain_http]
enabled = true
listen = ["127.0.0.1:0"]
"#;

pub(super) const A: &str = "[[server]]\nid = \"a\"\n";
pub(super) const B: &str = "[[server]]\nid = \"b\"\n";

pub(super) fn settings(texts: &[&str]) -> Settings {
    let layer = Layer::parse(&Arc::from(Path::new("test.toml")), &texts.concat()).unwrap();
    load_layers(layer).unwrap().settings
}

pub(super) fn serve() -> Mode {
    Mode::Serve {
        reload: Box::new(|| unreachable!("no test sends a signal")),
    }
}

pub(super) fn demo() -> Mode {
    Mode::Bench(Bench {
        what: "demo",
        password: Zeroizing::new("12345678".to_owned()),
        made_up: false,
    })
}

pub(super) async fn start(texts: &[&str], mode: &Mode) -> Daemon {
    Daemon::start(settings(texts), mode).await.unwrap().0
}

fn ids(daemon: &Daemon) -> Vec<String> {
    let servers = daemon.base.bmc.servers.all();
    servers.keys().map(ToString::to_string).collect()
}

fn server(daemon: &Daemon, id: &str) -> ServerHandle {
    daemon.base.bmc.servers.get(id).unwrap()
}

/// Waits until a server is in a power state.
async fn seen(server: &ServerHandle, power: PowerState) {
    let mut snapshots = server.watch();
    let wait = snapshots.wait_for(|snapshot| snapshot.power == power);
    timeout(HANG, wait).await.unwrap().unwrap();
}

/// The status that plain HTTP at an address answers with.
async fn status(address: SocketAddr, path: &str) -> u16 {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    timeout(HANG, read).await.unwrap().unwrap();
    let text = String::from_utf8_lossy(&answer);
    text.split(' ').nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn servers_come_and_go_while_another_goes_on() {
    let [a, b, c] = ["a", "b", "c"].map(|id| format!("[[server]]\nid = \"{id}\"\n"));
    let mut daemon = start(&[MEMORY, &a, &b], &serve()).await;
    let (stays, goes) = (server(&daemon, "a").watch(), server(&daemon, "b").watch());
    let what = daemon.change_to(settings(&[MEMORY, &a, &c])).await.unwrap();
    assert_eq!(what, ["servers added: c", "servers removed: b"]);
    assert_eq!(ids(&daemon), ["a", "c"]);
    assert!(stays.has_changed().is_ok(), "its engine runs on");
    assert!(goes.has_changed().is_err(), "its engine has ended");
}

#[tokio::test]
async fn a_server_whose_settings_changed_is_opened_anew() {
    let plain = "[[server]]\nid = \"a\"\n";
    let mut daemon = start(&[MEMORY, plain], &serve()).await;
    assert!(server(&daemon, "a").snapshot().abilities.has_power);
    let without = settings(&[MEMORY, plain, "power.driver = \"none\"\n"]);
    assert_eq!(
        daemon.change_to(without).await.unwrap(),
        ["servers changed: a (power.driver)"]
    );
    assert!(!server(&daemon, "a").snapshot().abilities.has_power);
}

#[tokio::test]
async fn each_part_can_be_switched_off() {
    for part in ["power", "display", "input", "serial", "health", "boot"] {
        let text = format!("[[server]]\nid = \"a\"\n{part}.driver = \"none\"\n");
        let daemon = start(&[MEMORY, &text], &serve()).await;
        let a = server(&daemon, "a");
        let abilities = a.snapshot().abilities.clone();
        let has = [
            ("power", abilities.has_power),
            ("display", abilities.display && a.screen().is_some()),
            ("input", abilities.input && a.input().is_some()),
            ("serial", abilities.serial),
            ("health", !a.sensors().is_empty()),
            ("boot", abilities.boot.is_some()),
        ];
        for (name, has) in has {
            assert_eq!(has, name != part, "{name} without {part}");
        }
    }
}

#[tokio::test]
async fn a_reload_that_can_not_be_carried_out_changes_nothing() {
    let mut daemon = start(&[MEMORY, "[[server]]\nid = \"a\"\n"], &serve()).await;
    let busy = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let taken = busy.local_addr().unwrap();
    let mut wanted = settings(&[MEMORY, "[[server]]\nid = \"b\"\n"]);
    wanted.service.plain_http.listen = vec![taken.to_string().parse().unwrap()];
    let why = daemon.change_to(wanted).await.unwrap_err().to_string();
    assert!(why.contains(&taken.to_string()), "{why}");
    assert_eq!(ids(&daemon), ["a"]);
    let open = daemon.doors.open().plain[0];
    assert_ne!(status(open, "/").await, 0);
}

#[tokio::test]
async fn a_server_that_can_not_be_opened_is_tried_again_while_others_are_managed() {
    let folder = Folder::new("failing");
    let blocked = folder.block("b");
    let wanted = || settings(&[&folder.settings(), A, B]);
    let mut daemon = Daemon::start(wanted(), &serve()).await.unwrap().0;
    assert_eq!(ids(&daemon), ["a"]);
    daemon.try_again().await;
    assert!(daemon.servers.lacks_any());
    assert_eq!(daemon.change_to(wanted()).await.unwrap(), [""; 0]);
    std::fs::remove_file(blocked).unwrap();
    daemon.try_again().await;
    assert_eq!(ids(&daemon), ["a", "b"]);
    assert!(!daemon.servers.lacks_any());
}

#[tokio::test]
async fn a_server_that_is_wanted_no_more_is_not_tried_again() {
    let folder = Folder::new("given-up");
    let blocked = folder.block("b");
    let (one, both) = (
        settings(&[&folder.settings(), A]),
        settings(&[&folder.settings(), A, B]),
    );
    let mut daemon = Daemon::start(both.clone(), &serve()).await.unwrap().0;
    assert!(daemon.servers.lacks_any());
    daemon.change_to(one).await.unwrap();
    assert!(!daemon.servers.lacks_any());
    // New in the settings, it is refused as a whole.
    let refused = daemon.change_to(both.clone()).await.unwrap_err();
    assert!(refused.to_string().starts_with("server b: "), "{refused}");
    std::fs::remove_file(blocked).unwrap();
    assert_eq!(daemon.change_to(both).await.unwrap(), ["servers added: b"]);
}

#[tokio::test]
async fn a_demo_whose_server_can_not_be_opened_does_not_start() {
    let folder = Folder::new("no-demo");
    folder.block("b");
    let failed = Daemon::start(settings(&[&folder.settings(), A, B]), &demo()).await;
    let why = failed.err().unwrap().to_string();
    assert!(why.starts_with("server b: "), "{why}");
}

#[tokio::test]
async fn doors_move_and_services_are_switched_while_the_daemon_runs() {
    let mut daemon = start(&[MEMORY], &serve()).await;
    let first = daemon.doors.open().plain[0];
    assert_eq!(status(first, "/redfish/v1/").await, 200);

    let mut wanted = daemon.settings.clone();
    wanted.service.redfish.enabled = false;
    daemon.change_to(wanted.clone()).await.unwrap();
    assert_eq!(daemon.doors.open().plain, [first], "the door stays");
    assert_eq!(status(first, "/redfish/v1/").await, 404);

    // The same address, but for HTTPS.
    wanted.service.plain_http.enabled = false;
    wanted.service.https.enabled = true;
    wanted.service.https.listen = vec![first.to_string().parse().unwrap()];
    daemon.change_to(wanted).await.unwrap();
    let open = daemon.doors.open();
    assert_eq!((open.https, open.plain), (vec![first], vec![]));
    assert_eq!(status(first, "/").await, 308, "plain HTTP is sent to HTTPS");
}

/// A folder for one test, gone with it.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let unique = format!("outband-app-{}-{name}", std::process::id());
        Self(std::env::temp_dir().join(unique))
    }

    /// Puts a file where a simulated machine has its folder: it can't be opened.
    fn block(&self, id: &str) -> std::path::PathBuf {
        let file = self.0.join("sim").join(id);
        std::fs::create_dir_all(self.0.join("sim")).unwrap();
        std::fs::write(&file, "").unwrap();
        file
    }

    fn settings(&self) -> String {
        MEMORY.replace("\"memory\"", &format!("{:?}", self.0.display().to_string()))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_stops_its_machine_and_serve_leaves_it_running() {
    let folder = Folder::new("machines");
    let base = folder.settings();
    let on = "[[server]]\nid = \"a\"\nsim.start = \"on\"\n";
    let daemon = start(&[&base, on], &serve()).await;
    seen(&server(&daemon, "a"), PowerState::On).await;
    daemon.stop(&serve()).await;

    let off = "[[server]]\nid = \"a\"\nsim.start = \"off\"\n";
    let daemon = start(&[&base, off], &demo()).await;
    seen(&server(&daemon, "a"), PowerState::On).await;
    daemon.stop(&demo()).await;

    let daemon = start(&[&base, on], &demo()).await;
    seen(&server(&daemon, "a"), PowerState::Off).await;
    daemon.stop(&demo()).await;
}

/// Whether a name and a password open the gate, and whether anything may be done then.
async fn opens(daemon: &Daemon, name: &str, password: &str) -> Option<Result<(), Denied>> {
    let origin = Origin {
        via: Via::Redfish,
        source: Some([192, 0, 2, 1].into()),
    };
    let gate = &daemon.base.bmc.gate;
    let password = Zeroizing::new(password.to_owned());
    let actor = gate.password(origin, name, password).await.ok()?;
    Some(actor.may(Operation::ReadManager, None))
}

#[tokio::test]
async fn the_first_password_is_made_up_and_must_be_changed() {
    let (daemon, first) = Daemon::start(settings(&[MEMORY]), &serve()).await.unwrap();
    let first = first.unwrap();
    let may = opens(&daemon, "admin", &first).await;
    assert_eq!(may, Some(Err(Denied::PasswordChangeRequired)));
    let again = first_start::serve(&daemon.base.bmc.gate, &daemon.settings.access).await;
    assert!(again.unwrap().is_none(), "it is made once");
}

#[tokio::test]
async fn a_password_from_a_file_must_be_changed_too_and_is_not_printed() {
    let file = Folder::new("password");
    std::fs::write(&file.0, "correct horse\n").unwrap();
    let mut wanted = settings(&[MEMORY]);
    wanted.access.first_password_file = Some(file.0.clone());
    let (daemon, first) = Daemon::start(wanted, &serve()).await.unwrap();
    std::fs::remove_file(&file.0).unwrap();
    assert!(first.is_none());
    let may = opens(&daemon, "admin", "correct horse").await;
    assert_eq!(may, Some(Err(Denied::PasswordChangeRequired)));
}

#[tokio::test]
async fn while_access_is_off_there_is_no_account_and_switching_it_on_makes_one() {
    let off = "[access]\nenabled = false\n";
    let (daemon, first) = Daemon::start(settings(&[MEMORY, off]), &serve())
        .await
        .unwrap();
    assert!(first.is_none());
    let gate = &daemon.base.bmc.gate;
    assert!(!gate.has_accounts());
    let made = first_start::serve(gate, &settings(&[MEMORY]).access).await;
    assert!(made.unwrap().is_some());
}

#[tokio::test]
async fn a_demo_sets_its_password_at_each_start() {
    let folder = Folder::new("demo");
    let base = folder.settings();
    for password in ["first-password", "other-password"] {
        let mode = Mode::Bench(Bench {
            what: "demo",
            password: Zeroizing::new(password.to_owned()),
            made_up: true,
        });
        let daemon = start(&[&base], &mode).await;
        assert_eq!(opens(&daemon, "admin", password).await, Some(Ok(())));
        let gate = &daemon.base.bmc.gate;
        let [admin] = gate.accounts(&gate.local("test")).try_into().unwrap();
        assert!(admin.has_ipmi_secret && admin.has_vnc_secret);
        daemon.stop(&mode).await;
    }
}

#[tokio::test]
async fn orders_from_the_device_are_carried_out() {
    let daemon = start(&[MEMORY], &serve()).await;
    let gate = &daemon.base.bmc.gate;
    let actor = gate.local("root");
    let secret = |text: &str| Secret(Zeroizing::new(text.to_owned()));
    let name = || "admin".to_owned();
    let password = secret("a better secret");
    let order = Order::Password {
        name: name(),
        password,
    };
    carry_out(gate, &actor, order).await.unwrap();
    assert_eq!(
        opens(&daemon, "admin", "a better secret").await,
        Some(Ok(()))
    );

    let order = Order::Ipmi {
        name: name(),
        secret: secret("ipmi"),
    };
    let [admin] = carry_out(gate, &actor, order)
        .await
        .unwrap()
        .try_into()
        .unwrap();
    assert!(admin.has_ipmi_secret && !admin.has_vnc_secret);

    let remove = |name: &str| Order::Remove {
        name: name.to_owned(),
    };
    let refused = carry_out(gate, &actor, remove("admin")).await.unwrap_err();
    assert!(
        matches!(refused, AccountRefused::LastAdministrator),
        "{refused}"
    );
    let refused = carry_out(gate, &actor, remove("nobody")).await.unwrap_err();
    assert!(
        matches!(refused, AccountRefused::NoSuchAccount),
        "{refused}"
    );
}
