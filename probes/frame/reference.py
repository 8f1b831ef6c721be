"""What does this camera usually show? Its slots, its text and its hours, learned from healthy pictures, as bytes.

Kept in the database, one a camera (and one a preset of a PTZ camera); at most 200 kB.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from probes.frame import habits as habit
from probes.frame import layout
from probes.frame.habits import NO_HABITS, Habits
from probes.frame.layout import Arrays, Lines
from probes.frame.sketch import HEIGHT, WIDTH, Sketch
from probes.frame.slot import NUMBERS, Slot, pack_structure, unpack_structure, weigh
from probes.frame.text import Text

MAX_BYTES: Final = 200_000
MOST_LEARNED: Final = 1e9  # of any number; of times and counts a thousand times that
NOT_KNOWN: Final = 1e6  # variance of a number that an earlier version did not keep: nothing is beyond it

_MAGIC: Final = b"SWREF"


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
    return _MAGIC + bytes([layout.VERSION]) + layout.write(head, _arrays(reference))


def _arrays(reference: Reference) -> Arrays:
    """What the head does not say, rounded as it is kept."""
    slots, text, lines = reference.slots, reference.text, None
    floats = np.empty((2, len(slots), layout.FLOATS), np.float32)
    numbers = np.empty((2, len(slots), len(NUMBERS)), np.float32)
    structures = np.empty((len(slots), HEIGHT, WIDTH), np.float32)
    for at, slot in enumerate(slots):
        structures[at], numbers[0, at], numbers[1, at] = slot.structure, slot.numbers, slot.number_variances
        np.concatenate([slot.grids, slot.cells], axis=None, out=floats[0, at])
        np.concatenate([slot.grid_variances, slot.cell_variances], axis=None, out=floats[1, at])
    for variances in (floats[1], numbers[1]):
        np.sqrt(variances, out=variances)
    if text is not None:
        slopes = text.mean, np.sqrt(text.variance) * 2
        means, deviations = (np.clip(np.rint(each), 0, 255).astype(np.uint8) for each in slopes)
        lines = Lines(means, deviations, text.latest, text.ticking.astype(np.float16))
    steps = pack_structure(structures)
    return Arrays(reference.hours, reference.changes, steps, floats.astype(np.float16), numbers, lines)


def unpack(data: bytes) -> Reference:
    """The reference again. Raises BadReference for anything else; bounded, as a file may come from anywhere."""
    if not data.startswith(_MAGIC) or not len(_MAGIC) + 1 < len(data) < 2 * MAX_BYTES:
        raise BadReference("not a reference of a camera's picture")
    version = data[len(_MAGIC)]
    if version not in layout.READ:
        raise BadReference(f"a reference of version {version}; this program reads {layout.VERSION}")
    try:
        return _checked(_read(*layout.read(version, data[len(_MAGIC) + 1 :])))
    except BadReference:
        raise
    except (zlib.error, ValueError, KeyError, TypeError, IndexError, OverflowError) as error:
        raise BadReference(f"a damaged reference ({type(error).__name__})") from None


def _checked(reference: Reference) -> Reference:
    """The reference, if every figure of it can be calculated with; a file may come from anywhere."""
    learned: list[Slot | Text] = [*reference.slots, *([] if reference.text is None else [reference.text])]
    if reference.nights.shape != (24,) or any(part.looks < 1 for part in learned) or reference.looks < 0:
        raise BadReference("a damaged reference (beyond its bounds)")
    for part in (reference, *learned):
        for name in part.__slots__:
            value = getattr(part, name)
            if isinstance(value, int | float) and not -MOST_LEARNED * 1_000 <= value <= MOST_LEARNED * 1_000:
                raise BadReference("a damaged reference (beyond its bounds)")
    return reference


def _bounded(array: NDArray[np.float32 | np.float64], most: float = MOST_LEARNED) -> NDArray[np.float32]:
    """As float32, if there is nothing in it that is no number, or more."""
    if not (np.abs(array) <= most).all():
        raise BadReference("a damaged reference (beyond its bounds)")
    return np.asarray(array, np.float32)


def _read(head: dict[str, Any], arrays: Arrays) -> Reference:
    text = None
    if arrays.text is not None:
        looks, latest_at, least, most = head["text"]
        text = Text(
            looks=int(looks),
            mean=arrays.text.means.astype(np.float32),
            variance=np.square(arrays.text.deviations * np.float32(0.5)),
            latest=arrays.text.latest,
            latest_at=float(latest_at),
            ticking=_bounded(arrays.text.ticking.astype(np.float32)),
            least=float(least),
            most=float(most),
        )
    return Reference(
        _read_slots(head["slots"], head["numbers"], arrays),
        text,
        _bounded(arrays.hours),
        _bounded(arrays.changes),
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
    return np.zeros(24, np.float32) if found is None else _bounded(np.array([float(each) for each in found]))


def _read_slots(entries: Any, names: Any, arrays: Arrays) -> tuple[Slot, ...]:
    """All of them at once: one by one, it would take as long as judging. Means are held to the bounds of deviations."""
    structures = unpack_structure(arrays.structures)
    means, deviations = _bounded(arrays.floats.astype(np.float32), MOST_LEARNED**0.5)
    numbers, number_deviations = _bounded(arrays.numbers, MOST_LEARNED**0.5)
    variances, numbers = np.square(deviations), _named(numbers, names, 0.0)
    number_variances = _named(np.square(number_deviations), names, NOT_KNOWN)
    grids, cells = np.s_[: layout.GRID_SIZE], np.s_[layout.GRID_SIZE :]
    return tuple(
        Slot(
            mono=bool(mono),
            looks=int(looks),
            first_at=float(first_at),
            last_at=float(last_at),
            view=int(view),
            structure=structures[at],
            grids=means[at, grids].reshape(layout.GRID),
            grid_variances=variances[at, grids].reshape(layout.GRID),
            cells=means[at, cells].reshape(layout.CELL),
            cell_variances=variances[at, cells].reshape(layout.CELL),
            numbers=numbers[at],
            number_variances=number_variances[at],
        )
        for at, (mono, looks, first_at, last_at, view) in enumerate(entries)
    )


def _named(kept: NDArray[np.float32], names: Any, otherwise: float) -> NDArray[np.float32]:
    """The numbers that this program knows, in its order, of those that another version kept under these names."""
    if tuple(names) == NUMBERS:
        return kept
    places = {name: place for place, name in enumerate(names)}
    known = [place for place, name in enumerate(NUMBERS) if name in places]
    named = np.full((len(kept), len(NUMBERS)), otherwise, np.float32)
    named[:, known] = kept[:, [places[NUMBERS[place]] for place in known]]
    return named


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
        if len(slots) >= layout.MAX_SLOTS:
            del slots[min(range(len(slots)), key=lambda each: (slots[each].looks, slots[each].last_at))]
        slots.append(slot)
    return replace(reference, slots=tuple(slots))


def with_habits(reference: Reference, mono: bool, habits: Habits) -> Reference:
    """With these in place of what was known of its bursts in colour, or in mono."""
    colour, other = reference.habits
    return replace(reference, habits=(colour, habits) if mono else (habits, other))
