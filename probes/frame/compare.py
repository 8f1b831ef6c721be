"""How does a picture differ from one state of its camera?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from probes.frame.picture import COLUMNS, ROWS
from probes.frame.sketch import Grid, Sketch, ripple, sums
from probes.frame.slot import ENERGY, MATCH_LEAST, Slot, energy

Mask = NDArray[np.bool_]  # bool[9, 16]

LOST: Final = 0.15  # correlation below which a block shows something else, whatever its past
LOST_BELOW: Final = 0.25  # or so far below its usual correlation
SIGMAS: Final = 3.0
FLAT: Final = 1.5  # log2: a block that lost so much texture shows no structure any more
SOFT: Final = 1.0  # log2: a block that lost so much of its fine detail is out of focus
TINTED: Final = 25.0  # levels of luma …
COLOURED: Final = 10.0  # … or of colour that a block differs by, beside what the whole picture does
LARGE: Final = 0.2  # share of the picture
EDGE: Final = 6  # blocks at the edge of the picture, which has 46
FEWEST: Final = 8  # blocks whose median says something
RECOGNISED: Final = 0.2  # share of the stable blocks: with fewer, the rest says nothing of the light


@dataclass(frozen=True, slots=True)
class Comparison:
    """A picture against one slot. `numbers`: the compared ones of `slot.NUMBERS`, in their order.

    `match`: correlation of each block's structure with the slot's. `stable`: blocks that the slot relies upon. `lost`:
    those of them that show something else. `covered`: the largest connected area that shows nothing of the view.
    `soft`: blocks out of focus.
    """

    slot: Slot
    match: Grid
    stable: Mask
    lost: Mask
    covered: Mask
    soft: Mask
    numbers: dict[str, float]

    @property
    def quality(self) -> float:
        """How well the whole view is recognised: 1 as ever, 0 not at all."""
        return self.numbers["quality"]


def correlate(structure: NDArray[np.float32], slot: Slot) -> Grid:
    """The correlation of each block with the slot's, 0 where neither has structure."""
    both = sums(structure * slot.structure)
    match: Grid = both / np.sqrt((energy(structure) + 1) * (energy(slot.structure) + 1))
    return match


def alike(structure: NDArray[np.float32], slot: Slot) -> float:
    """How much of the view's structure is the slot's: 1 all, 0 nothing. A quick guess at `Comparison.quality`."""
    both = float(np.vdot(structure, slot.structure))
    own = float(np.vdot(slot.structure, slot.structure))
    return both / max(1.0, float(np.sqrt(own * float(np.vdot(structure, structure)))))


def compare(sketch: Sketch, slot: Slot) -> Comparison:
    """The picture against this slot."""
    match = correlate(sketch.structure, slot)
    usual, deviation = slot.grid("match"), slot.deviation("match")
    stable = (energy(slot.structure) > ENERGY) & (usual > MATCH_LEAST)
    lost = stable & (match < np.maximum(LOST, usual - np.maximum(LOST_BELOW, SIGMAS * deviation)))
    texture = sketch.texture - slot.grid("texture")
    base = stable & ~lost
    recognised = bool(base.sum() >= max(FEWEST, RECOGNISED * stable.sum()))
    if not recognised:
        base = stable if stable.any() else np.ones((ROWS, COLUMNS), bool)
    contrast = float(np.median(texture[base]))
    fine, middle = sketch.fine - slot.grid("fine"), sketch.middle - slot.grid("middle")
    soft = stable & (fine < -np.maximum(SOFT, SIGMAS * slot.deviation("fine")))
    blue, red = sketch.blue - slot.grid("blue"), sketch.red - slot.grid("red")
    hue = float(np.median(blue)), float(np.median(red))
    uneven = float(np.hypot(np.median(np.abs(blue - hue[0])), np.median(np.abs(red - hue[1]))))
    relative = texture - min(contrast, 0.0) if recognised else texture
    covered = _largest(_bare(sketch, slot, stable, lost, relative, base if recognised else None, hue), lost)
    weight = np.where(stable, 1.0, 0.0)
    expected = float((weight * usual).sum())
    peaks = sketch.peaks - slot.grid("peaks") - 2 * slot.deviation("peaks")
    stands_out = sketch.peaks > 1
    return Comparison(
        slot=slot,
        match=match,
        stable=stable,
        lost=lost,
        covered=covered,
        soft=soft,
        numbers={
            "quality": float((weight * match).sum()) / expected if expected > 0 else 0.0,
            "lost": share(lost, stable),
            "area": _area(covered),
            "patch": share(_before_lens(_connected(lost)), stable),
            "obscured": share(soft, stable),
            "contrast": contrast,
            "focus": float(np.median(fine[base])),
            "definition": float(np.median(middle[base])),
            "hue_blue": hue[0],
            "hue_red": hue[1],
            "even": float(np.clip(1.5 - uneven / max(1.0, float(np.hypot(*hue))), 0, 1)),
            "ripple": ripple(sketch.structure - slot.structure),
            "peak": float(peaks[stands_out].max()) if stands_out.any() else -1.0,
        },
    )


def share(some: Mask, of: Mask) -> float:
    """Which share of these blocks are those?"""
    return float((some & of).sum()) / max(1, int(of.sum()))


def _bare(  # noqa: PLR0917  all of one comparison
    sketch: Sketch, slot: Slot, stable: Mask, lost: Mask, texture: Grid, base: Mask | None, hue: tuple[float, float]
) -> Mask:
    """Blocks that show something plain in place of the view: lost without texture, or of another colour altogether.

    Where the rest of the view is recognised (`base`), its gain, offset and hue are taken out before colours are
    compared; a block that often changes is allowed to.
    """
    usual = slot.grid("luma")
    gain, offset = (1.0, 0.0) if base is None else _light(usual[base], sketch.luma[base])
    hue = (0.0, 0.0) if base is None else hue
    luma = np.abs(sketch.luma - gain * usual - offset)
    tinted = luma > np.maximum(TINTED, 4 * slot.deviation("luma"))
    for plane, name, shift in ((sketch.blue, "blue", hue[0]), (sketch.red, "red", hue[1])):
        tinted |= np.abs(plane - slot.grid(name) - shift) > np.maximum(COLOURED, 4 * slot.deviation(name))
    flat = texture < -FLAT
    mask: Mask = (lost & (flat | tinted)) | (~stable & tinted & (texture < 1))
    return mask


def _light(usual: NDArray[np.float32], seen: NDArray[np.float32]) -> tuple[float, float]:
    """Gain and offset of a whole picture's light."""
    variance = float(usual.var())
    gain = float(np.clip(np.cov(usual, seen, bias=True)[0, 1] / variance, 0.3, 2.0)) if variance > 16 else 1.0
    return gain, float(np.median(seen - gain * usual))


def _largest(mask: Mask, lost: Mask) -> Mask:
    """The largest connected area, if a quarter of its blocks lost their structure; nothing otherwise."""
    found = _connected(mask)
    return found if (lost & found).sum() * 4 >= found.sum() else np.zeros_like(found)


def _area(covered: Mask) -> float:
    """Share of the picture that is covered; what stands in the scene counts half."""
    return float(covered.mean()) * (1.0 if _before_lens(covered).any() else 0.5)


def _before_lens(area: Mask) -> Mask:
    """This area if it is large or runs along the edge of the picture; a person who stands there does neither."""
    edge = area.copy()
    edge[1:-1, 1:-1] = False
    return area if area.mean() >= LARGE or edge.sum() >= EDGE else np.zeros_like(area)


def _connected(mask: Mask) -> Mask:
    """The largest connected area."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    if count < 2:
        return np.zeros_like(mask)
    found: Mask = labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    return found
