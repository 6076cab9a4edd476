"""What goes wrong with QEMU: missing, too old, lying, silent. Each is said in one sentence."""

import os
import pathlib
import signal
import sys

import pytest

from support import events, machine
from support.daemon import PASSWORD, run
from support.faults import FAULTS, listed

# A program that passes for QEMU until it is to be a machine. Its standard input is the monitor's
# socket, already listening.
LIAR = """#!{python}
import socket, sys
if sys.argv[1:] == ["--version"]:
    print("QEMU emulator version {version}")
    sys.exit()
monitor, _ = socket.socket(fileno=0).accept()
GREETING = b'{{"QMP": {{"version": {{"qemu": {{"major": 9, "minor": 0, "micro": 0}}}}, "capabilities": []}}}}\\n'
{lie}
monitor.recv(1)
while monitor.recv(4096):
    pass
"""


def liar(folder: pathlib.Path, lie: str = "", version: str = "9.0.0") -> pathlib.Path:
    """Writes such a program and gives its path."""
    path = folder / "liar"
    path.write_text(LIAR.format(python=sys.executable, version=version, lie=lie))
    path.chmod(0o755)
    return path


def refusal(tmp_path, *flags: str, **env: str) -> str:
    """The one line that a demo that can't begin says."""
    done = run("demo", "--driver", "qemu", "--https", "127.0.0.1:0", *flags,
               "--state", str(tmp_path / "state"), OUTBAND_ADMIN_PASSWORD=PASSWORD, **env)
    assert done.returncode != 0
    (line,) = done.stderr.strip().splitlines()
    return line


def test_a_missing_qemu_is_one_clear_sentence(tmp_path):
    assert "QEMU is not installed" in refusal(tmp_path, PATH="/nonexistent")


def test_a_qemu_that_is_too_old_is_one_clear_sentence(tmp_path):
    liar(tmp_path, version="4.0.1").rename(tmp_path / machine.QEMU)
    line = refusal(tmp_path, PATH=str(tmp_path))
    assert "QEMU 4.0 is too old: 7.0 or newer is needed" in line


def test_another_program_is_not_taken_for_qemu(tmp_path):
    fake = tmp_path / machine.QEMU
    fake.write_text("#!/bin/sh\necho hello\n")
    fake.chmod(0o755)
    assert "is no QEMU" in refusal(tmp_path, PATH=f"{tmp_path}:{os.environ['PATH']}")


@pytest.mark.parametrize("lie, said", [
    ("monitor.sendall(b'{\"QMP\": \\n')", "the monitor sent nonsense"),
    ("monitor.sendall(b'[' * (2 << 20))", "the monitor sent a line of more than"),
    ("monitor.sendall(b'{\"event\": \"STOP\"}\\n')", "the monitor did not greet"),
    ("", "the monitor did not answer with its greeting in time"),
    ("monitor.sendall(GREETING)", "the monitor did not answer qmp_capabilities in time"),
    ("sys.exit('it is over')", "it is over"),
], ids=["nonsense", "huge", "no greeting", "silence", "silence later", "end"])
def test_a_qemu_that_lies_is_cut_off(machines, serve, tmp_path, lie, said):
    bmc = serve(machine.server(keys=f"program = '{liar(tmp_path, lie)}'"))
    client = bmc.client()
    assert said in machine.outcome(client, "On")
    client.await_power("Off")
    assert machines() == []


def test_a_machine_that_answers_no_more_is_cut_off(box):
    made = box()
    client = made.bmc.client()
    client.reset("On")
    made.has_said("the disk")
    made.bmc.daemon.kill()
    (pid,) = made.processes()
    os.kill(pid, signal.SIGSTOP)
    made.bmc.daemon.start()
    client = made.bmc.client()
    assert client.power() == "Off"
    assert made.processes() == []
    (fault,) = events.of_kind(made.bmc.state, "fault")
    assert "did not answer" in fault["what"]
    client.reset("On")
    made.has_said("the disk", "the disk")


def test_a_machine_that_falls_silent_is_cut_off_when_something_is_asked_of_it(box):
    made = box()
    client = made.bmc.client()
    client.reset("On")
    made.has_said("the disk")
    (pid,) = made.processes()
    os.kill(pid, signal.SIGSTOP)
    assert "did not answer system_reset in time" in machine.outcome(client, "ForceRestart")
    client.await_power("Off")
    assert made.processes() == []


def test_a_machine_that_is_killed_is_off_and_says_why(box):
    made = box()
    client = made.bmc.client()
    client.reset("On")
    made.has_said("the disk")
    (pid,) = made.processes()
    os.kill(pid, signal.SIGKILL)
    client.await_power("Off")
    assert made.processes() == []
    (fault,) = events.of_kind(made.bmc.state, "fault")
    assert "QEMU ended with signal: 9" in fault["what"]


def test_faults_are_for_simulated_servers(box):
    client = box().bmc.client()
    assert listed(client) == []
    for kind in ("no-signal", "http-unavailable"):
        refused = client.send("POST", FAULTS.format("1"), {"kind": kind})
        assert refused.status_code == 409, kind
        assert "can't have the fault" in refused.json()["error"]["message"]
