"""Ansible's redfish_info, unmodified: what it finds is there, and what it doesn't find is not."""

import re

import pytest

from support import ansible, events, settings
from support.bmc import Serve
from support.faults import set_fault
from support.redfish import CHASSIS, SYSTEM
from support.waiting import until


@pytest.fixture(scope="module")
def bmc(tmp_path_factory):
    """One BMC for all tests of this file, of a machine that has power supplies as well."""
    keys = 'profile = "two-socket"'
    bmc = Serve(tmp_path_factory.mktemp("info"), settings.server(keys=keys))
    with bmc.daemon:
        yield bmc


@pytest.fixture
def client(bmc):
    return bmc.client()


# Of each category: what every command of it must find, by the names of the module's answers.
FINDS = {
    "Systems": {"system", "cpu", "memory", "nic", "disk", "storage_controller", "volume",
                "boot_override", "power_restore_policy", "health_report"},
    "Chassis": {"chassis", "fan", "thermals", "chassis_power", "psu", "health_report"},
    "Accounts": {"user", "accountservice_config"},
    "Sessions": {"session"},
    "Update": {"firmware"},
    "Manager": {"manager", "network_protocols", "service_id", "health_report"},
    "Service": {"service"},
}
# And what no command can find, as there is no such thing so far.
MISSES = {
    "Systems": {
        "bios_attribute": "the system has no Bios",
        "bios_registries": "the system has no Bios",
        "boot_order": "Boot has no BootOrder",
        "virtual_media": "the system has no VirtualMedia",
    },
    "Chassis": {
        "hpe_thermal_config": "an OEM property of HPE's",
        "hpe_fan_percent_min": "an OEM property of HPE's",
    },
    "Accounts": {},
    "Sessions": {},
    "Update": {
        "firmware_update_capabilities": "UpdateService has no Actions: nothing can be updated",
        "software": "UpdateService has no SoftwareInventory",
        "update_status": "there is no update whose handle could be given",
    },
    "Manager": {
        "log": "no manager has LogServices",
        "host_interfaces": "no manager has HostInterfaces",
        "manager_nics": "no manager has EthernetInterfaces",
        "virtual_media": "no manager has VirtualMedia",
    },
    "Service": {},
}


def answered(facts: dict) -> dict[str, bool]:
    """Whether each command found what it looks for; one that misses may say so in words."""
    return {name: fact["ret"] is True for name, fact in facts.items()}


def expected(*categories: str) -> dict[str, bool]:
    """What the tables above say. Of commands with one name in two categories the last one counts."""
    return {name: name in FINDS[category]
            for category in categories for name in [*FINDS[category], *MISSES[category]]}


@pytest.mark.parametrize("category", FINDS)
def test_every_command_of_a_category_finds_what_there_is(bmc, category):
    facts = ansible.info(bmc, category, "all")
    assert answered(facts) == expected(category)


def test_info_of_everything_does_not_fail(bmc):
    assert answered(ansible.info(bmc, "all", "all")) == expected(*FINDS)


def test_system_inventory(bmc, client):
    system = client.get(SYSTEM)
    entry = ansible.info(bmc, "Systems", "GetSystemInventory")["system"]["entries"][0][1]
    for name in ("Manufacturer", "Model", "SerialNumber", "PowerState", "BiosVersion",
                 "ProcessorSummary", "MemorySummary"):
        assert entry[name] == system[name], name
    assert entry["Model"] == "Rack 2S" and entry["ProcessorSummary"]["Count"] == 2


def report(bmc, category: str) -> dict:
    """The module's health report of the only system or chassis."""
    ((_, entry),) = ansible.info(bmc, category, "GetHealthReport")["health_report"]["entries"]
    return entry


def healths(bmc) -> tuple[str, str, str]:
    """How the module says that the system, the chassis and the first fan are."""
    chassis = report(bmc, "Chassis")
    parts = (report(bmc, "Systems")["System"], chassis["Chassis"], chassis["Fans"][0])
    return tuple(part["Status"]["Health"] for part in parts)


@pytest.mark.parametrize("sensor, threshold, health, fan", [
    ("inlet-temp", "UpperCaution", "Warning", "OK"),
    ("inlet-temp", "UpperCritical", "Critical", "OK"),
    ("fan1", "LowerCritical", "Critical", "Critical"),
])
def test_the_health_report_follows_a_sensor_past_its_threshold_and_back(
        bmc, client, settled, sensor, threshold, health, fan):
    settled(client, "On")
    path = f"{CHASSIS}/Sensors/{sensor}"
    crossing = re.sub("(?<!^)(?=[A-Z])", "-", threshold).lower()

    def crossings() -> list[bool]:
        """What the event log has of this threshold: crossed, and left."""
        return [event["crossed"] for event in events.of_kind(bmc.state, "threshold")
                if (event["sensor"], event["threshold"]) == (sensor, crossing)]

    before = len(crossings())
    assert healths(bmc) == ("OK", "OK", "OK")
    value = client.get(path)["Thresholds"][threshold]["Reading"]
    clear = set_fault(client, "sensor-value", sensor=sensor, value=value)
    assert healths(bmc) == (health, health, fan)
    assert client.get(path)["Status"]["Health"] == health
    assert client.get(SYSTEM)["Status"]["Health"] == health
    until(lambda: crossings()[before:] == [True], "the event log has the crossing")
    assert client.status("DELETE", clear) == 204
    assert healths(bmc) == ("OK", "OK", "OK")
    until(lambda: crossings()[before:] == [True, False], "the event log has the return")
