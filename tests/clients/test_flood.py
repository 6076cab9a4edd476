"""Half-sent requests: they are closed by their deadline, and nobody else waits for them."""

import selectors
import socket
import ssl
import time

import pytest

from support.redfish import SYSTEM

HALF = b"GET /redfish/v1 HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
COUNT = 1000
CLOSED_WITHIN = 30.0


def connect(address: str, source: str) -> socket.socket:
    """Connects from one source address."""
    host, port = address.rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=30, source_address=(source, 0))


def tls(bmc, source: str) -> socket.socket:
    """A connection with its handshake done."""
    context = ssl.create_default_context(cafile=bmc.certificate)
    return context.wrap_socket(connect(bmc.daemon.address(), source), server_hostname="localhost")


def is_closed(connection: socket.socket) -> bool:
    """Whether the other side closed it; what it says before is read and forgotten."""
    try:
        return connection.recv(65536) == b""
    except ConnectionError:
        return True
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except ssl.SSLError:
        return True


def hold(connections: list[socket.socket], meanwhile) -> float:
    """Keeps connections open until the other side has closed all; gives how long that took."""
    begun = time.monotonic()
    waiting = selectors.DefaultSelector()
    for connection in connections:
        connection.setblocking(False)
        waiting.register(connection, selectors.EVENT_READ)
    while waiting.get_map():
        assert time.monotonic() - begun < 2 * CLOSED_WITHIN, f"{len(waiting.get_map())} still open"
        for key, _ in waiting.select(timeout=0.5):
            if is_closed(key.fileobj):
                waiting.unregister(key.fileobj)
                key.fileobj.close()
        meanwhile()
    return time.monotonic() - begun


# What a half-sent request may be on a port that speaks TLS: silence, a piece of a handshake, and
# plain HTTP that never ends.
@pytest.mark.parametrize("piece", [b"", b"\x16\x03\x01\x02\x00\x01", HALF],
                         ids=["silence", "half-a-handshake", "half-a-header"])
def test_a_thousand_half_sent_requests_are_closed_and_others_served(serve, piece):
    bmc = serve()
    client = bmc.client(source="127.0.0.3")
    served = []

    def meanwhile():
        begun = time.monotonic()
        assert client.get(SYSTEM)["Id"] == "1"
        served.append(time.monotonic() - begun)

    meanwhile()
    connections = []
    for _ in range(COUNT):
        connection = connect(bmc.daemon.address(), "127.0.0.2")
        try:
            connection.sendall(piece)
        except ConnectionError:
            pass  # one too many from this address, closed at once
        connections.append(connection)
    assert hold(connections, meanwhile) < CLOSED_WITHIN
    assert len(served) > 5
    # The client elsewhere also gets in anew, not only by the connection that it had.
    assert bmc.client(source="127.0.0.4").get(SYSTEM)["Id"] == "1"


def test_headers_that_trickle_in_have_an_absolute_deadline(serve):
    """A byte now and then doesn't prolong the wait: the deadline counts from the beginning."""
    bmc = serve()
    client = bmc.client()
    connection = tls(bmc, "127.0.0.2")
    connection.sendall(HALF)

    def meanwhile():
        client.get(SYSTEM)
        try:
            connection.send(b"x")
        except OSError:
            pass

    assert hold([connection], meanwhile) < CLOSED_WITHIN
