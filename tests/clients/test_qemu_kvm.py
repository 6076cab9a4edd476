"""The host's hardware for a virtual machine: taken after a probe that ends, or not at all.

Whether this host has such hardware doesn't matter: a program between says what comes of it.
"""

import pathlib

import pytest

from support import machine
from support.waiting import until

# QEMU, but for what is asked of the hardware. It writes down how it was started.
FAKE = """#!/bin/sh
echo "$*" >>'{log}'
case "$*" in *"-accel kvm"*)
{what}
esac
exec {qemu} "$@"
"""
ABORTS = "kill -ABRT $$;;"
HANGS = "while :; do sleep 1; done;;"
# Hardware as fast as translation, since it is translation.
SERVES = 'for word; do shift; [ "$word" = kvm ] && word=tcg; set -- "$@" "$word"; done;;'


@pytest.fixture
def hardware(machines, serve, tmp_path):
    """Manages a machine whose hardware is as it is said, by this setting; gives the client."""
    def make(what: str, accelerator: str):
        program = tmp_path / "fake"
        program.write_text(FAKE.format(log=tmp_path / "log", what=what, qemu=machine.QEMU))
        program.chmod(0o755)
        return serve(machine.server(
            keys=f"program = '{program}'\naccelerator = '{accelerator}'"))
    return make


def started(folder: pathlib.Path) -> list[str]:
    """The accelerator of each machine that was started, which a probe is not."""
    lines = (folder / "log").read_text().splitlines()
    words = [line.split() for line in lines if " -S " in line]
    return [line[line.index("-accel") + 1] for line in words]


def probes(folder: pathlib.Path) -> list[int]:
    """The probes that hang."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            continue
        if str(folder / "fake") in words and "kvm" in words:
            found.append(int(process.name))
    return found


@pytest.mark.parametrize("what", [ABORTS, HANGS], ids=["aborts", "hangs"])
def test_auto_falls_back_to_translation(hardware, machines, tmp_path, what):
    client = hardware(what, "auto").client()
    client.reset("On")
    client.await_power("On")
    assert started(tmp_path) == ["tcg,split-wx=on"]
    assert len(machines()) == 1 and probes(tmp_path) == []


@pytest.mark.parametrize("what", [ABORTS, HANGS], ids=["aborts", "hangs"])
def test_who_insists_on_the_hardware_is_told_that_it_does_not_serve(
        hardware, machines, tmp_path, what):
    client = hardware(what, "kvm").client()
    assert "hardware (KVM) ran no firmware within 3 s" in machine.outcome(client, "On")
    assert client.power() == "Off"
    assert started(tmp_path) == [] and machines() == [] and probes(tmp_path) == []


@pytest.mark.parametrize("accelerator", ["auto", "kvm"])
def test_hardware_that_serves_is_taken(hardware, tmp_path, accelerator):
    client = hardware(SERVES, accelerator).client()
    client.reset("On")
    client.await_power("On")
    assert started(tmp_path) == ["kvm"]


def test_a_probe_ends_with_a_killed_daemon(hardware, tmp_path):
    bmc = hardware(HANGS, "kvm")
    asking = bmc.client().begin("On")
    until(lambda: probes(tmp_path), "the probe")
    bmc.daemon.kill()
    asking.join()
    until(lambda: probes(tmp_path) == [], "no probe is left")
