"""Screen and keyboard of a real virtual machine, through the native API. What is on the screen is read
glyph by glyph, by the font of the machine's own VGA BIOS."""

import pathlib
import subprocess
import time

import pytest

from support import console, vga
from support.bmc import Demo
from support.console import Console, tap
from support.picture import Picture
from support.waiting import HANG, until

BOOT_IMAGE = pathlib.Path(__file__).parents[2] / "tools/boot-image"
GREETING = "Outband: this machine booted from its disk."


def lines(screen: Console) -> list[str]:
    """What stands on the screen; nothing while it isn't a text screen."""
    answer = screen.client.send("GET", screen.screen)
    if answer.status_code != 200:
        return []
    picture = Picture(answer.content)
    return vga.text(picture) if picture.size == vga.SIZE else []


def await_line(screen: Console, line: str) -> list[str]:
    """Waits for a line, exactly so but for a cursor at its end, and gives the whole screen."""
    return until(lambda: (now := lines(screen)) and any(
        shown.rstrip("\ufffd_") == line for shown in now) and now, f"the line {line!r}")


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """A demo's machine that was given nothing to boot, and boots."""
    demo = Demo(tmp_path_factory.mktemp("machine"), "--driver", "qemu")
    with demo.daemon:
        client = demo.client()
        assert Console(client).no_picture() == (503, "off")
        client.reset("On")
        screen = Console(client)
        await_line(screen, GREETING)
        yield screen


def test_the_firmwares_text_is_in_the_picture(machine):
    shown = await_line(machine, "Booting from Hard Disk...")
    assert any(line.startswith("SeaBIOS (version ") for line in shown), shown


def test_keys_arrive_in_order_also_after_a_long_rest(machine):
    machine.type(tap(console.LEFT_SHIFT, console.A), tap(console.B))
    await_line(machine, "Ab")
    time.sleep(12)  # the rest itself: QEMU looks at an idle screen less and less often
    machine.type(tap(console.B), tap(console.A))
    await_line(machine, "Abba")
    machine.type(*[tap(console.A), tap(console.B)] * 20, tap(console.ENTER))
    await_line(machine, "Abba" + "ab" * 20)


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
    await_line(screen, GREETING)
    screen.type(tap(console.A))
    await_line(screen, "a")
    screen.type(tap(console.LEFT_CONTROL, r))
    until(lambda: (now := lines(screen)) and GREETING in now and "a" not in {
        line.rstrip("\ufffd_") for line in now}, "it restarted")
    client.reset("GracefulShutdown")
    client.await_power("Off")
    client.reset("On")
    await_line(screen, GREETING)
    screen.type(tap(console.LEFT_CONTROL, o))
    client.await_power("Off")


def test_keys_move_the_menu_of_a_boot_loader(running, tmp_path):
    image = tmp_path / "boot.iso"
    subprocess.run([BOOT_IMAGE, "small image", image], check=True, timeout=HANG)
    client = running(Demo(tmp_path, "--driver", "qemu", "--cd", str(image))).client()
    screen = Console(client)
    client.reset("On")

    def chosen() -> str | None:
        """The entry that the menu has marked with a star."""
        return next((line.strip("│ ") for line in lines(screen) if line.startswith(" │*")), None)
    until(lambda: chosen() == "*small image: wait", "the menu")
    screen.type(tap(console.DOWN))
    until(lambda: chosen() == "*reboot", "the second entry")
    screen.type(tap(console.DOWN), tap(console.DOWN))
    until(lambda: chosen() == "*panic", "the fourth entry")
