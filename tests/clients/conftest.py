"""Fixtures: each test starts its own daemon on a free port and stops it."""

import contextlib

import pytest

from support import machine
from support.bmc import Demo, Serve
from support.doors import EVERY, server
from support.redfish import SYSTEM
from support.waiting import until


def pytest_addoption(parser):
    parser.addoption("--kills", type=int, default=50,
                     help="how many changes are each followed by kill -9, a fifth of them of a virtual "
                          "machine's power (default: a tenth of 500)")


@pytest.fixture
def running():
    """Keeps daemons running until the test ends: `running(bmc)` starts one."""
    with contextlib.ExitStack() as stack:
        def start(bmc):
            stack.enter_context(bmc.daemon)
            return bmc
        yield start


@pytest.fixture
def serve(running, tmp_path):
    """Starts `outband serve`; the arguments are those of `Serve` after the folder."""
    return lambda *args, **more: running(Serve(tmp_path, *args, **more))


@pytest.fixture
def wide(serve):
    """Starts `outband serve` with every door open; the arguments are the parts that are to be off."""
    return lambda *off, base=EVERY: serve(server(*off), base=base)


@pytest.fixture
def machines(tmp_path):
    """The processes of the test's virtual machines; none of them outlives the test."""
    yield lambda: machine.processes(tmp_path)
    machine.end_all(tmp_path)


@pytest.fixture
def box(machines, serve, tmp_path):
    """Manages one virtual machine; the arguments are those of `Box` after the folder."""
    def make(**more) -> machine.Box:
        box = machine.Box(tmp_path, **more)
        box.bmc = serve(box.settings)
        return box
    return make


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """One demo for all tests of a file that leave it as they found it."""
    bmc = Demo(tmp_path_factory.mktemp("demo"))
    with bmc.daemon:
        yield bmc


@pytest.fixture
def settled():
    """Brings a server into a power state, with nothing under way and its system running or off."""
    def settle(client, power: str, system: str = SYSTEM):
        client.reset("ForceOff" if power == "Off" else "On", system)
        client.await_power(power, system)
        if power == "On":
            until(lambda: client.get(system)["BootProgress"]["LastState"] == "OSRunning",
                  "the operating system runs")
    return settle
