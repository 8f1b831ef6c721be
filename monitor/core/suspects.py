"""Which looks at pictures were alarmed, or nearly, lately? What the latest look says is gone with the next one.

In memory alone: it is there to be looked through by people, and nothing is decided by it.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Final

from probes.observation import Observation, Picture

NEAR: Final = 0.7  # of a threshold
KEPT_SECONDS: Final = 86_400.0
APART_SECONDS: Final = 3_600.0  # what is suspicious within that is one occasion; its worst look is kept
MOST: Final = 200  # occasions of all cameras; ~60 kB each
MOST_OF_ONE: Final = 4  # of one camera


@dataclass(frozen=True, slots=True)
class Occasion:
    """The worst look of an occasion: its verdict, the fault whose score was the highest, and the picture (marked)."""

    device: str
    began_at: float
    last_at: float
    look: Observation
    fault: str
    score: float
    picture: Picture

    @property
    def alarmed(self) -> bool:
        """Was it beyond its threshold?"""
        return self.score >= 1


class Suspects:
    """What was suspicious in the last day; the oldest goes where there are too many."""

    def __init__(self) -> None:
        self._occasions: OrderedDict[tuple[str, float], Occasion] = OrderedDict()

    def note(self, look: Observation, picture: Picture) -> None:
        """Take down a look, if something was suspicious."""
        found = worst(look)
        if found is None or found[1] < NEAR:
            return
        fault, score = found
        mine = [one for one in self._occasions.values() if one.device == look.device]
        latest = max((one for one in mine if one.fault == fault), key=lambda one: one.last_at, default=None)
        if latest is not None and 0 <= look.at - latest.last_at < APART_SECONDS:
            grown = Occasion(look.device, latest.began_at, look.at, look, fault, score, picture)
            self._keep(grown if score > latest.score else replace(latest, last_at=look.at))
            return
        if len(mine) >= MOST_OF_ONE:
            del self._occasions[look.device, min(one.began_at for one in mine)]
        self._keep(Occasion(look.device, look.at, look.at, look, fault, score, picture))

    def lately(self, now: float) -> list[Occasion]:
        """Those of the last day, the latest first."""
        found = [one for one in self._occasions.values() if now - one.last_at < KEPT_SECONDS]
        return sorted(found, key=lambda one: -one.last_at)

    def find(self, device: str, began_at: int) -> Occasion | None:
        """That occasion, by the whole second in which it began."""
        return next(
            (one for one in self._occasions.values() if one.device == device and int(one.began_at) == began_at), None
        )

    def _keep(self, occasion: Occasion) -> None:
        self._occasions[occasion.device, occasion.began_at] = occasion
        while len(self._occasions) > MOST:
            self._occasions.popitem(last=False)


def worst(look: Observation) -> tuple[str, float] | None:
    """The fault with the highest score; one that is named counts as beyond its threshold."""
    scores = {
        fault: float(score)
        for fault, row in look.rows.get("fault", {}).items()
        if isinstance(score := row.get("score"), int | float)
    }
    verdict = str(look.values.get("verdict", "unjudged"))
    if verdict not in ("ok", "unjudged"):
        return verdict, max(1.0, scores.get(verdict, 1.0))
    return max(scores.items(), key=lambda item: item[1], default=None)
