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
    own = [address for each in ready.get("servers", {}).values() for address in each["https"]]
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
    links = []
    for link in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            links.append(link.readlink())
        except FileNotFoundError:  # closed meanwhile: nothing that listens for good
            pass
    sockets = {str(link)[len("socket:["):-1] for link in links if str(link).startswith("socket:[")}
    found = set()
    for line in pathlib.Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A" and fields[9] in sockets:  # 0A: it listens
            host, port = fields[1].split(":")
            octets = reversed(bytes.fromhex(host))  # the kernel writes the address's words as numbers
            found.add(".".join(map(str, octets)) + f":{int(port, 16)}")
    return found
