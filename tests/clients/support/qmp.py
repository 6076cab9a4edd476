"""A second monitor of a virtual machine, of the test's own: what QEMU itself tells of the machine."""

import contextlib
import json
import os
import pathlib
import shutil
import socket

from .machine import QEMU
from .waiting import HANG


def arguments(path: pathlib.Path) -> tuple[str, str]:
    """QEMU's arguments for a monitor at this socket."""
    return ("-qmp", f"unix:{path},server=on,wait=off")


def beside(folder: pathlib.Path, path: pathlib.Path) -> str:
    """A PATH on which every QEMU has a monitor at this socket beside the daemon's: for machines that
    can't be given further arguments."""
    program = folder / QEMU
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec {shutil.which(QEMU)} "$@" {" ".join(arguments(path))}\n')
    program.chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


class Monitor:
    """A connection to one process of a machine; a context manager."""

    def __init__(self, path: pathlib.Path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(HANG)
        self.socket.connect(str(path))
        self.lines = self.socket.makefile("r")
        self.events: list[dict] = []
        assert "QMP" in json.loads(self.lines.readline())
        self.ask("qmp_capabilities")

    def __enter__(self) -> "Monitor":
        return self

    def __exit__(self, *_) -> None:
        self.lines.close()
        self.socket.close()

    def ask(self, command: str, **arguments):
        """Gives a command and returns its result; what happens meanwhile is kept."""
        words = {"execute": command} | ({"arguments": arguments} if arguments else {})
        self.socket.sendall(json.dumps(words).encode())
        while "event" in (said := self.read()):
            self.events.append(said)
        assert "return" in said, said
        return said["return"]

    def read(self) -> dict:
        """The next that it says."""
        if line := self.lines.readline():
            return json.loads(line)
        raise EOFError("the machine's process ended")

    def await_event(self, name: str) -> dict:
        """Waits for the next event of this name, and forgets the ones before it."""
        while True:
            said = self.events.pop(0) if self.events else self.read()
            if said.get("event") == name:
                return said

    def until_now(self) -> list[dict]:
        """What happened up to now, or to the end of the process, that no one has waited for."""
        try:
            self.ask("query-status")
        except (EOFError, ConnectionError):  # it ended; what it said before may still be there
            with contextlib.suppress(EOFError, ConnectionError):
                while True:
                    self.events.append(self.read())
        told, self.events = self.events, []
        return told
