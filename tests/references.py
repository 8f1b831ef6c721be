"""What a camera is known by, taken apart and put together anew: as earlier versions kept it, or as nobody does."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import orjson

from probes.frame import layout
from probes.frame.reference import pack, unpack
from probes.frame.slot import NUMBERS, pack_structure

MAGIC = b"SWREF"


def opened(data: bytes) -> tuple[dict[str, Any], bytes, bytes]:
    """The head; what is compressed, and what is not."""
    first, second = (int.from_bytes(data[at : at + 4], "big") for at in (6, 10))
    body = data[14:]
    return orjson.loads(body[:first]), zlib.decompress(body[first : first + second]), body[first + second :]


def closed(head: dict[str, Any], squeezed: bytes, plain: bytes) -> bytes:
    """The same as bytes again."""
    body, pressed = orjson.dumps(head), zlib.compress(squeezed, 1)
    lengths = (len(part).to_bytes(4, "big") for part in (body, pressed))
    return b"".join([MAGIC, bytes([layout.VERSION]), *lengths, body, pressed, plain])


def earlier(data: bytes, version: int, names: tuple[str, ...] | None) -> bytes:
    """As version 2 or 3 kept it: its numbers under these names, 7 where it has none of that name, or without names."""
    reference, head = unpack(data), opened(data)[0]
    del head["numbers"]
    if names is not None:
        head["numbers"] = names
    parts: list[Any] = [reference.hours, reference.changes]
    for slot in reference.slots:
        parts += [pack_structure(slot.structure), slot.grids.astype(np.float16)]
        parts += [np.sqrt(slot.grid_variances).astype(np.float16), slot.cells.astype(np.float16)]
        parts += [np.sqrt(slot.cell_variances).astype(np.float16)]
        for numbers in (slot.numbers, np.sqrt(slot.number_variances)):
            kept = dict(zip(NUMBERS, numbers, strict=True))
            parts += [np.array([kept.get(name, 7.0) for name in names or layout._NUMBERS_2], np.float32)]
    if reference.text is not None:
        text = reference.text
        parts += [text.mean.astype(np.uint8), np.rint(np.sqrt(text.variance) * 2).astype(np.uint8)]
        parts += [text.latest, text.ticking.astype(np.float16)]
    body = orjson.dumps(head)
    plain = b"".join([len(body).to_bytes(4, "big"), body, *(part.tobytes() for part in parts)])
    return MAGIC + bytes([version]) + zlib.compress(plain, 1)


def again(data: bytes) -> bytes:
    """As this version keeps it."""
    return pack(unpack(data))
