"""When does a JPEG file say that it was taken?"""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from typing import Final

_TAGS: Final = (0x9003, 0x9004, 0x0132)  # DateTimeOriginal, DateTimeDigitized, DateTime (EXIF 2.32, 4.6)
_OFFSETS: Final = (0x9011, 0x9012, 0x9010)  # OffsetTimeOriginal, OffsetTimeDigitized, OffsetTime: of those (2.31)
_SUB_IFD: Final = 0x8769
_ASCII: Final = 2
_LONG: Final = 4
_LENGTH: Final = 20  # "YYYY:MM:DD HH:MM:SS" and a zero
_OFFSET_LENGTH: Final = 7  # "+HH:MM" and a zero
_MAX_ENTRIES: Final = 512
_MAX_SEGMENTS: Final = 64


def taken_at(image: bytes) -> float | None:
    """Seconds since the epoch by the EXIF of a JPEG file (its beginning is enough); None if it has none.

    As UTC where it names no zone.
    """
    block = _block(image)
    if block is None:
        return None
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None or len(block) < 8:
        return None
    first = _entries(block, struct.unpack_from(f"{order}I", block, 4)[0], order)
    entries = dict(first)
    if _SUB_IFD in first and first[_SUB_IFD][0] == _LONG:
        entries |= _entries(block, first[_SUB_IFD][2], order)
    for tag, offset in zip(_TAGS, _OFFSETS, strict=True):
        text = _ascii(block, entries.get(tag), _LENGTH) + _ascii(block, entries.get(offset), _OFFSET_LENGTH)
        for form in ("%Y:%m:%d %H:%M:%S%z", "%Y:%m:%d %H:%M:%S"):
            try:
                moment = datetime.strptime(text if "%z" in form else text[: _LENGTH - 1], form)  # noqa: DTZ007
            except ValueError:
                continue
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return None


def _ascii(block: bytes, entry: tuple[int, int, int] | None, length: int) -> str:
    """A text of that length, without its zero; empty where there is none."""
    kind, count, at = entry or (0, 0, 0)
    if kind != _ASCII or count != length:
        return ""
    return block[at : at + length - 1].decode("ascii", "replace")


def _block(image: bytes) -> bytes | None:
    """The TIFF block in the APP1 segment."""
    if not image.startswith(b"\xff\xd8"):
        return None
    at = 2
    for _ in range(_MAX_SEGMENTS):
        if at + 4 > len(image) or image[at] != 0xFF or image[at + 1] in (0xDA, 0xD9):
            return None
        (length,) = struct.unpack_from(">H", image, at + 2)
        if image[at + 1] == 0xE1 and image[at + 4 : at + 10] == b"Exif\0\0":
            return image[at + 10 : at + 2 + length]
        at += 2 + length
    return None


def _entries(block: bytes, at: int, order: str) -> dict[int, tuple[int, int, int]]:
    """Tag → type, count, value or offset, of one directory."""
    if at + 2 > len(block):
        return {}
    (count,) = struct.unpack_from(f"{order}H", block, at)
    found: dict[int, tuple[int, int, int]] = {}
    for number in range(min(count, _MAX_ENTRIES)):
        place = at + 2 + 12 * number
        if place + 12 > len(block):
            break
        tag, kind, values, value = struct.unpack_from(f"{order}HHII", block, place)
        found[tag] = (kind, values, value)
    return found
