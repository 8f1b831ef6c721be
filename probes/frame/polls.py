"""Does a device's snapshot stay the same, look after look?"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Final

from probes.frame.faults import HEALTHY, Verdict
from probes.frame.job import NO_TUNING, Attached, Seen, Tuning
from probes.tools import Tools

MAX_DEVICES: Final = 20_000
FROZEN_POLLS: Final = 3
FROZEN_SCORE: Final = 2.0
FROZEN_SECONDS: Final = 60.0  # recorders answer from a cache for some seconds


@dataclass(frozen=True, slots=True)
class _Still:
    signature: str
    polls: int
    first_at: float
    last_at: float


class Polls:
    """The last signature of each device's snapshot; the longest unused is forgotten. `tools.get(Polls)`.

    Only pixels that are equal count: noise and the clock change every live picture.
    """

    def __init__(self, tools: Tools) -> None:
        self._now = tools.now
        self._stills: OrderedDict[str, _Still] = OrderedDict()

    def frozen(self, device: str, signature: str) -> bool:
        """Take down one more poll: was it the same three times, over a minute or more?"""
        now = self._now()
        still = self._stills.get(device)
        if still is None or still.signature != signature or now < still.last_at:
            still = _Still(signature, 0, now, now)
        still = self._stills[device] = replace(still, polls=still.polls + 1, last_at=now)
        self._stills.move_to_end(device)
        if len(self._stills) > MAX_DEVICES:
            self._stills.popitem(last=False)
        return still.polls >= FROZEN_POLLS and still.last_at - still.first_at >= FROZEN_SECONDS

    def judged(self, device: str, seen: Seen, attached: Attached, tuning: Tuning = NO_TUNING) -> tuple[Seen, Attached]:
        """The same, as frozen if nothing else is wrong with a snapshot that never changes; `tuning` as in `Known`."""
        score = FROZEN_SCORE / tuning.get(Verdict.FROZEN, 1.0)
        frozen = seen.judged.verdict in HEALTHY and self.frozen(device, seen.signature)
        if not frozen or score < 1:
            return seen, attached
        scores = {**seen.judged.scores, Verdict.FROZEN: round(score, 3)}
        judged = replace(seen.judged, verdict=Verdict.FROZEN, faults={Verdict.FROZEN: True}, scores=scores)
        return replace(seen, judged=judged), replace(attached, reference=b"")

    async def close(self) -> None:
        """Nothing to close."""
