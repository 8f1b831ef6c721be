"""When is a camera's next burst due, and what did the last one say?

Decoding eight pictures costs as much as two looks. What flickers or shakes does so for hours, so once an hour will do;
while something may be wrong, and until it was well some times, every look has one: it is confirmed, or gone, as soon as
the rule allows. After a start nothing is known of what was wrong before, so that the first looks have one, too.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Final

from probes.frame.faults import HEALTHY, Verdict, suspicious
from probes.frame.habits import FLOORS
from probes.frame.job import Measured, Seen
from probes.tools import Tools

MAX_DEVICES: Final = 20_000

WELL: Final = 4  # bursts in a row; more than any rule asks for until a fault is gone

_FAULTS: Final[tuple[Verdict, ...]] = (Verdict.FLICKER, Verdict.JITTER)


@dataclass(frozen=True, slots=True)
class _Last:
    at: float
    scores: dict[Verdict, float]
    measures: tuple[Measured, ...]
    well: int  # bursts since one was suspicious
    wanted: bool = False  # something may be wrong, and a burst may explain it


class Bursts:
    """`tools.get(Bursts)`: the last burst of each device; the longest unused is forgotten."""

    def __init__(self, tools: Tools) -> None:
        self._now = tools.now
        self._last: OrderedDict[str, _Last] = OrderedDict()

    def due(self, device: str, every_seconds: float) -> bool:
        """Is it time? Also where one of the last was suspicious, or the clock was set back."""
        last = self._last.get(device)
        if last is None or last.well < WELL or last.wanted:
            return True
        return not 0 <= self._now() - last.at < every_seconds

    def noted(self, device: str, seen: Seen) -> Seen:
        """Take down this look's burst; a look without one shows the measures and scores of the last.

        Nothing is concluded from those: whether it flickers or shakes now, such a look does not say.
        """
        judged = seen.judged
        if seen.burst:
            scores = {fault: judged.scores[fault] for fault in _FAULTS if fault in judged.scores}
            measures = tuple(each for each in judged.measures if each.name in FLOORS)
            known = self._last.get(device)
            well = 0 if suspicious(scores) else 1 + (known.well if known else 0)
            self._last[device] = _Last(self._now(), scores, measures, well)
            self._last.move_to_end(device)
            if len(self._last) > MAX_DEVICES:
                self._last.popitem(last=False)
            return seen
        last = self._last.get(device)
        if last is None or not judged.measures:
            return seen
        if judged.verdict not in HEALTHY or suspicious(judged.scores):
            self._last[device] = replace(last, wanted=True)
        told = replace(judged, scores={**last.scores, **judged.scores}, measures=judged.measures + last.measures)
        return replace(seen, judged=told)

    async def close(self) -> None:
        """Nothing to close."""
