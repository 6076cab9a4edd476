"""What is told of a virtual machine: what was seen of it, and nothing that wasn't."""

import re

from support import events, machine
from support.redfish import SYSTEM
from support.waiting import until

SENSORS = "/redfish/v1/Chassis/1/Sensors"
NIC = f"{SYSTEM}/EthernetInterfaces/NIC1"

# SeaBIOS tells its version on this port.
FIRMWARE_PORT = ("-chardev", "file,id=seabios,path={}",
                 "-device", "isa-debugcon,iobase=0x402,chardev=seabios")


def reading(client, sensor: str):
    """What a sensor reads now."""
    return client.get(f"{SENSORS}/{sensor}")["Reading"]


def sensors(client) -> set[str]:
    """The ids of the sensors that there are."""
    return {member["@odata.id"].rsplit("/", 1)[1] for member in client.get(SENSORS)["Members"]}


def test_the_firmware_is_the_one_that_ran(machines, serve, tmp_path):
    told = tmp_path / "seabios"
    extra = [word.format(told) for word in FIRMWARE_PORT]
    bmc = serve(machine.server(*extra))
    client = bmc.client()
    assert "BiosVersion" not in client.get(SYSTEM)
    assert "HostName" not in client.get(SYSTEM)
    client.reset("On")
    client.await_power("On")
    banner = r"SeaBIOS \(version (.+)\)"
    until(lambda: told.exists() and re.search(banner, told.read_text()), "the firmware's own words")
    version = re.search(banner, told.read_text())[1]
    assert client.get(SYSTEM)["BiosVersion"] == version
    bmc.daemon.kill()
    bmc.daemon.start()
    assert bmc.client().get(SYSTEM)["BiosVersion"] == version


def test_a_link_is_up_while_the_machine_is_on(machines, serve):
    client = serve(machine.server(tables=machine.nic('kind = "user"'))).client()
    assert "LinkStatus" not in client.get(NIC)
    client.reset("On")
    until(lambda: client.get(NIC).get("LinkStatus") == "LinkUp", "the link is up")
    client.reset("ForceOff")
    until(lambda: "LinkStatus" not in client.get(NIC), "the link is not known")


def test_what_a_machine_moves_is_measured(box):
    made = box(cd="reboot")  # over and over: it reads all the time
    client = made.bmc.client()
    client.change(SYSTEM, {"Boot": {"BootSourceOverrideTarget": "Cd",
                                    "BootSourceOverrideEnabled": "Continuous"}})
    assert sensors(client) == {"cpu-load", "disk-read", "disk-write"}
    assert reading(client, "disk-read") is None
    client.reset("On")
    until(lambda: (reading(client, "disk-read") or 0) > 0, "reads are seen")
    assert reading(client, "disk-write") == 0
    assert client.get(f"{SENSORS}/disk-read")["ReadingUnits"] == "MBy/s"
    until(lambda: (reading(client, "cpu-load") or 0) > 0, "the load is seen")
    client.reset("ForceOff")
    client.await_power("Off")
    assert reading(client, "disk-read") is None
    assert reading(client, "cpu-load") is None


def test_a_panic_is_kept_in_the_log(box):
    made = box(disk="panic")
    client = made.bmc.client()
    client.reset("On")
    made.has_said("the disk")
    until(lambda: events.of_kind(made.bmc.state, "system-event"), "the panic is in the log")
    assert client.power() == "On"


def test_a_watchdog_that_nobody_feeds_restarts_the_machine(box):
    made = box(disk="dog")
    client = made.bmc.client()
    client.reset("On")
    until(lambda: len(made.said()) >= 2, "the second boot")
    until(lambda: events.of_kind(made.bmc.state, "restarted"), "the restart is in the log")
    causes = {event["cause"] for event in events.of_kind(made.bmc.state, "restarted")}
    assert causes == {"watchdog"}
    assert client.power() == "On"
