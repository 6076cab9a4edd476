"""A reload while virtual machines run: what runs goes on, and what is managed is what runs."""

import pathlib

import pytest

from support import machine, settings
from support.redfish import SYSTEM
from support.waiting import until


@pytest.fixture
def image(tmp_path):
    """A small image that boots and waits."""
    return machine.image(tmp_path, "the CD")


def memory(pid: int) -> set[str]:
    """The words of a process that say a size of memory, as QEMU was told it."""
    argv = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    return {argv[at + 1] for at, word in enumerate(argv) if word == "-m"}


@pytest.fixture
def switched_on(serve, machines, image):
    """A daemon whose virtual machine runs, and the process."""
    bmc = serve(machine.server(keys=f"cd = '{image}'"))
    bmc.client().reset("On")
    bmc.client().await_power("On")
    (pid,) = machines()
    return bmc, pid


def test_what_changed_is_taken_over_at_the_next_power_on(switched_on, machines, image):
    bmc, pid = switched_on
    client = bmc.client()
    before = memory(pid)
    bmc.write(machine.server(keys=f"cd = '{image}'\nmemory = '512MiB'"))
    assert "servers changed: 1 (qemu.memory)" in bmc.reload()
    assert "next power-on (memory)" in bmc.daemon.said()
    assert client.power() == "On"
    assert machines() == [pid]
    # What runs is what is shown, after a restart of the daemon too.
    assert client.get(SYSTEM)["MemorySummary"]["TotalSystemMemoryGiB"] == 0.25
    bmc.daemon.restart()
    client = bmc.client()
    assert machines() == [pid]
    assert client.get(SYSTEM)["MemorySummary"]["TotalSystemMemoryGiB"] == 0.25

    # A reset is no power-on, though this one takes another process.
    client.change(SYSTEM, {"Boot": {"BootSourceOverrideTarget": "Cd",
                                    "BootSourceOverrideEnabled": "Once"}})
    client.reset("ForceRestart")
    (other,) = until(lambda: [now for now in machines() if now != pid], "another process")
    assert memory(other) == before
    assert client.get(SYSTEM)["MemorySummary"]["TotalSystemMemoryGiB"] == 0.25

    client.reset("ForceOff")
    client.await_power("Off")
    assert client.get(SYSTEM)["MemorySummary"]["TotalSystemMemoryGiB"] == 0.5
    client.reset("On")
    client.await_power("On")
    (now,) = machines()
    assert memory(now) != before
    assert client.get(SYSTEM)["MemorySummary"]["TotalSystemMemoryGiB"] == 0.5


def test_a_removed_server_leaves_its_machine_and_finds_it_again(switched_on, machines, image):
    bmc, pid = switched_on
    bmc.write(settings.server("2"))
    assert "servers removed: 1" in bmc.reload()
    assert f"server 1: its machine goes on unmanaged, as process {pid}" in bmc.daemon.said()
    assert bmc.client().status("GET", SYSTEM) == 404
    assert machines() == [pid]

    bmc.write(settings.server("2"), machine.server(keys=f"cd = '{image}'"))
    assert "servers added: 1" in bmc.reload()
    assert bmc.client().power() == "On"
    assert machines() == [pid]


def test_a_machine_of_another_driver_now_is_left_and_said(switched_on, machines, image):
    bmc, pid = switched_on
    bmc.write(settings.server("1"))
    assert "servers changed: 1 (driver, " in bmc.reload()
    assert f"server 1: its machine goes on unmanaged, as process {pid}" in bmc.daemon.said()
    assert bmc.client().power() == "Off", "the simulated computer"
    assert machines() == [pid]


def test_a_machine_that_nobody_could_find_again_is_stopped_with_its_server(serve, image):
    base = settings.BASE.replace('dir = "state"', 'dir = "memory"') + settings.OPEN
    simulated = '[[server]]\nid = "2"\n'
    bmc = serve(simulated, machine.server(keys=f"cd = '{image}'"), base=base, new=True)
    bmc.visitor().reset("On")
    bmc.visitor().await_power("On")
    assert len(machine.having(image)) == 1
    bmc.write(simulated, base=base)
    assert "servers removed: 1" in bmc.reload()
    assert machine.having(image) == []


def test_a_machine_is_added_while_the_daemon_runs(serve, machines, image):
    bmc = serve(settings.server("2"))
    bmc.write(settings.server("2"), machine.server(keys=f"cd = '{image}'"))
    assert "servers added: 1" in bmc.reload()
    client = bmc.client()
    assert client.power() == "Off" and machines() == []
    client.reset("On")
    client.await_power("On")
    assert len(machines()) == 1
    client.reset("ForceOff")
    until(lambda: machines() == [], "no process is left")
