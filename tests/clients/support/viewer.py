"""A viewer of a server's console, by the WebSocket: a decoder of a page, so that what is tested is
not read by what wrote it."""

import base64
import json
import ssl
import struct
import zlib

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from .waiting import HANG

PROTOCOL = "outband.v1"
TIGHT, FILL, FILTERED, PALETTE, PACKED_MIN = 7, 0x80, 0x40, 1, 12


class Bytes:
    """Bytes that are read from the front."""

    def __init__(self, data: bytes):
        self.data, self.at = data, 0

    def take(self, count: int) -> bytes:
        taken = self.data[self.at:self.at + count]
        assert len(taken) == count
        self.at += count
        return taken

    def read(self, form: str) -> tuple:
        return struct.unpack(form, self.take(struct.calcsize(form)))

    def packed(self, length: int) -> bytes:
        """Data that have so many bytes when unpacked."""
        if length < PACKED_MIN:
            return self.take(length)
        count = shift = 0
        while True:
            (byte,) = self.take(1)
            last = shift == 14 or byte < 0x80
            count |= (byte if shift == 14 else byte & 0x7f) << shift
            if last:
                break
            shift += 7
        data = zlib.decompressobj().decompress(self.take(count))
        assert len(data) == length, (len(data), length)
        return data


def rectangle(data: Bytes) -> tuple[int, int, list[list[bytes]]]:
    """Where a rectangle is, and its lines of pixels."""
    x, y, width, height, encoding = data.read(">HHHHi")
    assert encoding == TIGHT
    (control,) = data.take(1)
    if control == FILL:
        return x, y, [[data.take(3)] * width] * height
    assert control & 0x0e == 0, "a stream that isn't the first"
    if control & FILTERED:
        kind, most = data.take(2)
        assert kind == PALETTE
        palette = [data.take(3) for _ in range(most + 1)]
        if len(palette) > 2:
            indices = data.packed(width * height)
            pixels = [palette[at] for at in indices]
        else:
            line = (width + 7) // 8
            bits = data.packed(line * height)
            pixels = [palette[bits[row * line + at // 8] >> (7 - at % 8) & 1]
                      for row in range(height) for at in range(width)]
    else:
        assert control & 0xf0 == 0, control
        rgb = data.packed(width * height * 3)
        pixels = [rgb[at:at + 3] for at in range(0, len(rgb), 3)]
    return x, y, [pixels[at:at + width] for at in range(0, len(pixels), width)]


class Viewer:
    """Somebody at the console of server 1; a context manager."""

    def __init__(self, bmc, user="admin", password=None, server="1", source=None, described=None,
                 **headers: str):
        """With `described`, what is said and told must be as the native API's document has it."""
        self.described = described
        self.path = f"/api/v1/servers/{server}/ws"
        proof = base64.b64encode(f"{user}:{password or bmc.password}".encode()).decode()
        trust = ssl.create_default_context(cafile=bmc.certificate)
        url = f"{bmc.daemon.url}{self.path}".replace("https:", "wss:")
        self.socket = connect(url, ssl=trust, subprotocols=[PROTOCOL], open_timeout=HANG,
                              additional_headers={"Authorization": f"Basic {proof}", **headers},
                              max_size=None, source_address=source, proxy=None, legacy=True)
        self.rows: list[list[bytes]] = []
        self.size = (0, 0)
        self.sizes: list[int] = []  # of each update, in bytes
        self.sequence = 0
        self.hello = self.told("hello")

    def __enter__(self) -> "Viewer":
        return self

    def __exit__(self, *_) -> None:
        self.socket.close()

    def say(self, kind: str, **more) -> None:
        """Says something."""
        said = {"type": kind, **more}
        if self.described:
            self.described.spoken(self.path, said=said)
        self.socket.send(json.dumps(said))

    def hold(self, *usages: int) -> None:
        """States which keys are held."""
        self.sequence += 1
        self.say("keys", seq=self.sequence, held=list(usages))

    def next(self, timeout: float = HANG) -> dict:
        """The next thing that it is told; an update is drawn, and then that it is seen is said."""
        message = self.socket.recv(timeout)
        if isinstance(message, str):
            told = json.loads(message)
            if self.described:
                self.described.spoken(self.path, told=told)
            return told
        number = self.draw(message)
        self.say("seen", update=number)
        return {"type": "update", "update": number}

    def told(self, kind: str, **values) -> dict:
        """Waits until it is told something of this kind, with these values."""
        while True:
            told = self.next()
            if told["type"] == kind and values.items() <= told.items():
                return told

    def closed(self) -> int:
        """Waits for the end, and gives its code."""
        try:
            while True:
                self.next()
        except ConnectionClosed:
            return self.socket.close_code

    def draw(self, message: bytes) -> int:
        """Draws an update, and gives its number."""
        data = Bytes(message)
        kind, number, width, height, count = data.read(">BIHHH")
        assert kind == 1
        if self.size != (width, height):
            self.size = (width, height)
            self.rows = [[b"?"] * width for _ in range(height)]
        for _ in range(count):
            x, y, lines = rectangle(data)
            for row, line in enumerate(lines, y):
                assert x + len(line) <= width
                self.rows[row][x:x + len(line)] = line
        assert data.at == len(message)
        self.sizes.append(len(message))
        return number
