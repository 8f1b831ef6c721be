"""A second opinion: what do pictures with known faults, of other cameras, say of this one?

The rules of `judge` say what is beyond its range, and can be read. Which fault shows in many numbers at once, and what
is only weather, is better told by trees that were grown on footage into which faults were put
(tests/benchmarks/frames/grow.py). So what the rules find is told if the trees do not hold the picture to be sound,
under the name that both agree on best; and what only the trees find, if they are sure of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from probes.frame.compare import Comparison, compare
from probes.frame.faults import Verdict
from probes.frame.forest import Forest, shipped
from probes.frame.job import Judged, Measured, Measures, Shift
from probes.frame.judge import ALTERNATIVE_QUALITY, Judgement
from probes.frame.reference import NOT_KNOWN, Reference
from probes.frame.registration import Move, find_move
from probes.frame.sketch import Sketch
from probes.frame.traits import NAMES, traits
from probes.frame.view import CERTAIN, SUSPICIOUS, lost_view

SOUND: Final = 0.35  # probability from which on a picture is sound, whatever the rules say
SICK: Final = 0.06  # … and below which it is not, even if the rules say nothing
AGREED: Final = 2.0  # what the rules' own name counts for, in the logarithm of a probability
CLEAR: Final = 0.7  # from which on no other slot is asked
DRAWN: Final = 0.6  # share of equal neighbours: without them it is no screen that a recorder drew
LEAST_BLOCKS: Final = 8  # stable ones in which a movement can be looked for
DOUBTED: Final = 0.95  # the highest score of what is not told

_CERTAIN: Final = frozenset(
    {Verdict.BLUE, Verdict.GARBLED, Verdict.BLACK, Verdict.FROZEN, Verdict.FLICKER, Verdict.JITTER}
)
_PARTS: Final = frozenset({Verdict.PARTLY_COVERED, Verdict.OBSCURED})


@dataclass(frozen=True, slots=True)
class Opinion:
    """`sound`: the probability that nothing is wrong; `faults`: fault → logarithm of its probability."""

    sound: float
    faults: Mapping[Verdict, float]


def ask(  # noqa: PLR0917  all of one picture
    sketch: Sketch, judgement: Judgement, reference: Reference, measures: Measures, judged: Judged, at: float
) -> Opinion | None:
    """The opinion; None while nothing is known of the camera."""
    wanted = _wanted()
    found = vectors(sketch, judgement, reference, measures, judged, at)
    return form((vector[wanted] for vector in found), shipped(), measures.flat_share)


def vectors(  # noqa: PLR0917  all of one picture
    sketch: Sketch, judgement: Judgement, reference: Reference, measures: Measures, judged: Judged, at: float
) -> Iterator[NDArray[np.float32]]:
    """The traits of the picture (`traits.NAMES`), against one after the other of the slots that may show the view.

    The others are asked only if they recognise it nearly as well as the first.
    """
    least = -1.0
    for number, index in enumerate(judgement.likely):
        slot = reference.slots[index]
        if (slot.number_variances > NOT_KNOWN / 2).any():
            continue  # learned by an earlier version, which did not know all numbers
        one = judgement.compared.get(index) or compare(sketch, slot, judgement.text)
        if one.quality < least:
            continue
        least = max(least, one.quality - ALTERNATIVE_QUALITY)
        move = None if number else _move(sketch, one)
        yield traits(sketch, one, move, reference, measures, judged, at)


def form(found: Iterable[NDArray[np.float32]], forest: Forest, flat_share: float) -> Opinion | None:
    """What the trees say of a picture; None if nothing is given. `flat_share`: as in `Measures`.

    `found`: what they ask for, against each slot that may show the view; the one counts against which the picture is
    soundest, and once it is clearly sound, no other is asked for.
    """
    best: Opinion | None = None
    for vector in found:
        votes = dict(zip(forest.classes, forest.votes(vector), strict=True))
        sound = float(np.exp(votes.pop(Verdict.OK)))
        if flat_share < DRAWN:
            votes.pop(Verdict.NO_SIGNAL, None)
        if best is None or sound > best.sound:
            best = Opinion(sound, {Verdict(name): float(vote) for name, vote in votes.items()})
        if best.sound >= CLEAR:
            break
    return best


def weigh(judged: Judged, opinion: Opinion, tuning: Mapping[str, float], *, recognised: bool = True) -> Judged:
    """What the rules found, with the second opinion. `tuning`: fault → by how much a person moved its threshold.

    A picture in which the view is not `recognised` is not held to be sound against the rules. The probability that
    nothing is wrong stands among the measures as `sound`.
    """
    suspected = any(judged.scores.get(fault, 0.0) >= 1 for fault in opinion.faults)
    sound = Measured("sound", round(opinion.sound, 4), SOUND if suspected else SICK, 1.0)
    judged = replace(judged, measures=(*judged.measures, sound))
    if judged.verdict in _CERTAIN or _is_beyond_doubt(judged, tuning):
        return judged
    name, told = _name(judged, opinion, tuning, suspected=suspected, recognised=recognised)
    if judged.verdict is Verdict.TEXT_MISSING and told < 1:
        return judged
    ours = opinion.faults.keys()
    scores = {fault: min(score, DOUBTED) if fault in ours else score for fault, score in judged.scores.items()}
    if name is not None:
        scores[name] = max(scores.get(name, 0.0), told if told >= 1 else min(told, DOUBTED))
    scores = {fault: round(score, 3) for fault, score in scores.items()}
    if name is not None and told >= 1:
        others = {fault: there for fault, there in judged.faults.items() if not there and fault is not name}
        return replace(judged, verdict=name, scores=scores, faults=others | {name: True})
    cleared = dict.fromkeys(ours & (judged.faults.keys() | judged.scores.keys()), False)
    healthy = Verdict.UNJUDGED if judged.unjudged else Verdict.OK
    return replace(judged, verdict=healthy, scores=scores, faults=judged.faults | cleared)


def _name(
    judged: Judged, opinion: Opinion, tuning: Mapping[str, float], *, suspected: bool, recognised: bool
) -> tuple[Verdict | None, float]:
    """What both agree on best, and its score; what a person called usual here counts as sound."""
    sickness = _sickness(opinion.sound)
    own = {fault: max(sickness / tuning.get(fault, 1.0), judged.scores.get(fault, 0.0)) for fault in opinion.faults}
    likely = [fault for fault in own if own[fault] >= 1 or tuning.get(fault, 1.0) <= 1]
    if not likely:
        return None, 0.0
    name = max(likely, key=lambda fault: opinion.faults[fault] + AGREED * (fault is judged.verdict))
    if name in _PARTS and judged.verdict is Verdict.COVERED and not recognised:
        name = Verdict.COVERED  # nothing is left of the view
    sound = opinion.sound + sum(float(np.exp(opinion.faults[fault])) for fault in own.keys() - set(likely))
    if suspected and (sound < SOUND or not recognised):
        return name, max(own[name], 1.0)
    return name, _sickness(sound) / tuning.get(name, 1.0)


def _sickness(sound: float) -> float:
    """1 at `SICK`."""
    return float(np.log(max(sound, 1e-9)) / np.log(SICK))


def _is_beyond_doubt(judged: Judged, tuning: Mapping[str, float]) -> bool:
    """A movement that can be undone proves itself; what a person taught to be a fault is one."""
    match judged.shift:
        case Shift() as shift if judged.verdict is Verdict.MOVED and shift.match > CERTAIN:
            return True
    return tuning.get(judged.verdict, 1.0) < 1


def _move(sketch: Sketch, one: Comparison) -> Move | None:
    """How the view moved, where it is not recognised."""
    if one.stable.sum() < LEAST_BLOCKS or lost_view(one) < SUSPICIOUS:
        return None
    return find_move(sketch.structure, one.slot.structure, float(one.match[one.stable].mean()))


@cache
def _wanted() -> NDArray[np.intp]:
    """Where the traits stand that the trees ask for."""
    return np.array([NAMES.index(name) for name in shipped().names])
