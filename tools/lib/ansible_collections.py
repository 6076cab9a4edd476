"""Unpacks single Ansible collections out of the `ansible` package of PyPI.

The package holds over a hundred collections in some fifty thousand files; the tests need a few.
Usage: ansible_collections.py LIST FOLDER. LIST's first line is `ansible==VERSION`; each further line is
`NAMESPACE.NAME VERSION`, and another version inside the package is an error.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import zipfile


def download(requirement: str, folder: str) -> pathlib.Path:
    """Fetches the wheel alone, without what it depends on."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary=:all:", "--dest", folder, requirement]
    subprocess.run(command, check=True)
    return next(pathlib.Path(folder).glob("*.whl"))


def unpack(wheel: zipfile.ZipFile, collection: str, version: str, into: pathlib.Path) -> None:
    """Unpacks one collection, having made sure of its version."""
    inside = f"ansible_collections/{collection.replace('.', '/')}/"
    manifest = json.loads(wheel.read(inside + "MANIFEST.json"))
    found = manifest["collection_info"]["version"]
    if found != version:
        sys.exit(f"{collection} in this package is {found}, not {version}")
    wheel.extractall(into, [name for name in wheel.namelist() if name.startswith(inside)])
    print(f"{collection} {found}")


def main() -> None:
    listing, into = sys.argv[1:]
    lines = pathlib.Path(listing).read_text().splitlines()
    requirement, *collections = [line for line in lines if line and not line.startswith("#")]
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(download(requirement, folder)) as wheel:
            for line in collections:
                unpack(wheel, *line.split(), pathlib.Path(into))


if __name__ == "__main__":
    main()
