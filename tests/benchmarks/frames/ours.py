"""How does production judge: fixed thresholds, then what was learned of the camera?"""

from __future__ import annotations

import time

from probes.frame.faults import HEALTHY
from probes.frame.grab import Grab
from probes.frame.job import Attached, Known, Seen
from probes.frame.look import examine
from tests.benchmarks.frames.judge import Look, Opinion, pictures


class Learned:
    """`probes.frame.look.examine` with a reference and a glance, as the daemon keeps them.

    `confirmed_at`: when a person confirmed a new view.
    """

    def __init__(self) -> None:
        self.confirmed_at = 0.0
        self._reference = self._glance = b""
        self._last: tuple[Look, Attached] | None = None

    def learn(self, look: Look) -> None:
        """As production: from what it holds to be healthy."""
        if self._last is None or self._last[0] is not look:
            self.judge(look)
        assert self._last is not None
        self._reference = self._last[1].reference or self._reference
        self._glance = self._last[1].glance

    def judge(self, look: Look) -> Opinion:
        seen, attached = self._examine(look)
        self._last = (look, attached)
        judged = seen.judged
        scores = {fault.value: score for fault, score in judged.scores.items()}
        fault = "" if judged.verdict in HEALTHY else judged.verdict.value
        area = judged.covered.count("1") / len(judged.covered) if judged.covered else None
        return Opinion(fault, scores, judged.unjudged, area)

    def _examine(self, look: Look) -> tuple[Seen, Attached]:
        found = pictures(look)
        first = found[0] if found else None
        second = found[1] if len(found) > 1 else None
        grabbed = Grab(look.shown[-1].codec, first, second, look.gap_seconds, look.corrupt, look.burst)
        known = Known(
            self._reference, self._glance if look.before else b"", look.at, burst=True, confirmed_at=self.confirmed_at
        )
        return examine(grabbed, known, still=False, started=time.monotonic(), cpu=time.thread_time())
