"""When was this picture or video taken, by its name and its folders?

Known ways of writing it: ISO 8601 with any separators, FTP uploads and SD cards of Hikvision, Dahua, Axis, Reolink,
Foscam, motion, Blue Iris and ZoneMinder, the AMOS archive, phones, and seconds, milli- or microseconds since 1970.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import PurePath
from typing import Final

FOLDERS: Final = 8  # in which a date may be spread: year, month, day, channel, kind, hour, minute

_YEAR: Final = r"(?:19[7-9]|20\d)\d"
_MONTH: Final = r"0[1-9]|1[0-2]"
_DAY: Final = r"0[1-9]|[12]\d|3[01]"
_HOUR: Final = r"[01]\d|2[0-3]"
_MINUTE: Final = r"[0-5]\d"
_BETWEEN: Final = r"[-_./: ym年月]?"
_SECOND: Final = rf"(?:[-_.:m/ 分]?({_MINUTE})(?:[.,](\d{{1,6}})|[-_]?(\d{{3}})(?!\d))?)?"
_ZONE: Final = r"(Z(?![a-z])|[+-]\d\d:?\d\d)?"
_MOMENT: Final = re.compile(
    rf"(?<!\d)({_YEAR}){_BETWEEN}({_MONTH}){_BETWEEN}({_DAY})[-_.T/ @d日]*"
    rf"({_HOUR})[-_.:h/ 时]?({_MINUTE}){_SECOND}{_ZONE}(?!\d)",
    re.IGNORECASE,
)
_SHORT: Final = re.compile(  # the year in two digits, as Axis and ZoneMinder do
    rf"(?<!\d)(\d\d)([-/])({_MONTH})\2({_DAY})[-_/ ]({_HOUR})[-/]({_MINUTE})[-/]({_MINUTE})(?:-(\d\d))?(?!\d)"
)
_DATE: Final = re.compile(rf"(?<!\d)({_YEAR}){_BETWEEN}({_MONTH}){_BETWEEN}({_DAY})(?!\d)")
_TIME: Final = re.compile(
    rf"(?<!\d)({_HOUR})[-_.:h/ 时]({_MINUTE})(?:[-_.:m/ 分]({_MINUTE}))?(?!\d)"
    rf"|(?:^|[/_-])({_HOUR})({_MINUTE})({_MINUTE})(?!\d)"
)
_NUMBERED: Final = re.compile(r"(?:frame|img|image|pic|picture|dsc|shot|no)[-_ ]?\d", re.IGNORECASE)
_PARTLY: Final = re.compile(rf"(?<!\d)(?:{_YEAR}(?:[-_.]?(?:{_MONTH}))?|(?:{_MONTH})[-_](?:{_DAY}))(?!\d)")
_EPOCH: Final = re.compile(r"(?<![\d.])([12]\d{9})(\d{3}|\d{6})?(?:\.(\d{1,6}))?(?!\d)")


def time_of(path: PurePath) -> float | None:
    """Seconds since the epoch by the name of a file, with the date perhaps in its folders'; None if they tell none.

    Without a zone it is taken as UTC. A date alone in the file's name is the beginning of that day.
    """
    stem = path.stem
    own = time_in(stem)
    if own is not None:
        return own
    day = _DATE.search(stem)
    if day is not None:
        return _seconds(day.groups(), _clock(stem[day.end() :]))
    folders = [part for part in path.parent.parts[-FOLDERS:] if part not in ("/", "..")]
    for many in range(1, len(folders) + 1):
        above = "/".join(folders[-many:])
        dated = _DATE.search(above)
        time = () if dated is None or _NUMBERED.search(stem) else _clock(stem)
        if dated is not None and len(time) == 3 and time[2] is not None:  # the hour has a folder of its own, too
            return _seconds(dated.groups(), time)
        whole = f"{above}/{stem}"
        at = time_in(whole)
        if at is not None:
            return at
        if dated is not None:
            time = time or (() if _NUMBERED.search(stem) else _clock(whole[dated.end() :]))
            return _seconds(dated.groups(), time) if time else None
    return None


def time_in(name: str) -> float | None:
    """Seconds since the epoch that a name, perhaps with folders before it, tells by itself; None if it tells none."""
    for found in _MOMENT.finditer(name):
        at = _seconds(found.group(1, 2, 3), found.group(4, 5, 6), found[7] or found[8], found[9])
        if at is not None:
            return at
    for found in _SHORT.finditer(name):
        at = _seconds(("20" + found[1], found[3], found[4]), found.group(5, 6, 7), found[8])
        if at is not None:
            return at
    for epoch in _EPOCH.finditer(name):
        fraction = epoch[2] or epoch[3]
        return int(epoch[1]) + (float(f"0.{fraction}") if fraction else 0.0)
    return None


def beside_date(stem: str) -> tuple[str, str] | None:
    """What stands before and behind the time in a file's name; None where it has none of its own."""
    for pattern in (_MOMENT, _SHORT, _EPOCH, _DATE):
        found = pattern.search(stem)
        if found is not None:
            return stem[: found.start()], stem[found.end() :]
    clock = None if _NUMBERED.search(stem) else _TIME.search(stem)
    return None if clock is None else (stem[: clock.start()], stem[clock.end() :])


def without_date(folder: str) -> str:
    """What a folder's name says besides a date: nothing where it begins with one, as the folder of a day does.

    A bare number of two digits may be a month, a day or an hour; it is left as it is.
    """
    found = _MOMENT.search(folder) or _DATE.search(folder) or _PARTLY.search(folder)
    return folder if found is None else folder[: found.start()].strip(" -_.")


def _clock(text: str) -> tuple[str | None, ...]:
    """Hour, minute and second (None if it does not say) in a text; empty if there are none."""
    found = _TIME.search(text)
    if found is None:
        return ()
    return found.group(1, 2, 3) if found[1] else found.group(4, 5, 6)


def _seconds(
    date: Sequence[str | None], time: Sequence[str | None], fraction: str | None = None, zone: str | None = None
) -> float | None:
    try:
        year, month, day = (int(part or 0) for part in date)
        hour, minute, second = (int(part or 0) for part in time or ("0", "0", "0"))
        at = datetime(year, month, day, hour, minute, second, tzinfo=_zone(zone)).timestamp()
    except ValueError:  # the 31st of February
        return None
    return at + (float(f"0.{fraction}") if fraction else 0.0)


def _zone(text: str | None) -> timezone:
    if not text or text in "Zz":
        return UTC
    away = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return timezone(away if text[0] == "+" else -away)
