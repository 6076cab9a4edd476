"""A machine that is deaf to the power button's short press: accepted, then failed, then off."""

from support.faults import set_fault
from support.redfish import SYSTEM
from support.waiting import until


def messages(client) -> list[dict]:
    """The server's event log."""
    return client.get(f"{SYSTEM}/LogServices/Event/Entries")["Members"]


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
    assert task["TaskStatus"] in ("Warning", "Critical")
    assert client.power() == "On"
    failures = [e for e in messages(client) if e["Severity"] != "OK" and "soft-off" in e["Message"]]
    assert len(failures) == 1

    client.reset("ForceOff")
    client.await_power("Off")


def test_off_takes_the_place_of_a_pending_shutdown(serve, settled):
    bmc = serve()
    client = bmc.client()
    settled(client, "On")
    set_fault(client, "deaf-soft-off")
    shutdown = client.reset("GracefulShutdown")
    client.reset("ForceOff")
    client.await_power("Off")
    assert client.task(shutdown)["TaskState"] in ("Exception", "Cancelled")
