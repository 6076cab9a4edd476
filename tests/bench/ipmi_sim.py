"""The peer of IPMI's figures: OpenIPMI's ipmi_sim, with one BMC and one user."""

import pathlib
import socket
import subprocess
import tempfile
import time

from measure import PASSWORD

CONF = """
name "peer"
set_working_mc 0x20
startlan 1
  addr 127.0.0.1 {port}
  priv_limit admin
  allowed_auths_admin none md2 md5 straight
  guid 0102030405060708090a0b0c0d0e0f10
endlan
user 2 true "admin" "{password}" admin 32 none md2 md5 straight
"""

# A management controller that answers Get Device ID, as OpenIPMI's examples have one.
EMULATOR = """
mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
sel_enable 0x20 1000 0x0a
mc_enable 0x20
"""

# An ASF presence ping: who answers it listens.
PING = bytes.fromhex("0600ff06000011be80010000")


class IpmiSim:
    """Serves IPMI on a free port of loopback."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="outband-ipmi-sim-")
        folder = pathlib.Path(self.folder.name)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"127.0.0.1:{port}"
        (folder / "lan.conf").write_text(CONF.format(port=port, password=PASSWORD))
        (folder / "emulator").write_text(EMULATOR)
        self.process = subprocess.Popen(
            ["ipmi_sim", "-c", folder / "lan.conf", "-f", folder / "emulator", "-s", folder, "-n"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self._await(port)

    def _await(self, port: int) -> None:
        end = time.monotonic() + 30
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.connect(("127.0.0.1", port))
            client.settimeout(0.1)
            while True:
                try:
                    client.send(PING)
                    client.recv(64)
                    return
                except OSError:
                    if time.monotonic() > end or self.process.poll() is not None:
                        raise SystemExit("ipmi_sim doesn't answer") from None
                    time.sleep(0.05)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)
        self.folder.cleanup()
