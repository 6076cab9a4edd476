"""A virtual machine's network cards: what one sends arrives where its cable leads."""

import os
import pathlib
import socket
import struct
import subprocess

from support import machine
from support.redfish import SYSTEM
from support.waiting import HANG, until

# A boot from the network begins with a broadcast, so a card speaks without an operating system.
PXE = {"BootSourceOverrideTarget": "Pxe", "BootSourceOverrideEnabled": "Once"}

BROADCAST = bytes([0xFF] * 6)


def boot_from_network(client, system: str = SYSTEM) -> None:
    """Switches a machine on that boots from the network."""
    client.change(system, {"Boot": PXE})
    client.reset("On", system)
    client.await_power("On", system)


def mac(client, system: str = SYSTEM) -> bytes:
    """The address of a machine's first card."""
    nic = client.get(f"{system}/EthernetInterfaces/NIC1")
    return bytes.fromhex(nic["MACAddress"].replace(":", ""))


def broadcasts(capture: pathlib.Path) -> set[bytes]:
    """Who sent broadcasts, in a capture of QEMU's (the pcap file format, version 2.4)."""
    data = capture.read_bytes()[24:] if capture.exists() else b""
    senders = set()
    while len(data) >= 16:
        (length,) = struct.unpack_from("<8xI", data)
        frame, data = data[16:16 + length], data[16 + length:]
        if frame[:6] == BROADCAST:
            senders.add(frame[6:12])
    return senders


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_cable_leads_from_one_machine_to_another(machines, serve, tmp_path):
    address = f"127.0.0.1:{free_port()}"
    capture = tmp_path / "capture"
    bmc = serve(
        machine.server("-object", f"filter-dump,id=f,netdev=net0,file={capture}", id="one",
                       tables=machine.nic(f'kind = "listen", address = "{address}"')),
        machine.server(id="two", tables=machine.nic(f'kind = "connect", address = "{address}"')))
    client = bmc.client()
    one, two = (f"/redfish/v1/Systems/{id}" for id in ("one", "two"))
    client.reset("On", one)
    client.await_power("On", one)
    boot_from_network(client, two)
    until(lambda: mac(client, two) in broadcasts(capture), "a frame of the other machine")
    assert len(machines()) == 2


def test_a_tap_interface_takes_what_the_card_sends(machines, serve):
    assert os.geteuid() == 0, "this test makes a network interface: run it as root"
    name = f"ob{os.getpid()}"
    counter = pathlib.Path(f"/sys/class/net/{name}/statistics/rx_packets")
    subprocess.run(["ip", "tuntap", "add", "dev", name, "mode", "tap"], check=True, timeout=HANG)
    try:
        subprocess.run(["ip", "link", "set", name, "up"], check=True, timeout=HANG)
        client = serve(machine.server(
            tables=machine.nic(f'kind = "tap", interface = "{name}"'))).client()
        boot_from_network(client)
        until(lambda: int(counter.read_text()) > 0, "a frame on the interface")
        client.reset("ForceOff")
        client.await_power("Off")
    finally:
        subprocess.run(["ip", "link", "delete", name], check=True, timeout=HANG)


def refused(client) -> str:
    """What is said of a machine that can't be switched on."""
    answer = client.send("POST", f"{SYSTEM}/Actions/ComputerSystem.Reset", {"ResetType": "On"})
    said = str(client.task(answer)) if answer.status_code == 202 else answer.text
    assert client.power() == "Off"
    return said


def test_a_bridge_that_is_not_there_is_said(machines, serve):
    network = 'kind = "bridge", interface = "nobridge0"'
    client = serve(machine.server(tables=machine.nic(network))).client()
    assert "bridge helper failed" in refused(client)
    assert machines() == []


def test_a_cable_whose_place_is_taken_is_said(machines, serve):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = "127.0.0.1:%d" % taken.getsockname()[1]
        network = f'kind = "listen", address = "{address}"'
        client = serve(machine.server(tables=machine.nic(network))).client()
        assert "Address already in use" in refused(client)
        assert machines() == []
