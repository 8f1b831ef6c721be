"""Is this picture as this camera's pictures are, and if not, what is wrong with it?

Each fault has a score: what was measured against what was learned, 1 at the threshold. A picture is compared with the
slots that recognise it best, and a fault must show against each of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from probes.frame.compare import Comparison, Mask, alike, compare
from probes.frame.faults import Verdict
from probes.frame.reference import Reference, slopes
from probes.frame.registration import Move, find_move
from probes.frame.sketch import Sketch
from probes.frame.slot import Slot, of_picture

SLOT_LOOKS: Final = 5  # pictures before a slot says anything
STABLE_LEAST: Final = 24  # blocks; with fewer nobody can tell whether the view is the same
ALTERNATIVES: Final = 3  # slots that a fault must show against …
ALTERNATIVE_QUALITY: Final = 0.15  # … if they recognise the view nearly as well as the best
SIGMAS: Final = 4.0
SIGMAS_OF_AREAS: Final = 3.0  # zero on most pictures
KNOWN_LIGHT: Final = 40.0  # levels of mean luma from the nearest slot's
SEEN_HOURS: Final = 5.0  # looks at an hour before its colour is known
SUSPICIOUS: Final = 0.25  # of a lost view's threshold: then it is asked whether it has moved
DARKER: Final = 30.0  # levels below the hour's usual
LIGHT_DEPENDS: Final = frozenset(
    {Verdict.PARTLY_COVERED, Verdict.OBSCURED, Verdict.COLOUR_CAST, Verdict.IR_CUT, Verdict.FOG}
)
SOFT: Final = LIGHT_DEPENDS | {Verdict.BLURRED}
LOST_VIEW: Final = 0.6  # of quality: whoever sees only so much of the view has lost it
HALF: Final = 0.35  # share of the picture
STRIPED: Final = 1.5  # thresholds: stripes as strong as these hide the view
CERTAIN: Final = 0.6  # match of a movement that is believed even where the light is not known
BARE: Final = -1.5  # log2 of the texture: hardly anything is seen where there was structure
MOSTLY: Final = 0.6  # share of the picture that is covered
UNRECOGNISED: Final = 0.3  # quality

# What a measure may differ by even where it never did: footage of cameras that none of these were set on differs by
# less on 99.5 % of clean pictures.
FLOORS: Final[Mapping[str, float]] = {
    "quality": 0.35, "area": 0.12, "patch": 0.3, "obscured": 0.12, "contrast": 1.0, "focus": 0.56, "definition": 0.47,
    "noise": 0.9, "impulses": 0.04, "lines": 3.2, "peak": 1.5, "ripple": 2.0, "mean": 45.0, "spread": 0.45,
    "black": 15.0,    "clipped": 0.12, "hue_blue": 6.0, "hue_red": 6.0,
}  # fmt: skip


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
    others could not. `covered`: the blocks that show something else. `slot`: the one that it was compared with.
    """

    scores: Mapping[Verdict, float] = field(default_factory=dict)
    unjudged: tuple[str, ...] = ()
    measures: tuple[Measure, ...] = ()
    covered: Mask | None = None
    move: Move | None = None
    slot: int | None = None

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
    likely = sorted(mature, key=lambda each: alike(sketch.structure, each[1]), reverse=True)[:ALTERNATIVES]
    compared = sorted(
        ((compare(sketch, slot), index) for index, slot in likely),
        key=lambda each: _likeness(sketch, each[0]),
        reverse=True,
    )
    best, number = compared[0]
    rivals = [one for one, _ in compared if one.quality >= best.quality - ALTERNATIVE_QUALITY]
    lost, move, reasons = _view(sketch, best, reference, at)
    if turning and any(score >= SUSPICIOUS for score in lost.values()):
        return Judgement(unjudged=("turning",), slot=number)
    scores = dict(lost)
    known = _known_hour(reference, at)
    if not known:
        reasons.append("learning")
    light = [one for one in rivals if _same_light(sketch, one.slot)]
    if (light or known) and not any(score >= 1 for score in lost.values()):
        each = [_conditions(sketch, one) for one in light or rivals]
        steady = _steadiness(reference, at)
        scores |= {fault: min(one[fault] for one in each) * (steady if fault in SOFT else 1.0) for fault in each[0]}
        if not known:
            scores = {fault: score for fault, score in scores.items() if fault not in LIGHT_DEPENDS}
        if not light:
            reasons.append("light")
            scores = {
                fault: score for fault, score in scores.items() if fault not in LIGHT_DEPENDS or _rest_is_sound(best)
            }
        if known:
            scores |= _brightness(sketch, reference, at)
        if "few_blocks" in reasons:
            for fault in (Verdict.PARTLY_COVERED, Verdict.OBSCURED):
                scores.pop(fault, None)
        hours = _hours(sketch, reference, at)
        scores |= {fault: max(score, scores.get(fault, 0.0)) for fault, score in hours.items()}
        if known:
            scores |= _text(sketch, reference)
    return Judgement(
        scores=scores,
        unjudged=tuple(dict.fromkeys(reasons)),
        measures=_measures(sketch, best),
        covered=best.covered if best.covered.any() else None,
        move=move,
        slot=number,
    )


def _likeness(sketch: Sketch, one: Comparison) -> float:
    """How well a slot recognises the picture; among equals the one of the same light."""
    light = abs(one.slot.number("mean") - sketch.mean) / 255
    return one.quality - 0.1 * light - 0.05 * (one.slot.mono != sketch.mono)


def _tolerance(slot: Slot, name: str) -> float:
    """What that number may differ by: more while little is known."""
    young = 1 + 6 / slot.looks
    sigmas = SIGMAS_OF_AREAS if name in ("area", "patch", "obscured") else SIGMAS
    return max(FLOORS[name], sigmas * young * slot.number_deviation(name))


def _beyond(value: float, slot: Slot, name: str) -> float:
    """By how many tolerances a number differs from its mean, signed."""
    return (value - slot.number(name)) / _tolerance(slot, name)


def _view(
    sketch: Sketch, best: Comparison, reference: Reference, at: float
) -> tuple[dict[Verdict, float], Move | None, list[str]]:
    """Does the camera still look at the same scene? Covered, moved, or neither; and why it may be unknown."""
    slot = best.slot
    if best.stable.sum() < STABLE_LEAST:
        return {}, None, ["few_blocks"]
    gone = (slot.number("quality") - best.quality) / min(LOST_VIEW, _tolerance(slot, "quality"))
    noisy = _beyond(of_picture(sketch)["noise"], slot, "noise") > 2
    if gone < SUSPICIOUS or (noisy and gone < 1):
        return {Verdict.MOVED: max(0.0, gone), Verdict.COVERED: max(0.0, gone)}, None, []
    alike = [each for each in reference.slots if _valid(each, reference) and _same_light(sketch, each)]
    move = _find_move(sketch, alike or [slot], best)
    striped = max(_beyond(best.numbers["peak"], slot, "peak"), _beyond(best.numbers["ripple"], slot, "ripple"))
    if striped > STRIPED and (move is None or move.match < CERTAIN):
        return {Verdict.STRIPES: striped}, None, []
    if move is not None and (move.match > CERTAIN or _known_hour(reference, at)):
        return {Verdict.MOVED: max(gone, 1 + move.match), Verdict.COVERED: 0.0}, move, []
    if gone < 1 or (best.covered.any() and _rest_is_sound(best)):
        return {Verdict.MOVED: min(gone, 0.9), Verdict.COVERED: min(gone, 0.9)}, None, []
    if noisy:
        return {Verdict.SNOW: gone}, None, []
    if not _known_hour(reference, at):
        return {}, None, ["learning"]
    bare = best.numbers["contrast"] < BARE or best.covered.mean() > MOSTLY
    if bare and best.quality < UNRECOGNISED:
        return {Verdict.COVERED: gone}, None, []
    if best.covered.mean() > HALF:
        return {Verdict.PARTLY_COVERED: gone}, None, []
    if not alike:
        return {}, None, ["light"]
    near = best.numbers["focus"] < -1  # what is close to the lens is out of focus
    return {Verdict.COVERED if near else Verdict.MOVED: gone}, None, []


def _valid(slot: Slot, reference: Reference) -> bool:
    return slot.view == reference.view and slot.looks >= SLOT_LOOKS


def _rest_is_sound(one: Comparison) -> bool:
    """Is what is not covered recognised as ever?"""
    rest = one.stable & ~one.lost & ~one.covered
    usual = one.slot.grid("match")[rest]
    return bool(rest.sum() >= 0.15 * one.stable.sum() and one.match[rest].mean() > 0.85 * usual.mean())


def _known_hour(reference: Reference, at: float) -> bool:
    """Was this hour of the day seen often enough to know its light?"""
    hour = int(at // 3600) % 24
    return float(sum(reference.hours[(hour + off) % 24, :2].sum() for off in (-1, 0, 1))) >= SEEN_HOURS


def _find_move(sketch: Sketch, alike: list[Slot], best: Comparison) -> Move | None:
    """The movement against the slot that shows it most clearly."""
    match = float(best.match[best.stable].mean())
    found = [find_move(sketch.structure, slot.structure, match) for slot in alike[:4]]
    return max((move for move in found if move is not None), key=lambda move: move.match, default=None)


def _same_light(sketch: Sketch, slot: Slot) -> bool:
    return slot.mono == sketch.mono and abs(slot.number("mean") - sketch.mean) <= KNOWN_LIGHT


def _conditions(sketch: Sketch, one: Comparison) -> dict[Verdict, float]:
    """What may be wrong with a view that is recognised, against one slot."""
    slot, numbers = one.slot, {**of_picture(sketch), **one.numbers}
    d = {name: _beyond(numbers[name], slot, name) for name in FLOORS}
    focus, definition, noise = -d["focus"], -d["definition"], d["noise"]
    blurred = max(focus, definition, (focus + definition) / 1.75) if noise < 1 else 0.0  # noise hides what is sharp
    flat = sum(float(np.clip(each, -1, 2.5)) for each in (-d["contrast"], -d["spread"], d["black"])) / 2
    hue = float(np.hypot(d["hue_blue"], d["hue_red"])) * numbers["even"] / 1.3
    magenta = numbers["hue_red"] > 4 and numbers["hue_blue"] > 0 and not slot.mono
    snow = noise if numbers["impulses"] - slot.number("impulses") > FLOORS["impulses"] and noise > 2 else 0.0
    return {
        Verdict.BLURRED: blurred,
        Verdict.PARTLY_COVERED: max(d["area"], d["patch"]),
        Verdict.OBSCURED: d["obscured"] if blurred < 0.8 else 0.0,
        Verdict.NOISY: 0.0 if snow else noise,
        Verdict.SNOW: snow,
        Verdict.STRIPES: max(d["peak"], d["lines"], d["ripple"] if one.quality > 0.6 else 0.0),
        Verdict.FOG: flat if d["mean"] > -0.6 else 0.0,
        Verdict.OVER_EXPOSED: max(d["clipped"], d["mean"] if d["clipped"] > 0.3 else 0.0),
        Verdict.COLOUR_CAST: 0.0 if magenta else hue,
        Verdict.IR_CUT: hue if magenta else 0.0,
    }


def _steadiness(reference: Reference, at: float) -> float:
    """1 where the light of this hour is the same from day to day, down to a half in twilight."""
    varies = float(np.sqrt(reference.hours[int(at // 3600) % 24, 3]))
    return 1 / (1 + float(np.clip((varies - 12) / 20, 0, 1)))


def _brightness(sketch: Sketch, reference: Reference, at: float) -> dict[Verdict, float]:
    """Much darker than it ever is at this hour? The darkest of the hours around counts."""
    hour = int(at // 3600) % 24
    around = np.stack([reference.hours[(hour + off) % 24] for off in (-1, 0, 1)])
    seen = around[around[:, :2].sum(axis=1) >= 2]
    if not len(seen):
        return {}
    least = float((seen[:, 2] - 2 * np.sqrt(seen[:, 3])).min())
    return {Verdict.DARK: (least - sketch.mean) / DARKER}


def _hours(sketch: Sketch, reference: Reference, at: float) -> dict[Verdict, float]:
    """Mono by day or colour by night, against the learned hours: an IR-cut filter that is stuck.

    Only where the two hours before and after are as sure: cameras switch in twilight, and a cloud changes when.
    """
    if reference.last_at - reference.first_at < 2 * 86_400:
        return {}
    hour = int(at // 3600) % 24
    around = np.stack([reference.hours[(hour + off) % 24, :2] for off in range(-2, 3)])
    if around.sum() < SEEN_HOURS or (around[:, int(sketch.mono)] > 0.01 * around.sum(axis=1)).any():
        return {Verdict.IR_CUT: 0.0}
    return {Verdict.IR_CUT: 1.5}


def _text(sketch: Sketch, reference: Reference) -> dict[Verdict, float]:
    """Is the camera's own text there?"""
    text = reference.text
    if text is None or text.looks < 2 * SLOT_LOOKS:
        return {}
    written = text.written
    if written is None:
        return {}
    left = float(np.median(slopes(sketch.bands)[written] / text.mean[written]))
    return {Verdict.TEXT_MISSING: float(np.clip((1 - left) / 0.6, 0, 1.7))}


def _measures(sketch: Sketch, one: Comparison) -> tuple[Measure, ...]:
    """Each measure against its learned range."""
    numbers = {**of_picture(sketch), **one.numbers}
    return tuple(
        Measure(
            name,
            numbers[name],
            one.slot.number(name) - _tolerance(one.slot, name),
            one.slot.number(name) + _tolerance(one.slot, name),
        )
        for name in FLOORS
    )
