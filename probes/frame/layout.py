"""In which order do the bytes of a reference stand?

Of this version: the lengths of the next two (32 bits each), a head in JSON, what compresses well, and the rest as it
is, for every look reads all of it, and inflating alone took as long as judging. What compresses well are upper bytes of
half floats and the slopes of the text; structures, lower bytes and the lines themselves would hardly become smaller.
Versions 2 and 3: all of it compressed, after the length of the head.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from probes.frame.picture import CELL_COLUMNS, CELL_ROWS, COLUMNS, ROWS
from probes.frame.sketch import HEIGHT, WIDTH
from probes.frame.slot import CELLS as CELL_NAMES
from probes.frame.slot import GRIDS
from probes.frame.text import BANDS, CELLS

VERSION: Final = 4
READ: Final = frozenset({2, 3, 4})
MAX_SLOTS: Final = 12
MAX_NUMBERS: Final = 200
MAX_UNPACKED: Final = 2_000_000

GRID: Final = (len(GRIDS), ROWS, COLUMNS)
CELL: Final = (len(CELL_NAMES), CELL_ROWS, CELL_COLUMNS)
GRID_SIZE: Final = len(GRIDS) * ROWS * COLUMNS
FLOATS: Final = GRID_SIZE + len(CELL_NAMES) * CELL_ROWS * CELL_COLUMNS

_NUMBERS_2: Final = (  # version 2 did not name them
    "mean", "spread", "black", "clipped", "noise", "impulses", "colour", "quality", "lost", "area", "obscured",
    "softened", "edges", "blunt", "contrast", "focus", "definition", "sharpness", "hue_blue", "hue_red", "even", "peak",
    "layout", "gain", "light",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lines:
    """What is kept of the text: uint8[48, 320] the slopes' means, twice their deviations, and the latest lines.

    `ticking`: float16[2, 20].
    """

    means: NDArray[np.uint8]
    deviations: NDArray[np.uint8]
    latest: NDArray[np.uint8]
    ticking: NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class Arrays:
    """What is kept beside the head, of all slots at once, as one array for all of them is dealt with in no time.

    `hours`: float32[24, 4], `changes`: float32[2, 3]. `structures`: int8[slots, 90, 160]. `floats`: float16[2, slots,
    FLOATS], means and deviations of all grids and then all cells; `numbers`: float32[2, slots, names], the same.
    """

    hours: NDArray[np.float32]
    changes: NDArray[np.float32]
    structures: NDArray[np.int8]
    floats: NDArray[np.float16]
    numbers: NDArray[np.float32]
    text: Lines | None


def write(head: dict[str, Any], arrays: Arrays) -> bytes:
    """The bytes after the version. `head`: what JSON can say, of it `slots`, `numbers` and `text` as `read` counts."""
    squeezed, plain = (np.zeros((), kind) for kind in _kinds(*_counts(head), text=arrays.text is not None))
    halves = arrays.floats.astype("<f2").view(np.uint8).reshape(*arrays.floats.shape, 2)
    squeezed["hours"], plain["changes"], plain["structures"] = arrays.hours, arrays.changes, arrays.structures
    plain["numbers"], plain["lower"], squeezed["upper"] = arrays.numbers, halves[..., 0], halves[..., 1]
    if arrays.text is not None:
        plain["latest"], plain["ticking"] = arrays.text.latest, arrays.text.ticking
        squeezed["means"], squeezed["deviations"] = arrays.text.means, arrays.text.deviations
    press = zlib.compressobj(1, memLevel=9, strategy=zlib.Z_RLE)  # as small as other ways, in half of the time
    pressed = press.compress(squeezed.tobytes()) + press.flush()
    body = orjson.dumps(head)
    return b"".join([len(body).to_bytes(4, "big"), len(pressed).to_bytes(4, "big"), body, pressed, plain.tobytes()])


def read(version: int, data: bytes) -> tuple[dict[str, Any], Arrays]:
    """Head and arrays again, of any version of `READ`; `head["numbers"]` is always there.

    Raises ValueError, KeyError, TypeError, IndexError or zlib.error for anything else; bounded, whatever is given.
    """
    if version < VERSION:
        return _read_earlier(_inflate(data, MAX_UNPACKED))
    sizes = [int.from_bytes(data[at : at + 4], "big") for at in (0, 4)]
    ends = 8 + sizes[0], 8 + sum(sizes)
    head = orjson.loads(data[8 : ends[0]])
    squeezed_kind, plain_kind = _kinds(*_counts(head), text=head["text"] is not None)
    squeezed = _one(_inflate(data[ends[0] : ends[1]], squeezed_kind.itemsize), squeezed_kind)
    plain = _one(data[ends[1] :], plain_kind)
    floats = np.stack([plain["lower"], squeezed["upper"]], axis=-1).view("<f2")[..., 0]
    text = None
    if head["text"] is not None:
        text = Lines(squeezed["means"], squeezed["deviations"], plain["latest"], plain["ticking"])
    return head, Arrays(squeezed["hours"], plain["changes"], plain["structures"], floats, plain["numbers"], text)


@lru_cache(maxsize=16)
def _kinds(slots: int, names: int, *, text: bool) -> tuple[np.dtype[Any], np.dtype[Any]]:
    """What compresses well, and the rest."""
    squeezed: list[Any] = [("hours", "<f4", (24, 4)), ("upper", "u1", (2, slots, FLOATS))]
    plain: list[Any] = [
        ("changes", "<f4", (2, 3)),
        ("structures", "i1", (slots, HEIGHT, WIDTH)),
        ("lower", "u1", (2, slots, FLOATS)),
        ("numbers", "<f4", (2, slots, names)),
    ]
    if text:
        squeezed += [("means", "u1", BANDS), ("deviations", "u1", BANDS)]
        plain += [("latest", "u1", BANDS), ("ticking", "<f2", CELLS)]
    return np.dtype(squeezed), np.dtype(plain)


def _counts(head: dict[str, Any]) -> tuple[int, int]:
    """How many slots there are, and how many numbers each of them has."""
    slots, names = head["slots"], head["numbers"]
    if len(slots) > MAX_SLOTS or len(names) > MAX_NUMBERS or not all(isinstance(name, str) for name in names):
        raise ValueError("more slots or numbers than there are")
    return len(slots), len(names)


def _one(data: bytes, kind: np.dtype[Any]) -> Any:
    """One of that kind, which must be all of it."""
    if len(data) != kind.itemsize:
        raise ValueError("too short, or too long")
    return np.frombuffer(data, kind)[0]


def _inflate(data: bytes, most: int) -> bytes:
    """What was compressed; ValueError if it breaks off, or if it is more than so many bytes."""
    inflater = zlib.decompressobj()
    plain = inflater.decompress(data, most + 1)
    if len(plain) > most or not inflater.eof:
        raise ValueError("breaks off, or is too large")
    return plain


def _read_earlier(data: bytes) -> tuple[dict[str, Any], Arrays]:
    """The same of versions 2 and 3, which had all of one slot together."""
    length = 4 + int.from_bytes(data[:4], "big")
    head = {"numbers": _NUMBERS_2, **orjson.loads(data[4:length])}
    slots, names = _counts(head)
    slot: list[Any] = [
        ("structure", "i1", (HEIGHT, WIDTH)),
        ("grids", "<f2", (2, GRID_SIZE)),
        ("cells", "<f2", (2, FLOATS - GRID_SIZE)),
        ("numbers", "<f4", (2, names)),
    ]
    kind: list[Any] = [("hours", "<f4", (24, 4)), ("changes", "<f4", (2, 3)), ("slots", slot, (slots,))]
    if head["text"] is not None:
        kind += [("text", "u1", (3, *BANDS)), ("ticking", "<f2", CELLS)]
    found = _one(data[length:], np.dtype(kind))
    each = found["slots"]
    floats = np.concatenate([each["grids"], each["cells"]], axis=2).swapaxes(0, 1)
    text = None
    if head["text"] is not None:
        means, deviations, latest = found["text"]
        text = Lines(means, deviations, latest, found["ticking"])
    numbers = each["numbers"].swapaxes(0, 1)
    return head, Arrays(found["hours"], found["changes"], each["structure"], floats, numbers, text)
