"""Does the brightness jump, or does the picture shake, between pictures that follow each other at once?

Both are found by what goes to and fro, again and again. What only rises or only falls (auto exposure that settles when
a session begins, a lamp that is switched on, a camera that turns) is neither, nor is a single flash or knock.

pictures ─▶ position of each (tiles, phase correlation, consensus) ─▶ shake
    └─▶ laid over each other ─▶ brightness of blocks and of rows, consensus ─▶ flicker, rolling
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from probes.frame.picture import LUMA_SIZE, Plane

FEWEST: Final = 6  # pictures: fewer cannot tell to and fro from a single change
DARKEST: Final = 8.0  # levels that are added to every brightness: noise on black is no flicker
BRIGHTEST: Final = 248  # what is clipped does not follow the light
STILL: Final = 0.75  # pixels of 320 by which a tile may differ from the others
AGREE: Final = 0.5  # share of the tiles
TILES_LEAST: Final = 4
SWAY: Final = 0.02  # of the width, from end to end: a mast in the wind does that, slowly; more is too much
STRUCTURED: Final = 3.0  # levels: standard deviation of a tile without shading
ROUGH: Final = 2  # pixels that are one where the whole picture is laid over another

_WIDTH, _HEIGHT = LUMA_SIZE
_TOP: Final = 24  # lines in which cameras print their text, which does not shake along
_MARGIN: Final = 16
_COLUMNS, _ROWS = 4, 3
_TILE: Final = ((_WIDTH - 2 * _MARGIN) // _COLUMNS, (_HEIGHT - 2 * _TOP) // _ROWS)  # 72×44
_WINDOW: Final = np.outer(np.hanning(_TILE[1]), np.hanning(_TILE[0])).astype(np.float32)
_ROUGH_SIZE: Final = (_WIDTH // ROUGH, (_HEIGHT - 2 * _TOP) // ROUGH)
_ROUGH_WINDOW: Final = np.outer(np.hanning(_ROUGH_SIZE[1]), np.hanning(_ROUGH_SIZE[0])).astype(np.float32)
_BLOCK: Final = (20, 20)  # pixels
_BAND: Final = 4  # rows of pixels whose brightness is one

Floats = NDArray[np.float32]
Path = NDArray[np.float64]  # [n, …], where something stands in each picture


@dataclass(frozen=True, slots=True)
class Instant:
    """One picture of a burst. `luma`: uint8[180, 320], full range. `seconds`: on the stream's clock."""

    seconds: float
    luma: Plane


@dataclass(frozen=True, slots=True)
class Unrest:
    """What goes to and fro from picture to picture.

    `flicker`: per cent of the brightness. `rolling`: that of rows beyond it, as mains bands that roll. `shake`:
    per cent of the width; None where too little structure stands still to tell. `reach`: how far apart the positions
    lie, share of the width.
    """

    flicker: float
    rolling: float
    shake: float | None
    reach: float


def measure(burst: Sequence[Instant]) -> Unrest | None:
    """The unrest of these pictures; None if they are too few. About 8 ms for eight."""
    if len(burst) < FEWEST:
        return None
    lumas = [one.luma for one in burst]
    places = _places(lumas)
    found = [number for number, place in enumerate(places) if place is not None]
    if len(found) < FEWEST:
        flicker, rolling = _flicker(lumas, [(0.0, 0.0)] * len(lumas))
        return Unrest(flicker, rolling, None, 0.0)
    known = [place for place in places if place is not None]
    flicker, rolling = _flicker([lumas[number] for number in found], known)
    path = np.array(known)
    reach = float(np.hypot(*np.ptp(path, axis=0))) / _WIDTH
    moving = to_and_fro(path) if reach > SWAY else restless(path)
    return Unrest(flicker, rolling, 100 * float(np.hypot(*moving)) / _WIDTH, reach)


def restless(path: Path) -> NDArray[np.float64]:
    """Step to and fro from picture to picture, where it turns back in most of them: float64[…]."""
    turns = np.quantile(np.abs(np.diff(path, 2, axis=0)), 0.5, axis=0, method="lower")
    found: NDArray[np.float64] = np.minimum(to_and_fro(path), turns / 2)
    return found


def to_and_fro(path: Path) -> NDArray[np.float64]:
    """Mean step of a path from picture to picture, without the way from its begin to its end: float64[…]."""
    steps = np.abs(np.diff(path, axis=0)).sum(axis=0)
    way = np.abs(path[-1] - path[0])
    found: NDArray[np.float64] = (steps - way) / (len(path) - 1)
    return found


def _places(lumas: Sequence[Plane]) -> list[tuple[float, float] | None]:
    """How far right and down the view lies in each picture, in pixels, against the one in the middle of the burst."""
    middle = _Still(lumas[len(lumas) // 2])
    if len(middle.tiles) < TILES_LEAST:
        return [None] * len(lumas)
    return [middle.place(luma) for luma in lumas]


class _Still:
    """The picture against which the others are laid."""

    def __init__(self, luma: Plane) -> None:
        self._rough = _rough(luma)
        corners = [
            (_MARGIN + column * _TILE[0], _TOP + row * _TILE[1]) for row in range(_ROWS) for column in range(_COLUMNS)
        ]
        cut = {corner: _tile(luma, corner) for corner in corners}
        self.tiles = {
            corner: tile for corner, tile in cut.items() if tile is not None and float(tile.std()) > STRUCTURED
        }

    def place(self, luma: Plane) -> tuple[float, float] | None:
        """Where the view lies in that picture; None where the tiles do not agree."""
        (right, down), _ = cv2.phaseCorrelate(self._rough, _rough(luma), _ROUGH_WINDOW)
        guess = round(right * ROUGH), round(down * ROUGH)
        place = self._refine(luma, guess)
        if place is None and guess != (0, 0):  # something large moved through the picture
            place = self._refine(luma, (0, 0))
        return place

    def _refine(self, luma: Plane, guess: tuple[int, int]) -> tuple[float, float] | None:
        """The median of the tiles, if most of them lie near it."""
        moves = []
        for (left, top), tile in self.tiles.items():
            other = _tile(luma, (left + guess[0], top + guess[1]))
            if other is not None:
                (right, down), _ = cv2.phaseCorrelate(tile, other, _WINDOW)
                moves.append((guess[0] + right, guess[1] + down))
        if len(moves) < TILES_LEAST:
            return None
        found = np.array(moves)
        middle = np.median(found, axis=0)
        near = np.hypot(*(found - middle).T) < STILL
        if near.mean() < AGREE:
            return None
        right, down = found[near].mean(axis=0)
        return float(right), float(down)


def _rough(luma: Plane) -> Floats:
    return np.asarray(cv2.resize(luma[_TOP:-_TOP], _ROUGH_SIZE, interpolation=cv2.INTER_AREA), np.float32)


def _tile(luma: Plane, corner: tuple[int, int]) -> Floats | None:
    """float32[44, 72] without its mean; None if it lies outside."""
    left, top = corner
    if left < 0 or top < 0 or left + _TILE[0] > _WIDTH or top + _TILE[1] > _HEIGHT:
        return None
    tile = luma[top : top + _TILE[1], left : left + _TILE[0]].astype(np.float32)
    flat: Floats = tile - tile.mean()
    return flat


def _flicker(lumas: Sequence[Plane], places: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Per cent of the brightness that goes to and fro, of the whole and of rows.

    Medians, so that nobody who walks through the picture counts.
    """
    offsets = [(round(right), round(down)) for right, down in places]
    common = np.stack(_common(lumas, offsets))
    dark = np.log(_blocks(common, _BLOCK) + DARKEST)  # [n, rows, columns]
    clipped = (_blocks(common, _BLOCK) > BRIGHTEST).any(axis=0)
    if clipped.mean() > AGREE:
        return 0.0, 0.0
    changes = np.diff(dark, axis=0)[:, ~clipped]
    whole = np.concatenate([[0.0], np.cumsum(np.median(changes, axis=1))])
    lines = np.log(_blocks(common, (_BLOCK[0], _BAND)) + DARKEST)
    rows = np.concatenate([np.zeros((1, lines.shape[1])), np.cumsum(np.median(np.diff(lines, axis=0), axis=2), axis=0)])
    return 100 * float(restless(whole)), 100 * float(np.median(restless(rows - whole[:, None])))


def _common(lumas: Sequence[Plane], offsets: Sequence[tuple[int, int]]) -> list[Plane]:
    """Of each picture what all of them show."""
    right = [each[0] for each in offsets]
    down = [each[1] for each in offsets]
    width, height = _WIDTH - (max(right) - min(right)), _HEIGHT - (max(down) - min(down))
    return [
        luma[y - min(down) : y - min(down) + height, x - min(right) : x - min(right) + width]
        for luma, x, y in zip(lumas, right, down, strict=True)
    ]


def _blocks(stack: Any, size: tuple[int, int]) -> Floats:
    """float32[n, rows, columns]: the mean of each block of that width and height."""
    width, height = size
    rows, columns = stack.shape[1] // height, stack.shape[2] // width
    cut = stack[:, : rows * height, : columns * width].reshape(len(stack), rows, height, columns, width)
    means: Floats = cut.mean(axis=(2, 4), dtype=np.float32)
    return means
