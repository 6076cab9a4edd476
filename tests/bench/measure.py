"""What is measured, and how: processes, resident memory, request rates. Standard library only."""

import json
import os
import pathlib
import re
import signal
import ssl
import subprocess
import time
import urllib.request

OUTBAND = os.environ.get("OUTBAND_BIN", "outband")
PASSWORD = "correct-horse"


class Program:
    """A process and how long it took until it was ready."""

    def __init__(self, *argv: str):
        env = {**os.environ, "OUTBAND_ADMIN_PASSWORD": PASSWORD}
        begun = time.monotonic()
        self.process = subprocess.Popen([OUTBAND, *argv], env=env, text=True,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)
        for line in self.process.stdout:
            if line.startswith("ready"):
                self.seconds = time.monotonic() - begun
                self.ready = json.loads(line.removeprefix("ready"))
                https = self.ready["https"]
                self.url = f"https://{https if isinstance(https, str) else https[0]}"
                return
        raise SystemExit(f"{' '.join(argv)} ended before it was ready")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def idle_mib(self) -> float:
        """Resident memory in MiB once it has come to rest: the same, and no work, for a second."""
        before, end = None, time.monotonic() + 120
        while before != (now := (resident_kib(self.process.pid), worked(self.process.pid))):
            if time.monotonic() > end:
                raise SystemExit(f"{self.process.args} does not come to rest")
            before = now
            time.sleep(1)
        return now[0] / 1024


def resident_kib(pid: int) -> int:
    """VmRSS of a process."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1])


def worked(pid: int) -> int:
    """The processor time that a process has used, in ticks."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def unverified() -> ssl.SSLContext:
    """A client that doesn't ask whose certificate it is: rates are measured here, not trust."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def fetch(url: str, body=None, **headers: str):
    """One request; gives the answer's headers and body."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **headers})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                         urllib.request.HTTPSHandler(context=unverified()))
    with opener.open(request, timeout=60) as answer:
        return answer.headers, answer.read()


def wrk(url: str, connections: int, seconds: int, *headers: str) -> dict:
    """Requests per second and latencies as wrk measures them; an answer other than 2xx ends it."""
    argv = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", url]
    for header in headers:
        argv += ["-H", header]
    said = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    if bad := re.search(r"Non-2xx or 3xx responses: \d+", said):
        raise SystemExit(f"{url}: {bad[0]}")
    return {"rate": float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]),
            "p50": re.search(r"\s50%\s+(\S+)", said)[1],
            "p99": re.search(r"\s99%\s+(\S+)", said)[1]}
