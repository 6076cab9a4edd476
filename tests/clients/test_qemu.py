"""The driver `qemu`: a real virtual machine as the managed server."""

import pathlib
import shutil
import subprocess

import pytest

from support.bmc import Demo
from support.daemon import PASSWORD, run
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


def test_without_qemu_it_says_so_in_one_sentence(tmp_path):
    done = run("demo", "--driver", "qemu", "--https", "127.0.0.1:0",
               "--state", str(tmp_path / "state"), PATH="/nonexistent",
               OUTBAND_ADMIN_PASSWORD=PASSWORD)
    assert done.returncode != 0
    (line,) = done.stderr.strip().splitlines()
    assert "QEMU is not installed" in line
