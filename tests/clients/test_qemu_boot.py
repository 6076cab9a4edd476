"""What a virtual machine boots: what was booted says so itself, in the order it happened."""

import shutil

import pytest

from support import machine
from support.redfish import SYSTEM
from support.waiting import until

CD_ONCE = {"BootSourceOverrideTarget": "Cd", "BootSourceOverrideEnabled": "Once"}
CD_ALWAYS = {"BootSourceOverrideTarget": "Cd", "BootSourceOverrideEnabled": "Continuous"}
NONE = {"BootSourceOverrideEnabled": "Disabled"}


def ask_for(client, boot: dict) -> None:
    """Sets or takes back an override."""
    client.change(SYSTEM, {"Boot": boot})


def override(client) -> str:
    """The lifetime of the override in force."""
    return client.get(SYSTEM)["Boot"]["BootSourceOverrideEnabled"]


@pytest.fixture
def once(box):
    """Switches a machine on that boots its CD once; the arguments are those of `Box`."""
    def once(**more):
        made = box(**more)
        client = made.bmc.client()
        ask_for(client, CD_ONCE)
        client.reset("On")
        until(lambda: made.said()[:1] == ["the CD"], "the CD is booted")
        until(lambda: override(client) == "Disabled", "the override is used up")
        return made, client
    return once


def test_a_reset_ends_an_override_for_once(once):
    made, client = once()
    client.reset("ForceRestart")
    made.has_said("the CD", "the disk")
    client.reset("ForceRestart")
    made.has_said("the CD", "the disk", "the disk")
    assert len(made.processes()) == 1


def test_the_guests_own_reboot_ends_an_override_for_once(once):
    made, client = once(cd="reboot")
    made.has_said("the CD", "the disk")
    assert client.power() == "On"
    assert len(made.processes()) == 1


def test_a_power_cycle_ends_an_override_for_once(once):
    made, client = once()
    client.reset("ForceOff")
    client.await_power("Off")
    assert made.processes() == []
    client.reset("On")
    made.has_said("the CD", "the disk")


def test_an_override_for_once_is_not_used_again_after_kill_9(once):
    made, client = once()
    made.bmc.daemon.kill()
    made.bmc.daemon.start()
    client = made.bmc.client()
    assert override(client) == "Disabled"
    client.reset("ForceRestart")
    made.has_said("the CD", "the disk")


def test_a_reboot_while_no_daemon_runs_ends_an_override_for_once(once):
    made, _ = once(cd="reboot")
    made.bmc.daemon.kill()
    made.bmc.daemon.start()
    made.has_said("the CD", "the disk")
    assert made.bmc.client().power() == "On"
    assert len(made.processes()) == 1


def test_an_override_that_was_accepted_holds_after_kill_9(box):
    made = box()
    ask_for(made.bmc.client(), CD_ONCE)
    made.bmc.daemon.kill()
    made.bmc.daemon.start()
    made.bmc.client().reset("On")
    made.has_said("the CD")
    made.bmc.client().reset("ForceRestart")
    made.has_said("the CD", "the disk")


def test_a_continuous_override_stays_until_it_is_taken_back(box):
    made = box(cd="reboot")
    client = made.bmc.client()
    ask_for(client, CD_ALWAYS)
    client.reset("On")
    until(lambda: len(made.said()) >= 3, "the third boot")
    made.bmc.daemon.kill()
    made.bmc.daemon.start()
    client = made.bmc.client()
    before = len(made.said())
    until(lambda: len(made.said()) >= before + 2, "boots after the daemon came back")
    assert override(client) == "Continuous"
    assert set(made.said()) == {"the CD"}
    ask_for(client, NONE)
    until(lambda: made.said()[-1] == "the disk", "the disk is booted in the end")


def test_a_halt_after_an_override_is_off(once):
    made, client = once(cd="halt")
    client.await_power("Off")
    until(lambda: made.processes() == [], "no process is left")
    client.reset("On")
    made.has_said("the CD", "the disk")


def test_the_network_boots_by_tftp(box, tmp_path):
    shutil.move(machine.image(tmp_path, "the network", "--pxe"), tmp_path / "boot.pxe")
    network = f'kind = "user", tftp = "{tmp_path}", bootfile = "boot.pxe"'
    made = box(tables=machine.nic(network))
    client = made.bmc.client()
    ask_for(client, {**CD_ONCE, "BootSourceOverrideTarget": "Pxe"})
    client.reset("On")
    made.has_said("the network")
    client.reset("ForceRestart")
    made.has_said("the network", "the disk")


def test_a_stick_is_booted_once(box, tmp_path):
    stick = machine.image(tmp_path, "the stick")
    made = box(tables=f"[[server.qemu.disk]]\nfile = '{stick}'\nbus = 'usb'\n")
    client = made.bmc.client()
    ask_for(client, {**CD_ONCE, "BootSourceOverrideTarget": "Usb"})
    client.reset("On")
    made.has_said("the stick")
    client.reset("ForceRestart")
    made.has_said("the stick", "the disk")


@pytest.mark.parametrize("bus", ["sata", "nvme"])
def test_the_disk_is_booted_in_the_place_of_another_override(box, bus):
    made = box(bus=bus)
    client = made.bmc.client()
    ask_for(client, CD_ALWAYS)
    client.reset("On")
    made.has_said("the CD")
    ask_for(client, {**CD_ONCE, "BootSourceOverrideTarget": "Hdd"})
    client.reset("ForceRestart")
    made.has_said("the CD", "the disk")
    until(lambda: override(client) == "Disabled", "the override is used up")


def test_what_cannot_be_booted_is_not_offered(box):
    client = box().bmc.client()
    boot = client.get(SYSTEM)["Boot"]
    offered = boot["BootSourceOverrideTarget@Redfish.AllowableValues"]
    assert sorted(offered) == ["Cd", "Hdd", "None"]
    for target in ("BiosSetup", "UefiHttp", "Pxe", "Usb"):
        refused = client.send("PATCH", SYSTEM, {"Boot": {"BootSourceOverrideTarget": target}})
        assert refused.status_code == 400, target


def test_uefi_offers_its_set_up_and_a_url_where_there_is_one(box):
    network = machine.nic('kind = "user"')
    url = 'http_boot = "http://10.0.2.2:1/boot.efi"\n'
    client = box(keys='firmware = "uefi"', tables=network + url).bmc.client()
    boot = client.get(SYSTEM)["Boot"]
    offered = boot["BootSourceOverrideTarget@Redfish.AllowableValues"]
    assert sorted(offered) == ["BiosSetup", "Cd", "Hdd", "None", "Pxe", "UefiHttp"]
    legacy = {"BootSourceOverrideTarget": "UefiHttp", "BootSourceOverrideMode": "Legacy"}
    refused = client.send("PATCH", SYSTEM, {"Boot": legacy})
    assert not refused.ok
    assert override(client) == "Disabled"


def test_uefi_offers_no_url_where_nothing_names_one(box):
    client = box(keys='firmware = "uefi"', tables=machine.nic('kind = "user"')).bmc.client()
    boot = client.get(SYSTEM)["Boot"]
    assert "UefiHttp" not in boot["BootSourceOverrideTarget@Redfish.AllowableValues"]
