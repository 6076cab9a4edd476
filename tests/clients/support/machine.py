"""Virtual machines for the tests: images that say who they are, and what runs of a machine."""

import os
import pathlib
import shutil
import signal
import subprocess

from .bmc import Serve
from .redfish import RESET
from .waiting import HANG, until

QEMU = "qemu-system-x86_64"
# What the disk of a demo boots: it says what happens to the machine.
BOOT_SECTOR = pathlib.Path(__file__).parents[3] / "assets/boot-sector.bin"
TOOL = pathlib.Path(__file__).parents[3] / "tools/boot-image"

# What boots a machine writes its words to this port; QEMU appends them to a file.
DEBUG_PORT = ("-chardev", "file,id=words,path={},append=on",
              "-device", "isa-debugcon,iobase=0xe9,chardev=words")

MACHINE = """
[[server]]
id = "{id}"
driver = "qemu"
[server.qemu]
{keys}
extra = {extra}
"""


def image(folder: pathlib.Path, words: str, *options: str) -> pathlib.Path:
    """Makes an image that says these words when it boots; the options are the tool's."""
    path = folder / f"{words.replace(' ', '-')}.img"
    subprocess.run([TOOL, *options, words, path], check=True, timeout=HANG)
    return path


def demo_disk(folder: pathlib.Path) -> pathlib.Path:
    """Makes a disk as a demo has it."""
    path = folder / "demo-disk.img"
    path.write_bytes(BOOT_SECTOR.read_bytes().ljust(1 << 20, b"\0"))
    return path


def server(*extra: str, id: str = "1", keys: str = "", tables: str = "") -> str:
    """The settings of one machine; `extra` are further arguments for QEMU."""
    listed = ", ".join(f"'{word}'" for word in extra)
    return MACHINE.format(id=id, keys=keys, extra=f"[{listed}]") + tables


def nic(network: str) -> str:
    """The table of a network card."""
    return f"[[server.qemu.nic]]\nnetwork = {{ {network} }}\n"


def outcome(client, kind: str) -> str:
    """What came of a reset, as the answer or its task tells it."""
    answer = client.send("POST", RESET, {"ResetType": kind})
    return str(client.task(answer)) if answer.status_code == 202 else answer.text


def processes(folder: pathlib.Path) -> list[int]:
    """The processes that live in a folder, or below it: a machine's home is its own folder."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            home = os.readlink(process / "cwd")
        except OSError:  # it ended, or is ending
            continue
        if pathlib.Path(home).is_relative_to(folder.resolve()):
            found.append(int(process.name))
    return found


def having(image: pathlib.Path) -> list[int]:
    """The machines that have this image, wherever they live."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            argv = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            continue
        if QEMU in argv[0] and any(str(image) in word for word in argv):
            found.append(int(process.name))
    return found


def end_all(folder: pathlib.Path) -> None:
    """Ends what still lives in a folder."""
    for pid in processes(folder):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it ended meanwhile
    until(lambda: not processes(folder), "the end of every machine")


class Box:
    """A managed machine with a disk and a CD, each of which says its name when it is booted."""

    def __init__(self, folder: pathlib.Path, disk: str = "", cd: str = "", keys: str = "",
                 tables: str = "", bus: str = "virtio", extra: tuple[str, ...] = ()):
        """`disk` and `cd` say what either does by itself after it was booted; else it waits. `extra`
        are further arguments for QEMU."""
        assert shutil.which(QEMU), f"{QEMU} is not installed"
        self.folder = folder
        self.words = folder / "words"
        then = {name: ("--then", what) if what else () for name, what in
                (("the disk", disk), ("the CD", cd))}
        files = {name: image(folder, name, *options) for name, options in then.items()}
        extra = (*(word.format(self.words) for word in DEBUG_PORT), *extra)
        drives = f"[[server.qemu.disk]]\nfile = '{files['the disk']}'\nbus = '{bus}'\n"
        self.settings = server(*extra, keys=f"cd = '{files['the CD']}'\n{keys}",
                               tables=drives + tables)
        self.bmc: Serve | None = None

    def said(self) -> list[str]:
        """What was booted since the beginning, in order; without what is still being said."""
        text = self.words.read_text() if self.words.exists() else ""
        return text.split("\n")[:-1]

    def has_said(self, *words: str) -> None:
        """Waits until as much was booted, and it must be exactly this."""
        until(lambda: len(self.said()) >= len(words), f"booted in this order: {words}")
        assert self.said() == list(words)

    def processes(self) -> list[int]:
        """What runs of it."""
        return processes(self.folder / "state")
