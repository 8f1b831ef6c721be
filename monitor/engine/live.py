"""What of the running daemon may the console, the API and the metrics see and do?"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from monitor.core.change import Change
from monitor.core.lessons import Lesson
from monitor.core.plan import Plan
from monitor.core.world import World
from probes.observation import Observation
from ticketing.commands import Command
from ticketing.ticket import Ticket


@dataclass(frozen=True, slots=True)
class Fact:
    """One committed decision: what changed, when."""

    at: float
    changes: tuple[Change, ...]


class Feed:
    """Tells subscribers what was committed. One that does not keep up loses the oldest, and is told so by None."""

    def __init__(self, length: int = 256) -> None:
        self._length = length
        self._queues: set[asyncio.Queue[Fact | None]] = set()

    def publish(self, fact: Fact) -> None:
        """Hand a committed fact to everybody; never waits."""
        for queue in self._queues:
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(None)
            queue.put_nowait(fact)

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[asyncio.Queue[Fact | None]]:
        """A queue that fills while the context is open. None in it: something was missed, read anew."""
        queue: asyncio.Queue[Fact | None] = asyncio.Queue(self._length)
        self._queues.add(queue)
        try:
            yield queue
        finally:
            self._queues.discard(queue)


@dataclass(slots=True)
class Stats:
    """Counters and gauges of the daemon itself, since it started."""

    started_at: float = 0.0
    looks: Counter[tuple[str, str]] = field(default_factory=Counter)  # (probe kind, outcome)
    look_seconds: defaultdict[str, float] = field(
        default_factory=lambda: defaultdict(float)
    )  # probe kind -> sum of durations
    skipped_ticks: Counter[str] = field(default_factory=Counter)  # lane -> ticks skipped because the last one still ran
    running: Counter[str] = field(default_factory=Counter)  # lane -> checks that run now
    waiting: Counter[str] = field(default_factory=Counter)  # lane -> checks that wait for a place
    lateness_seconds: list[float] = field(default_factory=lambda: [0.0] * 1024)  # ring of the last starts
    lateness_count: int = 0
    lateness_sum_seconds: float = 0.0
    queue_depth: int = 0
    decisions: int = 0
    changes: int = 0
    commits: int = 0
    commit_seconds: float = 0.0
    commit_failures: int = 0
    uncommitted: int = 0  # changes that wait for the database
    decode_deaths: int = 0  # workers that hung or crashed
    heard: Counter[tuple[str, str]] = field(default_factory=Counter)  # (listener, what became of the message)
    listener_failures: Counter[str] = field(default_factory=Counter)  # listener -> how often it had to be started anew
    reloads: Counter[str] = field(default_factory=Counter)  # "ok" / "refused"
    delivered: Counter[tuple[str, str]] = field(default_factory=Counter)  # (channel, "ok" / "failed")
    outbox_waiting: int = 0
    outbox_oldest_seconds: float = 0.0
    database_bytes: int = 0  # 0: not known yet


@dataclass(slots=True)
class Health:
    """Why the daemon is not ready: part -> reason; empty when all is well.

    Parts: database, outbox, config, clock, names, listeners.
    """

    troubles: dict[str, str] = field(default_factory=dict)

    @property
    def ready(self) -> bool:
        """True when nothing is wrong with the daemon itself."""
        return not self.troubles


@dataclass(slots=True)
class Live:
    """The running site. Read `plan`, `world`, `stats`, `health` at will (one thread, the loop's); change nothing."""

    plan: Plan
    world: World
    feed: Feed
    stats: Stats
    health: Health
    now: Callable[[], float]
    command: Callable[[int, Command, str, str], Awaitable[Ticket]]
    """`await command(ticket_id, command, by, request_id)`: the ticket after its commit. Raises
    `ticketing.commands.NotAllowed`, `LookupError` (no such ticket), `NotCommitted`. The same `request_id` acts once."""
    teach: Callable[[Lesson, str], Awaitable[None]]
    """`await teach(lesson, by)`: returns after its commit; LookupError (no such device), `NotCommitted`."""
    look: Callable[[str], Awaitable[Sequence[Observation]]]
    """`await look(device_id)`: ask everything of that device now; LookupError if there is none."""
    accept: Callable[[str, str, str], Awaitable[None]]
    """`await accept(device_id, by, note)`: what was found at that device is right. LookupError: there is nothing to
    accept; `NotCommitted`."""


class NotCommitted(Exception):
    """The database could not take it within the time allowed; nothing was promised."""
