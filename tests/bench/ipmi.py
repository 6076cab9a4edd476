"""IPMI's figures: processor time and rates beside ipmi_sim, memory over many sessions, and whether
time tells names."""

import contextlib
import json
import os
import statistics
import subprocess
import tempfile

from ipmi_sim import IpmiSim
from measure import OUTBAND, PASSWORD, Program, resident_kib, worked

LOAD = os.environ.get("OUTBAND_LOAD", f"{OUTBAND}-load")
CLIENTS = 4
# What is done: its name, the arguments that do it, and what share of the peer's time is the goal.
WORK = [("a session", ["sessions"], 0.6),
        ("Get Device ID", ["commands", "--command", "device-id"], 0.65),
        ("Get Chassis Status", ["commands", "--command", "chassis-status"], 0.65)]
# Debian's ipmi_sim speaks suite 3, and not 17.
SUITES = {"3": ("theirs", "ours"), "17": ("ours",)}


def load(mode: str, *argv: str) -> dict:
    """Runs the load program to its end; gives what it says."""
    done = subprocess.run([LOAD, mode, *argv], stdout=subprocess.PIPE, text=True, check=False,
                          env={**os.environ, "OUTBAND_ADMIN_PASSWORD": PASSWORD})
    if done.returncode:
        raise SystemExit(f"outband-load {mode} {' '.join(argv)} failed: {done.stdout}")
    return json.loads(done.stdout)


class EchoServer:
    """The limit: a server that returns each datagram, on tokio as Outband is."""

    def __init__(self):
        self.process = subprocess.Popen([LOAD, "echo-server"], stdout=subprocess.PIPE, text=True)
        self.address = json.loads(self.process.stdout.readline())["at"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)


class Demo(Program):
    """`outband demo` with IPMI on a free port."""

    def __init__(self, folder: str):
        super().__init__("demo", "--https", "127.0.0.1:0", "--ipmi", "127.0.0.1:0",
                         "--state", f"{folder}/state")
        self.address = self.ready["ipmi"][0]


def cost(server, mode: str, *argv: str) -> tuple[float, float]:
    """Microseconds of a server's processor time for each, and how many there were a second."""
    before = worked(server.process.pid)
    said = load(mode, server.address, "--clients", str(CLIENTS), *argv)
    ticks = worked(server.process.pid) - before
    return ticks / os.sysconf("SC_CLK_TCK") * 1e6 / said["done"], said["rate"]


def median(of: list[tuple[float, float]]) -> tuple[float, float]:
    """The medians of times and of rates."""
    times, rates = zip(*of)
    return statistics.median(times), statistics.median(rates)


def grown(server, sessions: int) -> list[float]:
    """Resident memory in MiB before and after so many sessions."""
    sizes = [resident_kib(server.process.pid) / 1024]
    load("sessions", server.address, "--clients", str(CLIENTS), "--suite", "3",
         "--count", str(sessions))
    return [*sizes, resident_kib(server.process.pid) / 1024]


def measure(seconds: int, rounds: int, sessions: int):
    """The rows of both tables: processor time and rates, then memory. Servers take turns, so that
    what else the machine does meets them alike."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        servers = {"theirs": stack.enter_context(IpmiSim()), "ours": stack.enter_context(Demo(folder))}
        echo = stack.enter_context(EchoServer())
        memory = [[name, *(f"{mib:.1f}" for mib in grown(servers[which], sessions))]
                  for name, which in (("ipmi_sim", "theirs"), ("Outband", "ours"))]
        seen: dict = {}
        for _ in range(rounds):
            for what, argv, _goal in WORK:
                for suite, those in SUITES.items():
                    for which in those:
                        one = cost(servers[which], *argv, "--suite", suite, "--seconds", str(seconds))
                        seen.setdefault((what, suite, which), []).append(one)
            seen.setdefault("echo", []).append(cost(echo, "echo", "--seconds", str(seconds)))
    return [*rates(seen), echoed(median(seen["echo"]))], memory


def names(times: int):
    """A row for each suite: the time until the proof for the owner's name and for made-up ones, and
    how far two made-up ones are apart."""
    with tempfile.TemporaryDirectory() as folder, Demo(folder) as server:
        for suite in reversed(SUITES):
            said = load("names", server.address, "--suite", suite, "--rounds", str(times))
            known, control = said["known_unknown"], said["unknown_unknown"]
            yield [suite, f"{said['known_us']:.2f}", f"{said['unknown_us']:.2f}",
                   f"{known['medians_us']:+.2f}", f"{known['t']:+.1f}",
                   f"{control['medians_us']:+.2f}", f"{control['t']:+.1f}"]


def rates(seen: dict):
    """A row for each work and suite."""
    for what, _argv, goal in WORK:
        for suite, those in SUITES.items():
            found = {which: median(seen[what, suite, which]) for which in those}
            (our_time, our_rate), theirs = found["ours"], found.get("theirs")
            yield [what, suite, f"{theirs[0]:.1f}" if theirs else "", f"{our_time:.1f}",
                   f"{our_time / theirs[0]:.2f}" if theirs else "", goal if theirs else "",
                   f"{theirs[1]:,.0f}" if theirs else "", f"{our_rate:,.0f}"]


def echoed(of: tuple[float, float]) -> list:
    """The row of the limit."""
    return ["64 bytes returned, by a bare tokio server", "", "", f"{of[0]:.1f}", "", "", "",
            f"{of[1]:,.0f}"]
