"""Is this picture as this camera's pictures are, and if not, what is wrong with it?

Each fault has a score: what was measured against what was learned, 1 at the threshold. A picture is compared with the
slot that recognises it best; where something seems to be wrong, it must be so against every slot that does so as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from probes.frame.compare import Comparison, Spots, alike, compare
from probes.frame.faults import Verdict
from probes.frame.hours import DARKER, brightness, filter_stuck, is_known, steadiness
from probes.frame.ranks import median
from probes.frame.reference import Reference
from probes.frame.registration import Move
from probes.frame.sketch import Sketch
from probes.frame.slot import Slot
from probes.frame.text import Text, slopes
from probes.frame.tolerance import RANGES, beyond, numbers_of, scatter, tolerance
from probes.frame.view import STABLE_LEAST, view

SLOT_LOOKS: Final = 5  # pictures before a slot says anything
ALTERNATIVES: Final = 3  # slots that a fault must show against …
ALTERNATIVE_QUALITY: Final = 0.15  # … if they recognise the view nearly as well as the best
DOUBTFUL: Final = 0.7  # score from which on the other slots are asked, too
SETTLED: Final = 30  # pictures of a slot whose light is known at whatever hour it comes
FAMILIAR: Final = 12  # … of one whose view is known whenever it comes, over a day: the first low sun changes a view
DAY: Final = 86_400.0
KNOWN_LIGHT: Final = 40.0  # levels of mean luma from the nearest slot's
SUSPICIOUS: Final = 0.25  # of a lost view's threshold
LIGHT_DEPENDS: Final = frozenset(
    {Verdict.PARTLY_COVERED, Verdict.OBSCURED, Verdict.COLOUR_CAST, Verdict.IR_CUT, Verdict.FOG}
)
VEILS: Final = frozenset({Verdict.FOG, Verdict.COLOUR_CAST, Verdict.OBSCURED})
UNKNOWN: Final = 0.5  # of their scores where the light was never seen before: it may veil the scene by itself
SOFT: Final = LIGHT_DEPENDS | {Verdict.BLURRED}
HIDING: Final = 0.3  # share of the picture of which nothing is left: no fog does that here and not there
VEILED: Final = 0.75  # of the contrast of the light
PARTLY: Final = 0.25  # share of the cells that are softer than usual: drops and dirt do so …
MOSTLY: Final = 0.6  # … and a lens that is out of focus
WHOLLY: Final = 0.8  # … from which on it is enough that what was sharp is not
FAINTEST: Final = 0.02  # of quality
VEILING: Final = 4.5  # deviations of quality: something thin is before the whole view
WOVEN: Final = 2.4  # scores of stripes for one of a veil: a cobweb has threads at even distances, and hides more
FEW: Final = 0.02  # share of the picture
OUTLINED: Final = 0.4  # new edges for each cell that is hidden: what is close to the lens has no outline
LARGE: Final = 0.15  # share of the picture: what covers less is on the lens, or in the scene
RECOGNISED: Final = 0.5  # quality
NIGHT: Final = 24.0  # levels of mean luma: a hand or a bag before the lens shows more
TINTED: Final = 8.3  # levels of colour in a picture that has none
MAGENTA: Final = 4.0  # levels of red above the usual, with no less blue


@dataclass(frozen=True, slots=True)
class Measure:
    """One number beside what is usual: `low` to `high` is within the threshold."""

    name: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found.

    `scores`: fault → how far beyond its threshold, for every fault that could be judged. `unjudged`: reasons why
    others could not. `covered`: the cells that show something else. `slot`: the one that it was compared with.
    `recognised`: the view is seen, however badly. `likely`: the slots by how well they seem to show the view, and
    `compared`, those of them that were looked at closely; `text`: the cells of the camera's own text.
    """

    scores: Mapping[Verdict, float] = field(default_factory=dict)
    unjudged: tuple[str, ...] = ()
    measures: tuple[Measure, ...] = ()
    covered: Spots | None = None
    move: Move | None = None
    slot: int | None = None
    recognised: bool = False
    likely: tuple[int, ...] = ()
    compared: Mapping[int, Comparison] = field(default_factory=dict)
    text: Spots | None = None

    def with_score(self, fault: Verdict, score: float) -> Judgement:
        """The same with one more score."""
        return replace(self, scores={**self.scores, fault: max(score, self.scores.get(fault, 0.0))})

    def tuned(self, tuning: Mapping[str, float]) -> Judgement:
        """The same by the thresholds that a person moved: fault → factor."""
        if not tuning:
            return self
        return replace(self, scores={fault: score / tuning.get(fault, 1.0) for fault, score in self.scores.items()})


def judge(sketch: Sketch, reference: Reference, at: float, *, turning: bool = False) -> Judgement:
    """The judgement; empty with the reason "learning" while nothing is known.

    `turning`: the camera goes from preset to preset by itself. Each has its slots, and a view that none of them
    recognises is not judged.
    """
    mature = [(index, slot) for index, slot in enumerate(reference.slots) if _valid(slot, reference)]
    if not mature:
        return Judgement(unjudged=("learning",))
    known_text = reference.text
    written = None if known_text is None else known_text.written
    text = None if known_text is None or written is None else known_text.cells(written)
    likely = sorted(mature, key=lambda each: _likeness(sketch, each[1], alike(sketch.structure, each[1])), reverse=True)
    number, slot = likely[0]
    best = compare(sketch, slot, text)
    judged = _judge(sketch, [best], reference, at, written)
    compared = {number: best}
    if turning and max(judged.scores.get(Verdict.MOVED, 0.0), judged.scores.get(Verdict.COVERED, 0.0)) >= SUSPICIOUS:
        return Judgement(unjudged=("turning",), slot=number)
    if len(likely) > 1 and any(score >= DOUBTFUL for score in judged.scores.values()):
        compared |= {index: compare(sketch, each, text) for index, each in likely[1:ALTERNATIVES]}
        ranked = sorted(
            compared, key=lambda each: _likeness(sketch, compared[each].slot, compared[each].quality), reverse=True
        )
        number, best = ranked[0], compared[ranked[0]]
        rivals = [compared[each] for each in ranked if compared[each].quality >= best.quality - ALTERNATIVE_QUALITY]
        judged = _judge(sketch, rivals, reference, at, written)
    return replace(
        judged,
        measures=_measures(sketch, best),
        slot=number,
        likely=tuple(index for index, _ in likely[:ALTERNATIVES]),
        compared=compared,
        text=text,
    )


def _judge(
    sketch: Sketch, rivals: list[Comparison], reference: Reference, at: float, written: NDArray[np.bool_] | None
) -> Judgement:
    """Against these slots, the best first; `written`: where the camera's own text stands."""
    best = rivals[0]
    known = is_known(reference, at)
    reasons = [] if known else ["learning"]
    similar = [each for each in reference.slots if _valid(each, reference) and _same_light(sketch, each)]
    settled = known or any(each.looks >= SETTLED for each in similar)
    familiar = known or any(each.looks >= FAMILIAR and each.last_at - each.first_at >= DAY for each in similar)
    seen = view(sketch, best, similar, known=familiar)
    scores = dict(seen.scores)
    reasons += seen.unjudged
    hours = filter_stuck(sketch, reference, at)
    scores |= hours
    light = [one for one in rivals if _same_light(sketch, one.slot)]
    if (light or known) and not seen.lost:
        each = [_conditions(sketch, one) for one in light or rivals]
        steady = steadiness(reference, at)
        found = {fault: min(one[fault] for one in each) * (steady if fault in SOFT else 1.0) for fault in each[0]}
        if not settled:
            found = {fault: score for fault, score in found.items() if fault not in LIGHT_DEPENDS}
        if not light:
            reasons.append("light")
            found = {fault: score for fault, score in found.items() if fault not in LIGHT_DEPENDS or seen.rest_is_sound}
            found |= {fault: found[fault] * UNKNOWN for fault in VEILS & found.keys()}
        if best.stable.sum() < STABLE_LEAST:
            for fault in (Verdict.PARTLY_COVERED, Verdict.OBSCURED):
                found.pop(fault, None)
        scores |= {fault: max(score, scores.get(fault, 0.0)) for fault, score in found.items()}
    if known:
        scores |= _text(sketch, reference.text, written)
        behind = scores.get(Verdict.COVERED, 0.0) >= 1 and sketch.mean >= NIGHT
        if not behind and not (seen.rest_is_sound and best.numbers["light"] > -DARKER / 2):
            scores |= brightness(sketch, reference, at)
    return Judgement(
        scores=scores,
        unjudged=tuple(dict.fromkeys(reasons)),
        covered=best.covered if best.covered.any() else None,
        move=seen.move,
        recognised=best.quality >= RECOGNISED,
    )


def _likeness(sketch: Sketch, slot: Slot, quality: float) -> float:
    """How well a slot recognises the picture; among equals the one of the same light."""
    light = abs(slot.number("mean") - sketch.mean) / 255
    return quality - 0.1 * light - 0.05 * (slot.mono != sketch.mono)


def _valid(slot: Slot, reference: Reference) -> bool:
    return slot.view == reference.view and slot.looks >= SLOT_LOOKS


def _same_light(sketch: Sketch, slot: Slot) -> bool:
    return slot.mono == sketch.mono and abs(slot.number("mean") - sketch.mean) <= KNOWN_LIGHT


def _conditions(sketch: Sketch, one: Comparison) -> dict[Verdict, float]:
    """What may be wrong with a view that is recognised, against one slot.

    None of them excludes another: what one slot calls snow and the other noise would be nothing against both. Which one
    is named, `faults.ORDER` says.
    """
    slot, numbers = one.slot, numbers_of(sketch, one)
    d = {name: beyond(numbers[name], slot, name) for name in RANGES}
    focus, definition, noise = -d["focus"], -d["definition"], d["noise"]
    softer = numbers["softened"] - slot.number("softened") if noise < 1 else 0.0  # noise hides what is sharp
    blurred = max(
        max(focus + definition, 1.9 * definition) / 1.82 * float(np.clip((softer - PARTLY) / (MOSTLY - PARTLY), 0, 1)),
        -d["sharpness"] / 1.1 * float(np.clip((softer - PARTLY) / (WHOLLY - PARTLY), 0, 1)),
    )
    flat = sum(float(np.clip(each, -1, 2.5)) for each in (-d["contrast"], -d["spread"], d["black"])) / 2
    hue = float(np.hypot(d["hue_blue"], d["hue_red"])) * numbers["even"] / 1.3
    tinted = float(np.hypot(numbers["hue_blue"], numbers["hue_red"])) * numbers["even"] / TINTED
    magenta = numbers["hue_red"] > MAGENTA and numbers["hue_blue"] > 0 and not slot.mono
    snow = noise if numbers["impulses"] - slot.number("impulses") > RANGES["impulses"].least and noise > 2 else 0.0
    large = numbers["area"] >= LARGE
    veiled = (slot.number("quality") - numbers["quality"]) / (scatter(slot, "quality") + FAINTEST) / VEILING
    near = numbers["edges"] <= max(FEW, OUTLINED * numbers["obscured"])
    clear = numbers["gain"] < VEILED and d["layout"] > -1 and numbers["obscured"] < HIDING
    return {
        Verdict.BLURRED: blurred,
        Verdict.PARTLY_COVERED: d["area"] if large and near else 0.0,
        Verdict.OBSCURED: max(max(d["obscured"], 0.0 if large else d["area"]) if near else 0.0, veiled),
        Verdict.NOISY: noise,
        Verdict.SNOW: snow,
        Verdict.STRIPES: d["peak"] if d["peak"] > max(noise, WOVEN * veiled) else 0.0,
        Verdict.FOG: flat if d["mean"] > -0.6 and clear else 0.0,
        Verdict.OVER_EXPOSED: max(d["clipped"], d["mean"] if d["clipped"] > 0.3 else 0.0),
        Verdict.COLOUR_CAST: hue,
        Verdict.IR_CUT: tinted if slot.mono else hue if magenta else 0.0,
    }


def _text(sketch: Sketch, text: Text | None, written: NDArray[np.bool_] | None) -> dict[Verdict, float]:
    """Is the camera's own text there?"""
    if text is None or written is None or text.looks < 2 * SLOT_LOOKS:
        return {}
    left = median(slopes(sketch.bands)[written] / text.mean[written])
    return {Verdict.TEXT_MISSING: float(np.clip((1 - left) / 0.6, 0, 1.7))}


def _measures(sketch: Sketch, one: Comparison) -> tuple[Measure, ...]:
    """Each measure against its learned range."""
    numbers = numbers_of(sketch, one)
    ranges = ((name, one.slot.number(name), tolerance(one.slot, name)) for name in RANGES)
    return tuple(Measure(name, numbers[name], usual - width, usual + width) for name, usual, width in ranges)
