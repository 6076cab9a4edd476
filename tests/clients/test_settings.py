"""What is wrong with settings, and with the device, is said in one clear sentence."""

import os
import signal
import socket

import pytest

from support import events, settings
from support.bmc import MADE_UP, Serve
from support.daemon import PASSWORD, run
from support.redfish import ACCOUNTS, SYSTEM
from support.waiting import until

# Each: what is wrong, the line it stands on, and the key that must be named.
WRONG = [
    ("[service.https]\nlisten = [\"nowhere\"]\n", 2, "service.https.listen"),
    ("[service.https]\n\nenabeld = true\n", 3, "service.https.enabeld"),
    ("[access]\nsession_idle = 1800\n", 2, "access.session_idle"),
    ("[access]\nsession_idle = \"1s\"\n", 2, "access.session_idle"),
    ("[limits]\nconnections = -1\n", 2, "limits.connections"),
    ("[[server]]\nid = \"a/b\"\n", 2, "id"),
    ("[[server]]\nid = \"1\"\n[server.power]\ndriver = \"toaster\"\n", 4, "power.driver"),
    ("[[server]]\nid = \"1\"\n[[server]]\nid = \"1\"\n", 4, "id"),
]


@pytest.mark.parametrize("command", [("config", "check"), ("serve",)], ids=" ".join)
@pytest.mark.parametrize("text, line, key", WRONG, ids=[f"{key}:{line}" for _, line, key in WRONG])
def test_bad_settings_name_file_line_and_key(tmp_path, command, text, line, key):
    path = tmp_path / "outband.toml"
    path.write_text(text)
    done = run(*command, "--config", str(path))
    assert done.returncode != 0
    said = done.stdout + done.stderr
    (complaint,) = [each for each in said.splitlines() if f"{path}:{line}" in each]
    assert key in complaint
    assert "panicked" not in said


QEMU = 'driver = "qemu"\n'
# A program that is there, QEMU or not.
FOUND = 'qemu.program = "./password"\n'
FAULT = '[[server]]\nid = "1"\n{}[[server.sim.fault]]\nkind = "{}"\n{}'

# Each: settings that no server, file or door can be made of, the line, the key, and what is named.
IMPOSSIBLE = [
    (FAULT.format('display.driver = "none"\n', "no-signal", ""), 5, "kind", "no-signal"),
    (FAULT.format('health.driver = "none"\n', "sensor-value", 'sensor = "cpu-temp"\nvalue = 1.0'),
     5, "kind", "sensor-value"),
    (FAULT.format(QEMU + FOUND, "deaf-soft-off", ""), 6, "kind", "deaf-soft-off"),
    ('[service.ipmi]\nlisten = ["127.0.0.1:5000"]\n[[server]]\nid = "1"\n'
     'listen.ipmi = "127.0.0.1:5000"\n', 5, "listen.ipmi", "127.0.0.1:5000"),
    (FAULT.format("", "sensor-value", 'sensor = "warp-core"\nvalue = 1.0'), 5, "sensor",
     "warp-core"),
    ('[[server]]\nid = "1"\n' + '[[server.sim.fault]]\nkind = "no-signal"\n' * 65, 131, "fault",
     "64"),
    ('[[server]]\nid = "1"\nprofile = "no.toml"\n', 3, "profile", "no.toml"),
    ('[[server]]\nid = "1"\nprofile = "outband.toml"\n', 3, "profile", "unknown field"),
    ('[[server]]\nid = "1"\n' + QEMU + 'qemu.program = "no-qemu"\n', 4, "program", "no-qemu"),
    ('[[server]]\nid = "1"\nsim.journal = true\n[[server]]\nid = "1.journal"\n', 3, "journal",
     "1.journal"),
    ('[service.https]\ncertificate = "no.pem"\nkey = "no.key"\n', 2, "certificate", "no.pem"),
    ('[service.https]\nlisten = ["127.0.0.1:0"]\ncertificate = "outband.toml"\nkey = "password"\n',
     3, "certificate", "PEM"),
    ('[service.https]\nlisten = ["127.0.0.1:5000", "127.0.0.1:5000"]\n', 2, "listen",
     "127.0.0.1:5000"),
    ('[[server]]\nid = "1"\nlisten.https = "127.0.0.1:5000"\n'
     '[[server]]\nid = "2"\nlisten.https = "127.0.0.1:5000"\n', 6, "listen.https",
     "127.0.0.1:5000"),
    ('[state]\ndir = "password"\n', 2, "state.dir", "no folder"),
]


@pytest.mark.parametrize("command", [("config", "check"), ("serve",)], ids=" ".join)
@pytest.mark.parametrize("text, line, key, named", IMPOSSIBLE,
                         ids=[f"{key}:{named}" for _, _, key, named in IMPOSSIBLE])
def test_check_finds_what_serve_would_stumble_over(tmp_path, command, text, line, key, named):
    (tmp_path / "password").write_text(PASSWORD)
    path = tmp_path / "outband.toml"
    path.write_text(text)
    done = run(*command, "--config", str(path))
    assert done.returncode == 1
    (complaint,) = done.stderr.strip().splitlines()
    assert f"{path}:{line}: " in complaint
    assert f"{key}: " in complaint and named in complaint


@pytest.mark.parametrize("password", ["short", None], ids=["too short", "no file"])
def test_check_looks_at_the_password_of_a_first_start(tmp_path, running, password):
    base = settings.BASE + '[access]\nfirst_password_file = "first"\n'
    path = settings.write(tmp_path, base=base)
    file = tmp_path / "first"
    if password is not None:
        file.write_text(password)
    done = run("config", "check", "--config", str(path))
    assert done.returncode == 1
    assert f"{path}:11: access.first_password_file: the " in done.stderr
    assert run("serve", "--config", str(path)).returncode == 1
    file.write_text(PASSWORD)
    running(Serve(tmp_path, base=base, new=True)).daemon.stop()
    file.unlink()
    assert run("config", "check", "--config", str(path)).returncode == 0


def test_a_file_that_is_not_toml_is_named_with_its_line(tmp_path):
    path = tmp_path / "outband.toml"
    path.write_text("[access]\nenabled = = true\n")
    done = run("serve", "--config", str(path))
    assert done.returncode != 0
    assert f"{path}:2" in done.stderr


def test_a_file_that_is_not_there_is_named(tmp_path):
    done = run("serve", "--config", str(tmp_path / "none.toml"))
    assert done.returncode != 0
    assert str(tmp_path / "none.toml") in done.stderr


def test_good_settings_are_called_good(tmp_path):
    path = settings.write(tmp_path)
    assert run("config", "check", "--config", str(path)).returncode == 0


def test_every_value_says_where_it_came_from(tmp_path):
    path = settings.write(tmp_path)
    shown = run("config", "show", "--config", str(path)).stdout.splitlines()
    (listen,) = [line for line in shown if "service.https.listen" in line]
    assert "127.0.0.1:0" in listen and f"{path}:" in listen
    (idle,) = [line for line in shown if "access.session_idle" in line]
    assert "default" in idle


def one_sentence(done) -> str:
    """The only line that a failed start printed on its standard error."""
    assert done.returncode not in (0, 101)  # 101 is a panic
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_a_busy_port_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as busy:
        address = "127.0.0.1:%d" % busy.getsockname()[1]
        base = settings.BASE.replace("127.0.0.1:0", address)
        path = settings.write(tmp_path, base=base)
        assert address in one_sentence(run("serve", "--config", str(path)))
        done = run("demo", "--https", address, "--state", str(tmp_path / "demo"))
        assert address in one_sentence(done)


def test_a_state_folder_that_cannot_be_used_is_named(tmp_path):
    """A file in its place stops root as well, whom no mode bits stop."""
    path = settings.write(tmp_path)
    (tmp_path / "state").write_text("not a folder")
    assert str(tmp_path / "state") in one_sentence(run("serve", "--config", str(path)))


def test_a_state_folder_that_cannot_be_read_is_named(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unreadable")
    path = settings.write(folder)
    (folder / "state").mkdir(mode=0o000)
    wrapper = ()
    if os.geteuid() == 0:  # root without its power over mode bits
        wrapper = ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all",
                   "--reuid=0", "--regid=0", "--clear-groups", "--")
    done = run("serve", "--config", str(path), wrapper=wrapper)
    assert str(folder / "state") in one_sentence(done)


def test_a_first_start_that_failed_is_a_first_start_again(running, tmp_path):
    """A password is made, and shown, when everything else has worked: none is lost."""
    bmc = Serve(tmp_path, new=True)

    def fails(what: str) -> None:
        done = run("serve", "--config", str(bmc.file))
        assert what in one_sentence(done)
        assert done.stdout == ""

    with socket.create_server(("127.0.0.1", 0)) as busy:
        address = "127.0.0.1:%d" % busy.getsockname()[1]
        settings.write(tmp_path, base=settings.BASE.replace("127.0.0.1:0", address))
        fails(address)
    settings.write(tmp_path, base=settings.BASE + '[access]\nfirst_password_file = "nowhere"\n')
    fails(str(tmp_path / "nowhere"))
    settings.write(tmp_path)

    running(bmc)
    (first,) = MADE_UP.findall(bmc.daemon.said())
    bmc.client(password=first).change(f"{ACCOUNTS}/1", {"Password": PASSWORD})
    assert bmc.client().status("GET", SYSTEM) == 200


def test_a_second_daemon_on_the_same_state_is_refused(serve):
    bmc = serve()
    assert str(bmc.state) in one_sentence(run("serve", "--config", str(bmc.file)))


def test_a_reload_that_would_let_nobody_in_changes_nothing(serve):
    """Access is switched on, and the first password can't be read."""
    bmc = serve(base=settings.BASE + "[access]\nenabled = false\n", new=True)
    visitor = bmc.visitor()
    access = '[access]\nfirst_password_file = "first"\n[service.console]\nenabled = false\n'
    settings.write(bmc.folder, settings.server("1"), settings.server("2"),
                   base=settings.BASE + access)
    bmc.daemon.signal(signal.SIGHUP)
    until(lambda: "everything stays as it was" in bmc.daemon.said(), "the complaint")
    assert str(bmc.folder / "first") in bmc.daemon.said()
    assert visitor.get("/redfish/v1/Systems")["Members"] == [{"@odata.id": SYSTEM}]
    assert visitor.get(ACCOUNTS)["Members"] == []
    assert visitor.status("GET", "/api/v1/servers/1/faults") == 200
    assert events.of_kind(bmc.state, "settings-reloaded") == []

    # Mended, the same settings do all of it.
    (bmc.folder / "first").write_text(PASSWORD)
    bmc.daemon.signal(signal.SIGHUP)
    until(lambda: visitor.status("GET", SYSTEM) == 401, "access is on")
    client = bmc.client()
    client.change(f"{ACCOUNTS}/1", {"Password": "a-new-secret"})
    client = bmc.client(password="a-new-secret")
    assert len(client.get("/redfish/v1/Systems")["Members"]) == 2
    assert client.status("GET", "/api/v1/servers/1/faults") == 404
    assert events.of_kind(bmc.state, "settings-reloaded")
