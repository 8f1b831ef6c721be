"""What does this hour of the day usually look like, in brightness and colour?"""

from __future__ import annotations

from typing import Final

import numpy as np

from probes.frame.faults import Verdict
from probes.frame.reference import Reference
from probes.frame.sketch import MONO_SATURATION, Sketch

SEEN: Final = 5.0  # looks at an hour before its light is known
DARKER: Final = 30.0  # levels below the hour's usual
RARE: Final = 0.01  # share of looks
CLEARLY: Final = 2.0  # times as colourful as mono is at most
COLOURLESS: Final = 0.25  # levels; fog leaves more, infrared none
STUCK: Final = 1.5  # the score: it is either


def is_known(reference: Reference, at: float) -> bool:
    """Was this hour of the day seen often enough to know its light?"""
    return looks_around(reference, at) >= SEEN


def looks_around(reference: Reference, at: float) -> float:
    """How often this hour, and those before and after, were seen."""
    return float(_around(reference, at, 1)[:, :2].sum())


def steadiness(reference: Reference, at: float) -> float:
    """1 where the light of this hour is the same from day to day, down to a third in twilight."""
    varies = float(np.sqrt(_around(reference, at, 0)[0, 3]))
    return 1 / (1 + 2 * float(np.clip((varies - 12) / 20, 0, 1)))


def brightness(sketch: Sketch, reference: Reference, at: float) -> dict[Verdict, float]:
    """Much darker than it ever is at this hour? The darkest of the hours around counts."""
    around = _around(reference, at, 1)
    seen = around[around[:, :2].sum(axis=1) >= 2]
    if not len(seen):
        return {}
    least = float((seen[:, 2] - 2 * np.sqrt(seen[:, 3])).min())
    return {Verdict.DARK: (least - sketch.mean) / DARKER}


def filter_stuck(sketch: Sketch, reference: Reference, at: float) -> dict[Verdict, float]:
    """Mono by day or colour by night, against the learned hours: an IR-cut filter that is stuck.

    Only where the two hours before and after are as sure: cameras switch in twilight, and a cloud changes when.
    """
    if reference.last_at - reference.first_at < 2 * 86_400:
        return {}
    if not (sketch.saturation < COLOURLESS if sketch.mono else sketch.saturation >= CLEARLY * MONO_SATURATION):
        return {Verdict.IR_CUT: 0.0}
    around = _around(reference, at, 2)[:, :2]
    if around.sum() < SEEN or (around[:, int(sketch.mono)] > RARE * around.sum(axis=1)).any():
        return {Verdict.IR_CUT: 0.0}
    return {Verdict.IR_CUT: STUCK}


def _around(reference: Reference, at: float, hours: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """The rows of `Reference.hours` from so many hours before to so many after."""
    hour = int(at // 3600)
    return reference.hours[[(hour + off) % 24 for off in range(-hours, hours + 1)]]
