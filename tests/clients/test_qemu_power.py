"""A virtual machine's power, asked for through Redfish: what the log keeps of it, and how often."""

import json

import pytest

from support import events, machine, settings
from support.console import Console, tap
from support.redfish import CHASSIS, RESET, SYSTEM
from support.waiting import until

# The menu's entries by their first letters, as the USB keyboard page has them.
H, R = 11, 21


@pytest.fixture
def booted(box):
    """A machine whose disk waits in its menu, and a client."""
    made = box()
    client = made.bmc.client()
    client.reset("On")
    made.has_said("the disk")
    return made, client


def chosen(made, client, key: int, done) -> None:
    """Chooses an entry of the menu by its letter, until it was done: the menu may not be there yet."""
    screen = Console(client)

    def asked():
        if not done():
            client.send("POST", screen.keys, {"keys": [tap(key)]})
        return done()
    until(asked, f"the entry of key {key}")


def restarts(made) -> list[str]:
    """Why the machine restarted, each time, as the log has it."""
    return [event["cause"] for event in events.of_kind(made.bmc.state, "restarted")]


def switches(made) -> list[tuple]:
    """What its power became, and why."""
    changes = events.of_kind(made.bmc.state, "power-changed")
    return [(event["to"], event["cause"] or event["off_cause"]) for event in changes]


def resets_of_qemu(made) -> int:
    """How many resets QEMU itself told of, in the process that runs."""
    (journal,) = made.bmc.state.glob("qemu/*/qmp.log")
    lines = [json.loads(line) for line in journal.read_text().splitlines() if '"RESET"' in line]
    return len(lines)


def test_each_restart_is_one_event_with_its_cause(booted):
    made, client = booted
    client.reset("ForceRestart")
    made.has_said("the disk", "the disk")
    chosen(made, client, R, lambda: len(made.said()) >= 3)
    assert made.said() == ["the disk"] * 3
    # The firmware resets the machine again by itself; these are no restarts of their own.
    assert resets_of_qemu(made) > 2
    client.reset("ForceOff")
    until(lambda: len(switches(made)) == 2, "the end of it is in the log")
    assert restarts(made) == ["chassis-control", "soft-reset"]
    assert switches(made) == [("on", "chassis-control"), ("off", "command")]


def test_a_halt_is_off_and_the_log_says_why(booted):
    made, client = booted
    chosen(made, client, H, lambda: client.power() == "Off")
    until(lambda: made.processes() == [], "no process is left")
    assert switches(made) == [("on", "chassis-control"), ("off", "shut-down")]
    assert restarts(made) == []


def test_a_shutdown_that_nobody_heeds_fails_and_changes_nothing(booted):
    made, client = booted
    before = made.processes()
    accepted = client.reset("GracefulShutdown")
    task = client.task(accepted)  # after two minutes
    assert (task["TaskState"], task["TaskStatus"]) == ("Exception", "Critical")
    ends = [e for e in events.of_kind(made.bmc.state, "ended") if e["outcome"]["result"] == "failed"]
    assert [end["command"] for end in ends] == ["power soft-off"]
    assert client.power() == "On" and made.processes() == before
    assert made.said() == ["the disk"]


def test_what_is_switched_off_is_not_there(machines, serve):
    parts = ("power", "boot", "display", "input", "health")
    client = serve(machine.server(tables=settings.off(*parts))).client()
    for method, path, body, status in [
            ("POST", RESET, {"ResetType": "On"}, 404),
            ("PATCH", SYSTEM, {"Boot": {"BootSourceOverrideTarget": "Cd"}}, 400),
            ("GET", "/api/v1/servers/1/screen.png", None, 404),
            ("POST", "/api/v1/servers/1/keys", {"keys": [tap(R)]}, 404),
            ("GET", f"{CHASSIS}/Sensors", None, 404)]:
        assert client.status(method, path, body) == status, path
    assert machines() == []


def test_a_disk_is_made_at_the_first_start_and_kept(machines, serve, tmp_path):
    disk = tmp_path / "disk.img"
    table = f"[[server.qemu.disk]]\nfile = '{disk}'\nsize = '3MiB'\n"
    client = serve(machine.server(tables=table)).client()
    assert not disk.exists()
    client.reset("On")
    client.await_power("On")
    found = disk.stat()
    assert (found.st_size, found.st_mode & 0o777) == (3 << 20, 0o600)
    drive = client.get(client.get(f"{CHASSIS}/Drives")["Members"][0]["@odata.id"])
    assert drive["CapacityBytes"] == 3 << 20
    client.reset("ForceOff")
    until(lambda: machines() == [], "no process is left")
    disk.write_bytes(b"kept".ljust(3 << 20, b"\0"))
    client.reset("On")
    client.await_power("On")
    assert disk.read_bytes().startswith(b"kept")


def test_a_disk_that_is_missing_is_said(machines, serve, tmp_path):
    disk = tmp_path / "lost.img"
    disk.touch()
    client = serve(machine.server(tables=f"[[server.qemu.disk]]\nfile = '{disk}'\n")).client()
    disk.unlink()
    said = machine.outcome(client, "On")
    assert disk.name in said and "No such file" in said
    assert client.power() == "Off" and machines() == []
