"""What of one picture is compared with what its camera usually shows? Numbers by block, and its structure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from probes.frame.job import Measures
from probes.frame.measure import measure
from probes.frame.picture import CELL_COLUMNS, CELL_ROWS, COLUMNS, ROWS, Picture, Plane
from probes.frame.ranks import median, percentile
from probes.frame.spectrum import find_waves

Grid = NDArray[np.float32]  # float32[9, 16], a number for each block
Cells = NDArray[np.float32]  # float32[CELL_ROWS, CELL_COLUMNS], a number for each quarter of a block

WIDTH: Final = 160  # pixels of the structure
HEIGHT: Final = 90
BAND: Final = 24  # lines of `Picture.luma` at its top and bottom, where cameras print their text
MONO_SATURATION: Final = 0.75  # levels; an infrared picture has less colour, a grey road more (footage: 0.9)
SMALLEST_PATCH: Final = 14

_SMOOTH: Final = 0.8  # pixels; a lens that sways in the wind by less changes nothing
_LOCAL: Final = 4.0  # pixels; what is larger is light, not structure
_CONTRAST: Final = 5.0  # pixels; the neighbourhood by whose contrast a structure is scaled
_FAINT: Final = 2.0  # levels; fainter structures are noise
_MARGIN: Final = 4  # pixels of a patch at its seams, where filters mix neighbours
_LAPLACIAN: Final = np.outer((1, -2, 1), (1, -2, 1)).astype(np.float32)
_LAPLACIAN_NOISE: Final = float(np.sqrt(np.pi / 2) / 6)  # Immerkær 1996: mean absolute response to noise of sigma 1
_IMPULSE: Final = 40  # levels from the median of its neighbours
_LEAST_DETAIL: Final = 0.5  # levels
_FINEST: Final = 0.5  # levels²: what codecs leave of a dim scene


@dataclass(frozen=True, slots=True)
class Sketch:
    """One picture, small enough to compare. Levels are 0 to 255.

    `structure`: float32[90, 160], luma without shading, scaled by the contrast around: about -3 to 3, the same by day
    and in twilight. `texture`: log2 of its energy before scaling, levels². `fine`, `middle`: log2 of the amplitude at
    the sensor's own sampling and at three times that, against `texture`: both fall when a lens defocuses. `luma`,
    `blue`, `red`: means. `peaks`, `heights`: of the spectrum, see `spectrum.Waves`. `sharp`: log2 of the finest
    amplitude of `Picture.detail`; `light`: its mean luma. `bands`: uint8[48, 320], the lines where text stands.
    """

    structure: NDArray[np.float32]
    texture: Grid
    fine: Grid
    middle: Grid
    luma: Grid
    blue: Grid
    red: Grid
    peaks: Grid
    heights: Grid
    sharp: Cells
    light: Cells
    bands: Plane
    mean: float  # luma
    spread: float  # log2 of 1 + the luma's standard deviation
    black: float  # first percentile of the luma
    clipped: float  # share of pixels at 250 or more
    saturation: float  # distance from the usual colour that three tenths of the blocks exceed, levels
    noise: float  # log2 of 0.3 + sigma in levels, on the smoothest patches
    impulses: float  # share of pixels far from the median around them

    @property
    def mono(self) -> bool:
        """No colour: infrared, or a camera that has none. Little light shows little colour of itself."""
        return self.saturation < MONO_SATURATION * min(1.0, self.mean / 60)


def sketch(picture: Picture, measures: Measures | None = None) -> Sketch:
    """The sketch of a picture: about 1.5 ms, whatever its size. `measures`: of the picture, where somebody has them."""
    known = measures or measure(picture)
    small = _floats(cv2.resize(picture.detail, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA))
    structure, detail = _structure(small)
    texture = np.log2(means(detail * detail) + 1)
    fine, middle, noise, impulses = _sharpness(picture.patches, texture)
    blue, red = means(_floats(picture.blue)) - 128, means(_floats(picture.red)) - 128
    waves = find_waves(picture.luma)
    return Sketch(
        structure=structure,
        texture=texture,
        fine=fine,
        middle=middle,
        luma=means(small),
        blue=blue,
        red=red,
        peaks=waves.peaks,
        heights=waves.heights,
        sharp=_sharp(picture.detail),
        light=_cells(small),
        bands=np.vstack([picture.luma[:BAND], picture.luma[-BAND:]]),
        mean=known.luma_mean,
        spread=math.log2(1 + known.luma_std),
        black=known.luma_p01,
        clipped=known.clipped_share,
        saturation=percentile(np.hypot(blue - median(blue), red - median(red)), 70),
        noise=noise,
        impulses=impulses,
    )


def means(plane: NDArray[np.float32]) -> Grid:
    """The mean of each block."""
    return _floats(cv2.resize(plane, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA))


def sums(structure: NDArray[np.float32]) -> Grid:
    """The sum over each block of float32[90, 160]."""
    total: Grid = means(structure) * np.float32(HEIGHT * WIDTH // (ROWS * COLUMNS))
    return total


def _cells(plane: NDArray[np.float32]) -> Cells:
    """The mean of each cell."""
    return _floats(cv2.resize(plane, (CELL_COLUMNS, CELL_ROWS), interpolation=cv2.INTER_AREA))


def _structure(luma: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The structure, scaled by the contrast around it and as it is."""
    smooth = cv2.GaussianBlur(luma, (0, 0), _SMOOTH)
    detail = _floats(smooth - cv2.GaussianBlur(smooth, (0, 0), _LOCAL))
    contrast = cv2.GaussianBlur(detail * detail, (0, 0), _CONTRAST)
    return np.clip(detail / np.sqrt(contrast + _FAINT**2), -3, 3, dtype=np.float32), detail


def _sharp(detail: Plane) -> Cells:
    """log2 of the mean amplitude of what is finer than three pixels."""
    finest = cv2.absdiff(detail, cv2.blur(detail, (3, 3)))
    return _floats(np.log2(_cells(_floats(finest)) + np.float32(_LEAST_DETAIL)))


def _sharpness(patches: Plane, texture: Grid) -> tuple[Grid, Grid, float, float]:
    """Fine and middle amplitude, both against the texture and without the noise; the noise; the impulses."""
    side = patches.shape[0] // ROWS
    if side < SMALLEST_PATCH:
        nothing = np.zeros((ROWS, COLUMNS), np.float32)
        return nothing, nothing, 0.0, 0.0
    levels = _floats(patches)
    narrow, wide = (_floats(cv2.boxFilter(patches, cv2.CV_32F, (side, side))) for side in (3, 9))
    finest = _floats(cv2.filter2D(levels, -1, _LAPLACIAN))
    sigma = percentile(_of_patches(np.abs(finest, out=finest)), 25) * _LAPLACIAN_NOISE
    variance = sigma * sigma
    fine = np.maximum(_of_patches(_squares(levels, narrow)) - 0.85 * variance, 0) + _FINEST
    middle = np.maximum(_of_patches(_squares(narrow, wide)) - 0.1 * variance, 0) + _FINEST
    apart = cv2.absdiff(patches, cv2.medianBlur(patches, 3)) > _IMPULSE
    return (
        (0.5 * (np.log2(fine) - texture)).astype(np.float32),
        (0.5 * (np.log2(middle) - texture)).astype(np.float32),
        float(np.log2(sigma + 0.3)),
        int(np.count_nonzero(apart)) / apart.size,
    )


def _squares(plane: NDArray[np.float32], smooth: NDArray[np.float32]) -> NDArray[np.float32]:
    """How far it is from another, squared, in place of itself: memory is what this costs."""
    np.subtract(plane, smooth, out=plane)
    return np.square(plane, out=plane)


def _of_patches(plane: NDArray[np.float32]) -> Grid:
    """The mean of each patch, without its seams."""
    height, width = plane.shape[0] // ROWS, plane.shape[1] // COLUMNS
    lines = plane.reshape(ROWS, height, -1)[:, _MARGIN:-_MARGIN].sum(axis=1)  # one axis after the other: much faster
    total = lines.reshape(ROWS, COLUMNS, width)[:, :, _MARGIN:-_MARGIN].sum(axis=2)
    mean: Grid = total / np.float32((height - 2 * _MARGIN) * (width - 2 * _MARGIN))
    return mean


def _floats(plane: Any) -> NDArray[np.float32]:
    return np.asarray(plane, np.float32)
