"""Ansible's redfish_command, unmodified, against a simulated server.

Each change is read back by another request and by what the simulated machine itself saw.
"""

import ast

import pytest

from support import ansible, events, medium, settings
from support.bmc import Serve
from support.redfish import SYSTEM
from support.waiting import until


@pytest.fixture(scope="module")
def bmc(tmp_path_factory):
    """One BMC for all tests of this file; a medium lies in the machine's drive."""
    folder = tmp_path_factory.mktemp("ansible")
    cd = medium.image(folder, "RESCUE")
    bmc = Serve(folder, settings.server(sim=f'cd = "{cd}"'))
    with bmc.daemon:
        yield bmc


@pytest.fixture
def client(bmc):
    return bmc.client()


def command(bmc, *names: str, category="Systems", **more) -> dict:
    """Runs redfish_command."""
    return ansible.module(bmc, "redfish_command", category=category, command=list(names), **more)


def allowed(client) -> list[str]:
    """The reset types that the server says it has."""
    reset = client.get(SYSTEM)["Actions"]["#ComputerSystem.Reset"]
    if "ResetType@Redfish.AllowableValues" in reset:
        return reset["ResetType@Redfish.AllowableValues"]
    parameters = client.get(reset["@Redfish.ActionInfo"])["Parameters"]
    return next(p["AllowableValues"] for p in parameters if p["Name"] == "ResetType")


# Each: the command, the reset type it sends, the power before and in the end, and what the machine
# itself must have seen, in this order.
POWER = [
    ("PowerOn", "On", "Off", "On", ["power-button-down", "power-on"]),
    ("PowerForceRestart", "ForceRestart", "On", "On", ["reset-button-down", "boot"]),
    ("PowerGracefulRestart", "GracefulRestart", "On", "On",
     ["power-button-down", "going-down", "power-off", "power-on"]),
    ("PowerReboot", "GracefulRestart", "On", "On",
     ["power-button-down", "going-down", "power-off", "power-on"]),
    ("PowerCycle", "PowerCycle", "On", "On", ["power-off", "power-on"]),
    ("PowerFullPowerCycle", "FullPowerCycle", "On", "On", ["power-off", "power-on"]),
    ("PowerGracefulShutdown", "GracefulShutdown", "On", "Off",
     ["power-button-down", "going-down", "power-off"]),
    ("PowerForceOff", "ForceOff", "On", "Off", ["power-button-down", "power-off"]),
]


def test_the_table_above_has_every_power_command_of_the_module():
    place = "ansible_collections/community/general/plugins/modules/redfish_command.py"
    source = (ansible.VENV / "collections" / place).read_text()
    (table,) = [node.value for node in ast.parse(source).body if isinstance(node, ast.Assign)
                and node.targets[0].id == "CATEGORY_COMMANDS_ALL"]
    commands = ast.literal_eval(table)["Systems"]
    assert {name for name in commands if name.startswith("Power")} == {name for name, *_ in POWER}


@pytest.mark.parametrize("name, kind, before, after, evidence", POWER, ids=[p[0] for p in POWER])
def test_power(bmc, client, settled, name, kind, before, after, evidence):
    settled(client, before)
    seen = len(bmc.saw())
    if kind not in allowed(client):
        with pytest.raises(ansible.Failed) as failure:
            command(bmc, name)
        assert all(value in failure.value.args[0]["msg"] for value in allowed(client))
        assert bmc.saw()[seen:] == []
        return
    assert command(bmc, name)["changed"]
    bmc.await_sight(evidence, since=seen)
    client.await_power(after)
    # The system is asked to end, or it isn't.
    assert ("going-down" in bmc.saw()[seen:]) == ("going-down" in evidence)
    assert ansible.info(bmc, "Systems", "GetSystemInventory")["system"]["entries"][0][1]["PowerState"] == after


def test_what_is_already_so_presses_nothing(bmc, client, settled):
    settled(client, "Off")
    seen = len(bmc.saw())
    assert not command(bmc, "PowerForceOff")["changed"]
    assert bmc.saw()[seen:] == []


def override(client) -> tuple[str, str]:
    """The boot override in force."""
    boot = client.get(SYSTEM)["Boot"]
    return boot["BootSourceOverrideEnabled"], boot["BootSourceOverrideTarget"]


def boots(bmc) -> list[str]:
    """What the machine's firmware chose to boot, each time."""
    return [entry["target"] for entry in bmc.journal() if entry["saw"] == "boot"]


def booted(bmc, client, action) -> str:
    """What the machine boots when `action` makes it boot."""
    before = len(boots(bmc))
    action()
    return until(lambda: boots(bmc)[before:], "a boot")[0]


def test_one_time_boot_is_used_by_exactly_one_boot(bmc, client, settled):
    settled(client, "Off")
    assert command(bmc, "SetOneTimeBoot", bootdevice="Cd")["changed"]
    assert override(client) == ("Once", "Cd")
    entry = ansible.info(bmc, "Systems", "GetBootOverride")["boot_override"]["entries"][0][1]
    assert entry["BootSourceOverrideEnabled"] == "Once"
    assert entry["BootSourceOverrideTarget"] == "Cd"
    assert booted(bmc, client, lambda: client.reset("On")) == "cd"
    until(lambda: override(client)[0] == "Disabled", "the override is used up")
    assert events.of_kind(bmc.state, "booted")[-1]["label"] == "RESCUE", "by the medium's own name"
    assert booted(bmc, client, lambda: client.reset("ForceRestart")) == "hdd"


def test_continuous_boot_stays_until_it_is_disabled(bmc, client, settled):
    settled(client, "Off")
    assert command(bmc, "EnableContinuousBootOverride", bootdevice="Cd")["changed"]
    assert override(client) == ("Continuous", "Cd")
    assert booted(bmc, client, lambda: client.reset("On")) == "cd"
    assert booted(bmc, client, lambda: client.reset("ForceRestart")) == "cd"
    assert override(client) == ("Continuous", "Cd")
    assert command(bmc, "DisableBootOverride")["changed"]
    assert override(client)[0] == "Disabled"
    assert booted(bmc, client, lambda: client.reset("ForceRestart")) == "hdd"


@pytest.mark.parametrize("category, path", [("Systems", SYSTEM), ("Chassis", "/redfish/v1/Chassis/1")])
def test_indicator(bmc, client, category, path):
    for name, led in [("IndicatorLedOn", "Lit"), ("IndicatorLedOff", "Off")]:
        seen = len(bmc.saw())
        command(bmc, name, category=category)
        assert client.get(path)["IndicatorLED"] == led
        assert client.get(SYSTEM)["LocationIndicatorActive"] == (led == "Lit")
        wanted = "identify-on" if led == "Lit" else "identify-off"
        until(lambda: wanted in bmc.saw()[seen:], f"the machine's light: {wanted}")


def test_a_blinking_indicator_goes_out_when_told(bmc, client):
    seen = len(bmc.saw())
    command(bmc, "IndicatorLedBlink")
    assert client.get(SYSTEM)["IndicatorLED"] == "Blinking"
    until(lambda: "identify-on" in bmc.saw()[seen:], "the machine's light")
    command(bmc, "IndicatorLedOff")
    assert client.get(SYSTEM)["IndicatorLED"] == "Off"
    until(lambda: "identify-off" in bmc.saw()[seen:], "the machine's light is out")
