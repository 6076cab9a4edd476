"""The driver `qemu`: a real virtual machine as the managed server."""

import pytest

from support import machine
from support.bmc import Bmc, Demo
from support.daemon import PASSWORD, Daemon
from support.waiting import until


@pytest.fixture
def image(tmp_path):
    """A small image that boots and waits."""
    return machine.image(tmp_path, "the CD")


def test_on_is_a_process_and_off_is_none(running, machines, tmp_path, image):
    client = running(Demo(tmp_path, "--driver", "qemu", "--cd", str(image))).client()
    assert client.power() == "Off"
    assert machines() == []
    client.reset("On")
    client.await_power("On")
    assert len(machines()) == 1
    client.reset("ForceOff")
    client.await_power("Off")
    until(lambda: machines() == [], "no process is left")


def test_the_end_of_a_demo_leaves_no_process(running, machines, tmp_path, image):
    demo = running(Demo(tmp_path, "--driver", "qemu", "--cd", str(image)))
    demo.client().reset("On")
    demo.client().await_power("On")
    assert len(machines()) == 1
    demo.daemon.stop()
    assert machines() == []


def test_a_killed_daemon_finds_its_machine_again(machines, serve, image):
    bmc = serve(machine.server(keys=f"cd = '{image}'"))
    bmc.client().reset("On")
    bmc.client().await_power("On")
    before = machines()
    assert len(before) == 1
    bmc.daemon.kill()
    bmc.daemon.start()
    assert bmc.client().power() == "On"
    assert machines() == before
    bmc.daemon.stop()
    assert machines() == before, "serve leaves its machine running"
    bmc.daemon.start()
    bmc.client().reset("ForceOff")
    until(lambda: machines() == [], "no process is left")


def test_a_killed_fleet_that_keeps_nothing_leaves_no_process(running, machines, tmp_path, image):
    daemon = Daemon("fleet", "--driver", "qemu", "--count", "2", "--https", "127.0.0.1:0",
                    "--cd", str(image), OUTBAND_ADMIN_PASSWORD=PASSWORD, TMPDIR=str(tmp_path))
    client = running(Bmc(daemon, tmp_path)).client()
    for system in ("/redfish/v1/Systems/1", "/redfish/v1/Systems/2"):
        client.reset("On", system)
        client.await_power("On", system)
    assert len(machines()) == 2
    daemon.kill()
    until(lambda: machines() == [], "no process is left")


def test_a_fleet_of_machines_runs_and_ends_as_one(running, machines, tmp_path, image):
    daemon = Daemon("fleet", "--driver", "qemu", "--count", "3", "--https", "127.0.0.1:0",
                    "--ipmi", "127.0.0.1:0", "--state", str(tmp_path / "state"), "--cd", str(image),
                    OUTBAND_ADMIN_PASSWORD=PASSWORD)
    client = running(Bmc(daemon, tmp_path)).client()
    members = client.get("/redfish/v1/Systems")["Members"]
    systems = [member["@odata.id"] for member in members]
    assert len(systems) == 3
    for on, system in enumerate(systems, 1):
        client.reset("On", system)
        client.await_power("On", system)
        assert len(machines()) == on
    uuids = {client.get(system)["UUID"] for system in systems}
    assert len(uuids) == 3
    client.reset("ForceOff", systems[1])
    client.await_power("Off", systems[1])
    assert len(machines()) == 2
    assert client.power(systems[0]) == client.power(systems[2]) == "On"
    daemon.stop()
    assert machines() == []
