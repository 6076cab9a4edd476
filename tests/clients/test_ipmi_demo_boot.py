"""What a demo boots, as every client of IPMI asks for it, and what they are told, whatever makes its
server real: each change is read back through Redfish and by what the driver shows of the machine."""

import pytest

from support import reads
from support.ipmi import KEY
from support.lan import field
from support.watched import cases
from support.waiting import until

# What asks for the CD at the next boot, by each client.

def bootdev(server) -> None:
    server.ipmitool("chassis", "bootdev", "cdrom")


def ipmi_config(server) -> None:
    server.free("ipmi-config", "--category=chassis", "--commit",
                "--key-pair=Chassis_Boot_Flags:Boot_Device=CD-DVD")


def pyghmi_bootdev(server) -> None:
    server.lan.pyghmi("set_bootdev", bootdev="optical")


def ipmi_boot(server) -> None:
    assert server.lan.ansible(server.bmc.folder, "ipmi_boot", bootdev="optical")["changed"]


# Each client: how it asks, its flags, and K_g.
CLIENTS = {
    "ipmitool": (bootdev, (), ""),
    "ipmitool-17": (bootdev, ("-C", "17"), ""),
    "ipmitool-3": (bootdev, ("-C", "3"), ""),
    "ipmitool-key": (bootdev, (), KEY),
    "ipmi-config-17": (ipmi_config, ("-I", "17"), ""),
    "ipmi-config-3": (ipmi_config, ("-I", "3"), ""),
    "pyghmi": (pyghmi_bootdev, (), ""),
    "ansible": (ipmi_boot, (), ""),
}


@pytest.mark.parametrize("controlled, client", cases(CLIENTS), indirect=["controlled"],
                         scope="module")
def test_a_boot_device_for_one_boot(controlled, client):
    server = controlled
    act, flags, key = CLIENTS[client]
    server.settle("Off")
    with server.asked(flags, key) as asked:
        act(asked)
    assert server.override() == ("Once", "Cd")
    server.boots("cdrom", lambda: server.ipmitool("power", "on"))
    until(lambda: server.override()[0] == "Disabled", "the override is used up")
    server.settle("Off")


@pytest.mark.parametrize("word, target", [("pxe", "Pxe"), ("disk", "Hdd"), ("bios", "BiosSetup")])
def test_other_boot_devices(controlled, word, target):
    server = controlled
    server.settle("Off")
    tried = server.lan.ipmitool("chassis", "bootdev", word)
    if word == "bios" and not server.has_setup:
        # ipmitool tells it and ends well all the same.
        assert "Parameter 5 failed: Invalid data field" in tried.err
        assert server.override()[0] == "Disabled"
        return
    assert f"Set Boot Device to {word}" in tried.well()
    assert server.override() == ("Once", target)
    server.boots(word, lambda: server.ipmitool("power", "on"))
    until(lambda: server.override()[0] == "Disabled", "the override is used up")
    server.settle("Off")


def test_a_boot_device_that_stays_by_each_firmware_and_is_taken_back(controlled):
    server = controlled
    server.settle("Off")
    server.ipmitool("chassis", "bootdev", "cdrom", "options=persistent")
    for word in ("on", "cycle"):
        server.boots("cdrom", lambda: server.ipmitool("power", word))
        assert server.override() == ("Continuous", "Cd")
    assert server.firmware() in (None, "Legacy")
    server.settle("Off")
    server.ipmitool("chassis", "bootdev", "disk", "options=efiboot,persistent")
    assert server.override() == ("Continuous", "Hdd")
    assert server.system("Boot", "BootSourceOverrideMode") == "UEFI"
    server.ipmitool("power", "on")
    server.await_power("On")
    assert server.firmware() in (None, "UEFI")
    server.settle("Off")
    server.ipmitool("chassis", "bootdev", "none")
    assert server.override()[0] == "Disabled"
    server.boots(None, lambda: server.ipmitool("power", "on"))
    assert server.firmware() in (None, "Legacy")
    server.settle("Off")


@pytest.mark.parametrize("read", reads.ALL, ids=[read.__name__ for read in reads.ALL])
def test_what_ipmitool_tells(controlled, read):
    read(controlled)


def test_what_freeipmi_tells(controlled):
    server = controlled
    server.settle("Off")
    for flags in (("-I", "17"), ("-I", "3")):
        asked = server.by(flags)
        asked.free("ipmi-chassis", "--set-power-restore-policy=ALWAYS-ON")
        assert server.system("PowerRestorePolicy") == "AlwaysOn"
        status = asked.free("ipmi-chassis", "--get-chassis-status")
        assert field(status, "System Power") == "off"
        assert field(status, "Power restore policy") == "Always on"
        capabilities = asked.free("ipmi-chassis", "--get-chassis-capabilities")
        assert field(capabilities, "Diagnostic Interrupt") == "provided"
        asked.free("ipmi-chassis", "--set-power-restore-policy=ALWAYS-OFF")
        info = asked.free("bmc-info")
        assert field(info, "IPMI Version") == "2.0" and server.system("UUID").lower() in info.lower()
        assert asked.free("ipmipower", "--stat").strip().endswith(": off")
        read = asked.free("ipmi-config", "--category=chassis", "--checkout")
        assert "ERROR" not in read and field(read, "Boot_Device") == "NO-OVERRIDE"
        assert field(read, "Power_Restore_Policy") == "Off_State_AC_Apply"
