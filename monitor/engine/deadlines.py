"""Which ticket's clock runs out next? Derived from the tickets themselves, so nothing of it is stored."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Iterable

from ticketing import desk
from ticketing.ticket import Ticket

LONGEST_SLEEP_SECONDS = 30.0  # the wall clock may jump


class Deadlines:
    """Watches the clocks of tickets and calls `passed` with the ticket's id when one has run out.

    `close_recovered_seconds` is how long a ticket that recovered by itself still takes recurrences.
    """

    def __init__(
        self, now: Callable[[], float], passed: Callable[[int], None], close_recovered_seconds: Callable[[], float]
    ) -> None:
        self._now, self._passed, self._close_recovered_seconds = now, passed, close_recovered_seconds
        self._due: dict[int, float] = {}
        self._heap: list[tuple[float, int]] = []
        self._changed = asyncio.Event()

    def note(self, ticket: Ticket) -> None:
        """A ticket has changed."""
        due = desk.next_due(ticket, self._close_recovered_seconds())
        if due is None:
            self._due.pop(ticket.id, None)
        elif self._due.get(ticket.id) != due:
            self._due[ticket.id] = due
            heapq.heappush(self._heap, (due, ticket.id))
            self._changed.set()

    def note_all(self, tickets: Iterable[Ticket]) -> None:
        """At start."""
        for ticket in tickets:
            self.note(ticket)

    async def run(self) -> None:
        """For ever."""
        while True:
            now = self._now()
            while self._heap and self._heap[0][0] < now:
                due, ticket = heapq.heappop(self._heap)
                if self._due.get(ticket) == due:
                    del self._due[ticket]
                    self._passed(ticket)
            pause = min(self._heap[0][0] - now + 0.001, LONGEST_SLEEP_SECONDS) if self._heap else LONGEST_SLEEP_SECONDS
            self._changed.clear()
            try:
                async with asyncio.timeout(max(0.0, pause)):
                    await self._changed.wait()
            except TimeoutError:
                pass
