"""Where does a camera print its text, and which of it is a clock? Slopes that stay while all other light changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from probes.frame.picture import CELL_COLUMNS, CELL_ROWS, LUMA_SIZE
from probes.frame.sketch import BAND, Sketch
from probes.frame.slot import weigh

BANDS: Final = (2 * BAND, 320)  # of `Sketch.bands`
CELLS: Final = (2, 20)  # of these lines: 24×16 pixels each
LIGHT_CHANGES: Final = 1.7  # times: by less, the scene keeps its contrast as text does
STEEP: Final = 25.0  # levels a pixel of 320
CONSTANT: Final = 0.25
LEAST_TEXT: Final = 60  # pixels: some letters
MOST_TEXT: Final = 0.2
ALWAYS: Final = 0.97  # share of looks
TICK: Final = 25.0  # levels that a digit of a clock changes by; noise, averaged over 2×2 pixels, stays below


@dataclass(frozen=True, slots=True)
class Text:
    """The lines where cameras print their text: means and variances of their slopes, float32[48, 320], in levels.

    `latest`: uint8[48, 320], the lines of the latest picture. `ticking`: float32[2, 20], the share of looks in which
    each cell of 24×16 pixels had changed. `least`, `most`: mean luma of the darkest and brightest picture.
    """

    looks: int
    mean: NDArray[np.float32]
    variance: NDArray[np.float32]
    latest: NDArray[np.uint8]
    latest_at: float
    ticking: NDArray[np.float32]
    least: float
    most: float

    @property
    def written(self) -> NDArray[np.bool_] | None:
        """bool[48, 320], where text stands: slopes that stay the same while the light on everything else changes.

        None where the light did not change enough to tell, or no text was found.
        """
        if self.most < LIGHT_CHANGES * self.least:
            return None
        steep = self.mean > STEEP
        constant = self.variance < np.square(CONSTANT * self.mean)
        found = np.asarray(steep & constant, np.bool_)
        return found if LEAST_TEXT <= found.sum() < MOST_TEXT * found.size else None

    def cells(self, written: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """bool[CELL_ROWS, CELL_COLUMNS], the cells of the picture in which text stands, and those beside."""
        width, height = LUMA_SIZE
        whole = np.zeros((height, width), bool)
        whole[:BAND], whole[-BAND:] = written[:BAND], written[BAND:]
        tiles = whole.reshape(CELL_ROWS, height // CELL_ROWS, CELL_COLUMNS, width // CELL_COLUMNS)
        found = _any(tiles).astype(np.uint8)
        return np.asarray(cv2.dilate(found, np.ones((3, 3), np.uint8)), np.bool_)

    def clock(self, written: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """bool[2, 20], the cells where digits change from picture to picture, beside text that does not."""
        text = _any(written.reshape(2, BAND, 20, 16)).astype(np.uint8)
        beside = np.pad(text, ((0, 0), (1, 1)))
        near = beside[:, :-2] | text | beside[:, 2:]
        return (self.ticking > ALWAYS) & (near > 0) if self.looks >= 50 else np.zeros(CELLS, bool)


def watch_text(text: Text | None, sketch: Sketch, at: float) -> Text:
    """What is known of the text after one more healthy picture."""
    seen, mean = slopes(sketch.bands), sketch.mean
    if text is None:
        return Text(1, seen, np.zeros_like(seen), sketch.bands, at, np.zeros(CELLS, np.float32), mean, mean)
    weight = max(1 / (text.looks + 1), 0.03)
    mean_slopes, variance = weigh(text.mean, text.variance, seen, weight)
    changed = (cell_changes(text.latest, sketch.bands) > TICK).astype(np.float32)
    return Text(
        looks=text.looks + 1,
        mean=mean_slopes,
        variance=variance,
        latest=sketch.bands,
        latest_at=at,
        ticking=text.ticking + max(1 / text.looks, 0.05) * (changed - text.ticking),
        least=min(text.least, mean),
        most=max(text.most, mean),
    )


def slopes(bands: NDArray[np.uint8]) -> NDArray[np.float32]:
    """float32[48, 320]: how steep the luma is from left to right, levels a pixel."""
    wide = cv2.copyMakeBorder(bands, 0, 0, 1, 1, cv2.BORDER_REPLICATE)
    found = np.asarray(cv2.absdiff(wide[:, 2:], wide[:, :-2]), np.float32)
    found[:, 1:-1] *= 0.5
    return found


def cell_changes(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.float32]:
    """float32[2, 20]: the largest change of each cell between these lines, in levels."""
    difference = np.asarray(cv2.absdiff(after, before), np.uint8).reshape(2, BAND, 20, 16)
    found: NDArray[np.float32] = np.max(np.max(difference, axis=1), axis=2).astype(np.float32)
    return found


def _any(tiles: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which tiles have anything in them? `tiles`: by rows, their lines, columns, their pixels."""
    lines: NDArray[np.bool_] = np.any(tiles, axis=1)  # one axis after the other: much faster
    found: NDArray[np.bool_] = np.any(lines, axis=2)
    return found
