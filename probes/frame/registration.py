"""Has the whole view shifted, turned or zoomed, and by how much?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from probes.frame.sketch import HEIGHT, WIDTH, sums
from probes.frame.slot import ENERGY, energy

TURNS: Final = (0.0, -1.5, 1.5, -2.5, 2.5, -4.0, 4.0, -7.0, 7.0, -11.0, 11.0)  # degrees
ZOOMS: Final = (1.0, 0.85, 1.18)
LEAST_SHIFT: Final = 0.009  # of the width: less is wind
LEAST_TURN: Final = 1.0  # degrees
LEAST_GAIN: Final = 0.12  # of correlation that the shift must bring
LEAST_MATCH: Final = 0.35
LEAST_OVERLAP: Final = 12  # blocks

_WINDOW: Final = np.outer(np.hanning(HEIGHT), np.hanning(WIDTH))


@dataclass(frozen=True, slots=True)
class Move:
    """How a view moved.

    `right` and `down`: how far the view went in the picture, in shares of its width and height. `turn`: degrees,
    counter-clockwise. `zoom`: above 1 what was seen is larger. `match`: correlation once it is undone, 0 to 1.
    """

    right: float
    down: float
    turn: float
    zoom: float
    match: float


def find_move(structure: NDArray[np.float32], known: NDArray[np.float32], match: float) -> Move | None:
    """The movement that makes the known structure look like this one; None if none is found that explains it better.

    Both float32[90, 160]; `match`: their correlation as they are. About 0.5 ms for each of 27 attempts, the likely
    ones first: asked only where the view is not recognised.
    """
    best: Move | None = None
    for zoom in ZOOMS:
        for turn in TURNS:
            found = _shift(structure, known, turn, zoom)
            if found is not None and (best is None or found.match > best.match):
                best = found
            if best is not None and best.match > 0.7:
                break
    if best is None or best.match < max(LEAST_MATCH, match + LEAST_GAIN):
        return None
    still = abs(best.right) < LEAST_SHIFT and abs(best.down) * HEIGHT / WIDTH < LEAST_SHIFT
    if still and abs(best.turn) < LEAST_TURN and best.zoom == 1.0:
        return None
    return best


def _shift(structure: NDArray[np.float32], known: NDArray[np.float32], turn: float, zoom: float) -> Move | None:
    """The best shift for one turn and zoom."""
    turned = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), turn, zoom)
    warped = known if turn == 0 and zoom == 1 else cv2.warpAffine(known, turned, (WIDTH, HEIGHT))
    (right, down), _ = cv2.phaseCorrelate(warped.astype(np.float64), structure.astype(np.float64), _WINDOW)
    turned[:, 2] += np.array([right, down])
    moved = np.asarray(cv2.warpAffine(known, turned, (WIDTH, HEIGHT)), np.float32)
    inside = cv2.warpAffine(np.ones_like(known), turned, (WIDTH, HEIGHT))
    blocks = (energy(moved) > ENERGY) & (sums(np.asarray(inside, np.float32)) > 0.9 * known.size / 144)
    if blocks.sum() < LEAST_OVERLAP:
        return None
    correlation = sums(structure * moved) / np.sqrt((energy(structure) + 1) * (energy(moved) + 1))
    return Move(right / WIDTH, down / HEIGHT, turn, zoom, float(correlation[blocks].mean()))
