"""`outband user`: accounts from the device's own command line, with the daemon running or not."""

import json
import stat

import pytest

from support import settings
from support.daemon import PASSWORD
from support.faults import FAULTS
from support.redfish import SYSTEM

NEW = "a-new-secret"


@pytest.fixture
def bmc(serve):
    return serve()


@pytest.fixture(params=["running", "stopped"])
def place(request, bmc):
    """A BMC whose daemon is running or stopped while commands are given, and how to ask it after."""
    if request.param == "stopped":
        bmc.daemon.stop()

    def asked(user: str, password: str) -> int:
        """What a client of this user is answered once the daemon runs."""
        if bmc.daemon.process.poll() is not None:
            bmc.daemon.start()
        return bmc.client(user, password).status("GET", SYSTEM)
    bmc.asked = asked
    return bmc


def well(done) -> str:
    """What a command that must end well printed."""
    assert done.returncode == 0, done.stderr
    return done.stdout


def users(bmc) -> dict[str, dict]:
    """The accounts as `user list` gives them."""
    return {user["name"]: user for user in json.loads(well(bmc.cli("user", "list", "--json")))}


def test_an_account_is_added_with_a_password_from_standard_input(place):
    well(place.cli("user", "add", "op", "--role", "operator", "--password-file", "-",
                   stdin=NEW + "\n"))
    assert users(place)["op"]["role"] == "Operator"
    assert place.asked("op", NEW) == 200


def test_a_generated_password_is_printed_and_works(place):
    made = well(place.cli("user", "add", "op", "--generate")).strip()
    assert len(made) >= 16
    assert place.asked("op", made) == 200


def test_a_password_from_a_file(place, tmp_path):
    (tmp_path / "secret").write_text(NEW + "\n")
    well(place.cli("user", "passwd", "admin", "--password-file", str(tmp_path / "secret")))
    assert place.asked("admin", PASSWORD) == 401
    assert place.asked("admin", NEW) == 200


def test_a_removed_account_is_gone(place):
    well(place.cli("user", "add", "op", "--password-file", "-", stdin=NEW))
    well(place.cli("user", "remove", "op"))
    assert "op" not in users(place)
    assert place.asked("op", NEW) == 401


def test_the_last_administrator_is_not_removed(place):
    done = place.cli("user", "remove", "admin")
    assert done.returncode != 0
    assert "last Administrator" in done.stderr
    assert place.asked("admin", PASSWORD) == 200


def test_separate_secrets_for_ipmi_and_vnc_leave_the_password_alone(place):
    well(place.cli("user", "ipmi", "admin", "--password-file", "-", stdin="ipmi-secret"))
    well(place.cli("user", "vnc", "admin", "--password-file", "-", stdin="vncpass"))
    assert {"IPMI", "KVMIP"} <= set(users(place)["admin"]["types"])
    assert place.asked("admin", PASSWORD) == 200
    assert place.asked("admin", "ipmi-secret") == 401
    assert place.asked("admin", "vncpass") == 401


@pytest.mark.parametrize("kind, secret", [("ipmi", "x" * 21), ("vnc", "x" * 9)])
def test_a_secret_that_does_not_fit_its_service_is_refused(place, kind, secret):
    done = place.cli("user", kind, "admin", "--password-file", "-", stdin=secret)
    assert done.returncode != 0
    assert secret not in done.stderr


@pytest.mark.parametrize("words", [
    ("user", "add", "op", "--password-file", "/nowhere"),
    ("user", "add", "op", "--role", "king", "--generate"),
    ("user", "add", "a b", "--generate"),
    ("user", "add", "admin", "--generate"),
    ("user", "passwd", "nobody", "--generate"),
    ("user", "remove", "nobody"),
    ("user", "add", "op", NEW),
])
def test_what_cannot_be_done_is_said_and_nothing_changes(place, words):
    before = users(place)
    done = place.cli(*words)
    assert done.returncode != 0
    assert done.stderr.strip()
    assert users(place) == before


def test_a_short_password_is_refused(place):
    done = place.cli("user", "add", "op", "--password-file", "-", stdin="short\n")
    assert done.returncode != 0
    assert "op" not in users(place)


def test_an_account_made_to_change_its_password_can_do_nothing_else(bmc):
    well(bmc.cli("user", "add", "op", "--must-change", "--password-file", "-", stdin=NEW))
    client = bmc.client("op", NEW)
    assert client.status("GET", SYSTEM) == 403
    client.change(bmc.client().account("op"), {"Password": PASSWORD})
    assert bmc.client("op", PASSWORD).status("GET", SYSTEM) == 200


def test_an_account_reaches_only_its_servers(serve):
    bmc = serve(settings.server("1"), settings.server("2"))
    well(bmc.cli("user", "add", "boss", "--role", "administrator", "--server", "2",
                 "--password-file", "-", stdin=NEW))
    client = bmc.client("boss", NEW)
    other = "/redfish/v1/Systems/2"
    assert [client.status("GET", path) for path in (SYSTEM, other)] == [404, 200]
    assert [client.status("GET", FAULTS.format(server)) for server in (1, 2)] == [404, 200]
    assert client.get("/redfish/v1/Systems")["Members"] == [{"@odata.id": other}]


def test_what_is_kept_is_for_the_daemon_alone(bmc):
    """No secret lies open in the state folder, and nobody else may look into it."""
    assert stat.S_IMODE(bmc.state.stat().st_mode) == 0o700
    files = [path for path in bmc.state.rglob("*") if not path.is_dir()]
    assert {"cert.pem", "control.sock"} < {path.name for path in files}
    for path in files:
        public = path.name == "cert.pem"
        assert public or stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
        if path.is_file():
            assert PASSWORD.encode() not in path.read_bytes(), path
