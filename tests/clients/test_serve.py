"""`outband serve` as it runs on a device: an unprivileged user with the right to bind port 443.

A network namespace of its own has port 443 free, and nothing from outside reaches it.
"""

import dataclasses
import json
import pathlib
import subprocess

import pytest

from support import daemon, namespace, settings
from support.bmc import MADE_UP, Serve
from support.redfish import ACCOUNTS, SESSIONS, SYSTEM
from support.waiting import HANG

NEW = "a-better-secret"

BASE = """
[state]
dir = "state"
[service.https]
listen = ["127.0.0.1:443"]
[service.http]
listen = ["127.0.0.1:80"]
"""
WITH_FILE = BASE + '[access]\nfirst_password_file = "password"\n'
ONLY_ACCOUNT = f"{ACCOUNTS}/1"  # of a first start: a script need not look for it


@pytest.fixture
def folder():
    """A folder that belongs to nobody."""
    with namespace.folder() as path:
        yield path


@pytest.fixture
def start(running, folder, monkeypatch):
    """Starts `serve` for the first time, with one of the settings above."""
    def start(base: str, **env: str) -> Serve:
        monkeypatch.setattr(daemon, "OUTBAND", str(folder / "outband"))
        bmc = Serve(folder, settings.server(), base=base, wrapper=namespace.WRAPPER, new=True, **env)
        namespace.give_to_nobody(folder)
        return running(bmc)
    return start


def secret_file(path: pathlib.Path) -> str:
    """Writes a first password into a file, as whoever sets devices up does; gives it."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(daemon.PASSWORD + "\n")
    path.chmod(0o600)
    return daemon.PASSWORD


@pytest.fixture(params=["printed", "file", "credential"])
def first_start(request, start, folder):
    """A first start, and the first password: each way that there is to come by it."""
    if request.param == "printed":
        bmc = start(BASE)
        return bmc, printed_password(bmc)
    if request.param == "file":
        first = secret_file(folder / "password")
        bmc = start(WITH_FILE)
    else:
        first = secret_file(folder / "credentials" / "outband.password")
        bmc = start(BASE, CREDENTIALS_DIRECTORY=str(folder / "credentials"))
    assert first not in bmc.daemon.said()
    assert not MADE_UP.search(bmc.daemon.said())
    return bmc, first


@dataclasses.dataclass
class Answer:
    """What came back: the status, the body, and the token of a session where one was opened."""
    status: int
    body: dict
    token: str


def basic(password: str) -> tuple[str, ...]:
    """Shows curl's flags for `admin` by HTTP Basic."""
    return ("--user", f"admin:{password}")


def bearer(token: str) -> tuple[str, ...]:
    """Shows curl's flags for the bearer of a session's token."""
    return ("--header", f"X-Auth-Token: {token}")


def ask(bmc, method: str, path: str, proof=(), body=None, source="127.0.0.1") -> Answer:
    """Asks with curl from inside the daemon's network, with a proof by `basic` or `bearer`."""
    argv = [*namespace.inside(bmc.daemon.pid), "curl", "--silent", "--insecure",
            "--interface", source, "--request", method, *proof,
            "--write-out", "\n%{http_code} %header{x-auth-token}", f"https://127.0.0.1{path}"]
    if body is not None:
        argv += ["--json", json.dumps(body)]
    done = subprocess.run(argv, env=daemon.environment(), capture_output=True, text=True,
                          timeout=HANG, check=True)
    text, last = done.stdout.rsplit("\n", 1)
    status, token = last.split(" ")
    return Answer(int(status), json.loads(text) if text.strip() else {}, token)


def open_session(bmc, password: str) -> Answer:
    """Asks for a session of `admin`."""
    return ask(bmc, "POST", SESSIONS, body={"UserName": "admin", "Password": password})


def printed_password(bmc) -> str:
    """The made-up password, which was printed exactly once."""
    (password,) = MADE_UP.findall(bmc.daemon.said())
    return password


def assert_good_for_the_change_alone(bmc, proof) -> str:
    """Walks through what a client may want, and gives the account as the refusals name it."""
    reset = f"{SYSTEM}/Actions/ComputerSystem.Reset"
    other = {"UserName": "eve", "Password": NEW, "RoleId": "Administrator"}
    for method, path, body in [("GET", SYSTEM, None), ("GET", "/redfish/v1/Managers", None),
                               ("PATCH", SYSTEM, {"AssetTag": "x"}),
                               ("POST", reset, {"ResetType": "On"}), ("GET", ACCOUNTS, None),
                               ("POST", ACCOUNTS, other)]:
        answer = ask(bmc, method, path, proof, body)
        assert answer.status == 403, (method, path, answer)
        message = answer.body["error"]["@Message.ExtendedInfo"][0]
        assert message["MessageId"].endswith(".PasswordChangeRequired"), (method, path, answer)
    faults = "/api/v1/servers/1/faults"
    assert ask(bmc, "GET", faults, proof).status == 403
    account = message["MessageArgs"][0]
    # Nor is anything else of the own account changed.
    role = {"Password": NEW, "RoleId": "ReadOnly"}
    assert ask(bmc, "PATCH", account, proof, role).status == 403
    return account


def assert_all_is_open(bmc, proof) -> None:
    """An ordinary Administrator has come out of it."""
    assert ask(bmc, "PATCH", SYSTEM, proof, {"AssetTag": "rack 7"}).status in (200, 204)
    assert ask(bmc, "GET", SYSTEM, proof).body["AssetTag"] == "rack 7"
    assert ask(bmc, "GET", ACCOUNTS, proof).status == 200


def test_it_runs_without_privileges(start):
    bmc = start(BASE)
    status = pathlib.Path(f"/proc/{bmc.daemon.pid}/status").read_text()
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert fields["Uid"].split() == [str(namespace.NOBODY)] * 4
    assert int(fields["CapEff"], 16) == 1 << 10  # CAP_NET_BIND_SERVICE and nothing else
    assert bmc.daemon.address() == "127.0.0.1:443"


def test_basic_alone_changes_the_first_password_from_one_address(first_start):
    bmc, first = first_start
    account = assert_good_for_the_change_alone(bmc, basic(first))
    assert ask(bmc, "GET", SYSTEM, basic(first), source="127.0.0.2").status == 401  # it was used
    assert ask(bmc, "PATCH", account, basic(first), {"Password": NEW}).status in (200, 204)
    assert ask(bmc, "GET", SYSTEM, basic(first)).status == 401
    assert open_session(bmc, first).status == 401
    assert_all_is_open(bmc, basic(NEW))
    bmc.daemon.restart()
    assert first not in bmc.daemon.said()
    assert ask(bmc, "GET", SYSTEM, basic(first)).status == 401
    assert ask(bmc, "GET", SYSTEM, basic(NEW)).body["AssetTag"] == "rack 7"


@pytest.mark.parametrize("looked", [False, True], ids=["at once", "after a look by Basic"])
def test_a_session_changes_the_first_password_and_ends_all_other_use_of_it(first_start, looked):
    bmc, first = first_start
    if looked:
        assert ask(bmc, "GET", SYSTEM, basic(first)).status == 403
    opened = open_session(bmc, first)
    assert opened.status == 201
    assert "PasswordChangeRequired" in json.dumps(opened.body)
    # From the same address, too: the session is there to make the change.
    assert ask(bmc, "GET", SYSTEM, basic(first)).status == 401
    assert open_session(bmc, first).status == 401
    account = assert_good_for_the_change_alone(bmc, bearer(opened.token))
    changed = ask(bmc, "PATCH", account, bearer(opened.token), {"Password": NEW})
    assert changed.status in (200, 204)
    assert_all_is_open(bmc, bearer(opened.token))
    assert ask(bmc, "GET", SYSTEM, basic(first)).status == 401
    assert_all_is_open(bmc, basic(NEW))


def test_a_script_makes_the_change_with_one_request(first_start):
    bmc, first = first_start
    same = ask(bmc, "PATCH", ONLY_ACCOUNT, basic(first), {"Password": first})
    assert same.status == 400  # it would not be changed then
    assert ask(bmc, "PATCH", ONLY_ACCOUNT, basic(first), {"Password": NEW}).status in (200, 204)
    assert_all_is_open(bmc, basic(NEW))


def test_a_used_first_password_does_not_come_alive_by_a_restart(first_start):
    bmc, first = first_start
    bmc.daemon.restart()
    assert first not in bmc.daemon.said()
    assert ask(bmc, "GET", SYSTEM, basic(first)).status == 403  # not used yet: still good for once
    bmc.daemon.restart()  # a file or a credential is still there, but so is the account
    assert ask(bmc, "GET", SYSTEM, basic(first)).status == 401


def test_accounts_made_beforehand_need_no_first_password(start, folder):
    (folder / "state").mkdir(mode=0o700)
    made = daemon.run("user", "add", "admin", "--password-file", "-", "--state",
                      str(folder / "state"), stdin=NEW)
    assert made.returncode == 0, made.stderr
    bmc = start(BASE)
    assert not MADE_UP.search(bmc.daemon.said())
    assert_all_is_open(bmc, basic(NEW))


def test_port_80_only_sends_to_https(start):
    bmc = start(BASE)
    argv = [*namespace.inside(bmc.daemon.pid), "curl", "--silent", "--output",
            "/dev/null", "--write-out", "%{http_code} %{redirect_url}",
            "http://127.0.0.1/redfish/v1/"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=HANG, check=True)
    assert done.stdout == "308 https://127.0.0.1/redfish/v1/"
