"""The driver `qemu`: a real virtual machine as the managed server."""

import pathlib
import shutil
import subprocess

import pytest

from support import settings
from support.bmc import Demo
from support.daemon import PASSWORD, run
from support.redfish import SYSTEM
from support.waiting import HANG, until

QEMU = "qemu-system-x86_64"
BOOT_IMAGE = pathlib.Path(__file__).parents[2] / "tools/boot-image"

needs_qemu = pytest.mark.skipif(not shutil.which(QEMU), reason=f"{QEMU} is not installed")

MACHINE = """
[[server]]
id = "1"
driver = "qemu"
[server.qemu]
cd = "{}"
"""


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """A small image that boots and waits."""
    path = tmp_path_factory.mktemp("image") / "boot.iso"
    subprocess.run([BOOT_IMAGE, "small image", path], check=True, timeout=HANG)
    return path


def machines(image: pathlib.Path) -> list[int]:
    """The processes of QEMU that have this image."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            argv = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            continue
        if QEMU in argv[0] and any(str(image) in word for word in argv):
            found.append(int(folder.name))
    return found


@needs_qemu
def test_on_is_a_process_and_off_is_none(running, tmp_path, image):
    client = running(Demo(tmp_path, "--driver", "qemu", "--cd", str(image))).client()
    assert client.power() == "Off"
    assert machines(image) == []
    client.reset("On")
    client.await_power("On")
    assert len(machines(image)) == 1
    client.reset("ForceOff")
    client.await_power("Off")
    until(lambda: machines(image) == [], "no process is left")


@needs_qemu
def test_the_end_of_a_demo_leaves_no_process(running, tmp_path, image):
    demo = running(Demo(tmp_path, "--driver", "qemu", "--cd", str(image)))
    demo.client().reset("On")
    demo.client().await_power("On")
    assert len(machines(image)) == 1
    demo.daemon.stop()
    assert machines(image) == []


@needs_qemu
def test_a_killed_daemon_finds_its_machine_again(serve, image):
    bmc = serve(MACHINE.format(image))
    try:
        bmc.client().reset("On")
        bmc.client().await_power("On")
        before = machines(image)
        assert len(before) == 1
        bmc.daemon.kill()
        bmc.daemon.start()
        assert bmc.client().power() == "On"
        assert machines(image) == before
        bmc.daemon.stop()
        assert machines(image) == before, "serve leaves its machine running"
        bmc.daemon.start()
    finally:
        bmc.client().reset("ForceOff")
        until(lambda: machines(image) == [], "no process is left")


def memory(pid: int) -> set[str]:
    """The words of a process that say a size of memory, as QEMU was told it."""
    argv = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    return {argv[at + 1] for at, word in enumerate(argv) if word == "-m"}


@pytest.fixture
def switched_on(serve, image):
    """A daemon whose virtual machine runs, and the process; in the end nothing is left of it."""
    bmc = serve(MACHINE.format(image))
    bmc.client().reset("On")
    bmc.client().await_power("On")
    (pid,) = machines(image)
    yield bmc, pid
    bmc.write(MACHINE.format(image))
    bmc.reload()
    bmc.client().reset("ForceOff")
    until(lambda: machines(image) == [], "no process is left")


@needs_qemu
def test_what_changed_is_taken_over_at_the_next_power_on(switched_on, image):
    bmc, pid = switched_on
    client = bmc.client()
    before = memory(pid)
    bmc.write(MACHINE.format(image) + 'memory = "512MiB"\n')
    assert "servers changed: 1 (qemu.memory)" in bmc.reload()
    assert "next power-on (memory)" in bmc.daemon.said()
    assert client.power() == "On"
    assert machines(image) == [pid]
    # What runs is what is shown, after a restart of the daemon too.
    assert client.get(SYSTEM)["MemorySummary"]["TotalSystemMemoryGiB"] == 0.25
    bmc.daemon.restart()
    client = bmc.client()
    assert machines(image) == [pid]
    assert client.get(SYSTEM)["MemorySummary"]["TotalSystemMemoryGiB"] == 0.25

    client.reset("ForceOff")
    client.await_power("Off")
    assert client.get(SYSTEM)["MemorySummary"]["TotalSystemMemoryGiB"] == 0.5
    client.reset("On")
    client.await_power("On")
    (now,) = machines(image)
    assert now != pid and memory(now) != before
    assert client.get(SYSTEM)["MemorySummary"]["TotalSystemMemoryGiB"] == 0.5


@needs_qemu
def test_a_removed_server_leaves_its_machine_and_finds_it_again(switched_on, image):
    bmc, pid = switched_on
    bmc.write(settings.server("2"))
    assert "servers removed: 1" in bmc.reload()
    assert f"server 1: its machine goes on unmanaged, as process {pid}" in bmc.daemon.said()
    assert bmc.client().status("GET", SYSTEM) == 404
    assert machines(image) == [pid]

    bmc.write(settings.server("2"), MACHINE.format(image))
    assert "servers added: 1" in bmc.reload()
    assert bmc.client().power() == "On"
    assert machines(image) == [pid]


@needs_qemu
def test_a_machine_of_another_driver_now_is_left_and_said(switched_on, image):
    bmc, pid = switched_on
    bmc.write(settings.server("1"))
    assert "servers changed: 1 (driver, " in bmc.reload()
    assert f"server 1: its machine goes on unmanaged, as process {pid}" in bmc.daemon.said()
    assert bmc.client().power() == "Off", "the simulated computer"
    assert machines(image) == [pid]


@needs_qemu
def test_a_machine_that_nobody_could_find_again_is_stopped_with_its_server(serve, image):
    base = settings.BASE.replace('dir = "state"', 'dir = "memory"')
    simulated = '[[server]]\nid = "2"\n'
    bmc = serve(simulated, MACHINE.format(image), base=base)
    bmc.client().reset("On")
    bmc.client().await_power("On")
    assert len(machines(image)) == 1
    bmc.write(simulated, base=base)
    assert "servers removed: 1" in bmc.reload()
    assert machines(image) == []


@needs_qemu
def test_a_machine_is_added_while_the_daemon_runs(serve, image):
    bmc = serve(settings.server("2"))
    bmc.write(settings.server("2"), MACHINE.format(image))
    assert "servers added: 1" in bmc.reload()
    client = bmc.client()
    assert client.power() == "Off" and machines(image) == []
    client.reset("On")
    client.await_power("On")
    assert len(machines(image)) == 1
    client.reset("ForceOff")
    until(lambda: machines(image) == [], "no process is left")


def test_without_qemu_it_says_so_in_one_sentence(tmp_path):
    done = run("demo", "--driver", "qemu", "--https", "127.0.0.1:0",
               "--state", str(tmp_path / "state"), PATH="/nonexistent",
               OUTBAND_ADMIN_PASSWORD=PASSWORD)
    assert done.returncode != 0
    (line,) = done.stderr.strip().splitlines()
    assert "QEMU is not installed" in line
