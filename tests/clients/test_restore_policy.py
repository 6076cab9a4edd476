"""The restore policy: it acts after a real loss of power, and never on a restart of the daemon."""

import pathlib
import uuid

import pytest

from support import events
from support.bmc import Serve
from support.redfish import SYSTEM
from support.waiting import until

# Redfish's names.
POLICIES = ["AlwaysOff", "LastState", "AlwaysOn"]
BOOT_ID = "/proc/sys/kernel/random/boot_id"

# Runs the program where the kernel seems to have booted anew: another boot id lies over the real
# one, in a mount namespace of its own, whose /proc nobody else sees.
WRAPPER = ("unshare", "--mount", "--propagation", "unchanged", "--", "sh", "-c",
           f'mount --make-rprivate /proc && mount --bind "$0" {BOOT_ID} && exec "$@"')


# One press of the power button.
PRESS = ["power-button-down", "power-button-up"]


def presses(seen: list[str]) -> list[str]:
    """What was done to the machine's buttons."""
    return [name for name in seen if "button" in name]


@pytest.mark.parametrize("power", ["On", "Off"])
@pytest.mark.parametrize("policy", POLICIES)
def test_a_restart_of_the_daemon_presses_nothing(serve, settled, policy, power):
    bmc = serve()
    settled(bmc.client(), power)
    bmc.client().change(SYSTEM, {"PowerRestorePolicy": policy})
    pressed = presses(bmc.saw())
    for restart in (bmc.daemon.restart, lambda: (bmc.daemon.kill(), bmc.daemon.start())):
        restart()
        client = bmc.client()
        until(lambda: client.power() == power, f"still {power}")
        assert client.get(SYSTEM)["PowerRestorePolicy"] == policy
        assert presses(bmc.saw()) == pressed


@pytest.fixture
def after_power_loss(running, tmp_path, settled):
    """Leaves a machine in a state, takes the power of everything, and gives the BMC after it."""
    def lose(policy: str, power: str) -> tuple[Serve, int]:
        boot_id = tmp_path / "boot_id"
        boot_id.write_text(f"{uuid.uuid4()}\n")
        bmc = running(Serve(tmp_path, wrapper=(*WRAPPER, str(boot_id))))
        settled(bmc.client(), power)
        bmc.client().change(SYSTEM, {"PowerRestorePolicy": policy})
        bmc.daemon.kill()
        pressed = len(presses(bmc.saw()))
        boot_id.write_text(f"{uuid.uuid4()}\n")
        bmc.daemon.start()
        return bmc, pressed
    return lose


@pytest.mark.parametrize("policy, before, after", [
    ("AlwaysOff", "Off", "Off"), ("AlwaysOff", "On", "Off"),
    ("LastState", "Off", "Off"), ("LastState", "On", "On"),
    ("AlwaysOn", "Off", "On"), ("AlwaysOn", "On", "On"),
])
def test_after_a_loss_of_power_the_policy_is_obeyed(after_power_loss, policy, before, after):
    bmc, pressed = after_power_loss(policy, before)
    client = bmc.client()
    (returned,) = until(lambda: events.of_kind(bmc.state, "power-returned"), "the event")
    assert returned["did"].startswith("nothing") == (after == "Off")
    if after == "Off":
        assert (client.power(), presses(bmc.saw())[pressed:]) == ("Off", [])
        client.reset("On")  # any press before it would be seen beside it
    client.await_power("On")
    until(lambda: presses(bmc.saw())[pressed:] == PRESS, "the machine was switched on by one press")
    # A restart after it is a restart again, and presses nothing.
    pressed = len(presses(bmc.saw()))
    bmc.daemon.restart()
    bmc.client().await_power("On")
    assert len(events.of_kind(bmc.state, "power-returned")) == 1
    assert presses(bmc.saw())[pressed:] == []


def test_the_boot_id_is_the_kernels(serve):
    kernels = uuid.UUID(pathlib.Path(BOOT_ID).read_text().strip())
    assert {uuid.UUID(bytes=bytes(event["boot"])) for event in events.read(serve().state)} == {
        kernels}
