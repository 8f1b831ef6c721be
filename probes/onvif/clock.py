"""What time does the device think it is, and how far is that from the truth?

ONVIF Core Specification, GetSystemDateAndTime; POSIX.1 (Base Definitions 8.3) for the time zone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from probes.errors import Garbled
from probes.onvif.xml import Node

RESOLUTION_SECONDS: Final = 1.0  # the answer holds whole seconds, cut off

OFF_SECONDS: Final = 10.0  # less is not explained
ZONE_SLACK_SECONDS: Final = 120.0  # a clock in the wrong zone may also be a little off
DRIFT_AFTER_SECONDS: Final = 3_600.0
SET_SECONDS: Final = 5.0  # a step larger than this between two looks: somebody has set the clock

_ZONE_STEP_SECONDS: Final = 1_800
_LARGEST_ZONE_STEPS: Final = 52  # from -12 to +14 hours
_WRITTEN: Final = 1_704_067_200  # 2024-01-01
_LOST_SECONDS: Final = 180 * 86_400  # no crystal runs so slow: the clock stands at its firmware's date
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_ZONE = re.compile(
    r"(?P<name>[A-Za-z]{3,}|<[A-Za-z0-9+-]{1,16}>)"
    r"(?P<sign>[+-]?)(?P<hours>\d{1,2})(?::(?P<minutes>\d{2}))?(?::(?P<seconds>\d{2}))?(?P<summer>[A-Za-z<]?)"
)


@dataclass(frozen=True, slots=True)
class Clock:
    """The device's clock: seconds since the epoch, cut to whole seconds; `is_set` False: it shows no real date.

    `source` is "ntp", "manual", or empty where the device names neither.
    """

    seconds: int
    source: str
    is_set: bool


def read_clock(response: Node, near: float) -> Clock:
    """The clock in a GetSystemDateAndTimeResponse. Raises Garbled.

    `near` (seconds since the epoch) decides between two readings of an ambiguous time zone.
    """
    said = response.find("SystemDateAndTime")
    if said is None:
        raise Garbled("GetSystemDateAndTime: the answer holds no time")
    source = {"ntp": "ntp", "manual": "manual"}.get(said.read("DateTimeType").lower(), "")
    utc, local = said.find("UTCDateTime"), said.find("LocalDateTime")
    if utc is not None and utc.find("Date", "Year") is not None:
        seconds = _seconds(utc)
        return Clock(seconds or 0, source, seconds is not None)
    if local is None:
        raise Garbled("GetSystemDateAndTime: neither UTC nor local time")
    seconds = _seconds(local)
    if seconds is None:
        return Clock(0, source, is_set=False)
    summer = said.read("DaylightSavings").lower() in {"true", "1"}
    readings = (seconds - offset for offset in _offsets(said.read("TimeZone", "TZ"), summer=summer))
    return Clock(min(readings, key=lambda one: abs(one - near)), source, is_set=True)


def estimate_offset(clock: Clock, asked_at: float, answered_at: float) -> tuple[float, float]:
    """How far the device's clock is ahead, and within which bound that is known: two figures in seconds.

    The device read its clock at some instant between the two times (true clock, seconds since the epoch), and cut off
    the fraction. An offset within the bound is given as 0.
    """
    bound = (RESOLUTION_SECONDS + max(answered_at - asked_at, 0.0)) / 2
    offset = clock.seconds + RESOLUTION_SECONDS / 2 - (asked_at + answered_at) / 2
    return (0.0 if abs(offset) <= bound else round(offset, 3)), round(bound, 3)


def explain(clock: Clock, offset: float) -> str:
    """Why is a clock off by so many seconds? Empty where it is right, or nothing tells.

    "reset": it stands at its epoch, before this program was written or half a year back: its battery did not hold.
    "time_zone": off by whole or half hours. "no_ntp": it is set by hand.
    "ntp_fails": it has a time server and is off all the same.
    """
    if not clock.is_set or offset < -_LOST_SECONDS or (clock.seconds < _WRITTEN and offset < -86_400):
        return "reset"
    if abs(offset) < OFF_SECONDS:
        return ""
    steps = round(offset / _ZONE_STEP_SECONDS)
    if steps and abs(steps) <= _LARGEST_ZONE_STEPS and abs(offset - steps * _ZONE_STEP_SECONDS) <= ZONE_SLACK_SECONDS:
        return "time_zone"
    return {"manual": "no_ntp", "ntp": "ntp_fails"}.get(clock.source, "")


def drift_a_day(first: tuple[float, float], at: float, offset: float) -> float | None:
    """Seconds a day by which the clock runs away since `first` (time, offset); None while that cannot be told."""
    began, was = first
    if at - began < DRIFT_AFTER_SECONDS or abs(offset - was) < 4 * RESOLUTION_SECONDS:
        return None
    return round((offset - was) / (at - began) * 86_400, 1)


def _seconds(when: Node) -> int | None:
    """Seconds since the epoch; None for a date that no clock shows once it was set (`0000-00-00`)."""
    year, month, day = (_number(when.read("Date", name)) for name in ("Year", "Month", "Day"))
    hour, minute, second = (_number(when.read("Time", name)) for name in ("Hour", "Minute", "Second"))
    if year < 1970 or month == 0 or day == 0:
        return None
    if year > 9000 or month > 12 or day > 31 or hour > 24 or minute > 99 or second > 99:
        raise Garbled(f"GetSystemDateAndTime: impossible time {year}-{month}-{day} {hour}:{minute}:{second}")
    # Some firmware counts on beyond its fields: 00:61:16 is 01:01:16.
    days = date(year, month, 1).toordinal() + day - 1 - _EPOCH_DAY
    return days * 86_400 + hour * 3_600 + minute * 60 + second


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise Garbled(f"GetSystemDateAndTime: {text[:20]!r} is not a number")
    return int(text)


def _offsets(zone: str, *, summer: bool) -> list[int]:
    """Seconds to take off local time for UTC; two where it is unclear what the sign means, 0 for an unreadable zone.

    POSIX counts westward: CST-8 is China. Firmware that writes GMT+08:00 mostly means eastward, some follow POSIX.
    """
    found = _ZONE.match(zone)
    if not found:
        return [0]
    size = int(found["hours"]) * 3_600 + int(found["minutes"] or 0) * 60 + int(found["seconds"] or 0)
    west = -size if found["sign"] == "-" else size
    extra = 3_600 if summer and found["summer"] else 0
    if found["name"].upper() in {"GMT", "UTC"}:
        return [west + extra, -west + extra]
    return [-west + extra]
