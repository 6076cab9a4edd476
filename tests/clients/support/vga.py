"""Reads the text of a PC's text mode from its picture, glyph by glyph and exactly, by the font that is
in the machine's own VGA BIOS."""

import functools
import pathlib

from .picture import Picture

SIZE = (720, 400)  # 80 columns of 9 pixels, 25 rows of 16
BIOS = ("/usr/share/seabios/vgabios-stdvga.bin", "/usr/share/qemu/vgabios-stdvga.bin")

# The first two glyphs of an 8x16 font of code page 437: a blank and a smiling face.
FIRST = bytes(16) + bytes.fromhex("00007e81a58181bd9981817e00000000")


@functools.cache
def font() -> dict[bytes, str]:
    """The character of each glyph of 16 bytes."""
    bios = next(path for name in BIOS if (path := pathlib.Path(name)).exists()).read_bytes()
    start = bios.index(FIRST)
    glyphs = [bios[start + 16 * code:start + 16 * code + 16] for code in range(256)]
    # Printable ones last: of two that look the same they are meant.
    order = [*range(0x7F, 256), *range(1, 0x20), *range(0x20, 0x7F)]
    return {glyphs[code]: bytes([code]).decode("cp437") for code in order}


def text(picture: Picture) -> list[str]:
    """The lines on the screen; `\\ufffd` stands for what is no glyph, a cursor for example."""
    assert picture.size == SIZE, picture.size
    return ["".join(cell(picture, 9 * column, 16 * row) for column in range(80)).rstrip()
            for row in range(25)]


def cell(picture: Picture, x: int, y: int) -> str:
    """The character at a place, in whatever two colours."""
    rows = [picture.rows[line][x:x + 8] for line in range(y, y + 16)]
    colours = {pixel for row in rows for pixel in row}
    if len(colours) == 1:
        return " "
    if len(colours) == 2:
        for ink in colours:
            glyph = (sum((pixel == ink) << 7 - at for at, pixel in enumerate(row)) for row in rows)
            if character := font().get(bytes(glyph)):
                return character
    return "\ufffd"
