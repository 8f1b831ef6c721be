"""Who is told, and by when must somebody act? Times of day are minutes in the site's time zone."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from ticketing.ticket import EventKind, Language, Severity, Ticket

TOLD = frozenset({
    EventKind.OPENED, EventKind.REOPENED, EventKind.RAISED, EventKind.RECOVERED, EventKind.VERIFY_FAILED,
    EventKind.CLOSED, EventKind.CANCELLED, EventKind.RESPONSE_BREACHED, EventKind.ARRIVAL_BREACHED,
    EventKind.FIX_BREACHED, EventKind.ASKED,
})  # fmt: skip
"""Events that a route may carry; the rest is history only."""


_MINUTES_A_DAY = 1_440
_MINUTES_A_WEEK = 7 * _MINUTES_A_DAY


@dataclass(frozen=True, slots=True)
class ServiceTargets:
    """Seconds from opening (24×7) until each clock is due; None: no target."""

    response_seconds: float | None
    arrival_seconds: float | None
    fix_seconds: float | None


@dataclass(frozen=True, slots=True)
class Route:
    """Tickets that match go to one address on one channel. An empty set matches everything."""

    name: str
    channel: str  # name of a channel of the configuration
    language: Language = "en"
    severities: frozenset[Severity] = frozenset()
    devices: tuple[str, ...] = ()  # glob patterns of device ids
    kinds: frozenset[str] = frozenset()  # kinds of device
    events: frozenset[EventKind] = TOLD
    days: frozenset[int] = frozenset()  # ISO week days 1..7
    from_minute: int = 0
    to_minute: int = 1440  # exclusive; smaller than from_minute: over midnight
    even_when_urgent_outside_hours: bool = True  # urgent tickets ignore the hours


@dataclass(frozen=True, slots=True)
class LocalTime:
    """The moment as the site's wall clock shows it."""

    weekday: int  # ISO, 1..7
    minute: int  # of the day


def carries(route: Route, ticket: Ticket, device_kind: str, event: EventKind) -> bool:
    """Does this route carry this event, at whatever hour?"""
    if event not in route.events or (route.severities and ticket.severity not in route.severities):
        return False
    if route.kinds and device_kind not in route.kinds:
        return False
    return not route.devices or any(fnmatchcase(ticket.fingerprint.device, glob) for glob in route.devices)


def seconds_until_open(route: Route, local: LocalTime) -> float:
    """0 within the route's days and hours, else the time until they begin, to the minute."""
    minutes = next((ahead for ahead in range(_MINUTES_A_WEEK) if _is_open(route, local, ahead)), 0)
    return minutes * 60.0


def _is_open(route: Route, local: LocalTime, ahead: int) -> bool:
    """Is it open that many minutes after `local`? Hours over midnight belong to the day on which they began."""
    minute_of_week = ((local.weekday - 1) * _MINUTES_A_DAY + local.minute + ahead) % _MINUTES_A_WEEK
    weekday, minute = divmod(minute_of_week, _MINUTES_A_DAY)
    if route.from_minute <= route.to_minute:
        within = route.from_minute <= minute < route.to_minute
    elif minute < route.to_minute:
        within, weekday = True, (weekday - 1) % 7
    else:
        within = minute >= route.from_minute
    return within and (not route.days or weekday + 1 in route.days)
