"""How does a device stand after all that it has told by itself?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from probes.observation import Answer, Value

MAX_ROWS = 100  # of one device
FLOOD_SECONDS = 60.0  # a device floods until it kept to its budget for so long
TABLE = "alarm"


State = Literal["raised", "cleared"]


@dataclass(frozen=True, slots=True)
class Told:
    """What one message tells: the row (`event` and which `item` of it), its new state, and for how long that holds."""

    event: str
    item: str
    state: State
    text: str
    ends_after_seconds: float | None = None


@dataclass(slots=True)
class Row:
    """One thing that a device tells of. `ends_at`: monotonic seconds at which it is over by itself."""

    event: str
    item: str
    state: State
    text: str = ""
    times: int = 0  # since it was raised last
    ends_at: float | None = None
    fresh: bool = False  # it was raised, and nobody has been told yet

    def values(self) -> dict[str, Value]:
        """As a row of an observation."""
        return {
            "alarm": self.event, "item": self.item, "state": self.state, "text": self.text, "times": self.times,
        }  # fmt: skip


@dataclass(slots=True)
class Standing:
    """One device. Rows by `event`, or `event.item`."""

    rows: dict[str, Row] = field(default_factory=dict)
    heard_at: float = 0.0  # seconds since the epoch
    received: int = 0
    dropped: int = 0
    dropped_at: float = float("-inf")  # monotonic
    flooding: bool = False
    unsaid: bool = False  # something has changed that no rule goes by

    def remember(
        self, rows: Mapping[str, State], passing: Mapping[str, float], now: float, *, in_doubt: bool = False
    ) -> None:
        """As it stood when the daemon last ended, by `table/key`, it stands still, until something else is heard.

        It is said again, so that rules that were waiting go on; not where it is `in_doubt` whether the device is heard.
        `passing`: events without an opposite, and after how many seconds they are over.
        """
        for row, state in rows.items():
            table, _, key = row.partition("/")
            if table == TABLE and key not in self.rows and len(self.rows) < MAX_ROWS:
                event, _, item = key.partition(".")
                seconds = passing.get(event) if state == "raised" else None
                self.rows[key] = Row(event, item, state, ends_at=None if seconds is None else now + seconds)
                self.unsaid = self.unsaid or not in_doubt

    def take(self, told: Told, now: float, at: float) -> bool:
        """Take a message in at `now` (monotonic), `at` (epoch). Does it change what rules go by?"""
        self.received, self.heard_at, self.unsaid = self.received + 1, at, True
        key = f"{told.event}.{told.item}" if told.item else told.event
        row = self.rows.get(key)
        changed = row is None or row.state != told.state
        if row is None:
            if len(self.rows) >= MAX_ROWS and not self._make_room():
                return self.drop(now)
            row = self.rows[key] = Row(told.event, told.item, told.state)
        row.times = 1 if changed else row.times + 1
        row.state, row.text = told.state, told.text
        row.fresh = row.fresh or (changed and told.state == "raised")
        row.ends_at = now + told.ends_after_seconds if told.ends_after_seconds and told.state == "raised" else None
        return changed

    def note(self, at: float) -> None:
        """A message that tells nothing but that the device is there."""
        self.received, self.heard_at, self.unsaid = self.received + 1, at, True

    def drop(self, now: float) -> bool:
        """One more than the device may say. Does the flood begin with it?"""
        self.dropped, self.dropped_at, self.unsaid = self.dropped + 1, now, True
        began, self.flooding = not self.flooding, True
        return began

    def pass_by(self, now: float) -> bool:
        """Time has passed. Is something over?"""
        over = [row for row in self.rows.values() if row.ends_at is not None and row.ends_at <= now]
        for row in over:
            row.state, row.ends_at = "cleared", None
        ebbed = self.flooding and now - self.dropped_at > FLOOD_SECONDS
        if ebbed:
            self.flooding = False
        return bool(over) or ebbed

    def answers(self) -> Iterator[Answer]:
        """The whole picture; two, when something was raised and is over since the last one: no rule may miss it."""
        passed = [row for row in self.rows.values() if row.fresh and row.state == "cleared"]
        if passed:
            for row in passed:
                row.state = "raised"
            yield self.answer()
            for row in passed:
                row.state = "cleared"
        for row in self.rows.values():
            row.fresh = False
        self.unsaid = False
        yield self.answer()

    def answer(self) -> Answer:
        """The whole picture as it is now."""
        values: dict[str, Any] = {
            "received": self.received, "dropped": self.dropped, "flooding": self.flooding,
        }  # fmt: skip
        if self.heard_at:
            values["heard_at"] = self.heard_at
        return Answer(values, {TABLE: {key: row.values() for key, row in self.rows.items()}})

    def _make_room(self) -> bool:
        """Forget what is over, the oldest first."""
        gone = next((key for key, row in self.rows.items() if row.state == "cleared"), None)
        if gone is None:
            return False
        del self.rows[gone]
        return True
