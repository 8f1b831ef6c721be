"""What of a picture, and of how it differs from one state of its camera, may tell which fault it has? As one vector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from probes.frame.compare import Comparison
from probes.frame.faults import Verdict
from probes.frame.hours import looks_around
from probes.frame.job import Judged, Measures
from probes.frame.reference import Reference
from probes.frame.registration import Move
from probes.frame.sketch import Sketch
from probes.frame.slot import NUMBERS
from probes.frame.tolerance import numbers_of, widened

# What a number differs by at least, whatever its deviation; encoding anew alone does so.
LEAST: Final[Mapping[str, float]] = {
    "mean": 12.0, "spread": 0.1, "black": 4.0, "clipped": 0.02, "noise": 0.2, "impulses": 0.01, "colour": 0.15,
    "quality": 0.06, "area": 0.03, "obscured": 0.015, "softened": 0.05, "edges": 0.01, "blunt": 0.2, "contrast": 0.2,
    "focus": 0.1, "definition": 0.1, "sharpness": 0.1, "hue_blue": 1.0, "hue_red": 1.0, "even": 0.1, "peak": 0.15,
    "layout": 0.08, "gain": 0.1, "light": 8.0, "match_low": 0.08, "match_quarter": 0.06, "match_mid": 0.05,
    "sharp_low": 0.2, "sharp_quarter": 0.15, "sharp_high": 0.2, "all_low": 0.2, "all_mid": 0.15, "all_high": 0.2,
    "all_top": 0.25, "texture_low": 0.4, "texture_mid": 0.3, "texture_high": 0.4, "fine_low": 0.1, "fine_mid": 0.1,
    "fine_high": 0.1, "luma_mid": 3.0, "luma_high": 8.0, "chroma_mid": 0.7, "chroma_high": 2.0, "energy": 0.2,
    "alike": 0.05, "plain": 0.04,
}  # fmt: skip
MOST: Final = 30.0  # deviations
MOST_LOOKS: Final = 200.0
MOST_OF_AN_HOUR: Final = 50.0
UNKNOWN: Final = -1.0  # a score that the rules do not have

SCORED: Final = (
    Verdict.NO_SIGNAL, Verdict.BLACK, Verdict.DARK, Verdict.OVER_EXPOSED, Verdict.BLURRED, Verdict.COVERED,
    Verdict.PARTLY_COVERED, Verdict.MOVED, Verdict.NOISY, Verdict.SNOW, Verdict.STRIPES, Verdict.COLOUR_CAST,
    Verdict.IR_CUT, Verdict.FOG, Verdict.OBSCURED,
)  # fmt: skip
_FIXED: Final = (Verdict.DARK, Verdict.COVERED, Verdict.NO_SIGNAL, Verdict.OVER_EXPOSED, Verdict.BLACK)
_OPEN: Final = ("light", "few_blocks")
_MEASURES: Final = (
    "luma_p01", "luma_p99", "dark_share", "dominant_share", "dominant_luma", "flat_share", "middle_p999", "texture",
)  # fmt: skip
_HUE: Final = (NUMBERS.index("hue_blue"), NUMBERS.index("hue_red"))
_EVEN: Final = NUMBERS.index("even")
_LEAST: Final = np.array([LEAST[name] for name in NUMBERS])

NAMES: Final = (
    *(f"a:{name}" for name in NUMBERS),
    *(f"d:{name}" for name in NUMBERS),
    *(f"z:{name}" for name in NUMBERS),
    "ahue", "hue", "zhue", "zhue_even",
    "s:mean", "s:looks", "mono", "smono", "stable", "lost", "hours",
    "move", "shift", "turn", "zoom",
    *(f"m:{name}" for name in _MEASURES),
    *(f"r:{fault}" for fault in SCORED),
    *(f"fixed_{fault}" for fault in _FIXED),
    *(f"u:{reason}" for reason in _OPEN),
)  # fmt: skip


def traits(  # noqa: PLR0917  all of one picture
    sketch: Sketch,
    one: Comparison,
    move: Move | None,
    reference: Reference,
    measures: Measures,
    judged: Judged,
    at: float,
) -> NDArray[np.float32]:
    """float32[len(NAMES)], in the order of `NAMES`.

    `a:` a number of `slot.NUMBERS`, `d:` how far it is from the slot's mean, `z:` that in deviations. `m:` of
    `Measures`. `r:` the rules' score, `fixed_` what the rules say, `u:` why they cannot.
    """
    own = numbers_of(sketch, one)
    values = np.array([own[name] for name in NUMBERS])
    slot = one.slot
    off = values - slot.numbers
    deviations = widened(slot) * np.sqrt(slot.number_variances)
    far = np.clip(off / np.maximum(_LEAST, deviations), -MOST, MOST)
    hues = [float(np.hypot(*(each[at] for at in _HUE))) for each in (values, off, far)]
    stable = int(one.stable.sum())
    rest = (
        *hues, hues[2] * values[_EVEN],
        slot.number("mean"), min(slot.looks, MOST_LOOKS), sketch.mono, slot.mono, stable,
        float(one.lost.sum()) / max(1, stable), min(looks_around(reference, at), MOST_OF_AN_HOUR),
        *((0.0,) * 4 if move is None else (
            move.match, float(np.hypot(move.right, move.down)), abs(move.turn), abs(move.zoom - 1)
        )),
        *(getattr(measures, name) for name in _MEASURES),
        *(judged.scores.get(fault, UNKNOWN) for fault in SCORED),
        *(judged.verdict is fault for fault in _FIXED),
        *(reason in judged.unjudged for reason in _OPEN),
    )  # fmt: skip
    return np.concatenate([values, off, far, np.array(rest, np.float64)]).astype(np.float32)
