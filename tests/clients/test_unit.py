"""The systemd units: that systemd understands them, and that a machine runs within what they allow."""

import pathlib
import shutil
import subprocess
import sys

from support import daemon, machine, unit
from support.waiting import HANG, until

UNITS = pathlib.Path(__file__).parents[2] / "config/systemd"
SERVICE, DROP_IN = UNITS / "outband.service", UNITS / "outband-machines.conf"


def test_systemd_understands_the_units(tmp_path):
    program = str(pathlib.Path(shutil.which(daemon.OUTBAND)).resolve())
    service = tmp_path / SERVICE.name
    service.write_text(SERVICE.read_text().replace("/usr/bin/outband", program))
    drop_ins = tmp_path / f"{SERVICE.name}.d"
    drop_ins.mkdir()
    shutil.copy(DROP_IN, drop_ins)
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", service], text=True,
                          env=daemon.environment(SYSTEMD_UNIT_PATH=f"{tmp_path}:"),
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=HANG, check=False)
    assert done.returncode == 0
    # Systemd before 254 knows no ImportCredential, and goes on without it.
    said = [line for line in done.stderr.splitlines() if "'ImportCredential'" not in line]
    assert said == []


def test_a_machine_runs_within_what_the_units_allow(machines, running, tmp_path):
    box = machine.Box(tmp_path)
    confined = (sys.executable, unit.__file__, str(SERVICE), str(DROP_IN), "--")
    bmc = running(machine.Serve(tmp_path, box.settings, wrapper=confined))
    bmc.client().reset("On")
    box.has_said("the disk")
    before = machines()
    # As systemd ends it then: the daemon alone is told.
    assert ("KillMode", "process") in unit.lines(SERVICE, DROP_IN)
    bmc.daemon.stop()
    assert machines() == before
    bmc.daemon.start()
    assert bmc.client().power() == "On"
    bmc.client().reset("ForceOff")
    until(lambda: machines() == [], "no process is left")
