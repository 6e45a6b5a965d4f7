"""The two icons of the Teams app, drawn by arithmetic: three rising bars, as web/static/icon.svg has them.

Sizes and colours are Teams' (learn.microsoft.com/microsoftteams/platform/concepts/build-and-test/apps-package).
"""

import struct
import zlib

COLOUR, OUTLINE = 192, 32
"""Width and height in pixels."""
Pixel = tuple[int, int, int, int]
NAVY: Pixel = (0x12, 0x28, 0x4C, 255)
WHITE: Pixel = (255, 255, 255, 255)
NOTHING: Pixel = (255, 255, 255, 0)
BARS = ((8, 19, 12, 24), (14, 14, 18, 24), (20, 8, 24, 24))
"""Left, top, right and bottom of each bar in a square of 32."""


def colour_icon() -> bytes:
    """A PNG of 192 by 192: white bars on navy, to the edge."""
    return _drawn(COLOUR, NAVY)


def outline_icon() -> bytes:
    """A PNG of 32 by 32: white bars on nothing."""
    return _drawn(OUTLINE, NOTHING)


def _drawn(size: int, ground: Pixel) -> bytes:
    bars = [tuple(edge * size // 32 for edge in bar) for bar in BARS]
    rows = (
        bytes([0]) + b"".join(bytes(WHITE if _is_bar(bars, x, y) else ground) for x in range(size)) for y in range(size)
    )
    head = struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(b"".join(rows), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in parts)


def _is_bar(bars: list[tuple[int, ...]], x: int, y: int) -> bool:
    return any(left <= x < right and top <= y < bottom for left, top, right, bottom in bars)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
