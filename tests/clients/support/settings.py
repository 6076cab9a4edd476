"""Settings files for the tests: everything in one folder, on a free port of loopback."""

import pathlib

BASE = """
[state]
dir = "state"
[service.https]
listen = ["127.0.0.1:0"]
[service.http]
enabled = false
[service.ipmi]
listen = ["127.0.0.1:0"]
"""

# Plain HTTP beside HTTPS, and an address of a server's own.
PLAIN = """
[service.plain_http]
enabled = true
listen = ["127.0.0.1:0"]
"""
# Nobody has to log in.
OPEN = """
[access]
enabled = false
"""
OWN = """
[server.listen]
https = "127.0.0.1:0"
"""

SERVER = """
[[server]]
id = "{id}"
{keys}
[server.sim]
journal = true
{sim}
"""


def server(id: str = "1", keys: str = "", sim: str = "", parts: str = "") -> str:
    """One simulated server; `parts` are further tables of it."""
    return SERVER.format(id=id, keys=keys, sim=sim) + parts


def off(*parts: str) -> str:
    """The tables that switch parts of a server off."""
    return "".join(f'[server.{part}]\ndriver = "none"\n' for part in parts)


def with_table(name: str, keys: str, base: str = BASE) -> str:
    """Settings with a table in place of the one they may have."""
    tables = [table for table in base.split("\n[") if not table.startswith(f"{name}]")]
    return "\n[".join([*tables, f"{name}]\n{keys}\n"])


def with_service(name: str, keys: str = "enabled = false", base: str = BASE) -> str:
    """Settings with a service's table in place of the one they may have."""
    return with_table(f"service.{name}", keys, base)


def write(folder: pathlib.Path, *servers: str, base: str = BASE) -> pathlib.Path:
    """Writes a settings file and gives its path."""
    path = folder / "outband.toml"
    path.write_text(base + "".join(servers or [server()]))
    return path
