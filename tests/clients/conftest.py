"""Fixtures: each test starts its own daemon on a free port and stops it."""

import contextlib
import os

import pytest

pytest.register_assert_rewrite("support")  # so that what fails there is told as well

from support import browser, ipmi, machine, watched
from support.bmc import Demo, Serve
from support.doors import EVERY, server
from support.redfish import SYSTEM
from support.waiting import until


def pytest_addoption(parser):
    parser.addoption("--kills", type=int, default=50,
                     help="how many changes are each followed by kill -9, a fifth of them of a virtual "
                          "machine's power (default: a tenth of 500)")
    parser.addoption("--all-attacks", action="store_true",
                     help="send all that an attack on IPMI has (default: a tenth of it)")


def pytest_collection_modifyitems(items):
    """Marks what starts virtual machines: by its fixtures, or by being about nothing else."""
    for item in items:
        if "machines" in item.fixturenames or item.path.name.startswith("test_qemu"):
            item.add_marker("machines")


@pytest.fixture(scope="session")
def no_qemu(tmp_path_factory):
    """A folder with a program of QEMU's name that is no QEMU."""
    folder = tmp_path_factory.mktemp("no-qemu")
    program = folder / machine.QEMU
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    return folder


@pytest.fixture(autouse=True)
def marked(request, monkeypatch, no_qemu):
    """What isn't marked finds no QEMU, installed or not: `tools/test --quick` rests on it."""
    if not request.node.get_closest_marker("machines"):
        monkeypatch.setenv("PATH", f"{no_qemu}:{os.environ['PATH']}")


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


@pytest.fixture(scope="module")
def lan(tmp_path_factory):
    """One BMC with IPMI for all tests of a file that leave it as they found it."""
    folder = tmp_path_factory.mktemp("lan")
    bmc = ipmi.serve(folder, *ipmi.quick(folder, "1"))
    with bmc.daemon:
        yield bmc


@pytest.fixture(scope="module")
def ways(tmp_path_factory):
    """A server for each way that ipmitool logs in, so that all are tried at the same time; that of the
    last has K_g, which was set as its owner sets it."""
    flags = {"automatic": (), "suite-17": ("-C", "17"), "suite-3": ("-C", "3"), "bmc-key": ()}
    folder = tmp_path_factory.mktemp("ways")
    bmc = ipmi.serve(folder, *ipmi.quick(folder, *flags))
    with bmc.daemon:
        made = {id: ipmi.Server(bmc, id, given) for id, given in flags.items()}
        made["bmc-key"].set_key(ipmi.KEY)
        yield made | {"bmc-key": made["bmc-key"].by(bmc_key=ipmi.KEY)}


@pytest.fixture(scope="module", params=[
    "simulated", pytest.param("virtual", marks=pytest.mark.machines)])
def controlled(request, tmp_path_factory):
    """The server of a demo, whatever makes it real; its tests leave it off."""
    folder = tmp_path_factory.mktemp(request.param)
    bmc, kind, more = getattr(watched, request.param)(folder)
    try:
        with bmc.daemon:
            yield kind(bmc, *more)
    finally:
        machine.end_all(folder)


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


@pytest.fixture(scope="module")
def chromium():
    """Chromium itself, for all tests of a file."""
    with browser.launched() as chromium:
        yield chromium


@pytest.fixture
def visit(chromium):
    """Opens a BMC's page as a person does it, each time in a browser of its own; whatever the browser
    complains of fails the test."""
    with contextlib.ExitStack() as stack:
        def open_page(bmc, path: str = "/", **more) -> browser.Visit:
            return stack.enter_context(browser.Visit(chromium, bmc.daemon.url, path, **more))
        yield open_page
