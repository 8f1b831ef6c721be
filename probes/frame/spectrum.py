"""Which waves run through the whole picture? Stripes do; fences, roofs and cobwebs are in a part of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from probes.frame.picture import COLUMNS, ROWS, Plane

HEIGHT: Final = 72  # lines of a tile of `Picture.luma` …
WIDTH: Final = 96  # … and its columns; twelve of them overlap
TOPS: Final = (0, 54, 108)
LEFTS: Final = (0, 74, 149, 224)
FAINT: Final = 120.0  # power of a wave of about a tenth of a level
SHADING: Final = 3  # bins of the spectrum around zero: light and large shapes
STRONGEST: Final = 40.0  # levels; an edge is no wave

_WINDOW: Final = np.outer(np.hanning(HEIGHT), np.hanning(WIDTH)).astype(np.float32)
_RING: Final = np.pad(np.zeros((5, 5), np.uint8), 2, constant_values=1)  # a line is five bins wide


@dataclass(frozen=True, slots=True)
class Waves:
    """The strongest line of each cell of the spectrum, both log2.

    `peaks`: float32[9, 16], how far it stands out of its surroundings; `heights`: float32[9, 16], its power. Rows are
    vertical frequencies of -0.5 to 0.5 a line, columns horizontal ones of 0 to 0.5 a pixel.
    """

    peaks: NDArray[np.float32]
    heights: NDArray[np.float32]


def find_waves(luma: Plane) -> Waves:
    """What stands out of the spectrum of uint8[180, 320]: of the geometric mean of twelve tiles of it."""
    detail = np.asarray(cv2.subtract(luma, cv2.blur(luma, (21, 21)), dtype=cv2.CV_32F), np.float32)
    detail = np.clip(detail, -STRONGEST, STRONGEST)
    height = _heights(detail)
    prominence = np.maximum(height - cv2.dilate(height, _RING), -1)
    middle = HEIGHT // 2
    prominence[middle - SHADING : middle + SHADING + 1, :SHADING] = -1
    cells = _of_cells(prominence)
    highest = cells.argmax(axis=2)[..., None]
    return Waves(
        peaks=np.take_along_axis(cells, highest, 2)[..., 0],
        heights=np.take_along_axis(_of_cells(height), highest, 2)[..., 0],
    )


def _of_cells(spectrum: NDArray[np.float32]) -> NDArray[np.float32]:
    """float32[9, 16, 24]: the lines of each cell."""
    tall, wide = HEIGHT // ROWS, WIDTH // 2 // COLUMNS
    cells: NDArray[np.float32] = spectrum.reshape(ROWS, tall, COLUMNS, wide).swapaxes(1, 2).reshape(ROWS, COLUMNS, -1)
    return cells


def _heights(detail: NDArray[np.float32]) -> NDArray[np.float32]:
    """float32[72, 48]: log2 of the power, the lowest vertical frequency in the middle row."""
    tiles = [detail[top : top + HEIGHT, left : left + WIDTH] for top in TOPS for left in LEFTS]
    packed = np.empty((len(tiles), HEIGHT, WIDTH), np.float32)
    for tile, transformed in zip(tiles, packed, strict=True):
        cv2.dft(tile * _WINDOW, transformed)
    np.square(packed, out=packed)
    # OpenCV packs real transforms: real, imaginary, real, …; the first column so from top to bottom, half of it.
    power = np.empty((len(tiles), HEIGHT, WIDTH // 2), np.float32)
    np.add(packed[:, :, 1:-1:2], packed[:, :, 2:-1:2], out=power[:, :, 1:])
    half, first = HEIGHT // 2, packed[:, :, 0]
    power[:, 0, 0], power[:, half, 0] = first[:, 0], first[:, -1]
    power[:, 1:half, 0] = first[:, 1:-1:2] + first[:, 2:-1:2]
    power[:, half + 1 :, 0] = power[:, half - 1 : 0 : -1, 0]
    power += FAINT
    height: NDArray[np.float32] = np.fft.fftshift(np.log2(power, out=power).mean(axis=0), axes=0)
    return height
