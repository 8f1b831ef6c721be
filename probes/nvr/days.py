"""Which days are covered by footage, and does it reach back as far as the contract asks?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from probes.nvr.facts import Footage
from probes.observation import Value

RECORDED, MISSING, BEFORE, UNKNOWN = "1", "0", "-", "?"


def last_days(today: date, count: int) -> list[date]:
    """So many days up to today, the oldest first."""
    return [today - timedelta(days=back) for back in range(count - 1, -1, -1)]


def months(today: date, count: int) -> Iterator[tuple[int, int]]:
    """Year and month of those days, the newest first."""
    yield from dict.fromkeys((day.year, day.month) for day in reversed(last_days(today, count)))


def covered(spans: Iterable[tuple[datetime, datetime]], today: date, count: int) -> frozenset[date]:
    """Those of the latest days that hold a part of one of the spans; one that ends at midnight does not reach it."""
    wanted = last_days(today, count)
    found: set[date] = set()
    for begin, end in spans:
        first, last = begin.date(), max(begin, end - timedelta(microseconds=1)).date()
        found.update(day for day in wanted if first <= day <= last)
    return frozenset(found)


def draw(footage: Footage, count: int) -> str:
    """One character a day, the oldest first: recorded 1, missing 0, before the first footage -, not told ?.

    Today is never missing: it is not over yet.
    """
    today = footage.now.date()
    days, since = footage.days, footage.oldest.date() if footage.oldest else None
    drawn = []
    for day in last_days(today, count):
        if days is None:
            drawn.append(BEFORE if since and day < since else UNKNOWN)
        elif day in days:
            drawn.append(RECORDED)
            since = since or day
        elif since is None or day < since:
            drawn.append(BEFORE)
        else:
            drawn.append(UNKNOWN if day == today else MISSING)
    return "".join(drawn)


def footage_row(footage: Footage, count: int) -> dict[str, Value]:
    """As a row of an answer: days (see `draw`), first_day, missing_days, longest_gap_days, oldest_seconds (its age)."""
    drawn = draw(footage, count)
    found: dict[str, Value] = {
        "days": drawn,
        "first_day": last_days(footage.now.date(), count)[0].isoformat(),
    }
    if footage.days is not None:
        found["missing_days"] = drawn.count(MISSING)
        found["longest_gap_days"] = max((len(gap) for gap in drawn.replace(UNKNOWN, RECORDED).split(RECORDED)
                                         if MISSING in gap), default=0)  # fmt: skip
    if footage.oldest is not None:
        found["oldest_seconds"] = max(0, int((footage.now - footage.oldest).total_seconds()))
    return found
