"""Which moment does a recorder mean? Times as they are written in answers."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

_TIME = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})(?:[T ]-?(?P<hour>\d{1,2}):(?P<minute>\d{1,2})"
    r"(?::(?P<second>\d{1,2}))?(?:\.\d+)?)?(?P<zone>Z|[+-]\d{2}:?\d{2})?"
)


def read_time(text: str) -> datetime | None:
    """The date and time as written, the zone left away; None for what is none (`0000-00-00`).

    Hikvision writes its local time with a Z, Dahua without a zone: both mean the clock on the recorder's screen. Some
    firmware counts beyond the fields: 00:61:16 is 01:01:16.
    """
    found = _TIME.match(text.strip()[:40])
    if found is None:
        return None
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    try:
        day = date(int(found["year"]), int(found["month"]), int(found["day"]))
        moment = datetime.combine(day, time()) + timedelta(hours=hour, minutes=minute, seconds=second)
    except (ValueError, OverflowError):
        return None
    return moment if 1990 <= moment.year < 2100 else None


def read_utc(text: str) -> datetime | None:
    """The same in UTC, without a zone; a time without a zone is taken for UTC, as ONVIF wants it."""
    moment = read_time(text)
    found = _TIME.match(text.strip()[:40])
    zone = found["zone"] if found else None
    if moment is None or zone in {None, "Z"}:
        return moment
    assert zone is not None
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    return moment - timedelta(minutes=-minutes if zone[0] == "-" else minutes)


def utc_now(seconds: float) -> datetime:
    """Seconds since the epoch in UTC, without a zone."""
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
