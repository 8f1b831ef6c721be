"""How does each thing that a device reports on stand now?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from probes.observation import Values
from probes.onvif.events.messages import Event
from probes.onvif.events.topics import is_active, meaning, read_number

MAX_ROWS: Final = 128
PULSE_SECONDS: Final = 60.0  # an event that is no property is taken for so long as going on


@dataclass(frozen=True, slots=True)
class Row:
    """One thing: active until told otherwise, or until `ends_at` (seconds of the monotonic clock).

    `sure`: this subscription has told of it.
    """

    kind: str
    source: str
    active: bool
    number: float | None = None
    ends_at: float | None = None
    sure: bool = True


class Table:
    """What one device has reported, by kind and source. `standing` are keys of rows that were active before."""

    def __init__(self, standing: Iterable[str] = ()) -> None:
        self._rows: dict[str, Row] = {}
        for key in list(standing)[:MAX_ROWS]:
            kind, _, source = key.partition(" ")
            self._rows[key] = Row(kind, source, True, sure=False)

    def begin(self) -> None:
        """A new subscription: it will tell how every property stands."""
        self._rows = {key: replace(row, sure=False) for key, row in self._rows.items()}

    def settle(self) -> bool:
        """It has told all: what it did not speak of is over. True if anything changed by that."""
        unsure = {key: replace(row, active=False, sure=True) for key, row in self._rows.items() if not row.sure}
        changed = any(self._rows[key].active for key in unsure)
        self._rows.update(unsure)
        return changed

    def take(self, event: Event, now: float) -> bool:
        """Does the event change a row? `now` is the monotonic clock."""
        found = meaning(event.topic)
        if found is None:
            return False
        key = f"{found.kind} {event.source}".strip()
        before = self._rows.get(key)
        if found.number:
            number = read_number(found, event)
            row = None if number is None else Row(found.kind, event.source, False, number)
        else:
            active = False if event.operation == "deleted" else is_active(found, event)
            ends_at = now + PULSE_SECONDS if active and not event.operation else None
            row = None if active is None else Row(found.kind, event.source, active, ends_at=ends_at)
        if row is None or (before is None and not self._make_room()):
            return False
        self._rows[key] = row
        return before is None or (before.active, before.number) != (row.active, row.number)

    def expire(self, now: float) -> bool:
        """End the pulses that are over; True if there were any."""
        over = [key for key, row in self._rows.items() if row.ends_at is not None and row.ends_at <= now]
        for key in over:
            self._rows[key] = replace(self._rows[key], active=False, ends_at=None)
        return bool(over)

    def next_end(self) -> float | None:
        """When the next pulse is over."""
        return min((row.ends_at for row in self._rows.values() if row.ends_at is not None), default=None)

    def rows(self) -> dict[str, Values]:
        """As they are told: alarm, item, state ("raised", "cleared"), number."""
        return {
            key: {"alarm": row.kind, "item": row.source, "state": "raised" if row.active else "cleared"}
            | ({} if row.number is None else {"number": row.number})
            for key, row in self._rows.items()
        }

    def _make_room(self) -> bool:
        """One that is not active goes; a device that makes up more sources than that is not believed."""
        if len(self._rows) < MAX_ROWS:
            return True
        idle = next((key for key, row in self._rows.items() if not row.active), None)
        if idle is not None:
            del self._rows[idle]
        return idle is not None
