"""All things considered, what is wrong with this picture, and what is learned from it?

picture ─▶ sketch ─▶ judge (against the reference) ─┐
   └─▶ measures ─▶ verdict (fixed thresholds) ──────┴─▶ conclude ─▶ second opinion ─▶ learn, if it is healthy
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from probes.frame.burst import Unrest, measure
from probes.frame.compare import Comparison, softened
from probes.frame.faults import BLIND, HEALTHY, ORDER, Verdict, blind, suspicious
from probes.frame.glance import SOONEST_SECONDS, change_of, read_glance, stands_still, take_glance
from probes.frame.job import Judged, Known, Measured, Measures, Shift
from probes.frame.judge import Judgement, judge
from probes.frame.learn import learn
from probes.frame.measure import flat_share
from probes.frame.measure import measure as measure_picture
from probes.frame.nights import UNLIT, Night, is_night, lighten, read_night
from probes.frame.opinion import ask, weigh
from probes.frame.people import Hidden, find_strange
from probes.frame.picture import Picture, write_cells
from probes.frame.reel import Film, developed
from probes.frame.reference import BadReference, Reference, renew, restore, unpack, with_habits
from probes.frame.room import pack_within
from probes.frame.sketch import Sketch, sketch
from probes.frame.steady import Steadiness, explain, judge_burst, learn_burst

VOUCHED_LOOKS: Final = 20  # of a slot, before it may say that what looks dark or plain is usual for this camera

_VOUCHED: Final = frozenset({Verdict.DARK, Verdict.COVERED, Verdict.OVER_EXPOSED})
BLACK_MEDIAN: Final = 12.0  # levels; a hand before the lens lets more through …
BLACK_SPREAD: Final = 4.0  # … and the darkest night is not all the same
DRAWN_FLAT: Final = 0.95  # share of equal neighbours: a screen that is shaded or in bars (footage: at most 0.91)
BARRED_FLAT: Final = 0.85  # the same of a screen whose shades or bars repeat (stripes over a scene: at most 0.72)

_CERTAIN: Final = frozenset({Verdict.BLUE, Verdict.GARBLED})  # whatever the camera usually shows
_UNSEEN: Final = frozenset({Verdict.OK, Verdict.COVERED, Verdict.DARK})
_SCENELESS: Final = frozenset({Verdict.NO_SIGNAL, Verdict.COVERED})
_FIXED: Final = frozenset(
    {Verdict.DARK, Verdict.COVERED, Verdict.OVER_EXPOSED, Verdict.FROZEN}
)  # judged without a reference


@dataclass(frozen=True, slots=True)
class Assessment:
    """The judgement; the reference as bytes where something was learned; the glance for the next look.

    `burst`: how many pictures in a row were measured. `strange`: what is not as usual, where it was asked for.
    """

    judged: Judged
    reference: bytes
    glance: bytes
    burst: int = 0
    strange: Hidden | None = None


def assess(
    picture: Picture, fixed: Verdict, known: Known, film: Film = None, measures: Measures | None = None
) -> Assessment:
    """Judge one picture; `fixed` is what fixed thresholds say of it. About 3 ms, whatever its size.

    `film`: the pictures that follow it; they are decoded if `known` says so, or where something may be wrong.
    `measures`: of the picture, where somebody has them.
    """
    if fixed in BLIND and (fixed in _CERTAIN or not known.reference):
        return Assessment(Judged(fixed, blind(fixed), {}), b"", b"")
    reference, night = _read(known), read_night(known.glance)
    if fixed in UNLIT and is_night(reference, known.at):
        fixed = Verdict.OK if fixed is Verdict.DARK else Verdict.UNJUDGED
    if fixed in {Verdict.BLACK, Verdict.UNJUDGED}:
        return Assessment(_in_the_dark(fixed), b"", _night(known, night, unlit=True))
    measures = measures or measure_picture(picture)
    drawn = sketch(picture, measures)
    if night is not None and reference.last_at > night.until:
        night = None  # it was learned of with that picture
    judgement = judge(drawn, reference, known.at, turning=known.presets)
    before = read_glance(known.glance)
    glance = take_glance(drawn, picture, known.at)
    if before is not None and known.at - before.at < SOONEST_SECONDS:
        glance = before  # a second look soon after: it must still be seen whether anything moved since the first
        before = None
    change = None if before is None else change_of(before, glance)
    if before is not None and change is not None:
        score = stands_still(before, glance, change, reference, mono=drawn.mono)
        if score is not None and (judgement.recognised or judgement.slot is None):
            judgement = judgement.with_score(Verdict.FROZEN, score)  # a covered lens shows the same for hours, too
    count, unrest, steadiness = 0, None, Steadiness()
    habits = reference.habits[int(drawn.mono)]
    if film is not None and (known.burst or fixed is not Verdict.OK or suspicious(judgement.scores)):
        burst = developed(film)
        count, unrest = len(burst), measure(burst)
        steadiness = judge_burst(unrest, habits)
        judgement = explain(judgement, steadiness, unrest)
    if fixed in _UNSEEN and judgement.slot is not None and not judgement.recognised:
        fixed = _screen(picture, fixed, striped=judgement.scores.get(Verdict.STRIPES, 0.0) >= 1)
    if fixed in _FIXED and known.is_usual(fixed):
        fixed = Verdict.OK  # what was learned still tells more of it
    judged = conclude(fixed, judgement.tuned(known.tuning), reference)
    judged = replace(
        judged,
        measures=judged.measures + steadiness.measures,
        unjudged=tuple(dict.fromkeys(judged.unjudged + steadiness.unjudged)),
    )
    opinion = ask(drawn, judgement, reference, measures, judged, known.at)
    if opinion is not None:
        judged = weigh(judged, opinion, known.tuning, recognised=judgement.recognised)
    judged = replace(judged, spots=_spots(judged.verdict, drawn, reference, judgement))
    compared = judgement.compared if judgement.text is None else {}  # it learns of all, whatever stands before it
    learned = _learn(reference, drawn, change, compared, judged, known, unrest, night)
    strange = find_strange(drawn.structure, reference, judgement) if known.hide_people else None
    left = glance.pack() + _night(known, night, unlit=judged.verdict in UNLIT)
    return Assessment(judged, learned, left, count, strange)


def _in_the_dark(verdict: Verdict) -> Judged:
    """Nothing is seen; `verdict` says whether that is a fault, or what one sees of this place by night."""
    if verdict is Verdict.BLACK:
        return Judged(verdict, blind(verdict), {})
    return Judged(verdict, dict.fromkeys(BLIND - UNLIT, False), {}, ("no_light",))


def _night(known: Known, night: Night | None, *, unlit: bool) -> bytes:
    """The night as the next look wants to know it, until it is learned of."""
    if unlit:
        night = Night(known.at if night is None else night.since, known.at)
    return b"" if night is None else night.pack()


def _spots(verdict: Verdict, drawn: Sketch, reference: Reference, judgement: Judgement) -> str:
    """Where dirt is, or text should be; empty for other faults."""
    found = None
    if verdict is Verdict.TEXT_MISSING and reference.text is not None and reference.text.written is not None:
        found = reference.text.cells(reference.text.written)
    elif verdict is Verdict.OBSCURED and judgement.slot is not None:
        found = softened(drawn, reference.slots[judgement.slot])
    return "" if found is None or not found.any() else write_cells(found)


def _screen(picture: Picture, fixed: Verdict, *, striped: bool) -> Verdict:
    """What shows nothing of the view may be no picture of anything: black behind captions and logos, or drawn."""
    lower, median, upper = np.percentile(picture.luma, (25, 50, 75))
    if median <= BLACK_MEDIAN and upper - lower <= BLACK_SPREAD:
        return Verdict.BLACK
    return Verdict.NO_SIGNAL if flat_share(picture) >= (BARRED_FLAT if striped else DRAWN_FLAT) else fixed


def conclude(fixed: Verdict, judgement: Judgement, reference: Reference) -> Judged:
    """The one fault that explains what was seen, and what is certain of the others."""
    verdict = fixed
    if (fixed in _VOUCHED and _vouches(judgement, reference)) or (fixed in _SCENELESS and judgement.recognised):
        verdict = Verdict.OK
    scores = dict(judgement.scores)
    if verdict is not Verdict.OK:
        scores[verdict] = max(1.0, scores.get(verdict, 0.0))
    named = next((fault for fault in ORDER if scores.get(fault, 0.0) >= 1), None)
    if verdict in (Verdict.FROZEN, Verdict.OVER_EXPOSED):
        named = verdict
    faults = blind(verdict) | {fault: False for fault, score in scores.items() if score < 1}
    for fault in _FIXED - scores.keys():
        faults[fault] = False
    if Verdict.COVERED not in scores and _is_unseen(judgement):
        del faults[Verdict.COVERED]
    if named is not None:
        faults[named] = True
    return Judged(
        verdict=named or (Verdict.UNJUDGED if judgement.unjudged else Verdict.OK),
        faults=faults,
        scores={fault: round(score, 3) for fault, score in scores.items()},
        unjudged=judgement.unjudged,
        measures=tuple(Measured(each.name, each.value, each.low, each.high) for each in judgement.measures),
        covered="" if judgement.covered is None else write_cells(judgement.covered),
        shift=None
        if judgement.move is None
        else Shift(
            judgement.move.right,
            judgement.move.down,
            judgement.move.turn,
            judgement.move.zoom,
            judgement.move.match,
        ),
        slot=judgement.slot,
        slots=len(reference.slots),
        looks=reference.looks,
    )


def _is_unseen(judgement: Judgement) -> bool:
    """Is the view, which is known, not recognised in what is seen now?"""
    return judgement.slot is not None and not judgement.recognised and "few_blocks" not in judgement.unjudged


def _vouches(judgement: Judgement, reference: Reference) -> bool:
    """Does the camera usually look like this?"""
    if judgement.slot is None or judgement.unjudged:
        return False
    known = reference.slots[judgement.slot].looks >= VOUCHED_LOOKS
    return known and not any(score >= 1 for score in judgement.scores.values())


def _read(known: Known) -> Reference:
    """The reference; an empty one where there is none, or where it is of another version."""
    try:
        reference = unpack(known.reference) if known.reference else Reference()
    except BadReference:
        reference = Reference()
    if known.confirmed_at > reference.confirmed_at:
        return renew(reference, known.confirmed_at)
    if known.taken_back_at > reference.confirmed_at > 0:
        return restore(reference, known.taken_back_at)
    return reference


def _learn(  # noqa: PLR0917  all of one look
    reference: Reference,
    drawn: Sketch,
    change: float | None,
    compared: Mapping[int, Comparison],
    judged: Judged,
    known: Known,
    unrest: Unrest | None,
    night: Night | None,
) -> bytes:
    """What the database should keep from now on; empty where nothing new was learned."""
    if judged.verdict not in HEALTHY or not known.at:
        return b""
    learned = learn(reference, drawn, change, known.at, compared)
    if learned is not None or night is not None:
        learned = lighten(learned or reference, known.at, night)
    if unrest is not None:
        learned = with_habits(learned or reference, drawn.mono, learn_burst(unrest, reference.habits[int(drawn.mono)]))
    return b"" if learned is None else pack_within(learned, known.room_bytes)
