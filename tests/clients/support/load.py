"""The program `outband-load`: many clients of IPMI at once, and clients that nobody wants."""

import json
import os
import pathlib
import re
import subprocess

from .daemon import OUTBAND, PASSWORD, Daemon, environment

# Built beside the program, unless a path is given.
LOAD = os.environ.get("OUTBAND_LOAD", f"{OUTBAND}-load")


def attack(daemon: Daemon, mode: str, *argv: str, limit: float) -> dict:
    """Attacks a daemon's first server while its owner has one session after the other; gives what
    came of it. It must end well: the BMC lives and the owner was served."""
    command = [LOAD, mode, daemon.address("ipmi"), *argv]
    done = subprocess.run(command, env=environment(OUTBAND_ADMIN_PASSWORD=PASSWORD),
                          capture_output=True, text=True, timeout=limit, check=False)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}{daemon.said()[-4000:]}"
    return json.loads(done.stdout)


def resident(daemon: Daemon) -> float:
    """A daemon's resident memory, in MiB."""
    status = pathlib.Path(f"/proc/{daemon.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024
