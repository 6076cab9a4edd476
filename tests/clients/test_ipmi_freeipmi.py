"""FreeIPMI, unmodified and with no flag for faulty BMCs, with cipher suites 17 and 3.

Each suite has a server of its own, so that both are tried at the same time. Each change is read back
through Redfish and by what the simulated machine itself saw.
"""

import re

import pytest

from support import ipmi
from support.ipmi import HARD, KEY, NMI, ON, RESET, SOFT, field
from support.waiting import until

WAYS = {"suite-17": ("-I", "17"), "suite-3": ("-I", "3"), "unasked": ()}

# Each: ipmipower's flag, the power before and in the end, and what the machine must have seen.
POWER = [
    ("--on", "Off", "On", ON),
    ("--pulse", "On", "On", NMI),
    ("--reset", "On", "On", RESET),
    ("--cycle", "On", "On", HARD + ON),
    ("--soft", "On", "Off", SOFT),
    ("--off", "On", "Off", HARD),
]
# The same with ipmi-chassis, in its words.
CONTROL = [
    ("POWER-UP", "Off", "On", ON),
    ("DIAGNOSTIC-INTERRUPT", "On", "On", NMI),
    ("HARD-RESET", "On", "On", RESET),
    ("POWER-CYCLE", "On", "On", HARD + ON),
    ("SOFT-SHUTDOWN", "On", "Off", SOFT),
    ("POWER-DOWN", "On", "Off", HARD),
]


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """A server for each way to log in."""
    folder = tmp_path_factory.mktemp("freeipmi")
    bmc = ipmi.serve(folder, *ipmi.quick(folder, *WAYS))
    with bmc.daemon:
        yield {id: ipmi.Server(bmc, id, flags) for id, flags in WAYS.items()}


def obeys(server, act, before: str, after: str, evidence: list[str]) -> None:
    """Acts, and looks whether power and machine did as they should, and whether ipmipower says so."""
    server.obeys(act, before, after, evidence)
    stat = server.free("ipmipower", "--stat")
    assert stat.strip().endswith(f": {after.lower()}"), stat


@pytest.mark.parametrize("flag, before, after, evidence", POWER, ids=[flag for flag, *_ in POWER])
def test_ipmipower(servers, flag, before, after, evidence):
    def check(server):
        def act():
            assert server.free("ipmipower", flag).strip().endswith(": ok")
        obeys(server, act, before, after, evidence)
    ipmi.each(servers, check)


@pytest.mark.parametrize("word, before, after, evidence", CONTROL, ids=[word for word, *_ in CONTROL])
def test_ipmi_chassis_controls_the_power(servers, word, before, after, evidence):
    def check(server):
        obeys(server, lambda: server.free("ipmi-chassis", f"--chassis-control={word}"),
              before, after, evidence)
    ipmi.each(servers, check)


def test_ipmi_chassis_tells_the_state(servers):
    def check(server):
        server.settle("Off")
        server.free("ipmi-chassis", "--set-power-restore-policy=ALWAYS-ON")
        assert server.system("PowerRestorePolicy") == "AlwaysOn"
        status = server.free("ipmi-chassis", "--get-chassis-status")
        assert field(status, "System Power") == "off"
        assert field(status, "Power restore policy") == "Always on"
        assert field(status, "Power control fault") == "false"
        server.free("ipmi-chassis", "--set-power-restore-policy=ALWAYS-OFF")
        assert server.system("PowerRestorePolicy") == "AlwaysOff"
        server.free("ipmi-chassis", "--chassis-control=POWER-UP")
        server.await_power("On")
        assert "chassis control" in field(
            server.free("ipmi-chassis", "--get-system-restart-cause"), "Restart cause").lower()
        hours = server.free("ipmi-chassis", "--get-power-on-hours-counter")
        assert re.search(r"Power on hours\s*: 0\b", hours), hours
        capabilities = server.free("ipmi-chassis", "--get-chassis-capabilities")
        assert field(capabilities, "Front Panel Lockout") == "not provided"
        assert field(capabilities, "Diagnostic Interrupt") == "provided"
    ipmi.each(servers, check)


def test_ipmi_chassis_switches_the_identify_light(servers):
    def check(server):
        for word, lit, evidence in (("FORCE", True, "identify-on"), ("TURN-OFF", False, "identify-off"),
                                    ("2", True, "identify-on")):
            seen = len(server.saw())
            server.free("ipmi-chassis", f"--chassis-identify={word}")
            server.await_sight([evidence], since=seen)
            if word != "2":
                assert server.system("LocationIndicatorActive") == lit
        server.await_sight(["identify-on", "identify-off"], since=seen)
        assert not server.system("LocationIndicatorActive")
    ipmi.each(servers, check)


def test_bmc_info(servers):
    def check(server):
        info = server.free("bmc-info")
        assert field(info, "IPMI Version") == "2.0"
        assert field(info, "Chassis Device") == "supported"
        assert field(info, "Medium Type") == "802.3 LAN"
        assert field(info, "Protocol Type") == "IPMB-1.0"
        guid = server.free("bmc-info", "--get-system-guid")
        assert server.system("UUID").lower() in guid.lower()
        for word in ("--get-device-id", "--get-device-guid", "--get-channel-info"):
            assert server.free("bmc-info", word).strip()
    ipmi.each(servers, check)


def test_ipmi_config_reads_the_chassis_and_writes_it_back(servers, tmp_path):
    def check(server):
        server.settle("Off")
        file = tmp_path / server.id
        server.free("ipmi-config", "--category=chassis", "--checkout", f"--filename={file}")
        read = file.read_text()
        assert "ERROR" not in read and field(read, "Boot_Device") == "NO-OVERRIDE"
        assert field(read, "Power_Restore_Policy") == "Off_State_AC_Apply"
        changed = read
        for name, value in (("Boot_Device", "PXE"), ("BIOS_Boot_Type", "EFI"),
                            ("Boot_Flags_Persistent", "No"),
                            ("Power_Restore_Policy", "Restore_State_AC_Apply")):
            changed = re.sub(rf"^(\s*{name}\s+).*$", rf"\g<1>{value}", changed, flags=re.MULTILINE)
        file.write_text(changed)
        server.free("ipmi-config", "--category=chassis", "--commit", f"--filename={file}")
        assert server.override() == ("Once", "Pxe")
        assert server.system("Boot", "BootSourceOverrideMode") == "UEFI"
        assert server.system("PowerRestorePolicy") == "LastState"
        # Nothing answers it on its network, so it goes on to its disk.
        assert server.booted(lambda: server.free("ipmipower", "--on")) == "hdd"
        until(lambda: server.override()[0] == "Disabled", "the override is used up")
        file.write_text(read)
        server.free("ipmi-config", "--category=chassis", "--commit", f"--filename={file}")
        assert server.override()[0] == "Disabled"
        assert server.system("PowerRestorePolicy") == "AlwaysOff"
    ipmi.each(servers, check)


def test_ipmi_config_writes_boot_flags_field_by_field(servers):
    def check(server):
        def write(*fields: str) -> None:
            pairs = [f"--key-pair=Chassis_Boot_Flags:{pair}" for pair in fields]
            server.free("ipmi-config", "--category=chassis", "--commit", *pairs)

        server.settle("Off")
        write("Boot_Device=NO-OVERRIDE")
        # What comes before its device waits for it.
        write("Boot_Flags_Persistent=Yes")
        write("BIOS_Boot_Type=EFI")
        assert server.override()[0] == "Disabled"
        write("Boot_Device=CD-DVD")
        assert server.override() == ("Continuous", "Cd")
        assert server.system("Boot", "BootSourceOverrideMode") == "UEFI"
        for flag in ("--on", "--reset"):
            assert server.booted(lambda: server.free("ipmipower", flag)) == "cd"
            assert server.boots()[-1]["mode"] == "uefi"
        assert server.override() == ("Continuous", "Cd")
        # And each is changed by itself.
        write("BIOS_Boot_Type=PC-COMPATIBLE")
        assert server.override() == ("Continuous", "Cd")
        assert server.system("Boot", "BootSourceOverrideMode") == "Legacy"
        write("Boot_Flags_Persistent=No")
        assert server.override() == ("Once", "Cd")
        assert server.booted(lambda: server.free("ipmipower", "--reset")) == "cd"
        assert server.boots()[-1]["mode"] == "legacy"
        until(lambda: server.override()[0] == "Disabled", "the override is used up")
    ipmi.each(servers, check)


def test_with_a_bmc_key(servers):
    server = servers["suite-17"]
    octets = [f"{octet:02x}" for octet in KEY.encode()]
    server.free("ipmi-raw", "0", "06", "56", "01", "01", "01", *octets)
    keyed = server.by(server.flags, KEY)
    try:
        for flags in WAYS.values():
            assert "k_g" in server.lan.free("ipmipower", "--stat", flags=flags).badly().lower()
            assert ": o" in keyed.lan.free("ipmipower", "--stat", flags=flags).well()
            wrong = ipmi.Lan(server.lan.address, bmc_key="another-key-of-a-bmc")
            assert "k_g" in wrong.free("ipmipower", "--stat", flags=flags).badly().lower()
    finally:
        keyed.free("ipmi-raw", "0", "06", "56", "01", "01", "01", *["00"] * 20)
    assert ": o" in server.free("ipmipower", "--stat")
