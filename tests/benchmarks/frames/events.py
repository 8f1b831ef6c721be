"""Of all that was seen look by look, what would a person have been told?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

SOON: Final = 3  # no signal, garbled, frozen; covered, moved
SURE: Final = 6  # what weather also does
HITS: Final = dict.fromkeys(
    ("no_signal", "black", "blue", "garbled", "frozen", "covered", "moved", "dark", "over_exposed", "snow"), SOON
)
CLEAR: Final = 3  # good looks that end it


@dataclass(frozen=True, slots=True)
class Event:
    """A fault from its confirmation to its end."""

    fault: str
    begun: float
    ended: float


Confirm = Callable[[Sequence[tuple[float, str]]], list[Event]]


def confirm(looks: Sequence[tuple[float, str]]) -> list[Event]:
    """Events of one camera; `looks`: when, and the fault or "". Each look of footage counts once, however far apart."""
    events: list[Event] = []
    open_since: dict[str, float] = {}
    hits: dict[str, int] = {}
    good: dict[str, int] = {}
    for at, fault in looks:
        if fault:
            hits[fault] = hits.get(fault, 0) + 1
            good[fault] = 0
            if hits[fault] == HITS.get(fault, SURE):
                open_since[fault] = at
        for other in list(hits):
            if other == fault:
                continue
            good[other] = good.get(other, 0) + 1
            if other not in open_since:
                hits[other] = 0  # not in a row
            elif good[other] >= CLEAR:
                events.append(Event(other, open_since.pop(other), at))
                hits[other] = 0
    last = looks[-1][0] if looks else 0.0
    return events + [Event(fault, begun, last) for fault, begun in open_since.items()]
