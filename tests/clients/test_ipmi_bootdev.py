"""ipmitool's boot devices, in every way to log in: each change is read back through Redfish and by what
the simulated machine itself booted."""

import pytest

from support import ipmi
from support.waiting import until

# Each: the device in ipmitool's words and in Redfish's, and what the machine then boots: nothing
# answers it on its network, so it goes on to its disk.
DEVICES = [("pxe", "Pxe", "hdd"), ("disk", "Hdd", "hdd"), ("cdrom", "Cd", "cd"),
           ("bios", "BiosSetup", "bios-setup")]


@pytest.mark.parametrize("word, target, boots", DEVICES, ids=[word for word, *_ in DEVICES])
def test_a_boot_device_for_one_boot(ways, word, target, boots):
    def check(server):
        server.settle("Off")
        server.ipmitool("chassis", "bootdev", word)
        assert server.override() == ("Once", target)
        flags = server.ipmitool("chassis", "bootparam", "get", "5")
        assert "Boot Flag Valid" in flags and "Options apply to only next boot" in flags
        assert server.booted(lambda: server.ipmitool("power", "on")) == boots
        until(lambda: server.override()[0] == "Disabled", "the override is used up")
    ipmi.each(ways, check)


def test_a_boot_device_that_stays_and_one_that_is_taken_back(ways):
    def check(server):
        server.settle("Off")
        server.ipmitool("chassis", "bootdev", "cdrom", "options=persistent")
        assert server.override() == ("Continuous", "Cd")
        assert "Options apply to all future boots" in server.ipmitool("chassis", "bootparam", "get", "5")
        for word in ("on", "reset"):
            assert server.booted(lambda: server.ipmitool("power", word)) == "cd"
        assert server.override() == ("Continuous", "Cd")
        server.ipmitool("chassis", "bootdev", "none")
        assert server.override()[0] == "Disabled"
        again = server.booted(lambda: server.ipmitool("power", "reset"), obeyed=False)
        assert again == "hdd"
    ipmi.each(ways, check)


def test_the_firmware_that_a_boot_is_to_use(ways):
    def check(server):
        for options, lifetime in (("efiboot", "Once"), ("efiboot,persistent", "Continuous")):
            server.settle("Off")
            server.ipmitool("chassis", "bootdev", "disk", f"options={options}")
            assert server.override() == (lifetime, "Hdd")
            assert server.system("Boot", "BootSourceOverrideMode") == "UEFI"
            assert "BIOS EFI boot" in server.ipmitool("chassis", "bootparam", "get", "5")
            assert server.booted(lambda: server.ipmitool("power", "on")) == "hdd"
            assert server.boots()[-1]["mode"] == "uefi"
        server.ipmitool("chassis", "bootdev", "none")
        assert server.system("Boot", "BootSourceOverrideMode") == "Legacy"
        assert server.booted(lambda: server.ipmitool("power", "reset"), obeyed=False) == "hdd"
        assert server.boots()[-1]["mode"] == "legacy"
    ipmi.each(ways, check)
