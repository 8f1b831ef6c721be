"""What are the numbers of one picture, and of two?"""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from probes.frame.job import Change, Measures
from probes.frame.picture import CHROMA_SIZE, COLUMNS, LUMA_SIZE, ROWS, Picture, Plane
from probes.frame.ranks import median, percentile

MIDDLE: Final = slice(2, 7)  # rows of blocks; cameras print their clock and name above and below
CLIPPED_LUMA: Final = 250
DARK_LUMA: Final = 20
DOMINANT_LEVELS: Final = 3
STEEP_PERCENTILE: Final = 95  # of the slopes within a block: single noisy pixels do not count
SHARP_PERCENTILE: Final = 98  # of the blocks in the middle
_BESIDE: Final = 8  # lines above and below that the filters look at


def measure(picture: Picture) -> Measures:
    """The numbers of one picture: about half a millisecond, whatever its size."""
    luma = picture.luma
    histogram = _histogram(luma)
    mean, deviation = cv2.meanStdDev(luma)
    middle = slice(MIDDLE.start * luma.shape[0] // ROWS, MIDDLE.stop * luma.shape[0] // ROWS)
    share, colour = _dominant(picture)
    return Measures(
        luma_mean=float(mean[0, 0]),
        luma_p01=_percentile(histogram, 0.01),
        luma_p99=_percentile(histogram, 0.99),
        luma_std=float(deviation[0, 0]),
        clipped_share=float(histogram[CLIPPED_LUMA:].sum()) / luma.size,
        dark_share=float(histogram[: DARK_LUMA + 1].sum()) / luma.size,
        dominant_share=share,
        dominant_luma=colour[0],
        dominant_blue=colour[1],
        dominant_red=colour[2],
        blue_p10=_percentile(_histogram(picture.blue), 0.1),
        flat_share=flat_share(picture),
        middle_p999=_percentile(_histogram(luma[middle]), 0.999),
        texture=percentile(slopes(luma), SHARP_PERCENTILE),
    )


def flat_share(picture: Picture) -> float:
    """Which share of the pixels is exactly like its right neighbour?"""
    alike = picture.detail[:, 1:] == picture.detail[:, :-1]
    return int(np.count_nonzero(alike)) / int(alike.size)


def slopes(luma: Plane) -> NDArray[np.float32]:
    """float32[5, 16]: how steep each block of the middle is, in levels a pixel; smoothed first: noise counts little."""
    width, height = LUMA_SIZE[0] // COLUMNS, LUMA_SIZE[1] // ROWS
    wanted = luma[MIDDLE.start * height - _BESIDE : MIDDLE.stop * height + _BESIDE]
    smooth = cv2.GaussianBlur(wanted.astype(np.float32), (0, 0), 1.0)
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
    along = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
    steep = np.asarray(cv2.magnitude(across, along), np.float32)[_BESIDE:-_BESIDE]
    blocks = steep.reshape(-1, height, COLUMNS, width).swapaxes(1, 2).reshape(-1, COLUMNS, height * width)
    rank = blocks.shape[2] * STEEP_PERCENTILE // 100
    steepest: NDArray[np.float32] = np.partition(blocks, rank, axis=2)[:, :, rank]
    return steepest


def compare(first: Picture, second: Picture, seconds: float) -> Change | None:
    """The difference between two pictures of one session; None if their size changed."""
    if first.whole.shape != second.whole.shape:
        return None
    difference = cv2.absdiff(first.fine, second.fine)
    blocks = cv2.resize(difference.astype(np.float32), (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
    return Change(seconds, float(blocks.mean()), float(blocks.max()), identical=not difference.any())


def _dominant(picture: Picture) -> tuple[float, tuple[float, float, float]]:
    """The share of the most frequent colour, and that colour as Y, Cb, Cr."""
    luma = np.asarray(cv2.resize(picture.luma, CHROMA_SIZE, interpolation=cv2.INTER_AREA), np.uint8)
    planes = (luma, picture.blue, picture.red)
    high, middle, low = ((plane >> 4).astype(np.uint16) for plane in planes)
    keys = high << 8 | middle << 4 | low
    within = keys == np.bincount(keys.ravel(), minlength=4096).argmax()
    colour = tuple(median(plane[within]) for plane in planes)
    near = np.ones(luma.shape, bool)
    for plane, level in zip(planes, colour, strict=True):
        near &= (plane >= math.ceil(level - DOMINANT_LEVELS)) & (plane <= math.floor(level + DOMINANT_LEVELS))
    return int(np.count_nonzero(near)) / near.size, (colour[0], colour[1], colour[2])


def _histogram(plane: Plane) -> NDArray[np.float32]:
    return np.asarray(cv2.calcHist([plane], [0], None, [256], [0, 256]), np.float32).ravel()


def _percentile(histogram: NDArray[np.float32], share: float) -> float:
    """The lowest level at or below which at least that share of the pixels lies."""
    return float(np.searchsorted(np.cumsum(histogram), share * histogram.sum()))
