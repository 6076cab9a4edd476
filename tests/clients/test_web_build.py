"""How the page comes into the program: by npm, as a ready folder, or as a note that it is missing.

The build script is run as cargo runs it; npm is stood in for by a program that writes down what it was
asked.
"""

import pathlib
import shutil
import subprocess

import pytest

from support.waiting import HANG

DAEMON = pathlib.Path(__file__).parents[2] / "src/daemon"
NPM = """#!/bin/sh
echo "$*" >>{log}
[ ! -e {broken} ] || {{ echo 'npm error: no network' >&2; exit 1; }}
case $1 in
ci) mkdir -p node_modules ;;
run) out=$5; mkdir -p $out/assets; echo page >$out/index.html; echo script >$out/assets/x.js
    echo small >$out/assets/x.js.br ;;
esac
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    """The build script itself."""
    program = tmp_path_factory.mktemp("script") / "build"
    subprocess.run(["rustc", "--edition", "2024", "-o", program, DAEMON / "build.rs"], check=True,
                   timeout=HANG)
    return program


class Build:
    """One tree of sources and what is built of it."""

    def __init__(self, folder: pathlib.Path, script: pathlib.Path):
        self.script, self.home = script, folder / "src/daemon"
        self.out = folder / "target/debug/build/outband-1/out"
        self.bin, self.log, self.broken = folder / "bin", folder / "log", folder / "broken"
        self.web = folder / "web"
        for made in (self.home / "services/console/page", self.out, self.bin, self.web / "src"):
            made.mkdir(parents=True)
        for name in (".npmrc", "index.html", "package-lock.json", "package.json", "src/main.tsx",
                     "tsconfig.json", "vite.config.ts"):
            (self.web / name).write_text(name)
        fallback = "services/console/page/fallback.html"
        shutil.copy(DAEMON / fallback, self.home / fallback)
        (self.bin / "npm").write_text(NPM.format(log=self.log, broken=self.broken))
        (self.bin / "npm").chmod(0o755)
        for name in ("sh", "mkdir"):
            (self.bin / name).symlink_to(shutil.which(name))

    def run(self, feature: bool = True, **env: str) -> subprocess.CompletedProcess:
        """Runs the script."""
        given = {"PATH": str(self.bin), "CARGO_MANIFEST_DIR": str(self.home), "OUT_DIR": str(self.out)}
        if feature:
            given["CARGO_FEATURE_WEB"] = "1"
        return subprocess.run([self.script], env=given | env, capture_output=True, text=True,
                              timeout=HANG, check=False)

    def made(self, **more) -> str:
        """Runs it, which must go well, and gives what it says."""
        done = self.run(**more)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def asked(self) -> list[str]:
        """What npm was asked since the last look."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return [" ".join(line.split()[:2]) for line in lines]

    def table(self) -> str:
        """The files that go into the program."""
        return (self.out / "page.rs").read_text()

    def has_note(self) -> bool:
        """Whether the note stands in the page's place."""
        return "fallback.html" in self.table()


@pytest.fixture
def build(tmp_path, script):
    return Build(tmp_path, script)


def test_packages_are_installed_only_when_the_lock_file_changed(build):
    before = sorted(build.web.rglob("*"))
    assert "warning" not in build.made()
    assert build.asked() == ["ci --omit=dev", "run build"]
    assert not build.has_note() and "Some(include_bytes!" in build.table()
    (build.web / "src/main.tsx").write_text("changed")
    build.made()
    assert build.asked() == ["run build"]
    (build.web / "package-lock.json").write_text("changed")
    build.made()
    assert build.asked() == ["ci --omit=dev", "run build"]
    assert sorted(build.web.rglob("*")) == before, "nothing lands among the sources"


@pytest.mark.parametrize("what", ["missing", "failing"])
def test_without_npm_there_is_a_note_and_a_warning_or_an_error_where_a_page_is_required(build, what):
    if what == "missing":
        (build.bin / "npm").unlink()
    else:
        build.broken.touch()
    said = build.made()
    assert "cargo:warning=this build has no page" in said
    assert ("can't be run" if what == "missing" else "no network") in said
    assert build.has_note()
    required = build.run(OUTBAND_WEB_REQUIRED="1")
    assert required.returncode != 0 and "the page could not be made" in required.stderr
    if what == "failing":
        build.broken.unlink()
        build.made()
        assert not build.has_note(), "what failed is tried again"


def test_a_ready_page_is_taken_as_it_is(build, tmp_path):
    ready = tmp_path / "ready"
    ready.mkdir()
    refused = build.run(OUTBAND_WEB_DIST=str(ready))
    assert refused.returncode != 0 and "has no index.html" in refused.stderr
    (ready / "index.html").write_text("ready")
    build.made(OUTBAND_WEB_DIST=str(ready))
    assert build.asked() == [] and f"{ready}/index.html" in build.table()


def test_without_the_feature_there_is_the_note_and_nothing_is_said(build):
    said = build.made(feature=False, OUTBAND_WEB_REQUIRED="1")
    assert "warning" not in said and build.asked() == [] and build.has_note()


def test_no_host_of_a_registry_stands_in_the_lock_file():
    lock = (DAEMON.parents[1] / "web/package-lock.json").read_text()
    assert '"resolved"' not in lock and "registry" not in lock
