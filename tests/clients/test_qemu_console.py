"""Screen and keyboard of a real virtual machine, through the native API. What is on the screen is read
glyph by glyph, by the font of the machine's own VGA BIOS."""

import pathlib
import subprocess
import time

import pytest

from support import console
from support.bmc import Bmc, Demo
from support.console import GREETING, INTERRUPTED, Console, tap
from support.daemon import PASSWORD, Daemon
from support.waiting import HANG, until

BOOT_IMAGE = pathlib.Path(__file__).parents[2] / "tools/boot-image"


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """A demo's machine that was given nothing to boot, and boots."""
    demo = Demo(tmp_path_factory.mktemp("machine"), "--driver", "qemu")
    with demo.daemon:
        client = demo.client()
        assert Console(client).no_picture() == (503, "off")
        client.reset("On")
        screen = Console(client)
        screen.await_line(GREETING)
        yield screen


def test_the_firmwares_text_is_in_the_picture(machine):
    shown = machine.await_line("Booting from Hard Disk...")
    assert any(line.startswith("SeaBIOS (version ") for line in shown), shown


def test_keys_arrive_in_order_also_after_a_long_rest(machine):
    machine.type(tap(console.LEFT_SHIFT, console.A), tap(console.B))
    machine.await_line("Ab")
    time.sleep(12)  # the rest itself: QEMU looks at an idle screen less and less often
    machine.type(tap(console.B), tap(console.A))
    machine.await_line("Abba")
    machine.type(*[tap(console.A), tap(console.B)] * 20, tap(console.ENTER))
    machine.await_line("Abba" + "ab" * 20)


def test_the_lights_come_back(machine):
    assert machine.leds()["caps"] is False
    machine.type(tap(console.CAPS_LOCK))
    until(lambda: machine.leds()["caps"], "caps lock is lit")
    machine.type(tap(console.CAPS_LOCK))
    until(lambda: not machine.leds()["caps"], "caps lock is dark")


def test_a_key_that_no_pc_has_is_refused(machine):
    body = {"keys": [tap(console.A), tap(0xDF)]}
    answer = machine.client.send("POST", machine.keys, body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "unsupported")
    assert answer.json()["error"]["message"].startswith("keys[1]"), answer.text


def test_the_demos_machine_minds_its_power_button_and_its_keys(running, tmp_path):
    client = running(Demo(tmp_path, "--driver", "qemu")).client()
    screen = Console(client)
    r, o = 21, 18
    client.reset("On")
    screen.await_line(GREETING)
    client.reset("Nmi")
    screen.await_line(INTERRUPTED)
    screen.type(tap(console.A))
    screen.await_line("a")
    screen.type(tap(console.LEFT_CONTROL, r))
    until(lambda: GREETING in (now := screen.lines()) and "a" not in now, "it restarted")
    client.reset("GracefulShutdown")
    client.await_power("Off")
    client.reset("On")
    screen.await_line(GREETING)
    screen.type(tap(console.LEFT_CONTROL, o))
    client.await_power("Off")


def test_each_machine_of_a_fleet_boots_a_disk_of_its_own(running, machines, tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    daemon = Daemon("fleet", "--driver", "qemu", "--count", "2", "--https", "127.0.0.1:0",
                    OUTBAND_ADMIN_PASSWORD=PASSWORD, TMPDIR=str(scratch))
    client = running(Bmc(daemon, tmp_path)).client()
    first, second = Console(client, "1"), Console(client, "2")
    for number, screen in enumerate((first, second), 1):
        client.reset("On", f"/redfish/v1/Systems/{number}")
        screen.await_line(GREETING)
    second.type(tap(console.B))
    second.await_line("b")
    assert "b" not in first.lines()
    assert len(machines()) == 2
    daemon.stop()
    assert machines() == [] and list(scratch.iterdir()) == [], "nothing is kept"


def test_keys_move_the_menu_of_a_boot_loader(running, tmp_path):
    image = tmp_path / "boot.iso"
    subprocess.run([BOOT_IMAGE, "small image", image], check=True, timeout=HANG)
    client = running(Demo(tmp_path, "--driver", "qemu", "--cd", str(image))).client()
    screen = Console(client)
    client.reset("On")

    def chosen() -> str | None:
        """The entry that the menu has marked with a star."""
        return next((line.strip("│ ") for line in screen.lines() if line.startswith(" │*")), None)
    until(lambda: chosen() == "*small image: wait", "the menu")
    screen.type(tap(console.DOWN))
    until(lambda: chosen() == "*reboot", "the second entry")
    screen.type(tap(console.DOWN), tap(console.DOWN))
    until(lambda: chosen() == "*panic", "the fourth entry")
