"""Every way into a BMC that is open, and what its process really listens on."""

import pathlib
import urllib.parse

from . import settings
from .redfish import Redfish

# Settings with which every door is open, for servers that `server` makes.
EVERY = settings.BASE + settings.PLAIN
# The doors that are reached over the network. Beside them there is `socket`, the daemon's own, which
# the command line uses. Redfish and the native API are both behind each.
NETWORK = {"https", "own", "http"}


def server(*off: str) -> str:
    """A server with an address of its own, but without the parts that are to be off."""
    return settings.server(parts=settings.OWN + settings.off(*off))


def every_door(bmc, user: str | None = "admin") -> dict[str, Redfish]:
    """A client at each way in, by the way's name: `https` and `http` are shared by all servers, `own`
    is the address of the first server that has one, `socket` lies in the state folder. Without a
    user, each is a visitor without any proof of who it is."""
    ready = bmc.daemon.ready
    own = [address for each in ready.get("servers", {}).values() for address in each.get("https", [])]
    shared = [address for address in ready.get("https", []) if address not in own]
    urls = {"https": [f"https://{address}" for address in shared],
            "own": [f"https://{address}" for address in own],
            "http": [f"http://{address}" for address in ready.get("http", [])],
            "socket": [f"http+unix://{urllib.parse.quote(str(path), safe='')}"
                       for path in bmc.state.glob("control.sock")]}
    certificate = bmc.certificate if shared or own else None
    return {name: Redfish(found[0], certificate, user, bmc.password)
            for name, found in urls.items() if found}


def listened(pid: int) -> set[str]:
    """The IPv4 addresses that a process listens on with TCP, as the kernel tells it."""
    return {address(local) for local, state in sockets(pid, "tcp") if state == "0A"}


def bound(pid: int) -> set[str]:
    """The addresses that a process takes datagrams at, as the kernel tells it: those of IPv4 and, of
    IPv6, the one that stands for all."""
    every = {f"[::]:{int(local.rsplit(':', 1)[1], 16)}" for local, _ in sockets(pid, "udp6")
             if int(local.rsplit(":", 1)[0], 16) == 0}
    return every | {address(local) for local, _ in sockets(pid, "udp")}


def sockets(pid: int, kind: str) -> list[tuple[str, str]]:
    """The local address and the state of each of a process's sockets of this kind, in the kernel's
    words."""
    links = []
    for link in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            links.append(link.readlink())
        except FileNotFoundError:  # closed meanwhile: nothing that listens for good
            pass
    own = {str(link)[len("socket:["):-1] for link in links if str(link).startswith("socket:[")}
    lines = pathlib.Path(f"/proc/{pid}/net/{kind}").read_text().splitlines()[1:]
    return [(fields[1], fields[3]) for fields in map(str.split, lines) if fields[9] in own]


def address(local: str) -> str:
    """An IPv4 address with its port."""
    host, port = local.split(":")
    octets = reversed(bytes.fromhex(host))  # the kernel writes the address's words as numbers
    return ".".join(map(str, octets)) + f":{int(port, 16)}"
