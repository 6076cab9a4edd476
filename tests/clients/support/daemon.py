"""Starts Outband as a user would, waits for its `ready` line, and stops it."""

import json
import os
import pathlib
import queue
import signal
import ssl
import subprocess
import threading

from .waiting import HANG

OUTBAND = os.environ.get("OUTBAND_BIN", "outband")
PASSWORD = "correct-horse"  # fits every service: 8 to 20 bytes

# What would make clients trust, or go through, something else than what a test names.
MISLEADING = ("CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR",
              "OUTBAND_ADMIN_PASSWORD", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")


def environment(**more: str) -> dict[str, str]:
    """This process's environment without what would mislead a client."""
    kept = {name: value for name, value in os.environ.items() if name not in MISLEADING}
    return {**kept, **more}


def first(addresses) -> str:
    """The first of a list of addresses, or the only one."""
    return addresses if isinstance(addresses, str) else addresses[0]


class Daemon:
    """One running `outband`; a context manager that stops it."""

    def __init__(self, *argv: str, wrapper=(), **env: str):
        """`wrapper` is a command that runs the program: another user, another namespace."""
        self.argv = [*wrapper, OUTBAND, *argv]
        self.env = environment(**env)
        self.lines: list[str] = []  # what it printed before and after `ready`
        self.errors: list[str] = []
        self.ready: dict = {}
        self.process: subprocess.Popen | None = None

    def start(self) -> "Daemon":
        """Starts it and waits until every listener answers."""
        self.lines, self.errors = [], []
        self.process = subprocess.Popen(self.argv, env=self.env, text=True,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        printed: queue.Queue = queue.Queue()
        self.readers = [
            threading.Thread(target=self._read, args=(self.process.stdout, self.lines, printed)),
            threading.Thread(target=self._read, args=(self.process.stderr, self.errors, None)),
        ]
        for reader in self.readers:
            reader.start()
        try:
            while not (line := printed.get(timeout=HANG)).startswith("ready"):
                if line == "":  # the end of its output
                    raise AssertionError(f"it ended before it was ready:\n{self.said()}")
        except queue.Empty:
            self.kill()
            raise AssertionError(f"not ready within {HANG:.0f} s:\n{self.said()}") from None
        self.ready = json.loads(line.removeprefix("ready"))
        return self

    @staticmethod
    def _read(stream, into: list[str], printed) -> None:
        for line in stream:
            into.append(line.rstrip("\n"))
            if printed:
                printed.put(into[-1] or " ")
        if printed:
            printed.put("")

    def said(self) -> str:
        """All that it printed."""
        return "\n".join(self.lines + self.errors)

    @property
    def pid(self) -> int:
        """The process id of the program itself."""
        return self.process.pid

    def address(self, listener: str = "https") -> str:
        """`ADDRESS:PORT` of a listener."""
        return first(self.ready[listener])

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"https://{self.address()}"

    def signal(self, number: int) -> None:
        """Sends it a signal."""
        self.process.send_signal(number)

    def ended(self) -> int:
        """Waits for its end and gives the exit status."""
        status = self.process.wait(HANG)
        for reader in self.readers:
            reader.join(HANG)
        return status

    def kill(self) -> None:
        """Ends it as a crash would: kill -9."""
        self.signal(signal.SIGKILL)
        self.ended()

    def stop(self) -> int:
        """Ends it as an operator would and gives the exit status."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        return self.ended()

    def restart(self) -> "Daemon":
        """Stops it and starts it again with the same arguments."""
        self.stop()
        return self.start()

    def __enter__(self) -> "Daemon":
        return self.start()

    def __exit__(self, *_) -> None:
        if self.process and self.process.poll() is None:
            self.stop()

    def certificate(self, folder: pathlib.Path) -> str:
        """Takes the certificate at first sight, as an operator would, and gives the file's path."""
        host, port = self.address().rsplit(":", 1)
        path = folder / f"{port}.pem"
        path.write_text(ssl.get_server_certificate((host.strip("[]"), int(port))))
        return str(path)


def run(*argv: str, wrapper=(), stdin: str = "", **env: str) -> subprocess.CompletedProcess:
    """Runs an `outband` command that ends by itself."""
    return subprocess.run([*wrapper, OUTBAND, *argv], env=environment(**env), input=stdin,
                          capture_output=True, text=True, timeout=HANG, check=False)
