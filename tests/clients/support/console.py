"""A server's console through the native API: what a person sees and types."""

from . import vga
from .picture import Picture
from .redfish import Redfish
from .waiting import until

# What the disk of a demo's virtual machine says when it is booted, and when a diagnostic interrupt came
# (assets/boot-sector.s).
GREETING = "Outband: this machine booted from its disk."
INTERRUPTED = "A diagnostic interrupt came."

# Keys by place, as the USB keyboard page numbers them.
A, B, ENTER, CAPS_LOCK, F10, DELETE = 4, 5, 40, 57, 67, 76
MINUS, RIGHT, DOWN, LEFT_CONTROL, LEFT_SHIFT = 45, 79, 81, 224, 225


def down(usage: int) -> dict:
    """A key is pressed."""
    return {"usage": usage, "down": True}


def up(usage: int) -> dict:
    """A key is released."""
    return {"usage": usage, "down": False}


def tap(*usages: int) -> dict:
    """Keys are pressed together and released."""
    return {"tap": list(usages)}


class Console:
    """Screen and keyboard of a server, as one user has them."""

    def __init__(self, client: Redfish, server: str = "1"):
        self.client = client
        self.path = f"/api/v1/servers/{server}"

    @property
    def screen(self) -> str:
        """The path of its picture."""
        return f"{self.path}/screen.png"

    @property
    def keys(self) -> str:
        """The path of its keyboard."""
        return f"{self.path}/keys"

    def picture(self) -> Picture:
        """What is on the screen; there must be something."""
        answer = self.client.send("GET", self.screen)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"] == "image/png"
        assert answer.headers["Cache-Control"] == "no-store"
        return Picture(answer.content)

    def lines(self) -> list[str]:
        """What stands on a PC's text screen, without a cursor; nothing where it is something else."""
        answer = self.client.send("GET", self.screen)
        if answer.status_code != 200:
            return []
        picture = Picture(answer.content)
        shown = vga.text(picture) if picture.size == vga.SIZE else []
        return [line.rstrip("\ufffd_") for line in shown]

    def await_line(self, line: str) -> list[str]:
        """Waits for a line, exactly so, and gives the whole screen."""
        return until(lambda: line in (now := self.lines()) and now, f"the line {line!r}")

    def no_picture(self) -> tuple[int, str]:
        """The status and the code of the reason why there is no picture."""
        return self.refusal("GET", self.screen)

    def type(self, *entries: dict) -> None:
        """Types; it must be taken."""
        answer = self.client.send("POST", self.keys, {"keys": list(entries)})
        assert answer.status_code == 204, answer.text

    def refusal(self, method: str, path: str, body=None) -> tuple[int, str]:
        """The status and the code of what must be refused."""
        answer = self.client.send(method, path, body)
        assert answer.status_code >= 400, answer.status_code
        return answer.status_code, answer.json()["error"]["code"]

    def leds(self) -> dict:
        """The keyboard's lights, as the server switches them."""
        return self.client.get(self.keys)["leds"]
