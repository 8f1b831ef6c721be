"""Which days and hours are covered by footage?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta

from probes.nvr.facts import Footage
from probes.observation import Value

RECORDED, PARTLY, MISSING, BEFORE, UNKNOWN = "1", "h", "0", "-", "?"
WHOLE_DAY = (1 << 24) - 1  # hours of a day as bits, that from midnight first
_NO_GAP = str.maketrans(UNKNOWN + PARTLY, RECORDED * 2)
NOT_OVER_HOURS = 2  # the hour that runs, and the one before: its file may not be closed yet


def last_days(today: date, count: int) -> list[date]:
    """So many days up to today, the oldest first."""
    return [today - timedelta(days=back) for back in range(count - 1, -1, -1)]


def months(today: date, count: int) -> Iterator[tuple[int, int]]:
    """Year and month of those days, the newest first."""
    yield from dict.fromkeys((day.year, day.month) for day in reversed(last_days(today, count)))


def hours_covered(spans: Iterable[tuple[datetime, datetime]], today: date, count: int) -> dict[date, int]:
    """The hours of the latest days that hold a part of one of the spans, as 24 bits a day; days without any are absent.

    A span that ends on the hour does not reach it.
    """
    window = last_days(today, count)
    start, end = datetime.combine(window[0], time()), datetime.combine(today, time.max)
    found: dict[date, int] = {}
    inside = (span for span in spans if span[0] <= end and _last(*span) >= start)
    for begin, last in _merged((max(one, start), min(_last(one, other), end)) for one, other in inside):
        day = begin.date()
        while day <= last.date():
            first_hour = begin.hour if day == begin.date() else 0
            last_hour = last.hour if day == last.date() else 23
            found[day] = found.get(day, 0) | ((1 << (last_hour + 1)) - (1 << first_hour))
            day += timedelta(days=1)
    return found


def _last(begin: datetime, end: datetime) -> datetime:
    """The last moment of a span: its end does not belong to it."""
    return max(begin, end - timedelta(microseconds=1))


def _merged(spans: Iterable[tuple[datetime, datetime]]) -> Iterator[tuple[datetime, datetime]]:
    """First and last moment of spans that do not overlap: however many there were, few days are gone through twice."""
    held: tuple[datetime, datetime] | None = None
    for begin, end in sorted(spans):
        if held is not None and begin <= held[1]:
            held = held[0], max(held[1], end)
            continue
        if held is not None:
            yield held
        held = begin, end
    if held is not None:
        yield held


def hours_line(footage: Footage, count: int) -> str:
    """One character an hour of these days, from the first footage to the last hour that is over; "" if not told."""
    if footage.hours is None or footage.oldest is None:
        return ""
    window = last_days(footage.now.date(), count)
    begin = max(datetime.combine(window[0], time()), footage.oldest.replace(minute=0, second=0, microsecond=0))
    end = footage.now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=NOT_OVER_HOURS - 1)
    hours = max(0, int((end - begin) / timedelta(hours=1)))
    moments = (begin + timedelta(hours=hour) for hour in range(hours))
    return "".join(RECORDED if footage.hours.get(one.date(), 0) >> one.hour & 1 else MISSING for one in moments)


def _partly(footage: Footage, day: date) -> bool:
    """Are hours of that day missing, that are over and behind the first footage?"""
    if footage.hours is None or footage.oldest is None:
        return False
    wanted = WHOLE_DAY
    if day == footage.oldest.date():
        wanted &= ~((1 << footage.oldest.hour) - 1)
    over = footage.now - timedelta(hours=NOT_OVER_HOURS - 1)
    if day >= over.date():
        wanted &= (1 << over.hour) - 1 if day == over.date() else 0
    return bool(wanted & ~footage.hours.get(day, 0))


def draw(footage: Footage, count: int) -> str:
    """One character a day, the oldest first.

    Recorded 1, hours of it missing h, missing 0, before the first footage -, not told ?. Today is
    never missing: it is not over yet.
    """
    today = footage.now.date()
    days, since = footage.days, footage.oldest.date() if footage.oldest else None
    drawn = []
    for day in last_days(today, count):
        if days is None:
            drawn.append(BEFORE if since and day < since else UNKNOWN)
        elif day in days:
            drawn.append(PARTLY if _partly(footage, day) else RECORDED)
            since = since or day
        elif since is None or day < since:
            drawn.append(BEFORE)
        else:
            drawn.append(UNKNOWN if day == today else MISSING)
    return "".join(drawn)


def footage_row(footage: Footage, count: int) -> dict[str, Value]:
    """As a row of an answer: days (see `draw`), first_day, missing_days, longest_gap_days, oldest_seconds (its age).

    Where hours are told: missing_hours and longest_gap_hours, those of whole days among them.
    """
    drawn = draw(footage, count)
    found: dict[str, Value] = {
        "days": drawn,
        "first_day": last_days(footage.now.date(), count)[0].isoformat(),
    }
    if footage.days is not None:
        found["missing_days"] = drawn.count(MISSING)
        found["longest_gap_days"] = max((len(gap) for gap in drawn.translate(_NO_GAP).split(RECORDED)
                                         if MISSING in gap), default=0)  # fmt: skip
    if hours := hours_line(footage, count):
        found["missing_hours"] = hours.count(MISSING)
        found["longest_gap_hours"] = max(map(len, hours.split(RECORDED)))
    if footage.oldest is not None:
        found["oldest_seconds"] = max(0, int((footage.now - footage.oldest).total_seconds()))
    return found
