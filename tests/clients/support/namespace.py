"""A daemon in a network of its own, as an unprivileged user: every port is free there, and nothing from
outside reaches it."""

import contextlib
import os
import pathlib
import shutil
import tempfile

from . import daemon

NOBODY = 65534

# A namespace has only loopback, and that is down until somebody brings it up.
NETWORK = ("unshare", "--net", "--", "sh", "-c", 'ip link set lo up && exec "$0" "$@"')
# With the right to bind ports below 1024 and no other.
WRAPPER = (*NETWORK, "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
           "--inh-caps=-all,+net_bind_service", "--ambient-caps=-all,+net_bind_service",
           "--bounding-set=-all,+net_bind_service", "--no-new-privs", "--")


@contextlib.contextmanager
def folder():
    """A folder for a daemon of nobody's, with the program in it as `outband`; others need not be able
    to read the program's own."""
    assert os.geteuid() == 0, "this test changes its user and its network: run it as root"
    path = pathlib.Path(tempfile.mkdtemp(prefix="outband-"))
    shutil.copy(daemon.OUTBAND, path / "outband")
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def give_to_nobody(folder: pathlib.Path) -> None:
    """Makes nobody the owner of a folder and all that is in it."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY)


def inside(pid: int) -> tuple[str, ...]:
    """The command that runs another one in the network of a process."""
    return ("nsenter", "--target", str(pid), "--net")
