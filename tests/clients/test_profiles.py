"""The profiles that come with the program: each server is, through Redfish, what its profile says."""

import pathlib
import tomllib

import pytest

from support import settings
from support.bmc import Serve
from support.faults import FAULTS
from support.redfish import CHASSIS, RESET, SYSTEM
from support.waiting import until

FOLDER = pathlib.Path(__file__).parents[2] / "config/profiles"
PROFILES = {path.stem: tomllib.loads(path.read_text()) for path in FOLDER.glob("*.toml")}

# What a kind of chassis is called where Redfish has no word for it.
IN_REDFISH = {"Tower": "StandAlone"}


@pytest.fixture(scope="module")
def bmc(tmp_path_factory):
    """One server of each profile."""
    servers = [settings.server(name, keys=f'profile = "{name}"') for name in PROFILES]
    bmc = Serve(tmp_path_factory.mktemp("profiles"), *servers)
    with bmc.daemon:
        yield bmc


@pytest.fixture(params=PROFILES)
def named(request, bmc):
    """A profile's name, what its file says, and the path of a server's system and chassis."""
    name = request.param
    paths = (path.replace("/1", f"/{name}") for path in (SYSTEM, CHASSIS))
    return name, PROFILES[name], *paths


def ids(client, path: str) -> set[str]:
    """The ids of a collection's members."""
    return {member["@odata.id"].rsplit("/", 1)[1] for member in client.get(path)["Members"]}


def test_a_server_is_made_of_what_its_profile_names(bmc, named):
    _, profile, system, chassis = named
    client = bmc.client()
    made_of, shown = profile["inventory"], client.get(system)
    for key, name in [("manufacturer", "Manufacturer"), ("model", "Model"), ("sku", "SKU"),
                      ("bios_version", "BiosVersion")]:
        assert shown[name] == made_of[key], name
    assert shown["ProcessorSummary"]["Count"] == len(made_of["processors"])
    gib = sum(module["mib"] for module in made_of["memory"]) / 1024
    assert shown["MemorySummary"]["TotalSystemMemoryGiB"] == gib
    assert len(ids(client, f"{system}/EthernetInterfaces")) == len(made_of["nics"])
    kind = made_of["chassis"]["kind"]
    assert client.get(chassis)["ChassisType"] == IN_REDFISH.get(kind, kind)
    assert ids(client, f"{chassis}/Sensors") == {sensor["id"] for sensor in profile["sensor"]}


def test_a_server_has_the_buttons_and_lights_that_its_profile_gives_it(bmc, named):
    name, profile, system, _ = named
    client = bmc.client()
    front, shown = profile["front"], client.get(system)
    can = shown["Actions"]["#ComputerSystem.Reset"]["ResetType@Redfish.AllowableValues"]
    for button, kind in [("nmi", "Nmi"), ("reset", "ForceRestart")]:
        asked = client.status("POST", f"{system}/Actions/ComputerSystem.Reset", {"ResetType": kind})
        assert ((kind in can), asked != 400) == (front[button], front[button]), kind
    assert ("LocationIndicatorActive" in shown) == front["identify"]
    stuck = client.status("POST", FAULTS.format(name), {"kind": "stuck-reset"})
    assert stuck == (201 if front["reset"] else 409)
    assert client.status("DELETE", FAULTS.format(name)) == 204
    targets = shown["Boot"]["BootSourceOverrideTarget@Redfish.AllowableValues"]
    assert ("Cd" in targets) == ("cd" in profile["boot"]["targets"])


def test_a_server_boots_and_shuts_down(bmc, named, settled):
    name, _, system, _ = named
    client = bmc.client()
    settled(client, "On", system)
    client.reset("GracefulShutdown", system)
    client.await_power("Off", system)
    until(lambda: bmc.saw(name)[-1:] == ["power-off"], "the machine went off")
    assert "going-down" in bmc.saw(name)


def test_where_nothing_senses_the_power_its_state_is_unknown_and_nothing_is_claimed(serve, tmp_path):
    text = (FOLDER / "pc.toml").read_text()
    (tmp_path / "blind.toml").write_text(text.replace("power_led = true", "power_led = false"))
    bmc = serve(settings.server(keys='profile = "blind.toml"'))
    client = bmc.client()
    for kind, evidence in [("On", "power-on"), ("ForceOff", "power-off")]:
        answer = client.send("POST", RESET, {"ResetType": kind})
        done = answer.json() if answer.status_code == 200 else client.task(answer)
        (message,) = done.get("@Message.ExtendedInfo") or done["Messages"]
        assert message["MessageId"].endswith(".EffectNotSensed"), kind
        bmc.await_sight([evidence], since=0)
        assert client.get(SYSTEM)["PowerState"] is None
    assert client.status("POST", FAULTS.format(1), {"kind": "dead-power-led"}) == 409
