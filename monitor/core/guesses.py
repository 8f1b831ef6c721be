"""Which login of the owner's list is a device tried with next, when, and what came of it?

Every try is written down before it is made, beside what else is known of the device: how many there were, how many were
refused, and when the last one was. So neither a restart nor a crash makes a second one of a day.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import replace

from monitor.core.inventory import Item, Items
from probes.observation import Observation, Outcome

CHECK = "default_login"  # the check whose looks this makes; the scheduler does not know it
DAY_SECONDS = 86_400.0
LOCKED_SECONDS = 7 * DAY_SECONDS  # a device that speaks of locking is left alone that long
TRIED, REFUSED, LOCKED = (f"{CHECK}/{word}" for word in ("tried", "refused", "locked"))


def last_try(known: Items) -> float:
    """Seconds since the epoch; 0 if there was none."""
    return known[TRIED].last_seen if TRIED in known else 0.0


def may_be_tried(known: Items, now: float) -> bool:
    """Is the last try long enough ago?"""
    locked = known[LOCKED].last_seen if LOCKED in known else 0.0
    return now - last_try(known) >= DAY_SECONDS and now - locked >= LOCKED_SECONDS


def position(device: str, known: Items, count: int) -> int:
    """Which of so many logins is next: each device begins elsewhere, and a login that was taken is tried again."""
    return (zlib.crc32(device.encode()) + count_of(known, REFUSED)) % count


def begin(device: str, known: Items, now: float) -> Item:
    """One more try will be made."""
    return _count(device, known, TRIED, now)


def finish(known: Items, look: Observation) -> Iterator[Item]:
    """What came of it."""
    if look.outcome is Outcome.OK and look.values.get("state") == "refused":
        yield _count(look.device, known, REFUSED, look.ended_at)
        if look.values.get("locked") is True:
            yield _count(look.device, known, LOCKED, look.ended_at)


def count_of(known: Items, name: str) -> int:
    """How often that has happened."""
    return int(known[name].value) if name in known and known[name].value.isdecimal() else 0


def _count(device: str, known: Items, name: str, now: float) -> Item:
    value = str(count_of(known, name) + 1)
    return replace(known[name], value=value, last_seen=now) if name in known else Item(device, name, value, now, now)
