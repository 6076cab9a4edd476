"""A running BMC as a test sees it: the daemon, who may log in, and the driver's own evidence."""

import json
import pathlib
import re
import signal

from . import settings
from .daemon import PASSWORD, Daemon, run
from .redfish import ACCOUNTS, Redfish
from .waiting import until

# What a made-up password looks like.
MADE_UP = re.compile(r"(?<!\S)[a-km-np-z2-9]{16}(?!\S)")


def in_order(wanted: list[str], seen: list[str]) -> bool:
    """Whether all that is wanted was seen in this order, whatever else was seen between."""
    rest = iter(seen)
    return all(name in rest for name in wanted)


class Bmc:
    """A daemon with its Administrator `admin`."""

    def __init__(self, daemon: Daemon, folder: pathlib.Path):
        self.daemon = daemon
        self.folder = folder
        self.password = PASSWORD

    @property
    def certificate(self) -> str:
        """The path of its certificate."""
        return self.daemon.certificate(self.folder)

    def client(self, user="admin", password=None, at=None, **more) -> Redfish:
        """A client of this user, by Basic, at the first address or at the URL `at`."""
        url = at or self.daemon.url
        return Redfish(url, self.certificate, user, password or self.password, **more)

    def visitor(self, at=None) -> Redfish:
        """A client without any proof of who it is."""
        return Redfish(at or self.daemon.url, self.certificate)

    def add_user(self, user: str, role: str, password: str = PASSWORD) -> Redfish:
        """Makes an account and gives its client."""
        body = {"UserName": user, "Password": password, "RoleId": role}
        self.client().create(ACCOUNTS, body)
        return self.client(user, password)

    def cli(self, *argv: str, stdin: str = "", **env: str):
        """Runs an `outband` command against this daemon."""
        return run(*argv, *self.where, stdin=stdin, **env)

    where: tuple[str, ...] = ()  # the flags that lead a command to this daemon


class Demo(Bmc):
    """`outband demo` on a free port, with its state in the test's folder."""

    def __init__(self, folder: pathlib.Path, *flags: str, **env: str):
        self.state = folder / "state"
        argv = ["demo", "--https", "127.0.0.1:0", "--state", str(self.state), *flags]
        if "--ipmi" not in flags:
            argv += ["--ipmi", "127.0.0.1:0"]
        super().__init__(Daemon(*argv, OUTBAND_ADMIN_PASSWORD=PASSWORD, **env), folder)
        self.where = ("--state", str(self.state))


class Serve(Bmc):
    """`outband serve` with a settings file in the test's folder."""

    def __init__(self, folder: pathlib.Path, *servers: str, base: str = settings.BASE,
                 wrapper=(), new: bool = False, **env: str):
        """The Administrator is made beforehand, as a set-up by a script does it; a `new` one has
        its first start before it."""
        self.file = settings.write(folder, *servers, base=base)
        self.state = folder / "state"
        argv = ["serve", "--config", str(self.file)]
        super().__init__(Daemon(*argv, wrapper=wrapper, **env), folder)
        self.where = ("--config", str(self.file))
        if not new:
            self.state.mkdir(mode=0o700)
            made = self.cli("user", "add", "admin", "--password-file", "-", stdin=PASSWORD)
            assert made.returncode == 0, made.stderr

    def write(self, *servers: str, base: str = settings.BASE) -> None:
        """Writes other settings, which a reload then reads."""
        settings.write(self.folder, *servers, base=base)

    def reload(self) -> str:
        """Makes the daemon read its settings again and gives what it says came of it."""
        before = len(self._came_of_reloads())
        self.daemon.signal(signal.SIGHUP)
        said = until(lambda: self._came_of_reloads()[before:], "the end of the reload")
        return said[0]

    def _came_of_reloads(self) -> list[str]:
        ends = ("settings read again", "everything stays as it was")
        return [line for line in self.daemon.errors if any(end in line for end in ends)]

    def journal(self, server: str = "1") -> list[dict]:
        """What the simulated machine saw, oldest first, in its own words."""
        path = self.state / "sim" / f"{server}.journal"
        if not path.exists():
            return []
        return [json.loads(line) for line in path.read_text().splitlines()]

    def saw(self, server: str = "1") -> list[str]:
        """The names of what the simulated machine saw."""
        return [entry["saw"] for entry in self.journal(server)]

    def await_sight(self, wanted: list[str], since: int) -> None:
        """Waits until the machine has seen all this in this order, after it saw `since` things."""
        until(lambda: in_order(wanted, self.saw()[since:]), f"the machine saw {wanted}")
