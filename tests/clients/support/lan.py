"""IPMI's own clients, as somebody with a terminal runs them: never with a flag that bears with a
faulty BMC."""

import dataclasses
import json
import os
import pathlib
import re
import subprocess
import sys

from . import ansible
from .daemon import PASSWORD, environment
from .waiting import HANG

# Where Debian keeps some of them.
SBIN = "/usr/local/sbin:/usr/sbin:/sbin"
PYGHMI = pathlib.Path(__file__).with_name("pyghmi_command.py")
# Flags with which ipmitool and FreeIPMI bear with faults.
FOR_FAULTY = ("-o", "-W", "--workaround-flags")


@dataclasses.dataclass
class Done:
    """How a client ended."""
    code: int
    out: str
    err: str

    def well(self) -> str:
        """What it printed; it must have ended well."""
        assert self.code == 0, self
        return self.out

    def badly(self) -> str:
        """All that it printed; it must have failed."""
        assert self.code != 0, self
        return self.out + self.err


def run(*argv: str, wrapper=(), stdin: str | None = None, limit: float = 2 * HANG, **env: str) -> Done:
    """Runs a client to its end."""
    given = [word for word in argv if word.startswith(FOR_FAULTY)]
    assert not given, f"a flag for faulty BMCs: {given}"
    with_sbin = environment(PATH=f"{os.environ['PATH']}:{SBIN}", LC_ALL="C.UTF-8", TZ="UTC", **env)
    done = subprocess.run([*wrapper, *argv], env=with_sbin, input=stdin or "", timeout=limit,
                          capture_output=True, text=True, errors="replace", check=False)
    return Done(done.returncode, done.stdout, done.stderr)


@dataclasses.dataclass
class Lan:
    """Where a server's IPMI answers, and who asks."""
    address: str
    user: str = "admin"
    password: str = PASSWORD
    bmc_key: str = ""  # K_g, where logins need it

    @property
    def host(self) -> str:
        """The address without its port."""
        return self.address.rsplit(":", 1)[0]

    @property
    def port(self) -> str:
        """The port alone."""
        return self.address.rsplit(":", 1)[1]

    def ipmitool(self, *words: str, flags=(), **more) -> Done:
        """Runs ipmitool; `flags` stand before the command."""
        key = ("-k", self.bmc_key) if self.bmc_key else ()
        return run("ipmitool", "-I", "lanplus", "-H", self.host, "-p", self.port, "-U", self.user,
                   "-E", *key, *flags, *words, IPMI_PASSWORD=self.password, **more)

    def free(self, program: str, *words: str, flags=(), **more) -> Done:
        """Runs a program of FreeIPMI."""
        key = ("-k", self.bmc_key) if self.bmc_key else ()
        return run(program, "-D", "LAN_2_0", "-h", self.address, "-u", self.user,
                   "-p", self.password, *key, *flags, *words, **more)

    def pyghmi(self, method: str, **arguments):
        """What a method of pyghmi's Command gives; it must not raise."""
        connection = {"bmc": self.host, "port": int(self.port), "userid": self.user,
                      "password": self.password, "kg": self.bmc_key}
        done = run(sys.executable, str(PYGHMI), json.dumps(connection), method, json.dumps(arguments))
        return json.loads(done.well())

    def fence(self, action: str, *flags: str) -> Done:
        """Runs fence_ipmilan."""
        return run("fence_ipmilan", "--lanplus", f"--ip={self.host}", f"--ipport={self.port}",
                   f"--username={self.user}", f"--password={self.password}", f"--action={action}",
                   "--power-wait=0", *flags)

    def ansible(self, folder: pathlib.Path, name: str, **arguments) -> dict:
        """Runs one of Ansible's IPMI modules; the folder is for what it keeps."""
        reached = {"name": self.host, "port": int(self.port), "user": self.user,
                   "password": self.password}
        return ansible.run(folder, name, reached | arguments)


def field(text: str, name: str) -> str:
    """What stands behind a name in a client's answer."""
    found = re.search(rf"^\s*{re.escape(name)}(?:[ \t]*:|[ \t])[ \t]*(.*?)\s*$", text, re.MULTILINE)
    assert found, f"{name!r} isn't in:\n{text}"
    return found[1]
