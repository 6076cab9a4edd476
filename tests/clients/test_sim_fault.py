"""`outband sim fault`, the native API, and the settings: faults are set, seen, listed and cleared."""

import json

import pytest

from support import events, settings
from support.faults import listed, set_fault
from support.redfish import SYSTEM
from support.waiting import until


@pytest.fixture
def bmc(serve):
    return serve()


def fault(bmc, *words: str) -> str:
    """What `outband sim fault` prints when it must end well."""
    done = bmc.cli("sim", "fault", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_fault_is_set_listed_and_cleared_from_the_command_line(bmc):
    number = fault(bmc, "set", "slow-post", "factor=5", "--times", "3", "--seed", "7")
    (shown,) = listed(bmc.client())
    assert (shown["kind"], shown["factor"], str(shown["id"])) == ("slow-post", 5, number)
    assert (shown["scope"]["times"], shown["scope"]["seed"]) == (3, 7)
    assert "slow-post" in fault(bmc, "list")
    fault(bmc, "clear", number)
    assert listed(bmc.client()) == []


def test_all_faults_are_cleared_at_once(bmc):
    fault(bmc, "set", "no-signal")
    fault(bmc, "set", "stuck-reset")
    assert [each["kind"] for each in listed(bmc.client())] == ["no-signal", "stuck-reset"]
    fault(bmc, "clear", "all")
    assert listed(bmc.client()) == []


@pytest.mark.parametrize("words", [
    ("set", "no-such-fault"), ("set", "slow-post"), ("set", "slow-post", "factor=1"),
    ("set", "no-signal", "--percent", "0"), ("set", "no-signal", "--server", "none"),
    ("set", "sensor-value", "sensor=warp-core", "value=1"), ("clear", "999"),
])
def test_what_is_no_fault_is_refused(bmc, words):
    done = bmc.cli("sim", "fault", *words)
    assert done.returncode != 0
    assert done.stderr.strip()
    assert listed(bmc.client()) == []


def test_a_stuck_reset_fails_the_reset_and_a_cleared_one_works(bmc, settled):
    client = bmc.client()
    settled(client, "On")
    path = set_fault(client, "stuck-reset")
    task = client.task(client.reset("ForceRestart"))
    assert task["TaskState"] == "Exception"
    assert "reset-button-down" in bmc.saw()  # it was pressed, and nothing came of it
    assert client.status("DELETE", path) in (200, 204)
    boots = bmc.saw().count("boot")
    client.reset("ForceRestart")
    until(lambda: bmc.saw().count("boot") > boots, "the machine boots again")


def test_a_dead_power_light_makes_a_running_machine_look_off(bmc, settled):
    client = bmc.client()
    settled(client, "On")
    seen = len(bmc.saw())
    path = set_fault(client, "dead-power-led")
    client.await_power("Off")
    assert client.status("DELETE", path) in (200, 204)
    client.await_power("On")
    assert bmc.saw()[seen:] == []  # it ran all the time


def test_a_sensor_reads_what_the_fault_says_and_then_what_it_measures(bmc, settled):
    client = bmc.client()
    settled(client, "On")
    (path,) = [m["@odata.id"] for m in client.get("/redfish/v1/Chassis/1/Sensors")["Members"]
               if client.get(m["@odata.id"])["ReadingType"] == "Temperature"][:1]
    sensor = path.rsplit("/", 1)[1]
    before = client.get(path)["Reading"]
    clear = set_fault(client, "sensor-value", sensor=sensor, value=before + 40)
    assert client.get(path)["Reading"] == pytest.approx(before + 40, abs=1)
    assert client.status("DELETE", clear) in (200, 204)
    assert client.get(path)["Reading"] < before + 30


def test_an_injected_record_stands_in_the_system_event_log(bmc):
    client = bmc.client()
    before = len(events.of_kind(bmc.state, "system-event"))
    record = {"sensor_type": 1, "sensor_number": 1, "event_type": 1, "data": [0x57, 60, 50]}
    set_fault(client, "sel-entry", **record)
    until(lambda: len(events.of_kind(bmc.state, "system-event")) == before + 1, "the entry")
    sel = [event["sel"] for event in events.read(bmc.state) if event["sel"]][-1]
    assert sel[10:] == [1, 1, 1, 0x57, 60, 50]  # IPMI 2.0 table 32-1, bytes 11 to 16


def test_an_unavailable_server_answers_503_until_the_time_is_over(bmc):
    client = bmc.client()
    set_fault(client, "http-unavailable", scope={"seconds": 1})
    answer = client.send("GET", SYSTEM)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert client.status("GET", "/redfish/v1/") == 200  # the service itself is well
    until(lambda: client.status("GET", SYSTEM) == 200, "the fault has ended by itself")
    assert listed(client) == []


def test_a_fault_strikes_as_often_as_it_may(bmc):
    client = bmc.client()
    set_fault(client, "http-unavailable", scope={"times": 2})
    assert [client.status("GET", SYSTEM) for _ in range(4)] == [503, 503, 200, 200]


def pattern(client, seed: int) -> list[int]:
    """On which of twenty occasions a fault of fifty percent strikes."""
    path = set_fault(client, "http-unavailable", scope={"percent": 50, "seed": seed})
    struck = [client.status("GET", SYSTEM) for _ in range(20)]
    assert client.status("DELETE", path) in (200, 204)
    return struck


def test_a_seed_makes_it_the_same_each_time(bmc):
    client = bmc.client()
    first = pattern(client, 1)
    assert set(first) == {200, 503}
    assert pattern(client, 1) == first
    assert pattern(client, 2) != first


def test_a_fault_from_the_settings_is_there_from_the_start(serve):
    bmc = serve(settings.server(parts='[[server.sim.fault]]\nkind = "no-signal"\n'))
    assert [each["kind"] for each in listed(bmc.client())] == ["no-signal"]


def test_faults_of_one_server_leave_another_alone(serve):
    bmc = serve(settings.server("1"), settings.server("2"))
    client = bmc.client()
    set_fault(client, "http-unavailable")
    assert client.status("GET", SYSTEM) == 503
    assert client.status("GET", "/redfish/v1/Systems/2") == 200
    assert json.loads(fault(bmc, "list", "--server", "2")) in ([], {"faults": []})
