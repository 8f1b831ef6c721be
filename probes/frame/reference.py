"""What does this camera usually show? Its slots, its text and its hours, learned from healthy pictures, as bytes.

Kept in the database, one a camera (and one a preset of a PTZ camera); at most 200 kB.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from probes.frame import habits as habit
from probes.frame.habits import NO_HABITS, Habits
from probes.frame.picture import CELL_COLUMNS, CELL_ROWS, COLUMNS, ROWS
from probes.frame.sketch import HEIGHT, WIDTH, Sketch
from probes.frame.slot import CELLS as CELL_NAMES
from probes.frame.slot import GRIDS, NUMBERS, Slot, pack_structure, unpack_structure, weigh
from probes.frame.text import BANDS, CELLS, Text

VERSION: Final = 3
_READ: Final = frozenset({2, 3})
MAX_SLOTS: Final = 12
MAX_BYTES: Final = 200_000
MAX_UNPACKED: Final = 2_000_000
MOST_LEARNED: Final = 1e9  # of any number; of times and counts a thousand times that

MAX_NUMBERS: Final = 200
NOT_KNOWN: Final = 1e6  # variance of a number that an earlier version did not keep: nothing is beyond it

_MAGIC: Final = b"SWREF"
_GRID: Final = (len(GRIDS), ROWS, COLUMNS)
_CELL: Final = (len(CELL_NAMES), CELL_ROWS, CELL_COLUMNS)
_NUMBERS_2: Final = (  # version 2 did not name them
    "mean", "spread", "black", "clipped", "noise", "impulses", "colour", "quality", "lost", "area", "obscured",
    "softened", "edges", "blunt", "contrast", "focus", "definition", "sharpness", "hue_blue", "hue_red", "even", "peak",
    "layout", "gain", "light",
)  # fmt: skip


class BadReference(ValueError):
    """Bytes that are no reference of this version."""


@dataclass(frozen=True, slots=True)
class Reference:
    """All that is known of one camera.

    `changes`: float32[2, 3], in colour and in mono: looks, and mean and variance of log2 of how much a picture had
    changed since the one before (`glance.change_of`). `hours`: float32[24, 4], looks in colour and in mono, mean luma
    and its variance by hour of the day (UTC). `habits`: how much it flickers and shakes in colour, and in mono.
    `nights`: float32[24], how many of the last nights were without light at that hour (see `nights`).
    Times: seconds since the epoch.
    """

    slots: tuple[Slot, ...] = ()
    text: Text | None = None
    hours: NDArray[np.float32] = field(default_factory=lambda: np.zeros((24, 4), np.float32))
    changes: NDArray[np.float32] = field(default_factory=lambda: np.zeros((2, 3), np.float32))
    looks: int = 0
    first_at: float = 0.0
    last_at: float = 0.0
    view: int = 0  # number of the view that is valid now
    confirmed_at: float = 0.0  # when a person last confirmed a new one
    habits: tuple[Habits, Habits] = (NO_HABITS, NO_HABITS)
    nights: NDArray[np.float32] = field(default_factory=lambda: np.zeros(24, np.float32))


def pack(reference: Reference) -> bytes:
    """As bytes, for the database or a file."""
    head: dict[str, Any] = {
        "looks": reference.looks,
        "first_at": reference.first_at,
        "last_at": reference.last_at,
        "view": reference.view,
        "confirmed_at": reference.confirmed_at,
        "habits": [habit.as_json(habits) for habits in reference.habits],
        "slots": [[slot.mono, slot.looks, slot.first_at, slot.last_at, slot.view] for slot in reference.slots],
        "numbers": NUMBERS,
        "nights": [round(float(each), 2) for each in reference.nights],
        "text": None
        if reference.text is None
        else [reference.text.looks, reference.text.latest_at, reference.text.least, reference.text.most],
    }
    parts: list[NDArray[Any]] = [reference.hours.astype(np.float32), reference.changes.astype(np.float32)]
    for slot in reference.slots:
        parts += [
            pack_structure(slot.structure),
            slot.grids.astype(np.float16),
            np.sqrt(slot.grid_variances).astype(np.float16),
            slot.cells.astype(np.float16),
            np.sqrt(slot.cell_variances).astype(np.float16),
            slot.numbers.astype(np.float32),
            np.sqrt(slot.number_variances).astype(np.float32),
        ]
    if reference.text is not None:
        text = reference.text
        deviation = np.sqrt(text.variance) * 2
        parts += [
            np.clip(np.rint(text.mean), 0, 255).astype(np.uint8),
            np.clip(np.rint(deviation), 0, 255).astype(np.uint8),
            text.latest,
            text.ticking.astype(np.float16),
        ]
    body = orjson.dumps(head)
    data = b"".join([len(body).to_bytes(4, "big"), body, *(part.tobytes() for part in parts)])
    return _MAGIC + bytes([VERSION]) + zlib.compress(data, 1)  # 2 % larger than the smallest, in a third of the time


def unpack(data: bytes) -> Reference:
    """The reference again. Raises BadReference for anything else; bounded, as a file may come from anywhere."""
    if not data.startswith(_MAGIC) or not len(_MAGIC) + 1 < len(data) < 2 * MAX_BYTES:
        raise BadReference("not a reference of a camera's picture")
    if data[len(_MAGIC)] not in _READ:
        raise BadReference(f"a reference of version {data[len(_MAGIC)]}; this program reads {VERSION}")
    inflater = zlib.decompressobj()
    try:
        plain = inflater.decompress(data[len(_MAGIC) + 1 :], MAX_UNPACKED)
        if inflater.unconsumed_tail or not inflater.eof:
            raise BadReference("a reference that breaks off, or is too large")
        length = int.from_bytes(plain[:4], "big")
        head = orjson.loads(plain[4 : 4 + length])
        return _checked(_read(head, _Arrays(plain, 4 + length)))
    except BadReference:
        raise
    except (zlib.error, ValueError, KeyError, TypeError, IndexError, OverflowError) as error:
        raise BadReference(f"a damaged reference ({type(error).__name__})") from None


def _checked(reference: Reference) -> Reference:
    """The reference, if every number of it can be calculated with; a file may come from anywhere."""
    learned: list[Slot | Text] = [*reference.slots, *([] if reference.text is None else [reference.text])]
    if (
        reference.nights.shape != (24,)
        or any(part.looks < 1 for part in learned)
        or not all(map(_bounded, (reference, *learned)))
    ):
        raise BadReference("a damaged reference (beyond its bounds)")
    return reference


def _bounded(part: Reference | Slot | Text) -> bool:
    for name in part.__slots__:
        value = getattr(part, name)
        if isinstance(value, np.ndarray):
            if value.dtype != np.uint8 and not (np.abs(value) <= MOST_LEARNED).all():  # nor what is no number
                return False
        elif isinstance(value, int | float) and not -MOST_LEARNED * 1_000 <= value <= MOST_LEARNED * 1_000:
            return False
    return part.looks >= 0


class _Arrays:
    """Takes arrays from bytes, one after the other."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data, self._at = data, at

    def take(self, shape: tuple[int, ...], kind: type[Any]) -> NDArray[Any]:
        count = int(np.prod(shape))
        taken = np.frombuffer(self._data, kind, count, self._at).reshape(shape)
        self._at += taken.nbytes
        return taken

    def floats(self, shape: tuple[int, ...], kind: type[Any] = np.float16) -> NDArray[np.float32]:
        return self.take(shape, kind).astype(np.float32)


def _read(head: Any, arrays: _Arrays) -> Reference:
    if len(head["slots"]) > MAX_SLOTS:
        raise BadReference(f"a reference of more than {MAX_SLOTS} slots")
    hours, changes = arrays.floats((24, 4), np.float32), arrays.floats((2, 3), np.float32)
    names = tuple(head.get("numbers", _NUMBERS_2))
    if len(names) > MAX_NUMBERS or not all(isinstance(name, str) for name in names):
        raise BadReference("a damaged reference (beyond its bounds)")
    slots = tuple(_read_slot(entry, arrays, names) for entry in head["slots"])
    text = None
    if head["text"] is not None:
        looks, latest_at, least, most = head["text"]
        text = Text(
            looks=int(looks),
            mean=arrays.floats(BANDS, np.uint8),
            variance=np.square(arrays.floats(BANDS, np.uint8) * np.float32(0.5)),
            latest=arrays.take(BANDS, np.uint8),
            latest_at=float(latest_at),
            ticking=arrays.floats(CELLS),
            least=float(least),
            most=float(most),
        )
    return Reference(
        slots,
        text,
        hours,
        changes,
        looks=int(head["looks"]),
        first_at=float(head["first_at"]),
        last_at=float(head["last_at"]),
        view=int(head["view"]),
        confirmed_at=float(head["confirmed_at"]),
        habits=_read_habits(head.get("habits")),
        nights=_read_nights(head.get("nights")),
    )


def _read_habits(found: Any) -> tuple[Habits, Habits]:
    """Of colour and of mono; none in references that were written before bursts were looked at."""
    if found is None:
        return NO_HABITS, NO_HABITS
    colour, mono = found
    return habit.read(colour), habit.read(mono)


def _read_nights(found: Any) -> NDArray[np.float32]:
    """By hour; none in references that were written before nights were counted."""
    return np.zeros(24, np.float32) if found is None else np.array([float(each) for each in found], np.float32)


def _read_slot(entry: Any, arrays: _Arrays, names: tuple[str, ...]) -> Slot:
    mono, looks, first_at, last_at, view = entry
    return Slot(
        mono=bool(mono),
        looks=int(looks),
        first_at=float(first_at),
        last_at=float(last_at),
        view=int(view),
        structure=unpack_structure(arrays.take((HEIGHT, WIDTH), np.int8)),
        grids=arrays.floats(_GRID),
        grid_variances=arrays.floats(_GRID) ** 2,
        cells=arrays.floats(_CELL),
        cell_variances=arrays.floats(_CELL) ** 2,
        numbers=_named(arrays.floats((len(names),), np.float32), names, 0.0),
        number_variances=_named(arrays.floats((len(names),), np.float32) ** 2, names, NOT_KNOWN),
    )


def _named(kept: NDArray[np.float32], names: tuple[str, ...], otherwise: float) -> NDArray[np.float32]:
    """The numbers that this program knows, in its order, of those that another version kept under these names."""
    known = dict(zip(names, kept, strict=True))
    return np.array([known.get(name, otherwise) for name in NUMBERS], np.float32)


def renew(reference: Reference, confirmed_at: float) -> Reference:
    """A person says that what is seen now is right: learn anew. Old slots stay, but nothing is compared with them."""
    return replace(
        reference,
        text=None,
        hours=np.zeros((24, 4), np.float32),
        changes=np.zeros((2, 3), np.float32),
        looks=0,
        view=reference.view + 1,
        confirmed_at=confirmed_at,
        habits=(NO_HABITS, NO_HABITS),
    )


def restore(reference: Reference, at: float) -> Reference:
    """That person, or another, takes it back: the view before is valid again, and what was learned since is forgotten.

    Its slots are as they were; its text is learned anew. The hours' light is that of the place, whatever is seen of it.
    """
    view = max(0, reference.view - 1)
    slots = tuple(slot for slot in reference.slots if slot.view <= view)
    looks = sum(slot.looks for slot in slots if slot.view == view)
    return replace(reference, slots=slots, text=None, looks=looks, view=view, confirmed_at=at)


def note_hour(hours: NDArray[np.float32], at: float, sketch: Sketch) -> NDArray[np.float32]:
    """The hours after one more picture; what was seen a month ago counts little."""
    noted = hours.copy()
    hour = noted[int(at // 3600) % 24]
    hour[:2] *= 0.995
    hour[int(sketch.mono)] += 1
    weight = max(1 / hour[:2].sum(), 0.03)
    hour[2:3], hour[3:4] = weigh(hour[2:3], hour[3:4], np.array([sketch.mean], np.float32), weight)
    return noted


def note_change(changes: NDArray[np.float32], change: float, *, mono: bool) -> NDArray[np.float32]:
    """The changes after one more healthy picture that had changed by so much, log2."""
    noted = changes.copy()
    row = noted[int(mono)]
    row[0] += 1
    weight = max(1 / row[0], 0.01)
    row[1:2], row[2:3] = weigh(row[1:2], row[2:3], np.array([change], np.float32), weight)
    return noted


def with_slot(reference: Reference, index: int | None, slot: Slot) -> Reference:
    """With that slot put in place of number `index`, or added; the least used one goes where there are too many."""
    slots = list(reference.slots)
    if index is not None:
        slots[index] = slot
    else:
        if len(slots) >= MAX_SLOTS:
            del slots[min(range(len(slots)), key=lambda each: (slots[each].looks, slots[each].last_at))]
        slots.append(slot)
    return replace(reference, slots=tuple(slots))


def with_habits(reference: Reference, mono: bool, habits: Habits) -> Reference:
    """With these in place of what was known of its bursts in colour, or in mono."""
    colour, other = reference.habits
    return replace(reference, habits=(colour, habits) if mono else (habits, other))
