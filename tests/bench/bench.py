"""Measures Outband and prints the tables of docs/figures.md. Run by tools/bench."""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

import ipmi
from keys import keys
from measure import PASSWORD, Program, fetch, wrk
from nginx import Nginx

REPOSITORY = pathlib.Path(__file__).parents[2]

# What 1,000 servers may take more than one: 20 MB.
GOAL_MIB = 20e6 / 2**20

# On how many processors a fresh clone is built, however many there are.
CORES = 2


def table(title: str, heads: list[str], rows: list[list]) -> None:
    """Prints a table as Markdown has it."""
    print(f"\n{title}\n")
    for row in [heads, ["---"] * len(heads), *rows]:
        print("| " + " | ".join(str(cell) for cell in row) + " |")


def demo(folder: pathlib.Path) -> Program:
    """A demo on a free port, with its state in a folder."""
    return Program("demo", "--https", "127.0.0.1:0", "--state", str(folder))


def start(times: int) -> None:
    """From exec to `ready`: the first start makes a certificate, the others find one."""
    with tempfile.TemporaryDirectory() as folder:
        state = pathlib.Path(folder) / "state"
        seconds = []
        for _ in range(times + 1):
            with demo(state) as program:
                seconds.append(program.seconds)
    first, *later = seconds
    table("Start", ["exec to `ready`", "ms", "goal"],
          [["very first start", round(first * 1000), ""],
           [f"later starts, median of {times}", round(statistics.median(later) * 1000), 200],
           ["slowest of these", round(max(later) * 1000), ""]])


def memory(count: int) -> None:
    """Resident memory with nobody watching."""
    with tempfile.TemporaryDirectory() as folder, demo(pathlib.Path(folder) / "state") as program:
        single = program.idle_mib()
    sizes = {}
    for servers in (1, count):
        with Program("fleet", "--count", str(servers), "--https", "127.0.0.1:0") as program:
            sizes[servers] = program.idle_mib()
            started = program.seconds
    table("Memory", ["resident, at rest, nobody watching", "MiB", "goal"],
          [["`demo`: one simulated server", f"{single:.1f}", 20],
           ["`fleet --count 1`", f"{sizes[1]:.1f}", ""],
           [f"`fleet --count {count}`", f"{sizes[count]:.1f}", ""],
           [f"what the other {count - 1} servers cost", f"{sizes[count] - sizes[1]:.1f}",
            f"{GOAL_MIB:.1f}" if count == 1000 else ""]])
    print(f"\n`fleet --count {count}` was ready after {started:.2f} s.")


def rates(seconds: int) -> None:
    """GET rates, keep-alive, one client thread, beside nginx with the same bytes."""
    paths = {"root": "/redfish/v1/", "system": "/redfish/v1/Systems/1"}
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        with demo(pathlib.Path(folder) / "state") as outband:
            login = {"UserName": "admin", "Password": PASSWORD}
            headers, _ = fetch(f"{outband.url}/redfish/v1/SessionService/Sessions", login)
            token = headers["X-Auth-Token"]
            files = {name: fetch(outband.url + path, **{"X-Auth-Token": token})[1]
                     for name, path in paths.items()}
            with Nginx(files) as nginx:
                for connections in (1, 32):
                    for name, path in paths.items():
                        theirs = wrk(f"{nginx.url}/{name}", connections, seconds)
                        ours = wrk(outband.url + path, connections, seconds,
                                   f"X-Auth-Token: {token}")
                        rows.append([f"{name}, {len(files[name])} bytes", connections,
                                     *(f"{x['rate']:,.0f}" for x in (theirs, ours)),
                                     f"{ours['rate'] / theirs['rate']:.0%}",
                                     f"{ours['p50']} / {ours['p99']}"])
    table("Rates", ["GET", "connections", "nginx/s", "Outband/s", "of nginx", "p50 / p99"], rows)


def lan(seconds: int, rounds: int, sessions: int) -> None:
    """IPMI sessions and commands beside ipmi_sim, and memory over many sessions."""
    rows, memory_rows = ipmi.measure(seconds, rounds, sessions)
    table(f"IPMI, {ipmi.CLIENTS} clients, medians of {rounds}",
          ["server's processor time, µs each", "suite", "ipmi_sim", "Outband", "of ipmi_sim", "goal",
           "ipmi_sim/s", "Outband/s"], rows)
    table(f"Memory over {sessions:,} IPMI sessions", ["resident, MiB", "before", "after"], memory_rows)


def lan_names(times: int) -> None:
    """Whether the time until IPMI's proof tells a user's name from a made-up one."""
    table(f"RAKP message 2, each name asked for {times:,} times",
          ["suite", "known, µs", "unknown, µs", "apart", "Welch's t", "two unknown apart", "their t"],
          list(ipmi.names(times)))


def clone() -> None:
    """From `git clone` to `ready`, with cargo's downloads as this machine has them."""
    all_cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(all_cores)[:CORES])
    with tempfile.TemporaryDirectory() as folder:
        env = {name: value for name, value in os.environ.items() if name != "CARGO_TARGET_DIR"}
        begun = time.monotonic()
        subprocess.run(["git", "clone", "--quiet", REPOSITORY, f"{folder}/outband"], check=True)
        process = subprocess.Popen(
            [f"{folder}/outband/tools/demo", "--https", "127.0.0.1:0",
             "--state", f"{folder}/state"],
            env={**env, "OUTBAND_ADMIN_PASSWORD": PASSWORD}, stdout=subprocess.PIPE, text=True)
        ready = any(line.startswith("ready") for line in process.stdout)
        took = time.monotonic() - begun
        process.terminate()
        process.wait(60)
    cores = len(os.sched_getaffinity(0))
    os.sched_setaffinity(0, all_cores)
    if not ready:
        raise SystemExit("tools/demo ended before it was ready")
    table("Build", ["from `git clone` to `ready`", "s"], [[f"on {cores} cores", round(took)]])


def typed(count: int) -> None:
    """How soon a key is on the screen."""
    table("Keys", ["rest before the key", "by Outband, ms", "by QEMU's monitor, ms"], keys(count))


def pictures(rounds: int) -> None:
    """What a screen costs, from a frame to bytes for its viewers, in this program's own thread."""
    said = ipmi.load("tiles", "--rounds", str(rounds))
    rows = []
    for scene, cost in said["scenes"].items():
        first, others = cost["first"], cost["others"]
        rows.append([scene, f"{first['compare_ms'] + first['encode_ms']:.1f}",
                     f"{first['bytes']:,.0f}", f"{others['compare_ms']:.2f}",
                     f"{others['encode_ms']:.3g}", f"{others['bytes']:,.0f}",
                     f"{others['further_viewer_ms']:.3f}"])
    table(f"Pictures, {said['width']} x {said['height']}, {said['frames']} frames, medians of {rounds}",
          ["scene", "first frame, ms", "its bytes", "then a frame: compare, ms", "encode, ms", "bytes",
           "a further viewer, ms"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=7, help="how many starts are timed")
    parser.add_argument("--servers", type=int, default=1000, help="how large the fleet is")
    parser.add_argument("--seconds", type=int, default=5, help="how long each rate is measured")
    parser.add_argument("--rounds", type=int, default=5,
                        help="how often each cost of IPMI and of pictures is measured")
    parser.add_argument("--sessions", type=int, default=100_000, help="over how many IPMI sessions")
    parser.add_argument("--names", type=int, default=20_000, help="how often each name is asked for")
    parser.add_argument("--keys", type=int, default=5, help="how many keys are typed each way")
    parser.add_argument("--only", choices=["start", "memory", "rates", "keys", "ipmi", "names",
                                           "pictures"],
                        help="measure this alone")
    parser.add_argument("--clone", action="store_true", help="also build a fresh clone")
    options = parser.parse_args()
    for program in ("wrk", "nginx", "openssl", "ipmi_sim"):
        if not shutil.which(program):
            raise SystemExit(f"{program} is missing")
    system, load = os.uname(), os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load {load:.1f}, {system.machine}, Linux {system.release}")
    parts = {"start": lambda: start(options.starts),
             "memory": lambda: memory(options.servers),
             "rates": lambda: rates(options.seconds),
             "keys": lambda: typed(options.keys),
             "ipmi": lambda: lan(options.seconds, options.rounds, options.sessions),
             "names": lambda: lan_names(options.names),
             "pictures": lambda: pictures(options.rounds)}
    for name, measure in parts.items():
        if options.only in (None, name):
            measure()
    if options.clone:
        clone()


if __name__ == "__main__":
    main()
