"""`outband serve` as it runs on a device: an unprivileged user with the right to bind port 443.

A network namespace of its own has port 443 free, and nothing from outside reaches it.
"""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from support import daemon
from support import settings
from support.bmc import MADE_UP, Serve
from support.redfish import ACCOUNTS, SESSIONS, SYSTEM
from support.waiting import HANG

NOBODY = 65534
NEW = "a-better-secret"

# A namespace has only loopback, and that is down until somebody brings it up.
WRAPPER = ("unshare", "--net", "--", "sh", "-c", 'ip link set lo up && exec "$0" "$@"',
           "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
           "--inh-caps=-all,+net_bind_service", "--ambient-caps=-all,+net_bind_service",
           "--bounding-set=-all,+net_bind_service", "--no-new-privs", "--")

BASE = """
[state]
dir = "state"
[service.https]
listen = ["127.0.0.1:443"]
[service.http]
listen = ["127.0.0.1:80"]
"""
WITH_FILE = BASE + '[access]\nfirst_password_file = "password"\n'


@pytest.fixture
def folder():
    """A folder that belongs to nobody; others need not be able to read the program's own."""
    assert os.geteuid() == 0, "this test changes its user and its network: run it as root"
    path = pathlib.Path(tempfile.mkdtemp(prefix="outband-"))
    shutil.copy(daemon.OUTBAND, path / "outband")
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def start(running, folder, monkeypatch):
    """Starts `serve` with one of the settings above."""
    def start(base: str) -> Serve:
        monkeypatch.setattr(daemon, "OUTBAND", str(folder / "outband"))
        bmc = Serve(folder, settings.server(), base=base, wrapper=WRAPPER)
        for path in (folder, *folder.iterdir()):
            os.chown(path, NOBODY, NOBODY)
        return running(bmc)
    return start


def ask(bmc, method: str, path: str, user: str, password: str, body=None,
        source="127.0.0.1") -> tuple[int, dict]:
    """Asks with curl from inside the daemon's network; gives the status and the body."""
    argv = ["nsenter", "--target", str(bmc.daemon.pid), "--net", "curl", "--silent", "--insecure",
            "--interface", source, "--request", method, "--user", f"{user}:{password}", "--write-out", "\n%{http_code}",
            f"https://127.0.0.1{path}"]
    if body is not None:
        argv += ["--json", json.dumps(body)]
    done = subprocess.run(argv, env=daemon.environment(), capture_output=True, text=True,
                          timeout=HANG, check=True)
    text, status = done.stdout.rsplit("\n", 1)
    return int(status), json.loads(text) if text.strip() else {}


def printed_password(bmc) -> str:
    """The made-up password, which was printed exactly once."""
    (password,) = MADE_UP.findall(bmc.daemon.said())
    return password


def own_account(bmc, password: str) -> str:
    """The path of the account that must change its password, as the refusal itself names it."""
    status, body = ask(bmc, "GET", SYSTEM, "admin", password)
    assert status == 403
    message = body["error"]["@Message.ExtendedInfo"][0]
    assert message["MessageId"].endswith(".PasswordChangeRequired")
    return message["MessageArgs"][0]


def assert_only_the_change_is_allowed(bmc, password: str) -> str:
    """Walks through what a client may want, and gives the account's path."""
    account = own_account(bmc, password)
    reset = f"{SYSTEM}/Actions/ComputerSystem.Reset"
    other = {"UserName": "eve", "Password": NEW, "RoleId": "Administrator"}
    for method, path, body in [("GET", SYSTEM, None), ("GET", ACCOUNTS, None),
                               ("GET", "/redfish/v1/Managers", None),
                               ("PATCH", SYSTEM, {"AssetTag": "x"}),
                               ("POST", reset, {"ResetType": "On"}), ("POST", ACCOUNTS, other),
                               ("GET", "/api/v1/servers/1/faults", None)]:
        assert ask(bmc, method, path, "admin", password, body)[0] == 403, (method, path)
    session = {"UserName": "admin", "Password": password}
    status, body = ask(bmc, "POST", SESSIONS, "admin", password, session)
    assert status == 201
    assert "PasswordChangeRequired" in json.dumps(body)
    return account


def test_it_runs_without_privileges(start):
    bmc = start(BASE)
    status = pathlib.Path(f"/proc/{bmc.daemon.pid}/status").read_text()
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert fields["Uid"].split() == [str(NOBODY)] * 4
    assert int(fields["CapEff"], 16) == 1 << 10  # CAP_NET_BIND_SERVICE and nothing else
    assert bmc.daemon.address() == "127.0.0.1:443"


def test_the_printed_first_password_is_good_for_its_change_alone(start):
    bmc = start(BASE)
    first = printed_password(bmc)
    account = assert_only_the_change_is_allowed(bmc, first)
    assert ask(bmc, "GET", SYSTEM, "admin", first, source="127.0.0.2")[0] == 401  # it was used
    assert ask(bmc, "PATCH", account, "admin", first, {"Password": NEW})[0] in (200, 204)
    assert ask(bmc, "GET", SYSTEM, "admin", first)[0] == 401
    assert ask(bmc, "PATCH", SYSTEM, "admin", NEW, {"AssetTag": "rack 7"})[0] in (200, 204)
    bmc.daemon.restart()
    assert first not in bmc.daemon.said()
    assert ask(bmc, "GET", SYSTEM, "admin", first)[0] == 401
    status, system = ask(bmc, "GET", SYSTEM, "admin", NEW)
    assert (status, system["AssetTag"]) == (200, "rack 7")


def test_a_password_file_is_read_once_and_never_printed(start):
    bmc = start(WITH_FILE)
    assert daemon.PASSWORD not in bmc.daemon.said()
    status, _ = ask(bmc, "GET", SYSTEM, "admin", daemon.PASSWORD)
    assert status == 200  # the operator chose it: nobody else has seen it
    account = ask(bmc, "GET", ACCOUNTS, "admin", daemon.PASSWORD)[1]["Members"][0]["@odata.id"]
    assert ask(bmc, "PATCH", account, "admin", daemon.PASSWORD, {"Password": NEW})[0] in (200, 204)
    bmc.daemon.restart()
    assert ask(bmc, "GET", SYSTEM, "admin", daemon.PASSWORD)[0] == 401
    assert ask(bmc, "GET", SYSTEM, "admin", NEW)[0] == 200


def test_port_80_only_sends_to_https(start):
    bmc = start(BASE)
    argv = ["nsenter", "--target", str(bmc.daemon.pid), "--net", "curl", "--silent", "--output",
            "/dev/null", "--write-out", "%{http_code} %{redirect_url}",
            "http://127.0.0.1/redfish/v1/"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=HANG, check=True)
    assert done.stdout == "308 https://127.0.0.1/redfish/v1/"


def test_a_used_first_password_does_not_come_alive_by_a_restart(start):
    bmc = start(BASE)
    first = printed_password(bmc)
    bmc.daemon.restart()
    assert first not in bmc.daemon.said()
    assert ask(bmc, "GET", SYSTEM, "admin", first)[0] == 403  # not used yet: still good for once
    bmc.daemon.restart()
    assert ask(bmc, "GET", SYSTEM, "admin", first)[0] == 401
