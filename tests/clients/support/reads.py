"""What ipmitool tells of a server, and the settings that only show in what it tells: each is looked at
on servers of every kind, in every way to log in."""

import re

from .lan import field
from .waiting import until

POLICIES = {"always-off": "AlwaysOff", "previous": "LastState", "always-on": "AlwaysOn"}
# Of each boot parameter: what ipmitool says of it, and a value that is written and read back.
PARAMETERS = [("Set In Progress : set complete", None),
              ("Service Partition Selector : 5", "05"),
              ("Service Partition Scan", "03"),
              ("BMC boot flag valid bit clearing", "1f"),
              ("Boot Info Acknowledge", None),
              ("Boot Device Selector : No override", None),
              ("Boot Initiator Info", "0a0102030405060708"),
              ("Block Data", "004f55540001020304")]


def chassis_status(server) -> None:
    """Each field that says something, with the power on and off."""
    for power, policy in (("On", "previous"), ("Off", "always-off")):
        server.settle(power)
        server.ipmitool("chassis", "policy", policy)
        status = server.ipmitool("chassis", "status")
        assert field(status, "System Power") == power.lower()
        assert field(status, "Power Restore Policy") == policy
        assert server.system("PowerRestorePolicy") == POLICIES[policy]
        for name in ("Power Overload", "Main Power Fault", "Power Control Fault"):
            assert field(status, name) == "false"
        assert field(status, "Last Power Event") == "command"  # by which it last went on


def restore_policy(server) -> None:
    """Each policy is listed and set."""
    listed = server.ipmitool("chassis", "policy", "list")
    for word in ("always-on", "previous", "always-off"):
        assert word in listed
        server.ipmitool("chassis", "policy", word)
        assert server.system("PowerRestorePolicy") == POLICIES[word]


def identify_light(server) -> None:
    """It is lit for a time, and for good, and says which; where there is none, nothing pretends."""
    def state() -> int:
        """Bits 5 and 4 of the chassis status's third byte: off, for a time, for good."""
        bits = int(server.ipmitool("raw", "0x00", "0x01").split()[2], 16)
        assert bits & 0x40, "the state is told"
        return bits >> 4 & 3

    if server.has_light:
        server.ipmitool("chassis", "identify", "2")
        assert server.system("LocationIndicatorActive") and state() == 1
        until(lambda: not server.system("LocationIndicatorActive"), "it goes off after its time")
        assert state() == 0
        server.ipmitool("chassis", "identify", "force")
        assert server.system("LocationIndicatorActive") and state() == 2
        server.ipmitool("chassis", "identify", "0")
        assert not server.system("LocationIndicatorActive") and state() == 0
    else:
        assert "Invalid command" in server.refused("chassis", "identify", "2")
        assert "LocationIndicatorActive" not in server.redfish.get(server.path)
        assert not int(server.ipmitool("raw", "0x00", "0x01").split()[2], 16) & 0x40


def cleared_cmos(server) -> None:
    """No machine here can have it cleared, so what asks for it is refused and changes nothing."""
    server.ipmitool("chassis", "bootdev", "none")
    # ipmitool tells it and ends well all the same.
    tried = server.lan.ipmitool("chassis", "bootdev", "disk", "clear-cmos=yes", flags=server.flags)
    assert "Parameter 5 failed: Invalid data field" in tried.err
    assert "Set Boot Device" not in tried.out
    assert server.override()[0] == "Disabled"
    assert "CMOS Clear" not in server.ipmitool("chassis", "bootparam", "get", "5")


def boot_parameters(server) -> None:
    """Every one can be read, as it was written, and one that isn't there is told."""
    server.ipmitool("chassis", "bootdev", "none")
    for number, (words, value) in enumerate(PARAMETERS):
        if value:
            write_parameter(server, number, bytes.fromhex(value))
        read = server.ipmitool("chassis", "bootparam", "get", str(number))
        assert field(read, "Boot parameter version") == "1"
        assert f"Boot parameter {number} is valid/unlocked" in read
        assert words in read
        if value:
            data = field(read, "Boot parameter data")
            assert data == value.ljust(len(data), "0")
            write_parameter(server, number, bytes(len(data) // 2))
    assert "Unsupported parameter" in server.refused("chassis", "bootparam", "get", "90")


def write_parameter(server, number: int, value: bytes) -> None:
    """Writes a boot parameter as it is."""
    server.ipmitool("raw", "0x00", "0x08", *(str(byte) for byte in bytes([number]) + value))


def restart_cause(server) -> None:
    """It was switched on by a command."""
    server.settle("Off")
    server.ipmitool("power", "on")
    server.await_power("On")
    assert "chassis power control command" in server.ipmitool("chassis", "restart_cause")


def device(server) -> None:
    """What it is, and that it is well."""
    hours = server.ipmitool("chassis", "poh")
    assert re.search(r"POH Counter\s*: 0 days, 0 hours", hours), hours
    assert field(server.ipmitool("chassis", "selftest"), "Self Test Results") == "passed"
    info = server.ipmitool("mc", "info")
    assert field(info, "IPMI Version") == "2.0"
    assert field(info, "Device Available") == "yes"
    assert "Chassis Device" in info and "Bridge" not in info
    assert server.system("UUID").lower() in server.ipmitool("mc", "guid").lower()


def sessions(server) -> None:
    """The one that asks is among them."""
    listed = server.ipmitool("session", "info", "all")
    handles = re.findall(r"session handle\s*: (\d+)", listed)
    standing = [handle for handle in handles if handle != "0"]
    # Who was given a wrong K_g left without a word, so there may be others still.
    assert len(set(standing)) == len(standing) == int(field(listed, "active sessions")) >= 1
    assert field(listed, "slot count") == "63" == str(len(handles))
    for name, value in (("privilege level", "ADMINISTRATOR"), ("console ip", "127.0.0.1"),
                        ("session type", "IPMIv2/RMCP+")):
        assert re.search(rf"{name}\s*: {value}", listed), name
    assert "session handle" in server.ipmitool("session", "info", "active")


def channel(server) -> None:
    """It is a LAN, and lists what it takes."""
    info = server.ipmitool("channel", "info")
    assert field(info, "Channel Medium Type") == "802.3 LAN"
    assert field(info, "Channel Protocol Type") == "IPMB-1.0"
    assert field(info, "Session Support") == "multi-session"
    assert field(info, "Access Mode") == "always available"
    ciphers = server.ipmitool("channel", "getciphers", "ipmi")
    listed = [line.split()[0] for line in ciphers.splitlines() if re.match(r"\d", line)]
    assert sorted(listed) == ["17", "3"], ciphers


ALL = [chassis_status, restore_policy, identify_light, cleared_cmos, boot_parameters, restart_cause,
       device, sessions, channel]
