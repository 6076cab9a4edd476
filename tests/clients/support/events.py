"""The event log as it lies in the state folder: what the daemon wrote down for good."""

import json
import pathlib
import struct
import zlib


def read(state: pathlib.Path) -> list[dict]:
    """Every whole event, oldest first. A record is length, CRC-32 and JSON."""
    files = sorted((state / "events").glob("events-*.log"))
    log = b"".join(path.read_bytes() for path in files)
    events = []
    while len(log) >= 8:
        length, check = struct.unpack_from("<II", log)
        body, log = log[8:8 + length], log[8 + length:]
        if len(body) < length:
            break  # it is being written
        assert zlib.crc32(body) == check, "a torn record in the middle of the log"
        events.append(json.loads(body))
    return events


def of_kind(state: pathlib.Path, kind: str) -> list[dict]:
    """What happened of one kind, each with its own values."""
    return [event["kind"] for event in read(state) if event["kind"]["is"] == kind]
