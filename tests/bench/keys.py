"""How long after a key its letter is on a virtual machine's screen, also after a rest in which QEMU
looks at the screen less and less often. Beside it, the same key given to QEMU's monitor."""

import bisect
import http.client
import json
import pathlib
import socket
import statistics
import sys
import tempfile
import time
import urllib.parse

from measure import Program, unverified

REPOSITORY = pathlib.Path(__file__).parents[2]
sys.path.append(str(REPOSITORY / "tests/clients"))
from support import vga  # noqa: E402 (the tests' reader of a PC's text screen)
from support.picture import Picture  # noqa: E402

GREETING = "booted from its disk"
A = 4  # as the USB keyboard page has it
RESTS = (0, 12)
LOOK = 4.0  # seconds; QEMU looks at least every three

SETTINGS = """
[state]
dir = "state"
[service.https]
listen = ["127.0.0.1:0"]
[service.http]
enabled = false
[access]
enabled = false
[[server]]
id = "1"
driver = "qemu"
[server.qemu]
extra = ["-qmp", "unix:{monitor},server=on,wait=off"]
[[server.qemu.disk]]
file = "{disk}"
"""


class Api:
    """The native API and Redfish on one connection that is kept."""

    def __init__(self, url: str):
        self.at = http.client.HTTPSConnection(urllib.parse.urlsplit(url).netloc, timeout=60,
                                              context=unverified())

    def ask(self, method: str, path: str, body=None) -> bytes:
        """One request; what isn't answered well is answered with nothing."""
        sent = None if body is None else json.dumps(body)
        self.at.request(method, path, sent, {"Content-Type": "application/json"})
        answer = self.at.getresponse()
        said = answer.read()
        return said if answer.status < 300 else b""

    def picture(self) -> bytes:
        """What is on the screen, as a file."""
        return self.ask("GET", "/api/v1/servers/1/screen.png")

    def tap(self) -> None:
        """Types the letter."""
        self.ask("POST", "/api/v1/servers/1/keys", {"keys": [{"tap": [A]}]})


class Monitor:
    """A monitor of QEMU's own."""

    def __init__(self, path: pathlib.Path):
        self.stream = socket.socket(socket.AF_UNIX)
        self.stream.connect(str(path))
        self.lines = self.stream.makefile("rw")
        self.execute("qmp_capabilities")

    def execute(self, command: str, **arguments) -> None:
        """Carries out a command and waits for its end."""
        self.lines.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.lines.flush()
        while "return" not in json.loads(self.lines.readline()):
            pass

    def tap(self) -> None:
        """Types the letter."""
        for down in (True, False):
            key = {"down": down, "key": {"type": "qcode", "data": "a"}}
            self.execute("input-send-event", events=[{"type": "key", "data": key}])


def letters(file: bytes) -> int:
    """How many letters stand in the line that is typed; -1 while there is no text."""
    picture = Picture(file) if file else None
    if picture is None or picture.size != vga.SIZE:
        return -1
    lines = [line.rstrip("\ufffd_") for line in vga.text(picture)]
    if not any(GREETING in line for line in lines):
        return -1
    return max((len(line) for line in lines if line and set(line) == {"a"}), default=0)


def shown_after(api: Api, tap, number: int) -> float:
    """Types the letter for this many-th time; gives after how many ms it was seen."""
    begun = time.monotonic()
    tap()
    seen = []
    while not seen or seen[-1][0] < LOOK:
        file = api.picture()
        seen.append((time.monotonic() - begun, file))
    # Looked at afterwards: reading a picture takes longer than getting it.
    at = bisect.bisect_left(seen, number, key=lambda one: letters(one[1]))
    if at == len(seen):
        raise SystemExit(f"the letter was not seen within {LOOK} s")
    return seen[at][0] * 1000


def keys(times: int) -> list[list]:
    """The rows of the table: for each rest, median and slowest by either way."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        disk, monitor = folder / "disk.img", folder / "qmp"
        disk.write_bytes((REPOSITORY / "assets/boot-sector.bin").read_bytes().ljust(1 << 20, b"\0"))
        settings = folder / "outband.toml"
        settings.write_text(SETTINGS.format(monitor=monitor, disk=disk))
        with Program("serve", "--config", str(settings)) as outband:
            api = Api(outband.url)
            reset = "/redfish/v1/Systems/1/Actions/ComputerSystem.Reset"
            api.ask("POST", reset, {"ResetType": "On"})
            try:
                while letters(api.picture()) != 0:
                    time.sleep(0.2)
                ways = (api.tap, Monitor(monitor).tap)
                number = 0
                for rest in RESTS:
                    took = [[], []]
                    for _ in range(times):
                        for way, into in zip(ways, took):
                            time.sleep(rest)
                            number += 1
                            into.append(shown_after(api, way, number))
                    row = [f"{statistics.median(ms):.0f} / {max(ms):.0f}" for ms in took]
                    rows.append([f"{rest} s", *row])
            finally:
                api.ask("POST", reset, {"ResetType": "ForceOff"})
    return rows
