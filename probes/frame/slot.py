"""What does a camera show in one state of its light: by day, in twilight, by infrared? Means and spreads."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from probes.frame.sketch import Cells, Grid, Sketch, sums

GRIDS: Final = ("texture", "fine", "middle", "luma", "blue", "red", "peaks", "heights", "match")
CELLS: Final = ("sharp", "light")
NUMBERS: Final = (
    "mean", "spread", "black", "clipped", "noise", "impulses", "colour",  # of the picture itself
    # compared with the slot
    "quality", "area", "obscured", "softened", "edges", "blunt", "contrast", "focus", "definition",
    "sharpness", "hue_blue", "hue_red", "even", "peak", "layout", "gain", "light",
    "match_low", "match_quarter", "match_mid", "sharp_low", "sharp_quarter", "sharp_high",
    "all_low", "all_mid", "all_high", "all_top", "texture_low", "texture_mid", "texture_high",
    "fine_low", "fine_mid", "fine_high", "luma_mid", "luma_high", "chroma_mid", "chroma_high",
    "energy", "alike", "plain",
)  # fmt: skip
_AT_FIRST: Final = {"quality": 1.0, "layout": 1.0, "gain": 1.0, "alike": 1.0}  # a picture against itself

_GRID: Final = {name: index for index, name in enumerate(GRIDS)}
_CELL: Final = {name: index for index, name in enumerate(CELLS)}
_NUMBER: Final = {name: index for index, name in enumerate(NUMBERS)}

SLOWEST: Final = 0.03  # weight of a new look once a slot knows much
ENERGY: Final = 15.0  # of a block's structure: less is no structure, but noise
MATCH_LEAST: Final = 0.45  # mean correlation of a block that can be relied upon
_STEP: Final = 40.0  # a structure is kept in 127 steps: in fewer, it could not be learned slowly


@dataclass(frozen=True, slots=True)
class Slot:
    """One state.

    `grids` and `grid_variances`: float32[9, 9, 16] in the order of `GRIDS`; `cells` and `cell_variances`:
    float32[2, 18, 32] of `CELLS`; `numbers` and `number_variances`: of `NUMBERS`.
    `structure`: float32[90, 160], the mean of what was seen. Times are seconds since the epoch.
    """

    view: int
    mono: bool
    looks: int
    first_at: float
    last_at: float
    structure: NDArray[np.float32]
    grids: NDArray[np.float32]
    grid_variances: NDArray[np.float32]
    cells: NDArray[np.float32]
    cell_variances: NDArray[np.float32]
    numbers: NDArray[np.float32]
    number_variances: NDArray[np.float32]

    def grid(self, name: str) -> Grid:
        """The mean of that grid."""
        mean: Grid = self.grids[_GRID[name]]
        return mean

    def deviation(self, name: str) -> Grid:
        """Its standard deviation."""
        deviation: Grid = np.sqrt(self.grid_variances[_GRID[name]])
        return deviation

    def cell(self, name: str) -> Cells:
        """The mean of those cells."""
        mean: Cells = self.cells[_CELL[name]]
        return mean

    def cell_deviation(self, name: str) -> Cells:
        """Their standard deviation."""
        deviation: Cells = np.sqrt(self.cell_variances[_CELL[name]])
        return deviation

    def number(self, name: str) -> float:
        """The mean of that number."""
        return float(self.numbers[_NUMBER[name]])

    def number_deviation(self, name: str) -> float:
        """Its standard deviation."""
        return math.sqrt(self.number_variances[_NUMBER[name]])


def begin(sketch: Sketch, view: int, at: float) -> Slot:
    """A slot that has seen one picture."""
    grids = np.stack([*_grids(sketch), np.ones_like(sketch.texture)]).astype(np.float32)
    cells = np.stack([sketch.sharp, sketch.light])
    own = of_picture(sketch)
    numbers = np.array([own.get(name, _AT_FIRST.get(name, 0.0)) for name in NUMBERS], np.float32)
    return Slot(
        view=view,
        mono=sketch.mono,
        looks=1,
        first_at=at,
        last_at=at,
        structure=sketch.structure,
        grids=grids,
        grid_variances=np.zeros_like(grids),
        cells=cells,
        cell_variances=np.zeros_like(cells),
        numbers=numbers,
        number_variances=np.zeros_like(numbers),
    )


def learn(slot: Slot, sketch: Sketch, match: Grid, compared: dict[str, float], at: float) -> Slot:
    """The slot after one more healthy picture; `match` and `compared` as `compare` says."""
    looks = slot.looks + 1
    weight = max(1 / looks, SLOWEST)
    seen = np.stack([*_grids(sketch), match]).astype(np.float32)
    known = of_picture(sketch) | compared
    numbers = np.array([known[name] for name in NUMBERS], np.float32)
    means, variances = weigh(slot.grids, slot.grid_variances, seen, weight)
    cells, cell_variances = weigh(slot.cells, slot.cell_variances, np.stack([sketch.sharp, sketch.light]), weight)
    number_means, number_variances = weigh(slot.numbers, slot.number_variances, numbers, weight)
    return replace(
        slot,
        looks=looks,
        last_at=at,
        structure=slot.structure + np.float32(weight) * (sketch.structure - slot.structure),
        grids=means,
        grid_variances=variances,
        cells=cells,
        cell_variances=cell_variances,
        numbers=number_means,
        number_variances=number_variances,
    )


def of_picture(sketch: Sketch) -> dict[str, float]:
    """The numbers that a picture has by itself, in the order of `NUMBERS`."""
    return {
        "mean": sketch.mean,
        "spread": sketch.spread,
        "black": sketch.black,
        "clipped": sketch.clipped,
        "noise": sketch.noise,
        "impulses": sketch.impulses,
        "colour": float(np.log2(sketch.saturation + 0.5)),
    }


def energy(structure: NDArray[np.float32]) -> Grid:
    """How much structure each block has."""
    return sums(structure * structure)


def pack_structure(structure: NDArray[np.float32]) -> NDArray[np.int8]:
    """In 127 steps."""
    steps: NDArray[np.int8] = np.clip(np.rint(structure * _STEP), -127, 127).astype(np.int8)
    return steps


def unpack_structure(steps: NDArray[np.int8]) -> NDArray[np.float32]:
    """The structure again."""
    return steps.astype(np.float32) / np.float32(_STEP)


def _grids(sketch: Sketch) -> list[Grid]:
    return [
        sketch.texture,
        sketch.fine,
        sketch.middle,
        sketch.luma,
        sketch.blue,
        sketch.red,
        sketch.peaks,
        sketch.heights,
    ]


def weigh(
    mean: NDArray[np.float32], variance: NDArray[np.float32], seen: NDArray[np.float32], weight: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Exponentially weighted mean and variance (West 1979)."""
    difference = seen - mean
    step = np.float32(weight) * difference
    return mean + step, np.float32(1 - weight) * (variance + step * difference)
