"""The commands of the source tree: what they do about what a machine lacks.

Package managers are stood in for by programs that write down what they were asked; that the real ones
bring what is needed is tried in fresh roots, by `tools/test --long`.
"""

import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from support.waiting import HANG

ROOT = pathlib.Path(__file__).parents[2]
LIBRARY = "".join((ROOT / "tools/lib" / f"{name}.sh").read_text()
                  for name in ("say", "packages", "node"))
DEBIAN, ELSEWHERE = "is_debian() { true; }\n", "is_debian() { false; }\n"
# What the scripts take for granted.
TAKEN = ("bash", "cat", "chmod", "dirname", "env", "head", "mkdir", "sed", "sort", "tr")

SUDO = 'exec "$@"'
APT = """echo "$*" >>{log}
case $1 in install) printf '#!/bin/sh\\n' >{bin}/wanted && chmod +x {bin}/wanted ;; esac
"""
OLD_NODE = "echo v18.19.0"
NPM = """echo "$*" >>{log}
mkdir -p build/node/node_modules/.bin
printf '#!/bin/sh\\necho v22.99.0\\n' >build/node/node_modules/.bin/node
chmod +x build/node/node_modules/.bin/node
"""


class Machine:
    """A machine that has nothing but what is put there."""

    def __init__(self, folder: pathlib.Path):
        self.folder, self.bin, self.log = folder, folder / "bin", folder / "log"
        self.bin.mkdir()
        for name in TAKEN:
            (self.bin / name).symlink_to(shutil.which(name))

    def put(self, name: str, body: str) -> None:
        """Puts a program there."""
        program = self.bin / name
        program.write_text("#!/bin/bash\n" + body.format(bin=self.bin, log=self.log))
        program.chmod(0o755)

    def run(self, *argv: str) -> subprocess.CompletedProcess:
        """Runs a command there."""
        return subprocess.run(argv, cwd=self.folder, capture_output=True, text=True, timeout=HANG,
                              env={"PATH": str(self.bin), "HOME": str(self.folder)}, check=False)

    def script(self, text: str, *wrapper: str) -> subprocess.CompletedProcess:
        """Runs a script there that has the tools' own functions."""
        bash = str(self.bin / "bash")
        return self.run(*wrapper, bash, "-c", f"set -euo pipefail\n{LIBRARY}\n{text}")

    def asked(self) -> list[str]:
        """What the package managers were asked, in order."""
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def bare():
    """A bare machine, in a folder that every user can look into."""
    with tempfile.TemporaryDirectory(prefix="outband-") as folder:
        path = pathlib.Path(folder)
        path.chmod(0o755)
        yield Machine(path)


def test_elsewhere_than_on_debian_what_is_missing_is_listed(bare):
    done = bare.script(ELSEWHERE + "need cat=coreutils wanted=its-package /no/file=another")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "wanted /no/file " in line and "its-package another" in line
    assert "coreutils" not in line


def test_on_debian_what_is_missing_is_said_and_installed_and_nothing_else(bare):
    bare.put("apt-get", APT)
    bare.put("sudo", SUDO)
    done = bare.script(DEBIAN + "need cat=coreutils wanted=its-package\nneed wanted=its-package")
    assert done.returncode == 0, done.stderr
    update, install = bare.asked()
    assert update.startswith("update") and install.startswith("install -y")
    assert install.endswith(" its-package") and "coreutils" not in install
    assert done.stdout.splitlines()[0].endswith(": its-package")


def test_what_a_package_did_not_bring_is_said(bare):
    bare.put("apt-get", APT)
    bare.put("sudo", SUDO)
    done = bare.script(DEBIAN + "need other=its-package")
    assert done.returncode == 1
    assert "other is still missing after installing its-package" in done.stderr


def test_without_root_and_sudo_the_command_for_root_is_told(bare):
    wrapper = ()
    if os.geteuid() == 0:
        wrapper = (shutil.which("setpriv"), "--reuid=65534", "--regid=65534", "--clear-groups", "--")
    done = bare.script(DEBIAN + "need wanted=its-package", *wrapper)
    assert done.returncode == 1
    assert "as root, run: apt-get install its-package" in done.stderr


def test_a_node_that_is_too_old_is_not_used_and_a_newer_one_comes_from_npm(bare):
    bare.put("node", OLD_NODE)
    bare.put("npm", NPM)
    done = bare.script("need_node\nnode --version")
    assert done.returncode == 0, done.stderr
    said, version = done.stdout.splitlines()
    assert "node v18.19.0 is older than" in said and version == "v22.99.0"
    (install,) = bare.asked()
    assert install.startswith("install --prefix build/node ") and " node@" in install


def test_a_node_that_is_new_enough_is_taken(bare):
    bare.put("node", "echo v24.1.0")
    bare.put("npm", NPM)
    done = bare.script("need_node\nnode --version")
    assert (done.returncode, done.stdout, bare.asked()) == (0, "v24.1.0\n", [])


@pytest.mark.parametrize("tool", ["demo", "test", "bench"])
def test_without_rust_each_command_says_where_to_get_it(bare, tool):
    done = bare.run(str(bare.bin / "bash"), str(ROOT / "tools" / tool))
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"{tool}: Rust is missing: install it from https://rustup.rs, then run this again"]


def test_a_group_that_there_is_not_is_refused_with_those_there_are(bare):
    done = bare.run(str(bare.bin / "bash"), str(ROOT / "tools/test"), "nonsense")
    assert done.returncode == 1
    assert "no group 'nonsense'; the groups are: style unit clients validators" in done.stderr
