"""How does a picture differ from one state of its camera?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from probes.frame.picture import COLUMNS, ROWS
from probes.frame.sketch import Cells, Grid, Sketch, means, sums
from probes.frame.slot import ENERGY, MATCH_LEAST, Slot, energy

Mask = NDArray[np.bool_]  # bool[9, 16]
Spots = NDArray[np.bool_]  # bool[CELL_ROWS, CELL_COLUMNS] of `picture`

LOST: Final = 0.15  # correlation below which a block shows something else, whatever its past
LOST_BELOW: Final = 0.25  # or so far below its usual correlation
SIGMAS: Final = 3.0
TEXTURED: Final = 0.6  # log2 of levels: a cell whose finest detail can be lost
NIGHT: Final = 100.0  # levels of mean luma: in darker pictures a lamp goes out …
LAMP: Final = 1.6  # … where there was so many times as much light
FAINT: Final = 30.0  # levels
HALF: Final = 0.5  # share of the picture
HUSHED: Final = 0.2  # share of a block that shows text or nothing
SHADOW: Final = 0.7  # log2: by as much, less light takes detail with it
SOFTENED: Final = 0.35  # log2
SOFT: Final = 1.0  # log2: a cell that lost so much of it is out of focus, or behind something
STEADY: Final = 8.0  # levels of the light, and …
STEADY_GAIN: Final = 0.2  # … of its gain: where it is the same, what is of another brightness is another thing
PAINTED: Final = 25.0  # levels
TINTED: Final = 8.0  # levels of luma …
COLOURED: Final = 10.0  # … or half of it of colour that a cell differs by, beside what the whole picture does
FEWEST: Final = 8  # blocks whose median says something
RECOGNISED: Final = 0.2  # share of the stable blocks: with fewer, the rest says nothing of the light
OUTSTANDING: Final = 0.3  # log2 above the highest line around
WEAKLY: Final = 0.3  # of what a cell says whose view is seen or gone, one says whose light alone is known
NEAR: Final = 1.2  # cells that speak for each other
SEEDED: Final = 0.1  # share of an area
GONE: Final = 0.6  # share of what can be recognised in an area
PLAIN: Final = 0.0  # log2 of levels: a cell in which nothing is in focus
BLUNT: Final = 0.0  # log2: what stands in the scene is as sharp as it was there
EDGE: Final = 1.0  # log2: by as much, a new outline makes a cell sharper
SHAPELESS: Final = 6.0  # levels: the deviation of the blocks' luma below which a view has no layout


@dataclass(frozen=True, slots=True)
class Comparison:
    """A picture against one slot. `numbers`: the compared ones of `slot.NUMBERS`, in their order.

    `match`: correlation of each block's structure with the slot's. `stable`: blocks that the slot relies upon. `lost`:
    those of them that show something else. `covered`: the largest connected area that shows nothing of the view.
    """

    slot: Slot
    match: Grid
    stable: Mask
    lost: Mask
    covered: Spots
    numbers: dict[str, float]

    @property
    def quality(self) -> float:
        """How well the whole view is recognised: 1 as ever, 0 not at all."""
        return self.numbers["quality"]


def correlate(structure: NDArray[np.float32], slot: Slot) -> tuple[Grid, Grid]:
    """The correlation of each block with the slot's, 0 where neither has structure; and how much the slot's has."""
    both, known = sums(structure * slot.structure), energy(slot.structure)
    match: Grid = both / np.sqrt((energy(structure) + 1) * (known + 1))
    return match, known


def alike(structure: NDArray[np.float32], slot: Slot) -> float:
    """How much of the view's structure is the slot's: 1 all, 0 nothing. A quick guess at `Comparison.quality`."""
    both = float(np.vdot(structure, slot.structure))
    own = float(np.vdot(slot.structure, slot.structure))
    return both / max(1.0, float(np.sqrt(own * float(np.vdot(structure, structure)))))


def compare(sketch: Sketch, slot: Slot, text: Spots | None = None) -> Comparison:
    """The picture against this slot; `text`: where the camera's own text stands, which says nothing of the view."""
    match, lively = correlate(sketch.structure, slot)
    usual, deviation = slot.grid("match"), slot.deviation("match")
    stable = (lively > ENERGY) & (usual > MATCH_LEAST)
    textured = slot.cell("sharp") > TEXTURED
    hushed = _unlit(sketch, slot) if text is None else text | _unlit(sketch, slot)
    stable &= means(hushed.astype(np.float32)) < HUSHED
    textured &= ~hushed
    lost = stable & (match < np.maximum(LOST, usual - np.maximum(LOST_BELOW, SIGMAS * deviation)))
    base = stable & ~lost
    recognised = np.count_nonzero(base) >= max(FEWEST, RECOGNISED * np.count_nonzero(stable))
    gone = _spread(lost)
    if not recognised:
        base = stable if stable.any() else np.ones((ROWS, COLUMNS), bool)
    texture = sketch.texture - slot.grid("texture")
    contrast = _median(texture[base])
    fine, middle = sketch.fine - slot.grid("fine"), sketch.middle - slot.grid("middle")
    blue, red = sketch.blue - slot.grid("blue"), sketch.red - slot.grid("red")
    shade = _shade(sketch.luma, base)
    hue = _median(blue[base]), _median(red[base])
    blue, red = blue - hue[0] * shade, red - hue[1] * shade
    uneven = float(np.hypot(_median(np.abs(blue[base])), _median(np.abs(red[base]))))
    gain, offset, layout = _light(slot.grid("luma"), sketch.luma, base)
    sharper = sketch.sharp - slot.cell("sharp")
    sharpness = _median(sharper[textured & _spread(base)])
    darker = _darker(sketch, slot)
    general = min(sharpness, 0.0) if recognised else 0.0
    soft = _soft(sharper - darker - general, slot, textured)
    if not recognised:
        gain, offset, blue, red = 1.0, 0.0, blue + hue[0] * shade, red + hue[1] * shade
    luma = sketch.light - np.float32(gain) * slot.cell("light") - np.float32(offset)
    colour = np.maximum(
        np.abs(blue) / np.maximum(COLOURED, 4 * slot.deviation("blue")),
        np.abs(red) / np.maximum(COLOURED, 4 * slot.deviation("red")),
    )
    hidden = soft | (gone & (sharper - general < BLUNT) & ~hushed)
    light = _median(sketch.luma[base] - slot.grid("luma")[base])
    if recognised and abs(light) < STEADY and abs(gain - 1) < STEADY_GAIN:
        hidden |= _tinted(luma, slot, PAINTED, 4) & (sharper < BLUNT + SOFT / 2) & ~hushed
    seen = ~hidden & (textured | _spread(stable & ~lost)) & ~hushed
    covered = _area(hidden, seen, _tinted(luma, slot, TINTED, 2) | _spread(colour > 0.5))
    weight = np.where(stable, usual, 0.0)
    expected = float((weight * usual).sum())
    return Comparison(
        slot=slot,
        match=match,
        stable=stable,
        lost=lost,
        covered=covered,
        numbers={
            "quality": float((weight * match).sum()) / expected if expected > 0 else 0.0,
            "area": _part(covered),
            "obscured": _part(hidden),
            "blunt": _median(sharper[gone & ~hushed]),
            "softened": share(sharper - darker < -SOFTENED, textured),
            "contrast": contrast,
            "focus": _median(fine[base]),
            "definition": _median(middle[base]),
            "sharpness": sharpness - 0.5 * contrast,
            "hue_blue": hue[0],
            "hue_red": hue[1],
            "even": float(np.clip(1.5 - uneven / max(1.0, float(np.hypot(*hue))), 0, 1)),
            "peak": _peak(sketch, slot),
            "edges": _part((sharper > np.maximum(EDGE, SIGMAS * slot.cell_deviation("sharp"))) & ~hushed),
            "layout": layout,
            "light": light if recognised else -255.0,
            "gain": gain,
            "energy": float(np.log2((_power(sketch.structure) + 1) / (_power(slot.structure) + 1))),
            "alike": alike(sketch.structure, slot),
            "plain": _part(sketch.sharp < PLAIN),
            **_quantiles("match", (match - usual)[stable], {"low": 0.1, "quarter": 0.25, "mid": 0.5}),
            **_quantiles("sharp", sharper[textured], {"low": 0.1, "quarter": 0.25, "high": 0.9}),
            **_quantiles("all", sharper, {"low": 0.1, "mid": 0.5, "high": 0.9, "top": 0.98}),
            **_quantiles("texture", texture - contrast, {"low": 0.1, "mid": 0.5, "high": 0.9}),
            **_quantiles("fine", fine, {"low": 0.1, "mid": 0.5, "high": 0.9}),
            **_quantiles("luma", np.abs(luma), {"mid": 0.5, "high": 0.9}),
            **_quantiles("chroma", np.hypot(blue, red), {"mid": 0.5, "high": 0.9}),
        },
    )


def _power(structure: NDArray[np.float32]) -> float:
    return float(np.vdot(structure, structure))


def _quantiles(of: str, values: NDArray[np.floating[Any]], at: Mapping[str, float]) -> dict[str, float]:
    """How these are spread over the picture; 0 where there are none."""
    ordered = np.sort(values, axis=None)
    last = ordered.size - 1
    return {f"{of}_{name}": float(ordered[int(share * last)]) if last >= 0 else 0.0 for name, share in at.items()}


def share(some: Mask, of: Mask) -> float:
    """Which share of these are those?"""
    return int(np.count_nonzero(some & of)) / max(1, int(np.count_nonzero(of)))


def _part(some: Mask) -> float:
    """Which share of the picture is it?"""
    return int(np.count_nonzero(some)) / some.size


def blocks(spots: Spots) -> Mask:
    """The blocks of which at least half are these cells."""
    found: Mask = means(spots.astype(np.float32)) >= 0.5
    return found


def _unlit(sketch: Sketch, slot: Slot) -> Spots:
    """Cells whose lamp is out: nobody can tell what is there."""
    if max(sketch.mean, slot.number("mean")) > NIGHT:
        return np.zeros(sketch.light.shape, bool)
    usual = slot.cell("light")
    unlit: Spots = (usual > LAMP * sketch.light) & (usual - sketch.light > 2 * slot.cell_deviation("light"))
    return unlit if _part(unlit) < HALF else np.zeros_like(unlit)  # otherwise the whole picture is dark


def _peak(sketch: Sketch, slot: Slot) -> float:
    """By how much a wave stands out more than it ever did, and is stronger: what loses its scene shows its codec."""
    excess = np.minimum(
        sketch.peaks - slot.grid("peaks") - 2 * slot.deviation("peaks"),
        sketch.heights - slot.grid("heights") - 2 * slot.deviation("heights"),
    )
    stands_out = sketch.peaks > OUTSTANDING
    return float(excess[stands_out].max()) if stands_out.any() else -1.0


def _soft(sharper: Cells, slot: Slot, textured: Spots) -> Spots:
    """Cells whose fine detail is gone."""
    soft: Spots = textured & (sharper < -np.maximum(SOFT, SIGMAS * slot.cell_deviation("sharp")))
    return soft


def softened(sketch: Sketch, slot: Slot) -> Spots:
    """Cells that lost their fine detail while others kept theirs: something on the lens is before them."""
    textured = slot.cell("sharp") > TEXTURED
    sharper = sketch.sharp - slot.cell("sharp")
    return _soft(sharper - _darker(sketch, slot) - min(_median(sharper[textured]), 0.0), slot, textured)


def _darker(sketch: Sketch, slot: Slot) -> Cells:
    """log2 of how much less light each cell has, by as much as that may take detail with it."""
    darker: Cells = np.clip(np.log2((sketch.light + FAINT) / (slot.cell("light") + FAINT)), -SHADOW, 0)
    return darker


def _tinted(luma: NDArray[np.floating], slot: Slot, least: float, sigmas: float) -> Spots:
    """Cells whose brightness is so far from what is expected (`luma`: by how much it is above)."""
    tinted: Spots = np.abs(luma) > np.maximum(least, sigmas * slot.cell_deviation("light"))
    return tinted


def _shade(luma: Grid, base: Mask) -> Grid:
    """By how much a cast shows in each block: a wrong white balance scales colours with the light."""
    usual = max(_median(luma[base]), 1.0)
    shade: Grid = np.clip(luma / usual, 0.25, 2.0)
    return shade


def _light(usual: Grid, seen: Grid, base: Mask) -> tuple[float, float, float]:
    """Gain and offset of a whole picture's light, by what is recognised; correlation of all its blocks."""
    variance, both, _ = _covariance(usual[base], seen[base])
    gain = min(max(both / variance, 0.0), 2.0) if variance > SHAPELESS**2 else 1.0
    variance, both, other = _covariance(usual[1:-1], seen[1:-1])  # cameras print their text above and below
    layout = both / (math.sqrt(variance) * max(math.sqrt(other), 1.0)) if variance > SHAPELESS**2 else 1.0
    return gain, _median(seen[base] - gain * usual[base]), layout


def _covariance(one: NDArray[np.float32], other: NDArray[np.float32]) -> tuple[float, float, float]:
    """The variance of one, what it has in common with the other, and the other's own."""
    first, second = one.ravel() - one.mean(dtype=np.float64), other.ravel() - other.mean(dtype=np.float64)
    return float(first @ first) / one.size, float(first @ second) / one.size, float(second @ second) / one.size


def _median(values: NDArray[np.float32]) -> float:
    return float(np.partition(values, values.size // 2)[values.size // 2]) if values.size else 0.0


def _spread(mask: Mask) -> Spots:
    """The cells of these blocks."""
    found: Spots = mask.repeat(2, axis=0).repeat(2, axis=1)
    return found


def _area(hidden: Spots, seen: Spots, tinted: Spots) -> Spots:
    """The largest connected area in which hardly anything of the view is left; the others' light decides its edge."""
    speaks = np.where(tinted, WEAKLY, -WEAKLY).astype(np.float32)
    speaks[hidden], speaks[seen] = 1, -1
    within = cv2.GaussianBlur(speaks, (0, 0), NEAR, borderType=cv2.BORDER_REFLECT) > 0
    count, labels = cv2.connectedComponents(within.astype(np.uint8), connectivity=4)
    gone, left = np.bincount(labels[hidden], minlength=count), np.bincount(labels[seen], minlength=count)
    sizes = np.bincount(labels.ravel(), minlength=count)
    sizes[(gone < np.maximum(FEWEST, SEEDED * sizes)) | (gone < GONE * (gone + left))] = 0
    sizes[0] = 0
    found: Spots = (labels == int(sizes.argmax())) & bool(sizes.any())
    return found
