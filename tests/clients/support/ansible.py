"""Runs one module of an unmodified community.general and gives what it answered."""

import json
import os
import pathlib
import subprocess
import sys

from .daemon import environment
from .waiting import HANG

VENV = pathlib.Path(sys.prefix)


class Failed(Exception):
    """The module failed; the argument is what it answered."""


def module(bmc, name: str, **arguments) -> dict:
    """Runs community.general's module `name` against a BMC's Redfish, with its certificate verified."""
    arguments |= {
        "baseuri": bmc.daemon.address(), "username": "admin", "password": bmc.password,
        "validate_certs": True, "ca_path": bmc.certificate, "timeout": 60,
    }
    return run(bmc.folder, name, arguments)


def run(folder: pathlib.Path, name: str, arguments: dict) -> dict:
    """Runs community.general's module `name` with these arguments and no others; the folder is for what
    Ansible keeps."""
    command = [VENV / "bin/ansible", "localhost", "--connection", "local", "--one-line",
               "--module-name", f"community.general.{name}", "--args", json.dumps(arguments)]
    settings = environment(
        ANSIBLE_COLLECTIONS_PATH=str(VENV / "collections"),
        ANSIBLE_LOCALHOST_WARNING="false", ANSIBLE_INVENTORY_UNPARSED_WARNING="false",
        ANSIBLE_PYTHON_INTERPRETER=sys.executable, ANSIBLE_HOME=str(folder / "ansible"),
        ANSIBLE_NOCOLOR="true", LC_ALL="C.UTF-8", HOME=os.environ.get("HOME", "/"),
    )
    done = subprocess.run(command, env=settings, capture_output=True, text=True, timeout=2 * HANG)
    head, arrow, answer = done.stdout.partition("=> ")
    assert arrow, f"{name} gave no answer: {done.stdout}{done.stderr}"
    answer = json.loads(answer)
    if done.returncode != 0 or "FAILED" in head:
        raise Failed(answer)
    return answer


def info(bmc, category: str, *names: str) -> dict:
    """Runs commands of redfish_info and gives its facts."""
    answer = module(bmc, "redfish_info", category=[category], command=list(names))
    return answer["redfish_facts"]
