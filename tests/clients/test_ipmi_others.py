"""pyghmi, Ansible's IPMI modules and fence_ipmilan, unmodified.

Each has a server of its own. Each change is read back through Redfish and by what the simulated
machine itself saw.
"""

import pytest

from support import ipmi
from support.ipmi import HARD, KEY, NMI, ON, RESET, SOFT
from support.waiting import until

CLIENTS = ("pyghmi", "ansible", "fence")

# Each: the state that pyghmi and Ansible are told, the power before and in the end, what the machine
# must have seen, and what pyghmi says is the state then.
STATES = [
    ("on", "Off", "On", ON, "on"),
    ("reset", "On", "On", RESET, None),  # a reset isn't seen in the power
    ("boot", "On", "On", RESET, None),
    ("boot", "Off", "On", ON, "on"),
    ("shutdown", "On", "Off", SOFT, "off"),
    ("off", "On", "Off", HARD, "off"),
]
# Each: the device as pyghmi and Ansible name it, as Redfish does, and what the machine boots: nothing
# answers it on its network, so it goes on to its disk.
DEVICES = [("network", "Pxe", "hdd"), ("hd", "Hdd", "hdd"), ("optical", "Cd", "cd")]


@pytest.fixture(scope="module")
def bmc(tmp_path_factory):
    """One BMC with a server for each client."""
    folder = tmp_path_factory.mktemp("others")
    bmc = ipmi.serve(folder, *ipmi.quick(folder, *CLIENTS))
    with bmc.daemon:
        yield bmc


@pytest.mark.parametrize("state, before, after, evidence, said", STATES,
                         ids=[f"{state}-{before}" for state, before, *_ in STATES])
def test_pyghmi_sets_the_power(bmc, state, before, after, evidence, said):
    server = ipmi.Server(bmc, "pyghmi")

    def act():
        answer = server.lan.pyghmi("set_power", powerstate=state, wait=True)
        assert answer.get("powerstate") == said, answer
    server.obeys(act, before, after, evidence)
    assert server.lan.pyghmi("get_power") == {"powerstate": after.lower()}


@pytest.mark.parametrize("device, target, boots", DEVICES, ids=[device for device, *_ in DEVICES])
def test_pyghmi_sets_the_boot_device(bmc, device, target, boots):
    server = ipmi.Server(bmc, "pyghmi")
    server.settle("Off")
    server.lan.pyghmi("set_bootdev", bootdev=device)
    assert server.override() == ("Once", target)
    read = server.lan.pyghmi("get_bootdev")
    assert (read["bootdev"], read["persistent"], read["uefimode"]) == (device, False, False)
    assert server.booted(lambda: server.lan.pyghmi("set_power", powerstate="on")) == boots
    until(lambda: server.lan.pyghmi("get_bootdev")["bootdev"] == "default", "it is used up")
    server.lan.pyghmi("set_bootdev", bootdev=device, persist=True, uefiboot=True)
    assert server.override() == ("Continuous", target)
    assert server.system("Boot", "BootSourceOverrideMode") == "UEFI"
    read = server.lan.pyghmi("get_bootdev")
    assert (read["bootdev"], read["persistent"], read["uefimode"]) == (device, True, True)
    server.lan.pyghmi("set_bootdev", bootdev="default")
    assert server.override()[0] == "Disabled"


def test_pyghmi_switches_the_identify_light(bmc):
    server = ipmi.Server(bmc, "pyghmi")
    for lit, evidence in ((True, "identify-on"), (False, "identify-off")):
        seen = len(server.saw())
        server.lan.pyghmi("set_identify", on=lit)
        server.await_sight([evidence], since=seen)
        assert server.system("LocationIndicatorActive") == lit


def test_pyghmi_with_a_bmc_key(bmc):
    server = ipmi.Server(bmc, "pyghmi")
    with server.keyed(KEY) as keyed:
        assert keyed.lan.pyghmi("get_power")["powerstate"] in ("on", "off")
        with pytest.raises(AssertionError, match="IpmiException"):
            server.lan.pyghmi("get_power")
    assert server.lan.pyghmi("get_power")["powerstate"] in ("on", "off")


def module(server, name: str, **arguments) -> dict:
    """Runs one of Ansible's IPMI modules."""
    return server.lan.ansible(server.bmc.folder, name, **arguments)


@pytest.mark.parametrize("state, before, after, evidence",
                         [row[:4] for row in STATES if row[:2] != ("boot", "Off")],
                         ids=[row[0] for row in STATES if row[:2] != ("boot", "Off")])
def test_ansible_ipmi_power(bmc, state, before, after, evidence):
    server = ipmi.Server(bmc, "ansible")

    def act():
        assert module(server, "ipmi_power", state=state)["changed"]
    server.obeys(act, before, after, evidence)


def test_ansible_ipmi_power_changes_nothing_that_is_so(bmc):
    server = ipmi.Server(bmc, "ansible")
    server.settle("Off")
    seen = len(server.saw())
    assert not module(server, "ipmi_power", state="off")["changed"]
    assert server.saw()[seen:] == []


def test_ansible_ipmi_boot(bmc):
    server = ipmi.Server(bmc, "ansible")
    server.settle("Off")
    assert module(server, "ipmi_boot", bootdev="network")["changed"]
    assert server.override() == ("Once", "Pxe")
    server.booted(lambda: module(server, "ipmi_power", state="on"))
    until(lambda: server.override()[0] == "Disabled", "the override is used up")
    module(server, "ipmi_boot", bootdev="optical", persistent=True, uefiboot=True)
    assert server.override() == ("Continuous", "Cd")
    assert server.system("Boot", "BootSourceOverrideMode") == "UEFI"
    again = module(server, "ipmi_boot", bootdev="optical", persistent=True, uefiboot=True)
    assert not again["changed"]
    module(server, "ipmi_boot", bootdev="optical", state="absent")
    assert server.override()[0] == "Disabled"


# Each: the action and flags, the power before and in the end, and what the machine must have seen.
FENCING = [
    ("on", (), "Off", "On", ON),
    ("reboot", (), "On", "On", HARD + ON),
    ("reboot", ("--method=cycle", "--cipher=3"), "On", "On", HARD + ON),
    ("diag", ("--cipher=17",), "On", "On", NMI),
    ("off", ("--privlvl=operator",), "On", "Off", HARD),
]


@pytest.mark.parametrize("action, flags, before, after, evidence", FENCING,
                         ids=["-".join((row[0], *row[1])) for row in FENCING])
def test_fence_ipmilan(bmc, action, flags, before, after, evidence):
    server = ipmi.Server(bmc, "fence")
    server.obeys(lambda: server.lan.fence(action, *flags).well(), before, after, evidence)
    status = server.lan.fence("status", *[flag for flag in flags if not flag.startswith("--method")])
    assert f"Status: {after.upper()}" in status.out
    assert status.code == (0 if after == "On" else 2)  # 2: it is off
    assert server.lan.fence("monitor").code == 0
