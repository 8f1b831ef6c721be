"""What may be wrong with a picture?"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Verdict(StrEnum):
    """What is wrong with the picture, or `ok`."""

    OK = "ok"
    NO_SIGNAL = "no_signal"  # a recorder or encoder shows its own screen in place of the camera's picture
    BLACK = "black"
    BLUE = "blue"
    DARK = "dark"
    OVER_EXPOSED = "over_exposed"
    FROZEN = "frozen"
    GARBLED = "garbled"
    COVERED = "covered"
    PARTLY_COVERED = "partly_covered"
    OBSCURED = "obscured"  # droplets, dirt or a cobweb on the lens
    MOVED = "moved"
    BLURRED = "blurred"
    NOISY = "noisy"
    SNOW = "snow"
    STRIPES = "stripes"
    FOG = "fog"  # or low contrast
    COLOUR_CAST = "colour_cast"
    IR_CUT = "ir_cut"  # the filter is stuck: pink by day, colour by night, mono by day
    TEXT_MISSING = "text_missing"
    FLICKER = "flicker"  # the brightness jumps from picture to picture
    JITTER = "jitter"  # the picture shakes
    UNJUDGED = "unjudged"


HEALTHY: Final = frozenset({Verdict.OK, Verdict.UNJUDGED})

# Nothing of the scene is seen: nothing else can be said of it.
BLIND: Final = frozenset({Verdict.NO_SIGNAL, Verdict.BLACK, Verdict.BLUE, Verdict.GARBLED})


def blind(verdict: Verdict) -> dict[Verdict, bool]:
    """Which of these it is; none of them while something is seen."""
    return {fault: fault is verdict for fault in BLIND}


# The one that explains the others is named: a covered lens is dark and blurred, too.
ORDER: Final = (
    Verdict.BLACK,
    Verdict.NO_SIGNAL,
    Verdict.FROZEN,
    Verdict.SNOW,
    Verdict.JITTER,
    Verdict.FLICKER,
    Verdict.COVERED,
    Verdict.DARK,
    Verdict.MOVED,
    Verdict.OVER_EXPOSED,
    Verdict.STRIPES,
    Verdict.NOISY,
    Verdict.FOG,
    Verdict.PARTLY_COVERED,
    Verdict.IR_CUT,
    Verdict.BLURRED,
    Verdict.COLOUR_CAST,
    Verdict.TEXT_MISSING,
    Verdict.OBSCURED,
)

SUSPICIOUS: Final = 0.7  # of a threshold: then more is asked


def suspicious(scores: Mapping[Verdict, float]) -> bool:
    """Is one of them nearly at its threshold?"""
    return any(score >= SUSPICIOUS for score in scores.values())
