"""`outband demo`: what a newcomer sees with curl in the first minute."""

import json
import subprocess
import urllib.parse

import pytest

from support import events
from support.bmc import MADE_UP, Demo
from support.daemon import PASSWORD, environment, run
from support.doors import bound
from support.redfish import SESSIONS, SYSTEM
from support.waiting import HANG, until


def curl(*argv: str) -> str:
    """What curl prints; it must end well."""
    done = subprocess.run(["curl", "--silent", "--show-error", "--fail", *argv],
                          env=environment(), capture_output=True, text=True, timeout=HANG)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_ready_names_every_address_that_answers(demo):
    assert set(demo.daemon.ready) == {"https", "ipmi", "servers"}
    (own,) = demo.daemon.ready["ipmi"]
    assert demo.daemon.ready["servers"] == {"1": {"ipmi": [own]}}
    assert bound(demo.daemon.pid) == {own}
    assert urllib.parse.urlsplit(demo.daemon.url).port != 0
    root = json.loads(curl("--cacert", demo.certificate, demo.daemon.url + "/redfish/v1/"))
    assert root["RedfishVersion"]


def test_it_prints_the_url_and_the_user(demo):
    before_ready = "\n".join(demo.daemon.lines[:-1])
    assert demo.daemon.url in before_ready
    assert "admin" in before_ready


def test_without_a_password_it_makes_one_up_and_prints_it(running, tmp_path):
    bmc = Demo(tmp_path)
    bmc.daemon.env.pop("OUTBAND_ADMIN_PASSWORD")
    running(bmc)
    (password,) = set(MADE_UP.findall(bmc.daemon.said()))  # it stands in a command to try, too
    assert bmc.client(password=password).status("GET", SYSTEM) == 200


@pytest.mark.parametrize("password", ["short", "x" * 21])
def test_a_password_that_does_not_fit_every_service_is_refused(tmp_path, password):
    done = run("demo", "--https", "127.0.0.1:0", "--state", str(tmp_path / "state"),
               OUTBAND_ADMIN_PASSWORD=password)
    assert done.returncode != 0
    assert "OUTBAND_ADMIN_PASSWORD" in done.stderr
    assert password not in done.stderr


def test_an_address_off_loopback_needs_a_password(tmp_path):
    done = run("demo", "--https", "0.0.0.0:0", "--state", str(tmp_path / "state"))
    assert done.returncode != 0
    assert "OUTBAND_ADMIN_PASSWORD" in done.stderr


def test_curl_with_basic(demo):
    secret = f"admin:{PASSWORD}"
    url = demo.daemon.url + SYSTEM
    system = json.loads(curl("--cacert", demo.certificate, "--user", secret, url))
    assert system["PowerState"] in ("On", "Off")


def test_curl_with_a_session(demo):
    trust = ("--cacert", demo.certificate)
    body = json.dumps({"UserName": "admin", "Password": PASSWORD})
    head = curl(*trust, "--dump-header", "-", "--output", "/dev/null", "--json", body,
                demo.daemon.url + SESSIONS)
    headers = dict(line.split(": ", 1) for line in head.splitlines() if ": " in line)
    headers = {name.lower(): value for name, value in headers.items()}
    token = ("--header", f"X-Auth-Token: {headers['x-auth-token']}")
    assert json.loads(curl(*trust, *token, demo.daemon.url + SYSTEM))["Id"] == "1"
    session = urllib.parse.urlsplit(headers["location"]).path
    curl(*trust, *token, "--request", "DELETE", demo.daemon.url + session)
    done = subprocess.run(["curl", "--silent", "--fail", *trust, *token, demo.daemon.url + SYSTEM],
                          env=environment(), timeout=HANG)
    assert done.returncode == 22  # an HTTP error: the token is no longer worth anything


def test_curl_switches_the_server_on(demo):
    client = demo.client()

    def changes() -> list[str]:
        """What power became, as the event log has it."""
        return [event["to"] for event in events.of_kind(demo.state, "power-changed")]

    before = len(changes())
    curl("--cacert", demo.certificate, "--user", f"admin:{PASSWORD}", "--json",
         '{"ResetType": "On"}', f"{demo.daemon.url}{SYSTEM}/Actions/ComputerSystem.Reset")
    client.await_power("On")
    until(lambda: changes()[before:] == ["on"], "the event")
    client.reset("ForceOff")
    client.await_power("Off")
    until(lambda: changes()[before:] == ["on", "off"], "the event")


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_the_certificate_is_its_own_trust_anchor(demo, name):
    port = demo.daemon.address().rsplit(":", 1)[1]
    curl("--cacert", demo.certificate, f"https://{name}:{port}/redfish/v1/")


def test_plain_http_on_the_tls_port_is_sent_to_https(demo):
    address = demo.daemon.address()
    seen = curl("--output", "/dev/null", "--write-out", "%{http_code} %{redirect_url}",
                f"http://{address}/redfish/v1/Systems")
    status, where = seen.split()
    assert status in ("301", "302", "307", "308")
    assert where == f"https://{address}/redfish/v1/Systems"


def test_plain_http_serves_where_it_was_asked_for_and_a_warning_says_so(running, tmp_path):
    bmc = running(Demo(tmp_path, "--http", "127.0.0.1:0"))
    assert list(bmc.daemon.ready) == ["https", "http", "ipmi", "servers"]
    address = bmc.daemon.address("http")
    url = f"http://{address}{SYSTEM}"
    assert json.loads(curl("--user", f"admin:{PASSWORD}", url))["Id"] == "1"
    assert f"plain HTTP on {address}: passwords can be read" in bmc.daemon.said()


def test_a_killed_demo_finds_its_machine_again(running, tmp_path):
    bmc = running(Demo(tmp_path))
    client = bmc.client()
    client.reset("On")
    client.await_power("On")
    client.change(SYSTEM, {"AssetTag": "mine"})
    bmc.daemon.kill()
    bmc.daemon.start()
    system = bmc.client().get(SYSTEM)
    assert (system["PowerState"], system["AssetTag"]) == ("On", "mine")
