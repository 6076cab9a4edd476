"""kill -9 of the daemon while a virtual machine is switched: one machine or none, never two."""

import random
import threading
import time

import pytest
import requests

from support import machine
from support.bmc import Demo
from support.redfish import SYSTEM
from support.waiting import until

# Asked for again and again, in an order of chance.
RESETS = ["On", "ForceOff", "ForceRestart", "PowerCycle"]


def reset(client, kind: str) -> None:
    """Asks for a reset, whatever becomes of it: the daemon may die before it answers."""
    try:
        client.send("POST", f"{SYSTEM}/Actions/ComputerSystem.Reset", {"ResetType": kind})
    except requests.ConnectionError:
        pass


def consistent(client, machines) -> bool:
    """Whether exactly what is said to run does run."""
    return {"On": 1, "Off": 0}.get(client.power()) == len(machines())


@pytest.fixture(params=["serve", "demo"])
def bmc(request, machines, running, serve, tmp_path):
    """A daemon that manages one virtual machine."""
    cd = machine.image(tmp_path, "the CD")
    if request.param == "demo":
        return running(Demo(tmp_path, "--driver", "qemu", "--cd", str(cd)))
    return serve(machine.server(keys=f"cd = '{cd}'"))


def test_kill_9_at_any_moment_leaves_one_machine_or_none(bmc, machines, request):
    kills = request.config.getoption("kills") // 5
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    for number in range(kills):
        kind = chance.choice(RESETS)
        after = chance.uniform(0, 0.6)
        case = f"{kind}, killed after {after:.3f} s; kill {number + 1} of {kills}, seed {seed}"
        asking = threading.Thread(target=reset, args=(bmc.client(), kind))
        asking.start()
        time.sleep(after)  # the moment of the kill is what is tried
        bmc.daemon.kill()
        asking.join()
        assert len(machines()) <= 1, case
        bmc.daemon.start()
        until(lambda: consistent(bmc.client(), machines), case)
    client = bmc.client()
    client.reset("On")
    client.await_power("On")
    client.reset("ForceOff")
    client.await_power("Off")
    assert machines() == []
