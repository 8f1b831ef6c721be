"""Does the picture flicker or shake more than this camera may?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from probes.frame.burst import Unrest
from probes.frame.faults import Verdict
from probes.frame.habits import CEILINGS, Habits, after, limit_of
from probes.frame.job import Measured
from probes.frame.judge import Judgement
from probes.frame.registration import LEAST_SHIFT
from probes.frame.sketch import HEIGHT, WIDTH

BESIDE: Final = 1.5  # reaches of the shake within which a shift is its doing


@dataclass(frozen=True, slots=True)
class Steadiness:
    """What a burst says: fault → score, each measure beside its range, and why something could not be judged."""

    scores: Mapping[Verdict, float] = field(default_factory=dict)
    measures: tuple[Measured, ...] = ()
    unjudged: tuple[str, ...] = ()


def judge_burst(unrest: Unrest | None, habits: Habits) -> Steadiness:
    """The scores, 1 at the threshold; `unrest` None: the pictures were too few."""
    if unrest is None:
        return Steadiness(unjudged=("few_pictures",))
    values = values_of(unrest)
    limits = {name: limit_of(name, value, habits) for name, value in values.items()}
    found = {name: values[name] / limit for name, limit in limits.items() if limit is not None}
    scores: dict[Verdict, float] = {}
    brightness = [found[name] for name in ("flicker", "rolling") if name in found]
    if len(brightness) == 2 or any(score >= 1 for score in brightness):
        scores[Verdict.FLICKER] = max(brightness)
    if "shake" in found:
        scores[Verdict.JITTER] = found["shake"]
    reasons = ["restless"] if unrest.shake is None else []
    if None in limits.values():
        reasons.append("learning")
    measures = tuple(
        Measured(name, values[name], 0.0, CEILINGS[name] if limit is None else limit) for name, limit in limits.items()
    )
    return Steadiness(scores, measures, tuple(reasons))


def learn_burst(unrest: Unrest, habits: Habits) -> Habits:
    """The habits after this healthy burst."""
    return after(values_of(unrest), habits)


def explain(judgement: Judgement, steadiness: Steadiness, unrest: Unrest | None) -> Judgement:
    """The judgement with these scores; a shift that the shake itself makes is no new view."""
    scores = dict(judgement.scores) | dict(steadiness.scores)
    if unrest is None or steadiness.scores.get(Verdict.JITTER, 0.0) < 1:
        return replace(judgement, scores=scores)
    move = judgement.move
    way = 0.0 if move is None else float(np.hypot(move.right, move.down * HEIGHT / WIDTH))
    turned = move is not None and (move.turn != 0 or move.zoom != 1)
    if turned or way > BESIDE * unrest.reach + LEAST_SHIFT:
        return replace(judgement, scores=scores)
    for fault in (Verdict.MOVED, Verdict.COVERED):
        if fault in scores:
            scores[fault] = min(scores[fault], 0.9)
    return replace(judgement, scores=scores, move=None)


def values_of(unrest: Unrest) -> dict[str, float]:
    """The measures by name, without those that could not be taken."""
    values = {"flicker": unrest.flicker, "rolling": unrest.rolling}
    return values if unrest.shake is None else values | {"shake": unrest.shake}
