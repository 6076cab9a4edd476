"""Parts and services can be off: each is looked for through every door, and found there when on.

The tables say what is looked for; one and the same look says `SHOWN` on a BMC with everything on, and
what stands beside it on one with that part or service off.
"""

import pathlib
import re
import signal

import pytest

from support import events, settings
from support.bmc import Serve
from support.doors import EVERY, NETWORK, every_door, server
from support.faults import FAULTS
from support.looks import absent, asked, fault, found, looks, read, shape, shown, there
from support.redfish import ACCOUNTS, CHASSIS, MANAGER, RESET, SESSIONS, SYSTEM
from support.waiting import until

DEFAULTS = pathlib.Path(__file__).parents[2] / "config/outband.toml"

SCREEN, KEYS = "/api/v1/servers/1/screen.png", "/api/v1/servers/1/keys"
ONCE = {"Boot": {"BootSourceOverrideEnabled": "Once", "BootSourceOverrideTarget": "Pxe"}}

# Of each part: the looks, and what each finds where the part is off.
PARTS = {
    "power": [
        (read(SYSTEM, "PowerState"), None),
        (read(SYSTEM, "PowerRestorePolicy"), None),
        (read(SYSTEM, "Actions", "#ComputerSystem.Reset"), None),
        (read(SYSTEM, "IndicatorLED"), None),
        (read(SYSTEM, "LocationIndicatorActive"), None),
        (read(SYSTEM, "BootProgress"), None),
        (read(SYSTEM, "Status", "State"), None),
        (read(CHASSIS, "PowerState"), None),
        (read(CHASSIS, "IndicatorLED"), None),
        (read(CHASSIS, "LocationIndicatorActive"), None),
        (asked("POST", RESET, {"ResetType": "ForceOff"}), 404),
        (asked("PATCH", SYSTEM, {"PowerRestorePolicy": "AlwaysOff"}), 400),
        (asked("PATCH", SYSTEM, {"LocationIndicatorActive": False}), 400),
        (asked("PATCH", SYSTEM, {"IndicatorLED": "Off"}), 400),
        (asked("PATCH", CHASSIS, {"LocationIndicatorActive": False}), 400),
        (asked("PATCH", CHASSIS, {"IndicatorLED": "Off"}), 400),
        (fault("deaf-soft-off"), 409),
        (fault("dead-power-led"), 409),
        (fault("stuck-reset"), 409),
    ],
    "boot": [
        (read(SYSTEM, "Boot"), None),
        (asked("PATCH", SYSTEM, ONCE), 400),
    ],
    "health": [
        (read(SYSTEM, "Status", "Health"), None),
        (read(CHASSIS, "Status", "Health"), None),
        (read(CHASSIS, "Sensors"), None),
        (read(CHASSIS, "Thermal"), None),
        (read(CHASSIS, "Power"), None),
        (asked("GET", f"{CHASSIS}/Sensors"), 404),
        (asked("GET", f"{CHASSIS}/Sensors/cpu-temp"), 404),
        (asked("GET", f"{CHASSIS}/Thermal"), 404),
        (asked("GET", f"{CHASSIS}/Power"), 404),
        (fault("sensor-value", sensor="cpu-temp", value=50), 409),
    ],
    "display": [
        (there(SCREEN), 404),
        (fault("no-signal"), 409),
    ],
    "input": [(asked("GET", KEYS), 404)],
}
# Parts that no service shows so far.
NOT_SHOWN = {"serial"}

SERVICES = {
    "redfish": [
        *((asked("GET", path), 404) for path in
          ("/redfish", "/redfish/v1/", "/redfish/v1/odata", "/redfish/v1/$metadata",
           "/redfish/v1/Systems", SYSTEM, CHASSIS, MANAGER, ACCOUNTS, SESSIONS)),
        (asked("PATCH", SYSTEM, {"AssetTag": "x"}), 404),
    ],
    "console": [
        (asked("GET", FAULTS.format("1")), 404),
        (asked("DELETE", FAULTS.format("1")), 404),
        (fault("http-unavailable"), 404),
        (there(SCREEN), 404),
        (asked("GET", KEYS), 404),
        *((asked("GET", path), 404) for path in
          ("/", "/servers/1", "/settings/account", "/openapi.json", "/api/v1/session")),
    ],
}
ALL = looks(*PARTS.values(), *SERVICES.values())


def test_with_everything_on_every_door_shows_all_that_the_tables_have(wide):
    """The counter-proof: what the tests below find absent is there otherwise."""
    doors = every_door(wide())
    assert set(doors) == NETWORK | {"socket"}
    for name, client in doors.items():
        assert found(client, ALL) == shown(ALL), name


@pytest.mark.parametrize("part", PARTS)
def test_without_a_part_every_door_lacks_it_and_nothing_else(wide, part):
    rows = PARTS[part]
    gone = absent(rows)
    others = [(look, how) for look, how in ALL if look not in gone]
    for name, client in every_door(wide(part)).items():
        assert found(client, looks(rows)) == gone, name
        assert found(client, others) == shown(others), name


def test_the_parts_that_no_service_shows_are_missed_by_none(serve, tmp_path_factory, running):
    """What shows such a part takes it out of `NOT_SHOWN`, and its looks into the tables."""
    whole = every_door(serve(server(), base=EVERY))
    bare = running(Serve(tmp_path_factory.mktemp("bare"), server(*NOT_SHOWN), base=EVERY))
    for name, client in every_door(bare).items():
        seen = shape(client)
        assert SYSTEM in seen and f"{CHASSIS}/Sensors/cpu-temp" in seen
        assert seen == shape(whole[name]), name
        assert found(client, ALL) == shown(ALL), name


def test_a_server_without_any_part_is_still_a_server(wide):
    for name, client in every_door(wide(*PARTS, *NOT_SHOWN)).items():
        client.change(SYSTEM, {"AssetTag": name})
        system = client.get(SYSTEM)
        assert (system["Id"], system["AssetTag"]) == ("1", name)


@pytest.mark.parametrize("service", SERVICES)
def test_without_a_service_no_door_of_the_network_has_it(wide, service):
    """The daemon's own socket has it: it is how the device itself is worked on."""
    rows = SERVICES[service]
    others = looks(*(SERVICES[other] for other in SERVICES if other != service))
    for name, client in every_door(wide(base=settings.with_service(service, base=EVERY))).items():
        off = absent(rows) if name in NETWORK else shown(looks(rows))
        assert found(client, looks(rows)) == off, name
        assert found(client, others) == shown(others), name


@pytest.mark.parametrize("switch", ["part", *SERVICES])
def test_a_reload_switches_off_and_on_again_at_every_door(wide, switch):
    bmc = wide()
    doors = every_door(bmc)
    rows = SERVICES.get(switch, PARTS["power"])

    def reload(*parts: str, base: str = EVERY) -> None:
        before = len(events.of_kind(bmc.state, "settings-reloaded"))
        settings.write(bmc.folder, server(*parts), base=base)
        bmc.daemon.signal(signal.SIGHUP)
        until(lambda: len(events.of_kind(bmc.state, "settings-reloaded")) > before, "the reload")

    if switch == "part":
        reload("power")
    else:
        reload(base=settings.with_service(switch, base=EVERY))
    for name in NETWORK:
        assert found(doors[name], looks(rows)) == absent(rows), name
    reload()
    for name in NETWORK:
        assert found(doors[name], ALL) == shown(ALL), name


def test_state_in_memory_leaves_nothing_behind(serve):
    base = EVERY.replace('"state"', '"memory"') + settings.OPEN
    bmc = serve('[[server]]\nid = "1"\n', base=base, new=True)
    assert set(every_door(bmc, user=None)) == {"https", "http"}
    bmc.visitor().change(SYSTEM, {"AssetTag": "forgotten"})
    assert bmc.visitor().get(SYSTEM)["AssetTag"] == "forgotten"
    bmc.daemon.restart()
    assert bmc.visitor().get(SYSTEM)["AssetTag"] is None
    assert {path.name for path in bmc.folder.iterdir() if path.suffix != ".pem"} == {"outband.toml"}


def test_every_switch_of_the_commented_settings_is_looked_for():
    switches, table = set(), ""
    for line in DEFAULTS.read_text().splitlines():
        if header := re.fullmatch(r"#?\[+([a-z_.]+)\]+", line):
            table = header[1]
        if re.match(r'#(enabled = |driver = "none")', line):
            switches.add(table)
    elsewhere = {"access", "service.https", "service.http", "service.plain_http",  # test_doors.py
                 "service.ipmi"}  # test_ipmi_doors.py
    assert switches == elsewhere | {f"service.{name}" for name in SERVICES} | {
        f"server.{part}" for part in NOT_SHOWN | set(PARTS)}
