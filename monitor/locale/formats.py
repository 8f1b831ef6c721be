"""How are times, durations and numbers written for a reader, in the site's time zone?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from math import log10
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_decimal, format_percent

from ticketing.ticket import Language

MINUTE: Final = 60
HOUR: Final = 3_600
DAY: Final = 86_400

_UNITS: Final[dict[Language, tuple[str, str, str, str]]] = {
    "en": ("d", "h", "min", "s"),
    "zh_CN": ("天", "小时", "分钟", "秒"),
}
UNITS: Final = {"celsius": "°C", "watts": "W", "volts": "V", "rpm": "rpm"}  # by the end of a value's name
_STEPS: Final = (DAY, HOUR, MINUTE, 1)
_BYTES: Final = ("B", "kB", "MB", "GB", "TB", "PB")


@lru_cache(maxsize=8)
def _locale(language: Language) -> Locale:
    return Locale.parse(language)


@lru_cache(maxsize=8)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@dataclass(frozen=True, slots=True)
class Formats:
    """Formats for one language and one time zone (an IANA name)."""

    language: Language
    timezone: str = "UTC"

    @property
    def units(self) -> tuple[str, str, str, str]:
        """The short names of day, hour, minute and second."""
        return _UNITS[self.language]

    def local(self, at: float) -> datetime:
        """That moment (seconds since the epoch) on the site's wall clock."""
        return datetime.fromtimestamp(at, UTC).astimezone(_zone(self.timezone))

    def iso(self, at: float) -> str:
        """ISO 8601 with the offset, for machines."""
        return self.local(at).isoformat(timespec="seconds")

    def time(self, at: float) -> str:
        """Hours and minutes."""
        return format_time(self.local(at), "HH:mm", locale=_locale(self.language))

    def date(self, at: float) -> str:
        """Day, month and year."""
        return format_date(self.local(at).date(), "medium", locale=_locale(self.language))

    def moment(self, at: float) -> str:
        """Date and time to the second."""
        skeleton = "d MMM y, HH:mm:ss" if self.language == "en" else "y年M月d日 HH:mm:ss"
        return format_datetime(self.local(at), skeleton, locale=_locale(self.language))

    def short(self, at: float, now: float) -> str:
        """The time alone on the same day, else day and time."""
        local, today = self.local(at), self.local(now)
        if local.date() == today.date():
            return self.time(at)
        if self.language == "en":
            skeleton = "d MMM HH:mm" if local.year == today.year else "d MMM y HH:mm"
        else:
            skeleton = "M月d日 HH:mm" if local.year == today.year else "y年M月d日 HH:mm"
        return format_datetime(local, skeleton, locale=_locale(self.language))

    def duration(self, seconds: float) -> str:
        """At most two units, rounded down: "2 h 5 min"; the sign is left to the caller."""
        rest = int(abs(seconds))
        parts: list[str] = []
        for step, unit in zip(_STEPS, self.units, strict=True):
            count, rest = divmod(rest, step)
            if count:
                parts.append(f"{count} {unit}")
            elif parts:
                break
            if len(parts) == 2:
                break
        return " ".join(parts) or f"0 {self.units[-1]}"

    def brief(self, seconds: float) -> str:
        """A measured duration: milliseconds below a second, seconds below a minute, else two units."""
        if seconds < 1:
            return f"{self.number(seconds * 1_000, 0 if seconds >= 0.01 else 1)} ms"
        if seconds < MINUTE:
            return f"{self.number(seconds, 1)} {self.units[-1]}"
        return self.duration(seconds)

    def number(self, value: float, digits: int = 1) -> str:
        """With the language's separators and at most so many digits after the point."""
        pattern = "#,##0" if digits == 0 else "#,##0." + "#" * digits
        if abs(value) < 0.5 * 10**-digits:
            value = 0.0  # and not -0
        return format_decimal(value, pattern, locale=_locale(self.language))

    def percent(self, ratio: float) -> str:
        """A ratio of 0…1 as per cent, one digit after the point at most."""
        return format_percent(ratio, "#,##0.#%", locale=_locale(self.language))

    def size(self, count: float) -> str:
        """A number of bytes in decimal units, as makers of disks count."""
        power = min(int(log10(max(abs(count), 1)) / 3), len(_BYTES) - 1)
        return f"{self.number(count / 1_000**power, 1 if power else 0)} {_BYTES[power]}"
