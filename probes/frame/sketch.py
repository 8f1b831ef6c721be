"""What of one picture is compared with what its camera usually shows? Numbers by block, and its structure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from probes.frame.picture import COLUMNS, ROWS, Picture, Plane

Grid = NDArray[np.float32]  # float32[9, 16], a number for each block

WIDTH: Final = 160  # pixels of the structure
HEIGHT: Final = 90
BAND: Final = 24  # lines of `Picture.luma` at its top and bottom, where cameras print their text
MONO_SATURATION: Final = 2.0  # levels; an infrared picture has less colour (footage: 0.4 at most), a dull day more
SMALLEST_PATCH: Final = 14

_SMOOTH: Final = 0.8  # pixels; a lens that sways in the wind by less changes nothing
_LOCAL: Final = 4.0  # pixels; what is larger is light, not structure
_CONTRAST: Final = 5.0  # pixels; the neighbourhood by whose contrast a structure is scaled
_FAINT: Final = 2.0  # levels; fainter structures are noise
_MARGIN: Final = 4  # pixels of a patch at its seams, where filters mix neighbours
_LAPLACIAN_NOISE: Final = float(np.sqrt(np.pi / 2) / 6)  # Immerkær 1996: mean absolute response to noise of sigma 1
_IMPULSE: Final = 40  # levels from the median of its neighbours
_DC: Final = 6  # bins of the spectrum around zero: shading and large shapes


@dataclass(frozen=True, slots=True)
class Sketch:
    """One picture, small enough to compare. Levels are 0 to 255.

    `structure`: float32[90, 160], luma without shading, scaled by the contrast around: about -3 to 3, the same by day
    and in twilight. `texture`: log2 of its energy before scaling, levels². `fine`, `middle`: log2 of the amplitude at
    the sensor's own sampling and at three times that, against `texture`: both fall when a lens defocuses. `luma`,
    `blue`, `red`: means. `peaks`: how far the spectrum's highest line stands out, log2, in each of 9×16 cells of it.
    `bands`: uint8[48, 320], the lines where text stands.
    """

    structure: NDArray[np.float32]
    texture: Grid
    fine: Grid
    middle: Grid
    luma: Grid
    blue: Grid
    red: Grid
    peaks: Grid
    bands: Plane
    mean: float  # luma
    spread: float  # log2 of 1 + the luma's standard deviation
    black: float  # first percentile of the luma
    clipped: float  # share of pixels at 250 or more
    saturation: float  # mean distance from grey, levels
    noise: float  # log2 of 0.3 + sigma in levels, on the smoothest patches
    impulses: float  # share of pixels far from the median around them
    lines: float  # log2: horizontal or vertical banding against everything else as fine

    @property
    def mono(self) -> bool:
        """No colour: infrared, or a camera that has none. Little light shows little colour of itself."""
        return self.saturation < MONO_SATURATION * min(1.0, self.mean / 60)


def sketch(picture: Picture) -> Sketch:
    """The sketch of a picture: about 3 ms, whatever its size."""
    small = cv2.resize(picture.detail, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    structure, detail = _structure(_floats(small))
    texture = np.log2(means(detail * detail) + 1)
    fine, middle, noise, impulses = _sharpness(picture.patches, texture)
    luma = picture.luma
    histogram = np.bincount(luma.ravel(), minlength=256)
    blue, red = _floats(picture.blue) - 128, _floats(picture.red) - 128
    peaks, lines = _spectrum(luma)
    return Sketch(
        structure=structure,
        texture=texture,
        fine=fine,
        middle=middle,
        luma=means(_floats(small)),
        blue=means(blue),
        red=means(red),
        peaks=peaks,
        bands=np.vstack([luma[:BAND], luma[-BAND:]]),
        mean=float(luma.mean()),
        spread=float(np.log2(1 + luma.std())),
        black=float(np.searchsorted(np.cumsum(histogram), 0.01 * luma.size)),
        clipped=float(histogram[250:].sum()) / luma.size,
        saturation=float(cv2.magnitude(blue, red).mean()),
        noise=noise,
        impulses=impulses,
        lines=lines,
    )


def means(plane: NDArray[np.float32]) -> Grid:
    """The mean of each block."""
    return _floats(cv2.resize(plane, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA))


def sums(structure: NDArray[np.float32]) -> Grid:
    """The sum over each block of float32[90, 160]."""
    height, width = HEIGHT // ROWS, WIDTH // COLUMNS
    total: Grid = structure.reshape(ROWS, height, COLUMNS, width).sum(axis=(1, 3), dtype=np.float32)
    return total


def _structure(luma: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The structure, scaled by the contrast around it and as it is."""
    smooth = cv2.GaussianBlur(luma, (0, 0), _SMOOTH)
    detail = _floats(smooth - cv2.GaussianBlur(smooth, (0, 0), _LOCAL))
    contrast = cv2.GaussianBlur(detail * detail, (0, 0), _CONTRAST)
    return np.clip(detail / np.sqrt(contrast + _FAINT**2), -3, 3, dtype=np.float32), detail


def _sharpness(patches: Plane, texture: Grid) -> tuple[Grid, Grid, float, float]:
    """Fine and middle amplitude, both against the texture and without the noise; the noise; the impulses."""
    side = patches.shape[0] // ROWS
    if side < SMALLEST_PATCH:
        nothing = np.zeros((ROWS, COLUMNS), np.float32)
        return nothing, nothing, 0.0, 0.0
    levels = _floats(patches)
    narrow, wide = cv2.blur(levels, (3, 3)), cv2.blur(levels, (9, 9))
    across = levels[:, :-2] - 2 * levels[:, 1:-1] + levels[:, 2:]
    both = np.abs(across[:-2] - 2 * across[1:-1] + across[2:])
    sigma = float(np.percentile(_of_patches(np.pad(both, 1)) * _LAPLACIAN_NOISE, 25))
    variance = sigma * sigma
    fine = np.maximum(_of_patches((levels - narrow) ** 2) - 0.85 * variance, 0) + 0.3
    middle = np.maximum(_of_patches((narrow - wide) ** 2) - 0.1 * variance, 0) + 0.3
    apart = cv2.absdiff(patches, cv2.medianBlur(patches, 3)) > _IMPULSE
    impulses = float(apart.mean())
    return (
        (0.5 * (np.log2(fine) - texture)).astype(np.float32),
        (0.5 * (np.log2(middle) - texture)).astype(np.float32),
        float(np.log2(sigma + 0.3)),
        impulses,
    )


def _of_patches(plane: NDArray[np.float32]) -> Grid:
    """The mean of each patch, without its seams."""
    height, width = plane.shape[0] // ROWS, plane.shape[1] // COLUMNS
    tiles = plane.reshape(ROWS, height, COLUMNS, width)[:, _MARGIN:-_MARGIN, :, _MARGIN:-_MARGIN]
    mean: Grid = tiles.mean(axis=(1, 3), dtype=np.float32)
    return mean


_RING: Final = np.pad(np.zeros((5, 5), np.uint8), 4, constant_values=1)


def _window(height: int, width: int) -> NDArray[np.float32]:
    return np.outer(np.hanning(height), np.hanning(width)).astype(np.float32)


_WINDOW: Final = _window(180, 320)
_RESIDUAL_WINDOW: Final = _window(HEIGHT, WIDTH)


def _spectrum(luma: Plane) -> tuple[Grid, float]:
    """How far the highest line of each cell of the spectrum stands out of its surroundings; the banding.

    Rows are vertical frequencies from -90 to 89 in nine cells, columns horizontal ones from 0 to 159 in sixteen.
    """
    levels = _floats(luma)
    shading = cv2.blur(cv2.blur(levels, (15, 15)), (15, 15))
    detail = np.clip(levels - shading, -30, 30) * _WINDOW
    transformed = np.fft.rfft2(detail)[:, :WIDTH]
    power = np.fft.fftshift((transformed.real**2 + transformed.imag**2).astype(np.float32), axes=0)
    height = np.log2(power + 200)  # 200: a line of a tenth of a level
    prominence = np.maximum(height - cv2.dilate(height, _RING), -1)
    middle = power.shape[0] // 2
    prominence[middle - _DC : middle + _DC + 1, :_DC] = -1
    cells = prominence.reshape(ROWS, 20, COLUMNS, 10).max(axis=(1, 3))
    fine = np.abs(np.arange(power.shape[0]) - middle) > 2 * _DC
    rows = _ratio(power[fine][:, :2], power[fine][:, 4:12])
    beside = np.r_[middle - 12 : middle - 5, middle + 6 : middle + 13]
    columns = _ratio(power[middle - 2 : middle + 3, 2 * _DC :], power[beside, 2 * _DC :])
    return cells.astype(np.float32), max(rows, columns)


def ripple(residual: NDArray[np.float32]) -> float:
    """How far the highest line of the spectrum of float32[90, 160] stands out of its surroundings, log2."""
    transformed = np.fft.rfft2(residual * _RESIDUAL_WINDOW)[:, : WIDTH // 2]
    power = np.fft.fftshift((transformed.real**2 + transformed.imag**2).astype(np.float32), axes=0)
    height = np.log2(power + 1)
    prominence = height - cv2.dilate(height, _RING)
    middle = HEIGHT // 2
    prominence[middle - 2 : middle + 3, :3] = -1
    return float(prominence.max())


def _ratio(line: NDArray[np.float32], beside: NDArray[np.float32]) -> float:
    return float(np.log2((line.mean() + 200) / (beside.mean() + 200)))


def _floats(plane: Any) -> NDArray[np.float32]:
    return np.asarray(plane, np.float32)
