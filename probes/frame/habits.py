"""How much does this camera usually flicker and shake?

Below a floor nobody would see it. Above a ceiling it is a fault from the first look on, as a wrong mains frequency is
there from the first day. In between the camera's own habits count: a mast that sways teaches its sway.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from types import MappingProxyType
from typing import Any, Final

# Of per cent, as `burst.Unrest`. Clean bursts of the footage reach 1.2, 0.3 and 0.06.
FLOORS: Final[Mapping[str, float]] = MappingProxyType({"flicker": 2.0, "rolling": 0.8, "shake": 0.2})
CEILINGS: Final[Mapping[str, float]] = MappingProxyType({"flicker": 4.0, "rolling": 2.5, "shake": 0.5})
LEARNED: Final = 6  # bursts before a habit is known
SIGMAS: Final = 4.0
SLOWEST: Final = 0.03  # weight of a new burst once much is known
MOST_LOOKS: Final = 1_000_000
MOST: Final = 1e6


@dataclass(frozen=True, slots=True)
class Habit:
    """One measure of bursts: how often it was seen, its mean and variance."""

    looks: int = 0
    mean: float = 0.0
    variance: float = 0.0

    def after(self, seen: float) -> Habit:
        """The habit after one more healthy burst (West 1979)."""
        weight = max(1 / (self.looks + 1), SLOWEST)
        step = weight * (seen - self.mean)
        variance = (1 - weight) * (self.variance + step * (seen - self.mean))
        return Habit(min(self.looks + 1, MOST_LOOKS), self.mean + step, variance)


Habits = Mapping[str, Habit]
NO_HABITS: Final[Habits] = MappingProxyType({})


def after(values: Mapping[str, float], habits: Habits) -> Habits:
    """The habits after one more healthy burst."""
    return {**habits, **{name: habits.get(name, Habit()).after(value) for name, value in values.items()}}


def limit_of(name: str, value: float, habits: Habits) -> float | None:
    """The threshold of that measure; None where only the habit could tell, and it is not known yet."""
    floor, ceiling, habit = FLOORS[name], CEILINGS[name], habits.get(name, Habit())
    if habit.looks >= LEARNED:
        spread = SIGMAS * (1 + LEARNED / habit.looks) * sqrt(habit.variance)
        return min(ceiling, max(floor, habit.mean + spread))
    if value >= ceiling:
        return ceiling
    return floor if value < floor else None


def as_json(habits: Habits) -> dict[str, list[float]]:
    """As the head of a reference keeps them."""
    return {name: [habit.looks, habit.mean, habit.variance] for name, habit in habits.items()}


def read(found: Any) -> Habits:
    """The habits again; ValueError for anything else, as a file may come from anywhere."""
    habits = {}
    for name in FLOORS:
        if name in found:
            looks, mean, variance = (float(part) for part in found[name])
            if not (0 <= looks <= MOST_LOOKS and 0 <= mean <= MOST and 0 <= variance <= MOST):
                raise ValueError("habits beyond their bounds")
            habits[name] = Habit(int(looks), mean, variance)
    return habits
