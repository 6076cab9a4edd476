"""A virtual machine's network cards: what one sends arrives where its cable leads."""

import contextlib
import os
import pathlib
import socket
import struct
import subprocess

import pytest

from support import machine
from support.redfish import SYSTEM
from support.waiting import HANG, until

SENSORS = "/redfish/v1/Chassis/1/Sensors"

# A boot from the network begins with a broadcast, so a card speaks without an operating system.
PXE = {"BootSourceOverrideTarget": "Pxe", "BootSourceOverrideEnabled": "Once"}

BROADCAST = bytes([0xFF] * 6)
ETH_P_ALL = 3

# Runs a command where QEMU's helper may join the bridge $1, as it reads in /etc/qemu/bridge.conf. The
# other /etc is that command's alone, and gone with it.
ALLOWING = ("unshare", "--mount", "sh", "-ec", """
mount -t tmpfs etc "$2"
cp -a /etc/. "$2"
mkdir -p "$2/qemu"
echo "allow $1" >"$2/qemu/bridge.conf"
mount --bind "$2" /etc
shift 2
exec "$@"
""", "-")


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


def ip(*words: str) -> None:
    """Changes the host's interfaces."""
    subprocess.run(["ip", *words], check=True, timeout=HANG)


@pytest.fixture
def interface():
    """Makes an interface of the host by these words of `ip`, and gives its name."""
    assert os.geteuid() == 0, "this test makes a network interface: run it as root"
    name = f"ob{os.getpid()}"
    with contextlib.ExitStack() as stack:
        def make(*words: str) -> str:
            ip(*(word.format(name) for word in words))
            stack.callback(ip, "link", "delete", name)
            ip("link", "set", name, "up")
            return name
        yield make


def test_a_tap_interface_takes_what_the_card_sends(machines, serve, interface):
    name = interface("tuntap", "add", "dev", "{}", "mode", "tap")
    counter = pathlib.Path(f"/sys/class/net/{name}/statistics/rx_packets")
    client = serve(machine.server(
        tables=machine.nic(f'kind = "tap", interface = "{name}"'))).client()
    boot_from_network(client)
    until(lambda: int(counter.read_text()) > 0, "a frame on the interface")
    sent = f"{SENSORS}/net-send"
    until(lambda: (client.get(sent)["Reading"] or 0) > 0, "the daemon counts it too")
    client.reset("ForceOff")
    client.await_power("Off")


def test_a_bridge_is_joined_and_counted(machines, serve, interface, tmp_path):
    name = interface("link", "add", "{}", "type", "bridge")
    other_etc = tmp_path / "etc"
    other_etc.mkdir()
    network = machine.nic(f'kind = "bridge", interface = "{name}"')
    client = serve(machine.server(tables=network), wrapper=(*ALLOWING, name, other_etc)).client()
    members = pathlib.Path(f"/sys/class/net/{name}/brif")
    assert not any(members.iterdir())
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as ear:
        ear.bind((name, ETH_P_ALL))
        ear.settimeout(HANG)
        boot_from_network(client)
        assert len(list(members.iterdir())) == 1
        wanted = BROADCAST + mac(client)
        until(lambda: ear.recv(2048).startswith(wanted), "a frame of the card on the bridge")
    sent = f"{SENSORS}/net-send"
    until(lambda: (client.get(sent)["Reading"] or 0) > 0, "the daemon counts it too")
    client.reset("ForceOff")
    client.await_power("Off")
    until(lambda: not any(members.iterdir()), "the machine has left the bridge")


def test_a_bridge_that_is_not_there_is_said(machines, serve):
    network = 'kind = "bridge", interface = "nobridge0"'
    client = serve(machine.server(tables=machine.nic(network))).client()
    assert "bridge helper failed" in machine.outcome(client, "On")
    assert client.power() == "Off" and machines() == []


def test_a_cable_whose_place_is_taken_is_said(machines, serve):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = "127.0.0.1:%d" % taken.getsockname()[1]
        network = f'kind = "listen", address = "{address}"'
        client = serve(machine.server(tables=machine.nic(network))).client()
        assert "Address already in use" in machine.outcome(client, "On")
        assert client.power() == "Off" and machines() == []
