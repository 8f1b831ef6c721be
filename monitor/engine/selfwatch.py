"""Is the daemon itself well? Its own health is an observation like any other, and ends in a ticket like any other."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from monitor.core.plan import MONITOR
from monitor.engine.live import Health, Stats
from probes.observation import Observation, Outcome

EVERY_SECONDS = 5.0
RECENT_SECONDS = 300.0
HOUR_SECONDS = 3_600.0
NAMELESS = 0.05  # more looks than this that fail because of names are the name service's trouble
LATE_SECONDS = 60.0  # lateness of longer ago is past: the ring of a small site holds the last hour


@dataclass(frozen=True, slots=True)
class _Sample:
    at: float
    looks: Counter[str]  # by outcome
    decode_deaths: int
    starts: int  # of checks
    jump_seconds: float


class SelfWatch:
    """Looks at the daemon's own counters now and then.

    `database_trouble_since` gives the time since when the database takes nothing, or None; `jumped` follows the wall
    clock and gives by how much it jumped.
    """

    def __init__(
        self,
        stats: Stats,
        health: Health,
        *,
        now: Callable[[], float],
        jumped: Callable[[], float],
        database_trouble_since: Callable[[], float | None],
        sink: Callable[[Observation], None],
        on_jump: Callable[[float], None],
    ) -> None:
        self._stats, self._health = stats, health
        self._now, self._jumped, self._trouble_since = now, jumped, database_trouble_since
        self._sink, self._on_jump = sink, on_jump
        self._samples: deque[_Sample] = deque([self._sample(monotonic(), 0.0)])

    async def run(self) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            jump = self._jumped()
            if jump:
                self._on_jump(jump)
            self._sink(self.look(jump))

    def look(self, jump_seconds: float = 0.0) -> Observation:
        """One observation of the daemon itself."""
        stats, at = self._stats, monotonic()
        self._samples.append(self._sample(at, jump_seconds))
        while at - self._samples[0].at > HOUR_SECONDS:
            self._samples.popleft()
        recent = next(sample for sample in self._samples if at - sample.at <= RECENT_SECONDS)
        looks = self._samples[-1].looks - recent.looks
        total = max(1, looks.total())
        since = self._trouble_since()
        now = self._now()
        jumps = [sample.jump_seconds for sample in self._samples if at - sample.at <= 2 * RECENT_SECONDS]
        worst_jump = max(jumps, key=abs)
        nameless = looks[Outcome.UNRESOLVED] / total
        self._complain("clock", f"the wall clock jumped by {worst_jump:.0f} s" if worst_jump else "")
        self._complain(
            "names", f"{nameless:.0%} of the looks fail because a name does not resolve" if nameless > NAMELESS else ""
        )
        late = sorted(self._lateness(at)) or [0.0]
        return Observation(
            MONITOR,
            "self",
            now,
            0.0,
            Outcome.OK,
            {
                "database_writable": since is None,
                "database_trouble_seconds": 0.0 if since is None else now - since,
                "outbox_oldest_seconds": stats.outbox_oldest_seconds,
                "outbox_failing": "outbox" in self._health.troubles,
                "probe_bugs": (self._samples[-1].looks - self._samples[0].looks)[Outcome.BUG],
                "local_trouble_ratio": looks[Outcome.LOCAL] / total,
                "unresolved_ratio": nameless,
                "clock_jump_seconds": worst_jump,
                "lateness_p99_seconds": late[int(len(late) * 0.99)],
                "decode_deaths": stats.decode_deaths - self._samples[0].decode_deaths,
                "config_refused": "config" in self._health.troubles,
                "listener_failing": "listeners" in self._health.troubles,
            },
        )

    def _complain(self, part: str, reason: str) -> None:
        """Say on /readyz what is wrong with that part; "": nothing."""
        if reason:
            self._health.troubles[part] = reason
        else:
            self._health.troubles.pop(part, None)

    def _sample(self, at: float, jump_seconds: float) -> _Sample:
        return _Sample(at, self._outcomes(), self._stats.decode_deaths, self._stats.lateness_count, jump_seconds)

    def _lateness(self, at: float) -> list[float]:
        """How late the checks of the last minute started, the last thousand of them."""
        ring, count = self._stats.lateness_seconds, self._stats.lateness_count
        before = next(sample for sample in self._samples if at - sample.at <= LATE_SECONDS)
        recent = min(count - before.starts, len(ring))
        return [ring[number % len(ring)] for number in range(count - recent, count)]

    def _outcomes(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for (_, outcome), count in self._stats.looks.items():
            found[outcome] += count
        return found
