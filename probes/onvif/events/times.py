"""Which instant does this text of a device mean, if any?

ONVIF Core Specification: xs:dateTime; firmware writes `0000-00-00T…`, `00:61:16` and `2023-05-15T-07:10:32Z`.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

_TIME: Final = re.compile(
    r"\s*(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})[Tt ](?P<hour>-?\d{1,3}):(?P<minute>-?\d{1,3})"
    r":(?P<second>-?\d{1,3})(?P<part>[.,]\d{1,9})?\s*(?P<zone>[Zz]|[+-]\d{2}:?\d{2})?\s*"
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()


def read_time(text: str) -> float | None:
    """Seconds since the epoch; a time without a zone is UTC, fields beyond their range count on; None if it is none."""
    found = _TIME.fullmatch(text[:64])
    if found is None:
        return None
    year, month, day = (int(found[name]) for name in ("year", "month", "day"))
    if not (1970 <= year <= 9000 and 1 <= month <= 12 and 1 <= day <= 31):
        return None
    days = date(year, month, 1).toordinal() + day - 1 - _EPOCH_DAY
    seconds = days * 86_400 + int(found["hour"]) * 3_600 + int(found["minute"]) * 60 + int(found["second"])
    zone = (found["zone"] or "Z").replace(":", "")
    offset = 0 if zone in "Zz" else (int(zone[1:3]) * 3_600 + int(zone[3:5]) * 60) * (-1 if zone[0] == "-" else 1)
    return seconds - offset + float((found["part"] or ".0").replace(",", "."))


def write_time(at: float) -> str:
    """The instant (seconds since the epoch) as xs:dateTime in UTC, whole seconds."""
    return (_EPOCH + timedelta(seconds=max(int(at), 0))).strftime("%Y-%m-%dT%H:%M:%SZ")
