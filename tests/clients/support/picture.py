"""Pictures as the native API gives them: a PNG reader of a page (W3C PNG, third edition), so that what
is tested is not read by what wrote it."""

import struct
import zlib

MAGIC = b"\x89PNG\r\n\x1a\n"
PALETTE, RGB = 3, 2


class Picture:
    """A picture: `rows[y][x]` is a pixel, three bytes of red, green and blue."""

    def __init__(self, file: bytes):
        assert file[:8] == MAGIC, file[:16]
        chunks, at = [], 8
        while at < len(file):
            (length,) = struct.unpack_from(">I", file, at)
            kind, body = file[at + 4:at + 8], file[at + 8:at + 8 + length]
            (crc,) = struct.unpack_from(">I", file, at + 8 + length)
            assert crc == zlib.crc32(kind + body), kind
            chunks.append((kind, body))
            at += length + 12
        assert chunks[-1][0] == b"IEND"
        head = dict(chunks)[b"IHDR"]
        self.width, self.height, depth, colour, *rest = struct.unpack(">IIBBBBB", head)
        assert colour in (PALETTE, RGB) and rest == [0, 0, 0], head
        data = zlib.decompress(b"".join(body for kind, body in chunks if kind == b"IDAT"))
        bits = depth * (1 if colour == PALETTE else 3)
        lines = unfilter(data, (self.width * bits + 7) // 8, max(1, bits // 8), self.height)
        if colour == PALETTE:
            table = dict(chunks)[b"PLTE"]
            palette = [table[i:i + 3] for i in range(0, len(table), 3)]
            per_byte, mask = 8 // depth, (1 << depth) - 1
            shifts = [8 - depth * (i + 1) for i in range(per_byte)]
            self.rows = [[palette[byte >> shift & mask] for byte in line for shift in shifts]
                         [:self.width] for line in lines]
        else:
            self.rows = [[bytes(line[i:i + 3]) for i in range(0, len(line), 3)] for line in lines]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.width, self.height

    def __eq__(self, other) -> bool:
        return self.rows == other.rows

    def lit(self) -> int:
        """How many pixels are not black."""
        return sum(pixel != b"\0\0\0" for row in self.rows for pixel in row)

    def differs(self, other: "Picture") -> tuple[int, int, int, int] | None:
        """The box around what is different: left, upper, right and lower edge."""
        assert self.size == other.size
        at = [(x, y) for y, (one, two) in enumerate(zip(self.rows, other.rows)) if one != two
              for x, (left, right) in enumerate(zip(one, two)) if left != right]
        if not at:
            return None
        columns, rows = zip(*at)
        return min(columns), min(rows), max(columns) + 1, max(rows) + 1


def unfilter(data: bytes, length: int, step: int, height: int) -> list[bytes]:
    """The lines without their filters (PNG section 9); `step` is the bytes of a pixel."""
    assert len(data) == (length + 1) * height
    above, lines = bytes(length), []
    for at in range(0, len(data), length + 1):
        kind, line = data[at], bytearray(data[at + 1:at + 1 + length])
        for i in range(length):
            left = line[i - step] if i >= step else 0
            corner = above[i - step] if i >= step else 0
            line[i] = line[i] + (0, left, above[i], (left + above[i]) // 2,
                                 paeth(left, above[i], corner))[kind] & 255
        above = bytes(line)
        lines.append(above)
    return lines


def paeth(left: int, above: int, corner: int) -> int:
    """The predictor of filter type 4."""
    guess = left + above - corner
    return min((abs(guess - left), 0, left), (abs(guess - above), 1, above),
               (abs(guess - corner), 2, corner))[2]
