"""What is handed around: pictures, seeded chance, and the few operations that every injector needs."""

from __future__ import annotations

import hashlib
import math
from functools import cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]  # [h, w, 3] BGR, full range
Mask = NDArray[np.bool_]  # [h, w]
Chance = np.random.Generator

POOL: Final = 1 << 22


def chance(*of: object) -> Chance:
    """Random numbers that depend on nothing but what is named."""
    digest = hashlib.blake2b("/".join(map(str, of)).encode(), digest_size=8).digest()
    return np.random.default_rng(int.from_bytes(digest, "big"))


def grain(random: Chance, sigma: float, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """float32[shape], noise of that deviation: a piece of a long row of normal numbers, as drawing them takes long."""
    size = math.prod(shape)
    row = _normal(max(POOL, 2 * size))
    begin = int(random.integers(len(row) - size))
    return row[begin : begin + size].reshape(shape) * np.float32(sigma)


@cache
def _normal(size: int) -> NDArray[np.float32]:
    return np.random.default_rng(7).standard_normal(size, np.float32)


def levels(image: NDArray[np.floating]) -> Image:
    """float[h, w, 3] as levels, rounded and clipped."""
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def luma(image: Image) -> Image:
    """uint8[h, w]."""
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)


def blend(image: Image, over: NDArray[np.floating], share: NDArray[np.floating]) -> Image:
    """`over` (float[h, w, 3]) laid on the picture, `share` (float[h, w], 0 to 1) of it."""
    part = share[..., None].astype(np.float32)
    return levels(image * (1 - part) + over * part)


def clouds(random: Chance, shape: tuple[int, int], size_pixels: float) -> NDArray[np.float32]:
    """float32[h, w], smooth random heights of mean 0 and deviation 1, about as large as told."""
    height, width = shape
    few = (max(3, int(height / size_pixels) + 3), max(3, int(width / size_pixels) + 3))
    coarse = random.standard_normal(few).astype(np.float32)
    fine = np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
    return (fine - fine.mean()) / max(float(fine.std()), 1e-6)


def defocus(image: NDArray[np.generic], radius_pixels: float) -> NDArray[np.float32]:
    """Through a lens out of focus: a disc of that radius, its edge smoothed to fractions of a pixel. Same shape."""
    reach = int(np.ceil(radius_pixels)) + 1
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.clip(radius_pixels + 0.5 - np.hypot(rows, columns), 0, 1).astype(np.float32)
    blurred = cv2.filter2D(image.astype(np.float32), -1, disc / disc.sum(), borderType=cv2.BORDER_REFLECT)
    return np.asarray(blurred, np.float32)
