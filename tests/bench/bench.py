"""Measures Outband and prints the tables of docs/figures.md. Run by tools/bench."""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

from measure import PASSWORD, Program, fetch, wrk
from nginx import Nginx

REPOSITORY = pathlib.Path(__file__).parents[2]


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
    table("Start", ["exec to `ready`", "ms"],
          [["very first start", round(first * 1000)],
           [f"later starts, median of {times}", round(statistics.median(later) * 1000)],
           ["slowest of these", round(max(later) * 1000)]])


def memory(count: int) -> None:
    """Resident memory with nobody watching."""
    with tempfile.TemporaryDirectory() as folder, demo(pathlib.Path(folder) / "state") as program:
        single = program.idle_mib()
    sizes = {}
    for servers in (1, count):
        with Program("fleet", "--count", str(servers), "--https", "127.0.0.1:0") as program:
            sizes[servers] = program.idle_mib()
            started = program.seconds
    table("Memory", ["resident, at rest, nobody watching", "MiB"],
          [["`demo`: one simulated server", f"{single:.1f}"],
           ["`fleet --count 1`", f"{sizes[1]:.1f}"],
           [f"`fleet --count {count}`", f"{sizes[count]:.1f}"],
           [f"what the other {count - 1} servers cost", f"{sizes[count] - sizes[1]:.1f}"]])
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


def clone() -> None:
    """From `git clone` to `ready`, with cargo's downloads as this machine has them."""
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
    if not ready:
        raise SystemExit("tools/demo ended before it was ready")
    table("Build", ["from `git clone` to `ready`", "s"],
          [[f"on {os.cpu_count()} cores", round(took)]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=7, help="how many starts are timed")
    parser.add_argument("--servers", type=int, default=1000, help="how large the fleet is")
    parser.add_argument("--seconds", type=int, default=5, help="how long each rate is measured")
    parser.add_argument("--clone", action="store_true", help="also build a fresh clone")
    options = parser.parse_args()
    for program in ("wrk", "nginx", "openssl"):
        if not shutil.which(program):
            raise SystemExit(f"{program} is missing")
    system, load = os.uname(), os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load {load:.1f}, {system.machine}, Linux {system.release}")
    start(options.starts)
    memory(options.servers)
    rates(options.seconds)
    if options.clone:
        clone()


if __name__ == "__main__":
    main()
