"""Does the camera still look at the same scene: is its view covered, moved, or merely hard to see?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from probes.frame.compare import Comparison, blocks, share
from probes.frame.faults import Verdict
from probes.frame.registration import Move, find_move
from probes.frame.sketch import Sketch
from probes.frame.slot import Slot
from probes.frame.tolerance import beyond, numbers_of, tolerance

STABLE_LEAST: Final = 24  # blocks; with fewer nobody can tell whether the view is the same
SUSPICIOUS: Final = 0.25  # of a lost view's threshold: then it is asked whether it has moved
LOST_VIEW: Final = 0.6  # of quality: whoever sees only so much of the view has lost it
STRIPED: Final = 1.5  # thresholds: stripes as strong as these hide the view
NOISY: Final = 2.0  # thresholds, the same
CERTAIN: Final = 0.5  # match of a movement that is believed even where the light is not known
EXPLAINED: Final = 0.6  # share of the lost blocks
HALF: Final = 0.35  # share of the picture
MOSTLY: Final = 0.6  # share of the picture that is covered
LAID_OUT: Final = 0.8  # correlation of bright and dark: the scene is there, out of focus or in fog
HIDDEN: Final = 0.35  # gain of the light: what is left of the scene behind something
OUTLINES: Final = 0.1  # share of the picture that has new edges: another view; what is close to the lens has none
BLUNT: Final = -0.3  # log2: another view is as sharp
SOFT: Final = -0.3  # log2: a screen that is drawn is sharper
DULL: Final = -1.0  # log2: what is close to the lens is out of focus


@dataclass(frozen=True, slots=True)
class View:
    """`scores` of what can be said of the view; `lost`: so little of it is seen that nothing else can be judged."""

    scores: dict[Verdict, float] = field(default_factory=dict)
    unjudged: tuple[str, ...] = ()
    move: Move | None = None
    lost: bool = False
    rest_is_sound: bool = False


def view(sketch: Sketch, best: Comparison, similar: list[Slot], *, known: bool) -> View:
    """What is seen of the view. `similar`: slots of the same light; `known`: the light of this hour is."""
    slot, numbers = best.slot, numbers_of(sketch, best)
    if best.stable.sum() < STABLE_LEAST:
        return View(unjudged=("few_blocks",))
    sound = _rest_is_sound(best)
    gone = lost_view(best)
    noise = beyond(numbers["noise"], slot, "noise")
    noisy = noise > NOISY
    if gone < SUSPICIOUS or (noisy and gone < 1):
        return View({Verdict.MOVED: gone, Verdict.COVERED: gone}, rest_is_sound=sound)
    move = _find_move(sketch, similar or [slot], best)
    if move is not None and move.match > CERTAIN:
        return View({Verdict.MOVED: max(gone, 1 + move.match), Verdict.COVERED: 0.0}, move=move, lost=True)
    small = {Verdict.MOVED: min(gone, 0.9), Verdict.COVERED: min(gone, 0.9)}
    if best.covered.any() and sound and (gone < 1 or _is_behind(best)):
        return View(small, rest_is_sound=True)
    striped = beyond(numbers["peak"], slot, "peak")
    dull = numbers["sharpness"] < DULL or numbers["focus"] < DULL
    near = numbers["focus"] < SOFT and numbers["contrast"] < 0  # stripes by themselves add contrast
    if striped > max(STRIPED, noise) and not (gone >= 1 and near):  # what is woven, or bubble wrap, covers it
        return View({Verdict.STRIPES: striped}, lost=gone >= 1)
    if move is not None and known and numbers["blunt"] >= BLUNT:
        return View({Verdict.MOVED: max(gone, 1 + move.match), Verdict.COVERED: 0.0}, move=move, lost=True)
    if gone < 1 or (best.covered.any() and sound):
        return View(small, rest_is_sound=sound)
    if noisy:
        return View({Verdict.SNOW: gone}, lost=True)
    if not known:
        return View(unjudged=("learning",), lost=True)
    return _explain(best, numbers, gone, similar, dull=dull)


def lost_view(one: Comparison) -> float:
    """How much of the view is gone: 0 nothing, 1 at the threshold."""
    return max(0.0, (one.slot.number("quality") - one.quality) / min(LOST_VIEW, tolerance(one.slot, "quality")))


def _explain(best: Comparison, numbers: dict[str, float], gone: float, similar: list[Slot], *, dull: bool) -> View:
    """The view is not recognised, and has not moved by anything that could be undone."""
    laid_out = numbers["layout"] >= LAID_OUT and best.slot.number("layout") >= LAID_OUT
    if laid_out and numbers["gain"] >= HIDDEN:
        return View({Verdict.MOVED: 0.0, Verdict.COVERED: 0.0})
    if numbers["edges"] >= OUTLINES:
        return View({Verdict.MOVED: gone, Verdict.COVERED: 0.0}, lost=True)
    if best.covered.mean() > MOSTLY or dull:
        return View({Verdict.COVERED: gone, Verdict.MOVED: 0.0}, lost=True)
    if best.covered.mean() > HALF:
        return View({Verdict.PARTLY_COVERED: gone}, lost=True)
    if not similar or numbers["blunt"] < BLUNT:
        return View(unjudged=("light",), lost=True)
    return View({Verdict.MOVED: gone}, lost=True)


def _rest_is_sound(one: Comparison) -> bool:
    """Is what is not covered recognised as ever?"""
    rest = one.stable & ~one.lost & ~blocks(one.covered)
    usual = one.slot.grid("match")[rest]
    return bool(rest.sum() >= 0.15 * one.stable.sum() and one.match[rest].mean() > 0.85 * usual.mean())


def _is_behind(one: Comparison) -> bool:
    """Does most of what is lost lie behind the area that is covered?"""
    return share(blocks(one.covered), one.lost) >= EXPLAINED


def _find_move(sketch: Sketch, similar: list[Slot], best: Comparison) -> Move | None:
    """The movement against the slot that shows it most clearly."""
    match = float(best.match[best.stable].mean())
    found = [find_move(sketch.structure, slot.structure, match) for slot in similar[:4]]
    return max((move for move in found if move is not None), key=lambda move: move.match, default=None)
