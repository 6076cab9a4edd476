"""A server through Redfish: every reset type, the boot mode, and changes that are made at once."""

import pytest

from support.bmc import Serve
from support.redfish import CHASSIS, RESET, SYSTEM
from support.waiting import until

# Each: the reset type, the power before and in the end, and what the machine must have seen, in this
# order. `going-down` is its system, which ends when it is asked to and in no other case.
ON = ["power-button-down", "power-on", "power-button-up"]
SOFT = ["power-button-down", "power-button-up", "going-down", "power-off"]
HARD = ["power-button-down", "power-off", "power-button-up"]
RESETS = [
    ("On", "Off", "On", ON),
    ("ForceOn", "Off", "On", ON),
    ("PushPowerButton", "Off", "On", ON),
    ("PushPowerButton", "On", "Off", SOFT),
    ("Nmi", "On", "On", ["nmi"]),
    ("ForceRestart", "On", "On", ["reset-button-down", "reset-button-up", "post", "boot"]),
    ("GracefulRestart", "On", "On", SOFT + ON),
    ("PowerCycle", "On", "On", HARD + ON),
    ("GracefulShutdown", "On", "Off", SOFT),
    ("ForceOff", "On", "Off", HARD),
]


@pytest.fixture(scope="module")
def bmc(tmp_path_factory):
    """One BMC for all tests of this file."""
    bmc = Serve(tmp_path_factory.mktemp("systems"))
    with bmc.daemon:
        yield bmc


@pytest.fixture
def client(bmc):
    return bmc.client()


def test_the_table_above_has_every_reset_type(client):
    reset = client.get(SYSTEM)["Actions"]["#ComputerSystem.Reset"]
    assert set(reset["ResetType@Redfish.AllowableValues"]) == {kind for kind, *_ in RESETS}


@pytest.mark.parametrize("kind, before, after, evidence", RESETS,
                         ids=[f"{kind}-{before}" for kind, before, *_ in RESETS])
def test_reset(bmc, client, settled, kind, before, after, evidence):
    settled(client, before)
    seen = len(bmc.saw())
    answer = client.reset(kind)
    if answer.status_code == 202:
        assert client.task(answer)["TaskState"] == "Completed"
    bmc.await_sight(evidence, since=seen)
    client.await_power(after)
    assert ("going-down" in bmc.saw()[seen:]) == ("going-down" in evidence)


def test_a_type_that_is_none_is_refused_with_the_list(bmc, client):
    seen = len(bmc.saw())
    answer = client.send("POST", RESET, {"ResetType": "Reset"})
    assert answer.status_code == 400
    assert all(kind in answer.text for kind, *_ in RESETS)
    assert bmc.saw()[seen:] == []


def test_a_reset_of_a_server_that_is_off_is_refused(bmc, client, settled):
    settled(client, "Off")
    seen = len(bmc.saw())
    assert client.status("POST", RESET, {"ResetType": "ForceRestart"}) == 409
    assert bmc.saw()[seen:] == []


@pytest.mark.parametrize("mode, firmware", [("Legacy", "legacy"), ("UEFI", "uefi")])
def test_a_boot_is_made_in_the_mode_that_was_asked_for(bmc, client, settled, mode, firmware):
    settled(client, "Off")
    client.change(SYSTEM, {"Boot": {"BootSourceOverrideEnabled": "Once",
                                    "BootSourceOverrideTarget": "Hdd",
                                    "BootSourceOverrideMode": mode}})
    assert client.get(SYSTEM)["Boot"]["BootSourceOverrideMode"] == mode
    seen = len(bmc.journal())
    client.reset("On")
    boot = until(lambda: [e for e in bmc.journal()[seen:] if e["saw"] == "boot"], "a boot")[0]
    assert (boot["target"], boot["mode"]) == ("hdd", firmware)


def reading(client, sensor: str):
    """What a sensor reads."""
    return client.get(f"{CHASSIS}/Sensors/{sensor}")["Reading"]


def test_fans_voltages_and_consumption_follow_the_power(client, settled):
    settled(client, "On")
    until(lambda: reading(client, "cpu-fan") > 300, "the fan turns")
    assert 11 < reading(client, "p12v") < 13
    running = reading(client, "power")
    settled(client, "Off")
    assert [reading(client, sensor) for sensor in ("cpu-fan", "p12v")] == [None, None]
    # What waits to be switched on takes a little.
    until(lambda: 0 < reading(client, "power") < running / 2, "it takes less")
    settled(client, "On")
    until(lambda: reading(client, "cpu-fan") > 300, "the fan turns again")
    until(lambda: reading(client, "power") > running / 2, "it takes more again")


def test_of_two_changes_on_one_etag_the_second_is_refused(client):
    etag = client.send("GET", SYSTEM).headers["ETag"]
    first = client.send("PATCH", SYSTEM, {"AssetTag": "first"}, **{"If-Match": etag})
    second = client.send("PATCH", SYSTEM, {"AssetTag": "second"}, **{"If-Match": etag})
    assert first.ok and second.status_code == 412
    assert client.get(SYSTEM)["AssetTag"] == "first"


def test_a_property_that_cannot_be_changed_is_named_and_nothing_changes(client):
    before = client.get(SYSTEM)
    answer = client.send("PATCH", SYSTEM, {"AssetTag": "new", "Model": "other", "Nonsense": 1})
    assert answer.status_code == 400
    named = [pointer for message in answer.json()["error"]["@Message.ExtendedInfo"]
             for pointer in message.get("RelatedProperties", [])]
    assert {"#/Model", "#/Nonsense"} <= set(named)
    assert client.get(SYSTEM)["AssetTag"] == before["AssetTag"]
