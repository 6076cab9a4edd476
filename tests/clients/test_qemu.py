"""The driver `qemu`: a real virtual machine as the managed server."""

import pytest

from support import machine
from support.bmc import Demo
from support.daemon import PASSWORD, run
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


def test_without_qemu_it_says_so_in_one_sentence(tmp_path):
    done = run("demo", "--driver", "qemu", "--https", "127.0.0.1:0",
               "--state", str(tmp_path / "state"), PATH="/nonexistent",
               OUTBAND_ADMIN_PASSWORD=PASSWORD)
    assert done.returncode != 0
    (line,) = done.stderr.strip().splitlines()
    assert "QEMU is not installed" in line
