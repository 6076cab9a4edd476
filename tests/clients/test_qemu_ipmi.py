"""IPMI of a real virtual machine: what was asked for is seen in its processes, in what it boots, and
by a monitor of the test's own."""

import pytest

from support import ipmi, machine, qmp
from support.bmc import Demo
from support.waiting import until


@pytest.fixture
def image(tmp_path):
    """A small image that boots and waits."""
    return machine.image(tmp_path, "the CD", "--uefi")


@pytest.fixture
def box(running, machines, tmp_path):
    """A managed machine with a second monitor; and its server."""
    made = machine.Box(tmp_path, extra=qmp.arguments(tmp_path / "qmp"))
    made.bmc = running(ipmi.serve(tmp_path, made.settings))
    return made, ipmi.Server(made.bmc)


def test_a_machine_that_is_deaf_to_a_soft_off_goes_off_when_it_must(box):
    made, server = box
    server.ipmitool("power", "on")
    made.has_said("the disk")
    with qmp.Monitor(made.folder / "qmp") as monitor:
        server.ipmitool("power", "soft")
        monitor.await_event("POWERDOWN")
        assert monitor.ask("query-status")["running"]
    assert len(made.processes()) == 1
    server.ipmitool("power", "off")
    server.await_power("Off")
    assert made.processes() == []


def test_a_boot_device_for_one_boot_and_for_all(box):
    made, server = box
    server.ipmitool("chassis", "bootdev", "cdrom")
    assert server.override() == ("Once", "Cd")
    server.ipmitool("power", "on")
    made.has_said("the CD")
    until(lambda: server.override()[0] == "Disabled", "the override is used up")
    server.ipmitool("power", "reset")
    made.has_said("the CD", "the disk")
    server.ipmitool("chassis", "bootdev", "cdrom", "options=persistent")
    server.ipmitool("power", "cycle")
    made.has_said("the CD", "the disk", "the CD")
    server.ipmitool("power", "reset")
    made.has_said("the CD", "the disk", "the CD", "the CD")
    assert server.override() == ("Continuous", "Cd")
    server.free("ipmi-config", "--category=chassis", "--commit",
                "--key-pair=Chassis_Boot_Flags:Boot_Device=NO-OVERRIDE")
    assert server.override()[0] == "Disabled"
    server.ipmitool("power", "reset")
    made.has_said("the CD", "the disk", "the CD", "the CD", "the disk")


def test_what_it_cannot_boot_is_refused(box):
    _, server = box
    for device in ("pxe", "bios"):
        # ipmitool tells it and ends well all the same.
        tried = server.lan.ipmitool("chassis", "bootdev", device)
        assert "Parameter 5 failed: Invalid data field" in tried.err
        assert server.override()[0] == "Disabled"


def test_the_set_up_of_uefi_is_asked_for_once(running, machines, tmp_path, image):
    demo = running(Demo(tmp_path, "--driver", "qemu", "--firmware", "uefi", "--cd", str(image)))
    server = ipmi.Server(demo)
    # The variable by which UEFI is asked for it (UEFI 2.10 section 8.5.4), in the machine's own store.
    variable = "OsIndications\0".encode("utf-16-le")

    def asked() -> bool:
        (store,) = demo.state.glob("qemu/*/variables.fd")
        return variable in store.read_bytes()

    server.ipmitool("power", "on")
    server.await_power("On")
    assert not asked()
    (before,) = machines()
    server.ipmitool("chassis", "bootdev", "bios")
    assert server.override() == ("Once", "BiosSetup")
    server.ipmitool("power", "cycle")
    until(lambda: len(machines()) == 1 and before not in machines(), "another process")
    assert asked()
    until(lambda: server.override()[0] == "Disabled", "the override is used up")
