"""IPMI of `serve` on UDP port 623, which clients take when they are told none: from when on it is
there, and who finds it."""

import pathlib
import re

import pytest

from support import daemon, ipmi, namespace, profile, settings
from support.bmc import Serve
from support.daemon import PASSWORD
from support.doors import bound
from support.waiting import HANG, until

BASE = """
[state]
dir = "state"
[service.https]
listen = ["127.0.0.1:443"]
[service.http]
enabled = false
"""


@pytest.fixture
def device(running, monkeypatch):
    """`serve` on the ports that clients take, unprivileged, in a network of its own; its Administrator
    may not use IPMI yet."""
    with namespace.folder() as folder:
        monkeypatch.setattr(daemon, "OUTBAND", str(folder / "outband"))
        quick = f'profile = "{profile.write(folder, **profile.QUICK)}"'
        bmc = Serve(folder, settings.server(keys=quick), base=BASE, wrapper=namespace.WRAPPER)
        namespace.give_to_nobody(folder)
        yield running(bmc)


def asked(bmc, *argv: str) -> ipmi.Done:
    """Runs a client in the daemon's network."""
    return ipmi.run(*argv, wrapper=namespace.inside(bmc.daemon.pid), IPMI_PASSWORD=PASSWORD)


def pings(bmc, patience: float = HANG) -> list[int]:
    """How rmcp-ping and ipmi-ping end, without being told a port: 0 when they were answered."""
    return [asked(bmc, program, "-c", "1", "-t", f"{patience:.0f}", "127.0.0.1").code
            for program in ("rmcp-ping", "ipmi-ping")]


def listens(bmc) -> bool:
    """Whether anything takes datagrams on port 623."""
    return any(address.endswith(":623") for address in bound(bmc.daemon.pid))


def test_it_is_silent_until_an_account_is_allowed_and_once_none_is(device):
    assert bound(device.daemon.pid) == set() and "ipmi" not in device.daemon.ready
    assert 0 not in pings(device, patience=1)
    ipmi.allow(device)
    until(lambda: listens(device), "IPMI listens")
    assert pings(device) == [0, 0]
    done = device.cli("user", "remove", "admin")
    assert done.returncode != 0, "the last Administrator stays"
    made = device.cli("user", "add", "other", "--password-file", "-", stdin=PASSWORD)
    assert made.returncode == 0, made.stderr
    assert device.cli("user", "remove", "admin").returncode == 0
    until(lambda: not listens(device), "nobody may use IPMI, so it is closed")
    assert 0 not in pings(device, patience=1)


def test_clients_find_it_without_being_told_a_port(device):
    ipmi.allow(device)
    until(lambda: listens(device), "IPMI listens")
    status = pathlib.Path(f"/proc/{device.daemon.pid}/status").read_text()
    assert f"Uid:\t{namespace.NOBODY}\t" in status
    assert pings(device) == [0, 0]
    # ipmitool doesn't reach ::1, but any other address of the device.
    added = ("ip", "address", "add", "fd00::1/64", "dev", "lo", "nodad")
    ipmi.run(*added, wrapper=namespace.inside(device.daemon.pid)).well()
    for host in ("127.0.0.1", "fd00::1"):
        seen = asked(device, "ipmitool", "-I", "lanplus", "-H", host, "-U", "admin", "-E",
                     "chassis", "power", "status")
        assert "Chassis Power is off" in seen.well()
    for host in ("127.0.0.1", "::1"):
        assert asked(device, "ipmipower", "-D", "LAN_2_0", "-h", host, "-u", "admin",
                     "-p", PASSWORD, "--stat").well().strip().endswith(": off")


# Each: the flag of `ipmiutil reset`, and what the machine must then see, in this order.
IPMIUTIL = [
    ("-u", ["power-button-down", "power-on", "power-button-up", "os-running"]),
    ("-n", ["nmi"]),
    ("-r", ["reset-button-down", "reset-button-up", "post", "os-running"]),
    ("-p", ["reset-button-down", "reset-button-up", "post", "boot", "os-running"]),
    ("-c", ["power-button-down", "power-off", "power-on", "os-running"]),
    ("-D", ["power-button-down", "power-button-up", "going-down", "power-off"]),
    ("-u", ["power-button-down", "power-on", "power-button-up", "os-running"]),
    ("-d", ["power-button-down", "power-off", "power-button-up"]),
]


def test_ipmiutil(device):
    ipmi.allow(device)
    until(lambda: listens(device), "IPMI listens")

    def ipmiutil(*words: str) -> str:
        return asked(device, "ipmiutil", *words, "-N", "127.0.0.1", "-U", "admin", "-E", "-F", "lan2",
                     "-V", "4").well()

    for word, evidence in IPMIUTIL:
        seen = len(device.saw())
        ipmiutil("reset", word)
        device.await_sight(evidence, since=seen)
        overrides = [entry["override"] for entry in device.journal()[seen:] if entry["saw"] == "boot"]
        assert any(overrides) == (word == "-p")  # PXE, by an override
    health = ipmiutil("health", "-p2")
    for name, value in (("IPMI v", "2.0"), ("chassis_power", "off"), ("Selftest status", "0055"),
                        ("last_power_event", "IPMI"), ("pwr_restore_policy", "stay_off")):
        assert re.search(rf"{name}\s*=?\s*{value}", health), (name, health)
    assert re.search(r"pwr_restore_policy\s*= turn_on", ipmiutil("health")), health
