"""What changes in a picture without a fault? For trees that must not take it for one.

The light, a mast in the wind, people, the encoder, the sensor's noise. All of them keep the shape of the picture.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np

from tests.benchmarks.frames.image import Chance, Image, blend, clouds, grain, levels

MOST_AT_ONCE: Final = 2
MOST_GUESTS: Final = 4
SWAY: Final = 0.004  # of the width, at most
Way = Callable[[Image, Chance], Image]


def change(image: Image, random: Chance) -> Image:
    """The picture after one or two harmless changes."""
    for _ in range(int(random.integers(1, MOST_AT_ONCE + 1))):
        image = WAYS[int(random.integers(len(WAYS)))](image, random)
    return image


def light(image: Image, random: Chance) -> Image:
    """The light has changed."""
    return LIGHTS[int(random.integers(len(LIGHTS)))](image, random)


def gain(image: Image, random: Chance) -> Image:
    """As a lens stop more or less does."""
    return levels(image * np.float32(random.uniform(0.55, 1.45)))


def gamma(image: Image, random: Chance) -> Image:
    """Another tone curve: black and white stay."""
    return levels(255 * (image / np.float32(255)) ** np.float32(random.uniform(0.65, 1.5)))


def slope(image: Image, random: Chance) -> Image:
    """Brighter towards one side, at any angle."""
    height, width = image.shape[:2]
    down, right = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    angle = random.uniform(0, 2 * np.pi)
    rise = random.uniform(0.1, 0.35) * (np.cos(angle) * right + np.sin(angle) * down)
    return levels(image * (1 + rise[..., None]))


def warmth(image: Image, random: Chance) -> Image:
    """A little redder or bluer, as in the evening, and as bright as it may be then."""
    hue = 1 + np.array([random.uniform(-0.05, 0.05), 0, random.uniform(-0.05, 0.05)], np.float32)
    return levels(image * (hue * np.float32(random.uniform(0.7, 1.2))))


def shadow(image: Image, random: Chance) -> Image:
    """Of clouds or houses, its edge soft or sharp."""
    width = image.shape[1]
    heights = clouds(random, image.shape[:2], width / random.uniform(1.5, 4))
    mask = (heights > np.quantile(heights, random.uniform(0.4, 0.85))).astype(np.float32)
    soft = np.asarray(cv2.GaussianBlur(mask, (0, 0), random.uniform(0.002, 0.03) * width))
    return levels(image * (1 - random.uniform(0.15, 0.5) * soft[..., None]))


def lift(image: Image, random: Chance) -> Image:
    """Brighter or darker, and black is another level."""
    return levels(image * np.float32(random.uniform(0.7, 1.3)) + random.uniform(-12, 12))


def sway(image: Image, random: Chance) -> Image:
    """The mast moves in the wind."""
    right, down = random.uniform(-SWAY, SWAY, 2) * image.shape[1]
    matrix = np.array([[1, 0, right], [0, 1, down]], np.float32)
    return np.asarray(cv2.warpAffine(image, matrix, image.shape[1::-1], borderMode=cv2.BORDER_REFLECT), np.uint8)


def guests(image: Image, random: Chance) -> Image:
    """Somebody walks there. They look like a part of the scene itself, mirrored, in other light."""
    height, width = image.shape[:2]
    out = image.copy()
    for _ in range(int(random.integers(1, MOST_GUESTS + 1))):
        broad = max(4, int(random.uniform(0.03, 0.12) * width))
        tall = min(height, max(4, int(random.uniform(0.5, 1.6) * broad)))
        here, there = (_box(image, random, tall, broad) for _ in range(2))
        clothes = image[there][:, ::-1] * np.float32(random.uniform(0.5, 1.4)) + random.uniform(-40, 40)
        body = np.zeros((tall, broad), np.float32)
        cv2.ellipse(body, (broad // 2, tall // 2), (broad // 2 - 1, tall // 2 - 1), 0, 0, 360, 1.0, -1)
        out[here] = blend(out[here], clothes, np.asarray(cv2.GaussianBlur(body, (0, 0), 1.2)))
    return out


def _box(image: Image, random: Chance, tall: int, broad: int) -> tuple[slice, slice]:
    top = int(random.integers(image.shape[0] - tall + 1))
    left = int(random.integers(image.shape[1] - broad + 1))
    return np.s_[top : top + tall, left : left + broad]


def encode(image: Image, random: Chance) -> Image:
    """As a JPEG of another quality."""
    quality = int(random.integers(35, 95))
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def noise(image: Image, random: Chance) -> Image:
    """As a sensor has it that works."""
    return levels(image + grain(random, float(random.uniform(0.5, 2.5)), image.shape))


LIGHTS: Final[tuple[Way, ...]] = (gain, gamma, slope, warmth, shadow, lift)
WAYS: Final[tuple[Way, ...]] = (light, light, light, sway, guests, guests, encode, noise)  # as often as they are there
