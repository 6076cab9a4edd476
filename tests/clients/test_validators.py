"""The DMTF's own validators against a demo: neither may count a single failure."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from support.daemon import PASSWORD, environment

pytestmark = pytest.mark.validators
BIN = pathlib.Path(sys.prefix) / "bin"
LIMIT = 900


def validate(demo, *argv) -> tuple[str, int]:
    """Runs a validator that trusts the demo's certificate; gives what it said, and its status."""
    trust = environment(REQUESTS_CA_BUNDLE=demo.certificate)
    done = subprocess.run([BIN / argv[0], "-r", demo.daemon.url, "-u", "admin", "-p", PASSWORD,
                           *map(str, argv[1:])], env=trust, capture_output=True, text=True,
                          timeout=LIMIT, cwd=demo.folder)
    return (done.stdout + done.stderr)[-8000:], done.returncode


@pytest.fixture(scope="module")
def schemas():
    """The folder with the DMTF's schema files."""
    folder = os.environ.get("OUTBAND_DMTF_DIR")
    assert folder, "OUTBAND_DMTF_DIR names no folder with the DMTF's schema files (csdl/*.xml)"
    csdl = pathlib.Path(folder) / "csdl"
    assert any(csdl.glob("*.xml")), f"there are no schema files in {csdl}"
    return csdl


def test_every_resource_is_what_its_schema_says(demo, schemas, tmp_path):
    copy = tmp_path / "csdl"  # the validator may write beside what it reads
    shutil.copytree(schemas, copy)
    said, status = validate(demo, "rf_service_validator", "--authtype", "Session",
                            "--schema_directory", copy, "--skipschema", "--logdir", tmp_path)
    assert status == 0, said


def test_the_protocol_is_what_its_specification_says(demo, tmp_path):
    said, status = validate(demo, "rf_protocol_validator", "--ca-bundle", demo.certificate,
                            "--report-dir", tmp_path, "--report-type", "tsv")
    assert status == 0, said
