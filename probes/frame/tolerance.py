"""By how much may a number of a picture differ from what its camera usually shows?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from probes.frame.compare import Comparison
from probes.frame.sketch import Sketch
from probes.frame.slot import Slot, of_picture

SIGMAS: Final = 4.0
SIGMAS_OF_AREAS: Final = 3.0  # zero on most pictures

# What a measure may differ by even where it never did: footage of cameras that none of these were set on differs by
# less on 99.5 % of clean pictures.
FLOORS: Final[Mapping[str, float]] = {
    "quality": 0.35, "layout": 0.4, "area": 0.12, "obscured": 0.055, "contrast": 1.0, "focus": 0.64, "definition": 0.52,
    "sharpness": 0.6, "noise": 0.9, "impulses": 0.04, "peak": 0.8, "mean": 45.0, "spread": 0.45,
    "black": 15.0, "clipped": 0.12, "hue_blue": 6.4, "hue_red": 6.4,
}  # fmt: skip


def numbers_of(sketch: Sketch, one: Comparison) -> dict[str, float]:
    """All numbers of a picture against one slot."""
    return {**of_picture(sketch), **one.numbers}


def tolerance(slot: Slot, name: str) -> float:
    """What that number may differ by: more while little is known."""
    young = 1 + 6 / slot.looks
    sigmas = SIGMAS_OF_AREAS if name in ("area", "obscured") else SIGMAS
    return max(FLOORS[name], sigmas * young * slot.number_deviation(name))


def beyond(value: float, slot: Slot, name: str) -> float:
    """By how many tolerances a number differs from its mean, signed."""
    return (value - slot.number(name)) / tolerance(slot, name)
