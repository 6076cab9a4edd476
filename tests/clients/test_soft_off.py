"""A machine that is deaf to the power button's short press: accepted, then failed, then off."""

from support import events
from support.faults import set_fault
from support.waiting import until


def endings(bmc, result: str) -> list[dict]:
    """The events of commands that ended so."""
    return [e for e in events.of_kind(bmc.state, "ended") if e["outcome"]["result"] == result]


def test_a_deaf_machine_fails_the_shutdown_and_still_obeys_off(serve, settled):
    bmc = serve()
    client = bmc.client()
    settled(client, "On")
    set_fault(client, "deaf-soft-off")
    pressed = bmc.saw().count("power-button-down")
    accepted = client.reset("GracefulShutdown")
    assert accepted.status_code == 202
    assert accepted.headers["Location"]
    until(lambda: bmc.saw().count("power-button-down") == pressed + 1, "one short press")

    task = client.task(accepted)
    assert task["TaskState"] == "Exception"
    assert task["TaskStatus"] == "Critical"
    assert client.power() == "On"
    (failure,) = endings(bmc, "failed")
    assert "soft-off" in failure["command"]

    seen = len(bmc.saw())
    client.reset("ForceOff")
    client.await_power("Off")
    assert "power-off" in bmc.saw()[seen:] and "going-down" not in bmc.saw()


def test_off_takes_the_place_of_a_pending_shutdown(serve, settled):
    bmc = serve()
    client = bmc.client()
    settled(client, "On")
    set_fault(client, "deaf-soft-off")
    shutdown = client.reset("GracefulShutdown")
    client.reset("ForceOff")
    client.await_power("Off")
    assert client.task(shutdown)["TaskState"] == "Cancelled"
    assert [each["outcome"]["by"] for each in endings(bmc, "superseded")] == ["off"]
