"""A medium for a simulated machine's drive: the least that is an ISO 9660 image."""

import pathlib

SECTOR = 2048


def descriptor(kind: int, label: str = "") -> bytes:
    """A volume descriptor (ECMA-119 section 8.1); the label is bytes 41 to 72."""
    start = bytes([kind]) + b"CD001" + bytes([1])
    return (start.ljust(40, b"\0") + label.encode().ljust(32)).ljust(SECTOR, b"\0")


def image(folder: pathlib.Path, label: str) -> str:
    """Writes an image with this label and gives its file's name within the folder."""
    name = f"{label.lower()}.iso"
    (folder / name).write_bytes(bytes(16 * SECTOR) + descriptor(1, label) + descriptor(255))
    return name
