"""What did the load of a UPS do while a device was dark, and does that speak for its being fed by it?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

MIN_OUTAGES = 3  # that speak for it, and none against it
APART_SECONDS = 600.0  # what begins sooner after another is no second proof
MAX_OUTAGES = 8  # kept of one device
_UNLIKE = 0.4  # of the larger step: a device that starts draws more than one that runs


@dataclass(frozen=True, slots=True)
class Step:
    """The load of `ups` fell by so much when the device went dark, and rose when it was back; both in watts.

    `noise_watts`: how much it moves by itself within that time, 95 times of a hundred, and how finely it is told.
    """

    ups: str
    fell_watts: float
    rose_watts: float
    noise_watts: float

    @property
    def agrees(self) -> bool:
        """Do both steps stand out, and are they alike?"""
        larger, smaller = max(self.fell_watts, self.rose_watts), min(self.fell_watts, self.rose_watts)
        return smaller > self.noise_watts and larger - smaller <= _UNLIKE * larger + self.noise_watts


@dataclass(frozen=True, slots=True)
class Outage:
    """Power of `device` was away from `dark_at` until `back_at` (seconds since the epoch).

    `seen_by` went dark: the device itself, or what its PoE port feeds.
    """

    device: str
    seen_by: str
    dark_at: float
    back_at: float
    steps: tuple[Step, ...]


def add(known: Iterable[Outage], one: Outage) -> tuple[Outage, ...]:
    """The newest that are kept. Several devices on one switch that go dark together are one outage of it."""
    others = [old for old in known if not (abs(old.dark_at - one.dark_at) < APART_SECONDS)]
    return tuple(sorted((*others, one), key=lambda each: each.dark_at))[-MAX_OUTAGES:]


def feeding(outages: Iterable[Outage]) -> tuple[str, tuple[Outage, ...]] | None:
    """The UPS that feeds a device, and the outages that show it; None: they show none, or more than one."""
    by_ups: dict[str, list[tuple[Outage, Step]]] = {}
    for outage in outages:
        for step in outage.steps:
            by_ups.setdefault(step.ups, []).append((outage, step))
    found = [
        (ups, tuple(outage for outage, _ in seen))
        for ups, seen in by_ups.items()
        if len(seen) >= MIN_OUTAGES and all(step.agrees for _, step in seen) and _alike(seen)
    ]
    return found[0] if len(found) == 1 else None


def _alike(seen: Iterable[tuple[Outage, Step]]) -> bool:
    """The same device draws about as much each time."""
    by_device: dict[str, list[Step]] = {}
    for outage, step in seen:
        by_device.setdefault(outage.seen_by, []).append(step)
    for steps in by_device.values():
        largest, smallest = (pick(steps, key=lambda step: step.fell_watts) for pick in (max, min))
        slack = _UNLIKE * largest.fell_watts + max(step.noise_watts for step in steps)
        if largest.fell_watts - smallest.fell_watts > slack:
            return False
    return True
