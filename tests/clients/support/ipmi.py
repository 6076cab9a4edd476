"""A server as its owner has it: by IPMI's clients, by Redfish, and as its simulated machine saw it."""

import concurrent.futures
import contextlib
import copy
import dataclasses
import pathlib

from . import medium, profile, settings
from .bmc import Bmc, Serve, in_order
from .daemon import PASSWORD
from .lan import Done, Lan, field, run
from .redfish import Redfish
from .waiting import until

__all__ = ["Done", "Lan", "field", "run"]

# What a machine sees of each action, in this order.
ON = ["power-button-down", "power-on", "power-button-up"]
SOFT = ["power-button-down", "power-button-up", "going-down", "power-off"]
HARD = ["power-button-down", "power-off", "power-button-up"]
RESET = ["reset-button-down", "reset-button-up", "post", "boot"]
NMI = ["nmi"]
# Of these it must see as many as it was asked for, and no more.
COUNTED = ("power-button-down", "reset-button-down", "nmi", "going-down")

KEY = "the-key-of-this-bmc!"  # a K_g, 20 bytes
# Set Channel Security Keys (section 22.25): K_g of this channel.
SET_KEY = ("0x06", "0x56", "0x01", "0x01", "0x01")


class Server:
    """A server as its owner has it: by IPMI in one way, by Redfish, and as its machine saw it."""

    has_light = True  # by which it is found in a rack
    has_setup = True  # of its firmware, that it can be made to boot

    def __init__(self, bmc: Bmc, id: str = "1", flags=(), bmc_key: str = ""):
        """`flags` go to each client: the cipher suite in its own words."""
        self.bmc, self.id, self.flags = bmc, id, flags
        self.lan = Lan(address(bmc, id), bmc_key=bmc_key)
        self.redfish: Redfish = bmc.client()
        self.path = f"/redfish/v1/Systems/{id}"

    def by(self, flags=(), bmc_key: str = ""):
        """The same server, asked in another way."""
        other = copy.copy(self)
        other.flags, other.lan = flags, dataclasses.replace(self.lan, bmc_key=bmc_key)
        return other

    def set_key(self, key: str) -> None:
        """Gives it K_g, as its owner does."""
        octets = key.encode().ljust(20, b"\0")
        done = self.lan.ipmitool("raw", *SET_KEY, *(f"{octet:#04x}" for octet in octets))
        done.well()

    @contextlib.contextmanager
    def keyed(self, key: str):
        """Gives it K_g for as long as this lasts, and itself to whoever has the key."""
        self.set_key(key)
        with_key = self.by(self.flags, key)
        try:
            yield with_key
        finally:
            with_key.set_key("")

    def ipmitool(self, *words: str) -> str:
        """What ipmitool prints; it must end well."""
        return self.lan.ipmitool(*words, flags=self.flags).well()

    def refused(self, *words: str) -> str:
        """What ipmitool says of a command that must fail."""
        return self.lan.ipmitool(*words, flags=self.flags).badly()

    def free(self, program: str, *words: str) -> str:
        """What a program of FreeIPMI prints; it must end well."""
        return self.lan.free(program, *words, flags=self.flags).well()

    @contextlib.contextmanager
    def asked(self, flags=(), bmc_key: str = ""):
        """Itself, to be asked in this way for as long as this lasts; a key that is given is needed then."""
        if bmc_key:
            with self.keyed(bmc_key) as keyed:
                assert "Unable to establish" in self.refused("power", "status")
                yield keyed
        else:
            yield self.by(flags)

    def system(self, *names: str):
        """A property of the system in Redfish, as a path of names."""
        value = self.redfish.get(self.path)
        for name in names:
            value = value[name]
        return value

    def override(self) -> tuple[str, str]:
        """The boot override in force, in Redfish's words."""
        return (self.system("Boot", "BootSourceOverrideEnabled"),
                self.system("Boot", "BootSourceOverrideTarget"))

    def settle(self, power: str) -> None:
        """Brings it into a power state by Redfish, with its system running or off."""
        self.redfish.reset("ForceOff" if power == "Off" else "On", self.path)
        self.await_power(power)
        if power == "On":
            self.await_system()

    def await_system(self) -> None:
        """Waits until its operating system runs."""
        until(lambda: self.system("BootProgress", "LastState") == "OSRunning",
              "the operating system runs")

    def await_power(self, power: str) -> None:
        """Waits until Redfish tells this power state."""
        self.redfish.await_power(power, self.path)

    def saw(self) -> list[str]:
        """What its machine saw, where it keeps a journal."""
        return self.bmc.saw(self.id)

    def await_sight(self, wanted: list[str], since: int) -> None:
        """Waits until the machine saw all this in this order, after it had seen `since` things."""
        until(lambda: in_order(wanted, self.saw()[since:]), f"the machine saw {wanted}")

    def obeys(self, act, before: str, after: str, evidence: list[str]) -> None:
        """Acts, and looks whether power and machine did as they should, by as many presses."""
        self.settle(before)
        seen = len(self.saw())
        act()
        self.await_sight(evidence, since=seen)
        self.await_power(after)
        counted = [name for name in self.saw()[seen:] if name in COUNTED]
        assert counted == [name for name in evidence if name in COUNTED]

    def boots(self) -> list[dict]:
        """What its firmware chose to boot, each time."""
        return [entry for entry in self.bmc.journal(self.id) if entry["saw"] == "boot"]

    def booted(self, act, obeyed: bool = True) -> str:
        """What its firmware boots first when `act` makes it boot, and whether by an override."""
        before = len(self.boots())
        act()
        boot = until(lambda: self.boots()[before:], "a boot")[0]
        assert (boot["override"] is not None) == obeyed, boot
        return boot["target"]


def address(bmc: Bmc, id: str = "1") -> str:
    """Where a server's IPMI answers: at an address of its own, else at the daemon's."""
    own = bmc.daemon.ready.get("servers", {}).get(id, {}).get("ipmi")
    return own[0] if own else bmc.daemon.address("ipmi")


def own_address(id: str, parts: str = "", **more) -> str:
    """The settings of a simulated server that has IPMI at an address of its own."""
    return settings.server(id, parts='[server.listen]\nipmi = "127.0.0.1:0"\n' + parts, **more)


def quick(folder: pathlib.Path, *ids: str) -> list[str]:
    """The settings of such servers that start and stop quickly, each with a medium in its drive."""
    keys = f'profile = "{profile.write(folder, **profile.QUICK)}"'
    cd = f'cd = "{medium.image(folder, "RESCUE")}"'
    return [own_address(id, keys=keys, sim=cd) for id in ids]


def allow(bmc: Bmc, user: str = "admin", password: str = PASSWORD) -> None:
    """Lets an account use IPMI, with this secret."""
    done = bmc.cli("user", "ipmi", user, "--password-file", "-", stdin=password)
    assert done.returncode == 0, done.stderr


def add_user(bmc: Bmc, name: str, role: str) -> str:
    """Makes an account that may use IPMI; gives its path in Redfish."""
    bmc.add_user(name, role)
    allow(bmc, name)
    return bmc.client().account(name)


def serve(folder: pathlib.Path, *servers: str, **more) -> Serve:
    """`outband serve` whose Administrator may use IPMI from the start."""
    bmc = Serve(folder, *servers, **more)
    allow(bmc)
    return bmc


def each(servers: dict[str, Server], check) -> None:
    """Runs a check on every server at the same time; what failed is told by the server's name."""
    with concurrent.futures.ThreadPoolExecutor(len(servers)) as pool:
        under_way = {name: pool.submit(check, server) for name, server in servers.items()}
    failed = {name: error for name, future in under_way.items() if (error := future.exception())}
    for name, error in failed.items():
        raise AssertionError(f"{name}, of those that failed: {', '.join(failed)}") from error
