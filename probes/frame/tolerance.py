"""By how much may a number of a picture differ from what its camera usually shows?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from probes.frame.compare import Comparison
from probes.frame.sketch import Sketch
from probes.frame.slot import Slot, of_picture


@dataclass(frozen=True, slots=True)
class Range:
    """What a measure may differ by: `sigmas` of its deviations.

    But never less than `least`, which encoding anew makes by itself, nor than `restless`, which footage of cameras that
    none of these were set on differs by on 99.5 % of clean pictures: unless this camera's own hardly differ at all.
    """

    least: float
    restless: float
    sigmas: float = 4.0
    quiet: float = 8.0  # deviations that are less than `restless`: then so many of them are enough


RANGES: Final[Mapping[str, Range]] = {
    "quality": Range(0.35, 0.35),
    "layout": Range(0.4, 0.4),
    "area": Range(0.12, 0.12, sigmas=3.0),  # zero on most pictures
    "obscured": Range(0.04, 0.055, sigmas=3.0, quiet=5.0),
    "contrast": Range(0.7, 1.0),
    "focus": Range(0.35, 0.64),
    "definition": Range(0.3, 0.52),
    "sharpness": Range(0.35, 0.6),
    "noise": Range(0.65, 0.9),
    "impulses": Range(0.04, 0.04),
    "peak": Range(0.56, 0.56, sigmas=2.8),
    "mean": Range(45.0, 45.0),
    "spread": Range(0.3, 0.45),
    "black": Range(15.0, 15.0),
    "clipped": Range(0.12, 0.12),
    "hue_blue": Range(3.0, 6.4, quiet=6.0),
    "hue_red": Range(3.0, 6.4, quiet=6.0),
}


def numbers_of(sketch: Sketch, one: Comparison) -> dict[str, float]:
    """All numbers of a picture against one slot."""
    return {**of_picture(sketch), **one.numbers}


def tolerance(slot: Slot, name: str) -> float:
    """What that number may differ by: more while little is known."""
    of, deviation = RANGES[name], scatter(slot, name)
    return max(of.sigmas * deviation, of.least, min(of.restless, of.quiet * deviation))


def scatter(slot: Slot, name: str) -> float:
    """The deviation of that number, wider while little is known."""
    return widened(slot) * slot.number_deviation(name)


def widened(slot: Slot) -> float:
    """How many times as wide a deviation is taken, as it was found in few looks."""
    return 1 + 6 / slot.looks


def beyond(value: float, slot: Slot, name: str) -> float:
    """By how many tolerances a number differs from its mean, signed."""
    return (value - slot.number(name)) / tolerance(slot, name)
