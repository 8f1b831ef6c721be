"""In which other ways does what is before the lens, or on it, look?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.frames import optical
from tests.benchmarks.frames.image import Chance, Image, Mask, blend, clouds, defocus, grain, levels

EDGES: Final = (0.0005, 0.003, 0.012, 0.02)  # of the width: how soft the edge of a cover is
MOST_DROPS: Final = 600
Material = NDArray[np.float32]  # [h, w, 3] levels
Cut = Callable[[tuple[int, int], Chance, float], Mask]


def soften(image: Image, random: Chance, share: float) -> Image:
    """Out of focus behind a lens that makes no sharp disc."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), max(0.8, 0.6 * share * image.shape[1])), np.uint8)


def enlarge(image: Image, random: Chance, share: float) -> Image:
    """The small stream of a camera, or a picture of few pixels, made as large as it was."""
    smaller = 1 / max(2.0, 1.3 * share * image.shape[1])
    few = cv2.resize(image, None, fx=smaller, fy=smaller, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(few, image.shape[1::-1], interpolation=cv2.INTER_LINEAR), np.uint8)


def cover(image: Image, random: Chance, _: float) -> Image:
    """The whole lens behind one of many materials."""
    return levels(_any_material(image, random))


def bag(image: Image, random: Chance, _: float) -> Image:
    """Something that lets a little light through, and scatters it."""
    behind = levels(defocus(image, float(random.uniform(0.015, 0.04)) * image.shape[1]))
    opacity = np.full(image.shape[:2], random.uniform(0.85, 0.98), np.float32)
    return blend(behind, _any_material(image, random), opacity)


def cover_part(cut: Cut, image: Image, random: Chance, share: float) -> Image:
    """This share of the picture behind one of many materials, its edge soft or sharp."""
    mask = cut(image.shape[:2], random, share).astype(np.float32)
    soft = max(0.3, float(random.choice(EDGES)) * image.shape[1])
    return blend(image, _any_material(image, random), np.asarray(cv2.GaussianBlur(mask, (0, 0), soft)))


def board(shape: tuple[int, int], random: Chance, share: float) -> Mask:
    """bool[h, w]: straight, from one side or as a box."""
    height, width = shape
    mask = np.zeros(shape, bool)
    across, down = round(share * width), round(share * height)
    side = int(random.integers(5))
    if side == 4:
        across, down = round(share**0.5 * width), round(share**0.5 * height)
        left, top = int(random.integers(width - across + 1)), int(random.integers(height - down + 1))
        mask[top : top + down, left : left + across] = True
    else:
        mask[(np.s_[:, :across], np.s_[:, width - across :], np.s_[:down], np.s_[height - down :])[side]] = True
    return mask


def patch(shape: tuple[int, int], random: Chance, share: float) -> Mask:
    """bool[h, w]: an ellipse anywhere, grown until it has this share of the picture."""
    height, width = shape
    centre = (int(random.uniform(0.2, 0.8) * width), int(random.uniform(0.2, 0.8) * height))
    turn = float(random.uniform(0, 10))
    mask = np.zeros(shape, np.uint8)
    size = 0.28
    while mask.mean() < share and size < 3:
        cv2.ellipse(mask, centre, (int(size * width), int(size * height)), turn, 0, 360, 1, -1)
        size *= 1.06
    return np.asarray(mask > 0)


def _any_material(image: Image, random: Chance) -> Material:
    near = MATERIALS[int(random.integers(len(MATERIALS)))](image, random)
    return np.repeat(near.mean(axis=2, keepdims=True), 3, axis=2) if optical.colourless(image) else near


def _cloth(image: Image, random: Chance) -> Material:
    return optical.material(image, random, plain=False)


def _paint(image: Image, random: Chance) -> Material:
    return optical.material(image, random, plain=True)


def _tape(image: Image, random: Chance) -> Material:
    """Black, or nearly so."""
    relief = clouds(random, image.shape[:2], image.shape[1] / 2)
    return _coloured(random.uniform(4, 40) * (1 + 0.1 * relief), np.ones(3)) + grain(random, 1.0, image.shape)


def _paper(image: Image, random: Chance) -> Material:
    """Bright, lit by the scene or by the camera's own lamp."""
    bright = random.uniform(0.6, 1.5) * max(60.0, float(image.mean()))
    relief = clouds(random, image.shape[:2], image.shape[1] / random.uniform(1.5, 4))
    lit = _coloured(bright * (1 + 0.15 * relief), random.uniform(0.6, 1.15, 3))
    return lit + grain(random, 1.5, image.shape)


def _skin(image: Image, random: Chance) -> Material:
    """With folds, darker towards the corners."""
    height, width = image.shape[:2]
    down, right = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    corners = 1 - 0.35 * random.uniform(0.2, 1) * (right**2 + down**2)
    folds = 1 + 0.15 * defocus(clouds(random, (height, width), width / 10), 0.01 * width)
    bright = random.uniform(0.3, 1.0) * max(40.0, float(image.mean()))
    return _coloured(bright * corners * folds, np.array([0.6, 0.75, 1.1])) + grain(random, 1.5, image.shape)


def _weave(image: Image, random: Chance) -> Material:
    """Cloth so far away that its threads are seen."""
    threads = cv2.GaussianBlur(grain(random, 1.0, image.shape[:2]), (0, 0), 1.2)
    relief = 0.06 * threads / float(threads.std()) + 0.15 * clouds(random, image.shape[:2], image.shape[1] / 3)
    bright = random.uniform(0.25, 1.0) * max(50.0, float(image.mean()))
    return _coloured(bright * (1 + relief), random.uniform(0.6, 1.1, 3))


def _coloured(brightness: NDArray[np.floating], hue: NDArray[np.floating]) -> Material:
    return (brightness[..., None] * hue).astype(np.float32)


MATERIALS: Final = (_cloth, _paint, _tape, _paper, _skin, _weave)


def haze(image: Image, random: Chance, left: float) -> Image:
    """Fog as thick above as below, paler or darker."""
    air = min(225.0, float(random.uniform(0.8, 1.3) * np.clip(image.mean(), 60, 200)))
    return _mixed(image, random, left, air)


def flatten(image: Image, random: Chance, left: float) -> Image:
    """Less contrast, as bright as it was."""
    return _mixed(image, random, left, float(image.mean()))


def _mixed(image: Image, random: Chance, left: float, air: float) -> Image:
    return levels(air + (image - np.float32(air)) * left + grain(random, 0.7, image.shape))


def round_drops(image: Image, random: Chance, share: float) -> Image:
    """Drops of many sizes, some with sharp edges, that smear more or less."""
    height, width = image.shape[:2]
    mask = np.zeros((height, width), np.float32)
    for _ in range(MOST_DROPS):
        at = (int(random.integers(width)), int(random.integers(height)))
        cv2.circle(mask, at, max(2, int(random.uniform(0.01, 0.07) * width)), 1.0, -1)
        if mask.mean() >= share:
            break
    inside = defocus(image, float(random.uniform(0.012, 0.035)) * width) * random.uniform(0.8, 1.1)
    soft = cv2.GaussianBlur(mask, (0, 0), max(0.5, random.uniform(0.001, 0.008) * width))
    return blend(image, np.clip(inside + random.uniform(0, 25), 0, 255), np.asarray(soft))


def smudges(image: Image, random: Chance, share: float) -> Image:
    """Dirt in small spots or large ones, of any brightness, more or less opaque."""
    width = image.shape[1]
    heights = clouds(random, image.shape[:2], width / random.uniform(4, 16))
    mask = (heights > np.quantile(heights, 1 - share)).astype(np.float32)
    colour = random.uniform(10, 150) * np.array([random.uniform(0.6, 1), random.uniform(0.8, 1), 1.0], np.float32)
    soft = cv2.GaussianBlur(mask, (0, 0), random.uniform(0.006, 0.02) * width)
    return blend(image, np.broadcast_to(colour, image.shape), random.uniform(0.7, 1) * np.asarray(soft))


def strands(image: Image, random: Chance, opacity: float) -> Image:
    """Bent threads in all directions, thin or broad, brighter or darker."""
    height, width = image.shape[:2]
    threads = np.zeros((height, width), np.float32)
    along = np.linspace(0, 1, 24)[:, None]
    for _ in range(int(random.integers(6, 30))):
        begin, bend, end = random.uniform(-0.1, 1.1, (3, 2)) * (width, height)
        curve = (1 - along) ** 2 * begin + 2 * along * (1 - along) * bend + along**2 * end
        thick = max(1, int(random.uniform(0.002, 0.012) * width))
        cv2.polylines(threads, [curve.astype(np.int32)], False, 1.0, thick)
    soft = cv2.GaussianBlur(threads, (0, 0), max(0.6, random.uniform(0.001, 0.006) * width))
    bright = np.full(image.shape, random.uniform(120, 235), np.float32)
    return blend(image, bright, opacity * np.clip(soft / max(0.4, float(soft.max())), 0, 1))
