"""A demo is controlled by every client of IPMI, whatever makes its server real: each change is read
back through Redfish and by what the driver shows of the machine."""

import pytest

from support.ipmi import KEY
from support.watched import AFTER, cases

# What carries an action out, by each client.

def ipmitool(server, action: str) -> None:
    said = {"on": "Up/On", "off": "Down/Off"}.get(action, action.capitalize())
    assert said in server.ipmitool("chassis", "power", action)


def ipmipower(server, action: str) -> None:
    flag = {"diag": "--pulse"}.get(action, f"--{action}")
    assert server.free("ipmipower", flag).strip().endswith(": ok")


def pyghmi(server, action: str) -> None:
    state = {"soft": "shutdown"}.get(action, action)
    server.lan.pyghmi("set_power", powerstate=state)


def ansible(server, action: str) -> None:
    state = {"soft": "shutdown"}.get(action, action)
    assert server.lan.ansible(server.bmc.folder, "ipmi_power", state=state)["changed"]


def fence(server, action: str) -> None:
    words = {"cycle": ("reboot", "--method=cycle")}.get(action, (action,))
    server.lan.fence(*words).well()


ALL = ("on", "diag", "reset", "soft", "on", "cycle", "off")
SOME = ("on", "reset", "soft")
# Each client: how it carries an action out, its flags, K_g, and the actions that it knows.
CLIENTS = {
    "ipmitool": (ipmitool, (), "", ALL),
    "ipmitool-17": (ipmitool, ("-C", "17"), "", ALL),
    "ipmitool-3": (ipmitool, ("-C", "3"), "", ALL),
    "ipmitool-key": (ipmitool, (), KEY, ALL),
    "ipmipower-17": (ipmipower, ("-I", "17"), "", ALL),
    "ipmipower-3": (ipmipower, ("-I", "3"), "", ALL),
    "pyghmi": (pyghmi, (), "", SOME),
    "ansible": (ansible, (), "", ("on", "soft")),
    "fence": (fence, (), "", ("on", "diag", "cycle", "off")),
}


@pytest.mark.parametrize("controlled, client", cases(CLIENTS), indirect=["controlled"],
                         scope="module")
def test_power(controlled, client):
    server = controlled
    act, flags, key, actions = CLIENTS[client]
    server.settle("Off")
    with server.asked(flags, key) as asked:
        for action in actions:
            asked.obeys(lambda: act(asked, action), action)
            state = server.by(bmc_key=asked.lan.bmc_key).ipmitool("power", "status")
            assert f"Chassis Power is {AFTER[action].lower()}" in state
            if action == "on" and client == "ipmitool":
                asked.does_nothing(lambda: act(asked, "on"))
