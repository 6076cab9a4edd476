"""What is wrong with a request is told by the completion code that the specification has for it, and
changes nothing: seen by ipmitool's `raw`."""

import pytest

from support import ipmi

INVALID_COMMAND, LENGTH, INVALID_FIELD, OUT_OF_RANGE = 0xC1, 0xC7, 0xCC, 0xC9
UNSUPPORTED, IN_PROGRESS = 0x80, 0x81

# Each: a request (network function, command, data) and its completion code.
REFUSED = [
    # Nothing here has a front panel whose buttons can be switched off, nor such a command.
    ("00 0a 0f", INVALID_COMMAND),
    ("00 05 00 20 20 20 20", INVALID_COMMAND),
    ("00 3f", INVALID_COMMAND),
    ("06 7f", INVALID_COMMAND),
    ("2c 00 00", INVALID_COMMAND),
    # Without what a command needs, and with more.
    ("00 02", LENGTH),
    ("00 02 01 00", LENGTH),
    ("00 01 00", LENGTH),
    ("00 04 01 00 00", LENGTH),
    ("00 06", LENGTH),
    ("00 08", LENGTH),
    ("00 08 05 e0 08 00 00", LENGTH),
    ("00 08 05 e0 08 00 00 00 00", LENGTH),
    ("00 08 01 00 00", LENGTH),
    ("00 09 05", LENGTH),
    ("00 09 05 00 00 00", LENGTH),
    ("06 01 00", LENGTH),
    # Boot parameters that there are not, so that readers go on.
    ("00 08 08 01", UNSUPPORTED),
    ("00 08 60 01", UNSUPPORTED),
    ("00 09 08 00 00", UNSUPPORTED),
    ("00 09 7f 00 00", UNSUPPORTED),
    # Values that mean nothing.
    ("00 02 06", INVALID_FIELD),
    ("00 02 0f", INVALID_FIELD),
    ("00 06 04", INVALID_FIELD),
    ("00 08 00 02", INVALID_FIELD),
    ("00 08 05 e0 fc 00 00 00", INVALID_FIELD),
    ("00 08 07 ff 00", OUT_OF_RANGE),
    ("00 09 07 ff 00", OUT_OF_RANGE),
]


@pytest.fixture(scope="module")
def server(lan):
    return ipmi.Server(lan)


def raw(server, request: str) -> ipmi.Done:
    """Sends a request."""
    return server.lan.ipmitool("raw", *(f"0x{byte}" for byte in request.split()))


def code(server, request: str) -> int:
    """The completion code of a request that must be refused."""
    said = raw(server, request).badly()
    return int(said.partition("rsp=")[2][:4], 16)


def state(server) -> tuple:
    """What a request could have changed."""
    return (server.system("PowerState"), server.system("Boot"), server.system("PowerRestorePolicy"),
            server.system("LocationIndicatorActive"), server.saw())


def test_what_is_wrong_has_its_code_and_changes_nothing(server):
    server.settle("Off")
    before = state(server)
    assert {request: code(server, request) for request, _ in REFUSED} == dict(REFUSED)
    assert state(server) == before


def test_only_one_at_a_time_begins_to_write_boot_parameters(server):
    raw(server, "00 08 00 01").well()
    assert raw(server, "00 09 00 00 00").well().split() == ["01", "00", "01"]
    assert code(server, "00 08 00 01") == IN_PROGRESS
    raw(server, "00 08 00 00").well()
    assert raw(server, "00 09 00 00 00").well().split() == ["01", "00", "00"]
    raw(server, "00 08 00 01").well()
    raw(server, "00 08 00 00").well()
