"""What is learned of a healthy picture? Slots form by colour, brightness and structure, not by the clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from probes.frame import slot as slots
from probes.frame.compare import Comparison, compare, correlate
from probes.frame.reference import Reference, note_change, note_hour, with_slot
from probes.frame.sketch import Sketch
from probes.frame.slot import Slot
from probes.frame.text import watch_text
from probes.frame.tolerance import beyond

SAME_LIGHT: Final = 30.0  # levels of mean luma within which a slot takes a picture
SAME_VIEW: Final = 0.45  # correlation from which on it does
GROWN: Final = 8  # pictures after which a slot takes no strange ones, of hours at which nothing is judged yet: …
STRANGE: Final = 2.0  # … so many tolerances from what it knows; its ranges would take in drops on the lens
GAP_SHARE: Final = 1 / 48  # of the time since a slot began: what follows more quickly says the same again …
NOT_COMPARED: Final[Mapping[int, Comparison]] = MappingProxyType({})
LONGEST_GAP_SECONDS: Final = 1_800.0  # … but half an hour is always new


@dataclass(frozen=True, slots=True)
class Place:
    """Which slot a picture belongs to; `index` None: to a new one."""

    index: int | None
    comparison: Comparison | None


def find_place(reference: Reference, sketch: Sketch, compared: Mapping[int, Comparison] = NOT_COMPARED) -> Place:
    """The slot of the same light whose view is most alike, and not strange to it. `compared`: as `learn` takes it."""
    alike = []
    for index, slot in _of_this_light(reference, sketch):
        match, lively = correlate(sketch.structure, slot)
        structured = lively > slots.ENERGY
        likeness = float(match[structured].mean()) if structured.any() else 1.0
        if likeness >= SAME_VIEW:
            alike.append((likeness, index))
    for _, index in sorted(alike, reverse=True):
        comparison = compared.get(index) or compare(sketch, reference.slots[index])
        if reference.slots[index].looks < GROWN or not _is_strange(comparison):
            return Place(index, comparison)
    return Place(None, None)


def _of_this_light(reference: Reference, sketch: Sketch) -> list[tuple[int, Slot]]:
    return [
        (index, slot)
        for index, slot in enumerate(reference.slots)
        if slot.view == reference.view
        and slot.mono == sketch.mono
        and abs(slot.number("mean") - sketch.mean) <= SAME_LIGHT
    ]


def _is_strange(one: Comparison) -> bool:
    """Is less of the view seen, or more of it hidden, than the slot ever learned?"""
    return any(abs(beyond(one.numbers[name], one.slot, name)) > STRANGE for name in ("quality", "area", "obscured"))


def _rests(slot: Slot, at: float) -> bool:
    """Would another picture only say the same again?"""
    return at - slot.last_at < min(LONGEST_GAP_SECONDS, (slot.last_at - slot.first_at) * GAP_SHARE)


def learn(
    reference: Reference,
    sketch: Sketch,
    change: float | None,
    at: float,
    compared: Mapping[int, Comparison] = NOT_COMPARED,
) -> Reference | None:
    """The reference after this healthy picture, `change` after the one before; None where it says nothing new yet.

    `compared`: the picture against some of the slots, text and all, where somebody has it.
    """
    likely = _of_this_light(reference, sketch)
    if likely and all(_rests(slot, at) for _, slot in likely):
        return None  # whichever it is
    place = find_place(reference, sketch, compared)
    if place.index is None or place.comparison is None:
        learned = with_slot(reference, None, slots.begin(sketch, reference.view, at))
    else:
        slot = reference.slots[place.index]
        if _rests(slot, at):
            return None
        known = slots.learn(slot, sketch, place.comparison.match, place.comparison.numbers, at)
        learned = with_slot(reference, place.index, known)
    return replace(
        learned,
        text=watch_text(reference.text, sketch, at),
        hours=note_hour(reference.hours, at, sketch),
        changes=reference.changes if change is None else note_change(reference.changes, change, mono=sketch.mono),
        looks=reference.looks + 1,
        first_at=reference.first_at if reference.looks else at,
        last_at=at,
    )
