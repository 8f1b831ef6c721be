"""What does the world do to a picture before the sensor has it? Each injector takes an amount and changes one thing."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.frames.image import Chance, Image, blend, clouds, defocus, grain, levels, luma

GAMMA = 2.2


def expose(image: Image, random: Chance, gain: float) -> Image:
    """`gain` on the light; what little is left shows the sensor's own noise."""
    seen = np.arange(256, dtype=np.float32) * np.float32(gain ** (1 / GAMMA))
    return levels(np.clip(seen, 0, 255)[image] + grain(random, 0.8, image.shape))


def blur(image: Image, random: Chance, share: float) -> Image:
    """Out of focus: a disc whose radius is this share of the width."""
    return levels(defocus(image, share * image.shape[1]))


def smear(image: Image, random: Chance, share: float) -> Image:
    """Motion in one direction by this share of the width while the shutter is open."""
    length = max(3, round(share * image.shape[1])) | 1
    angle = float(random.uniform(0, 180))
    line = np.zeros((length, length), np.float32)
    line[length // 2] = 1
    turned = cv2.warpAffine(line, cv2.getRotationMatrix2D((length // 2, length // 2), angle, 1), (length, length))
    return levels(cv2.filter2D(image.astype(np.float32), -1, turned / turned.sum(), borderType=cv2.BORDER_REFLECT))


def cover(image: Image, random: Chance, opacity: float) -> Image:
    """The whole lens behind something near: below 1 a translucent bag, at 1 cloth or a hand, above 1 plain paint."""
    near = material(image, random, plain=opacity > 1)
    if opacity < 1:  # a bag scatters what comes through it
        behind = levels(defocus(image, 0.02 * image.shape[1]))
        return blend(behind, near, np.full(image.shape[:2], opacity, np.float32))
    return levels(near)


def shade(shape: tuple[int, int], random: Chance, share: float) -> NDArray[np.bool_]:
    """bool[h, w] that is True on exactly this share: something with a wavy edge that comes from one side."""
    height, width = shape
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    angle = float(random.uniform(0, 2 * np.pi))
    slope = np.cos(angle) * columns / width + np.sin(angle) * rows / height
    heights = slope / slope.std() + 0.35 * clouds(random, shape, width / 4)
    return np.asarray(heights > np.quantile(heights, 1 - share))


def cover_part(image: Image, random: Chance, share: float) -> Image:
    """This share of the picture behind something opaque and out of focus."""
    mask = shade(image.shape[:2], random, share).astype(np.float32)
    soft = cv2.GaussianBlur(mask, (0, 0), 0.012 * image.shape[1])
    return blend(image, material(image, random, plain=bool(random.random() < 0.5)), soft)


def material(image: Image, random: Chance, *, plain: bool) -> NDArray[np.float32]:
    """float[h, w, 3]: cloth, a hand or paint close to the lens, as bright as the scene lights it."""
    shape = image.shape[:2]
    scene = float(image.mean())
    bright = max(28.0, scene * float(random.uniform(0.35, 1.15)))
    hue = np.array([(1, 1, 1), (0.62, 0.78, 1.1), (1.1, 0.95, 0.8), (0.8, 1.05, 0.9)], np.float32)[random.integers(4)]
    if colourless(image):
        hue = np.ones(3, np.float32)
    relief = clouds(random, shape, image.shape[1] / 2) * 0.12
    if not plain:
        rough = clouds(random, shape, image.shape[1] / 14) * 0.22 + clouds(random, shape, image.shape[1] / 45) * 0.10
        relief = relief + defocus(rough, 0.006 * image.shape[1])
    cloth = bright * (1 + relief)[..., None] * hue
    return np.asarray(cloth + grain(random, 1.2, image.shape), np.float32)


def colourless(image: Image) -> bool:
    """As at night: then nothing has a colour, whatever comes before the lens."""
    return float(np.ptp(image.mean(axis=(0, 1)))) < 1.5


def fog(image: Image, random: Chance, left: float) -> Image:
    """This share of the contrast is left, less towards the top, where the scene is farther away."""
    air = float(np.clip(image.mean() * 1.25, 60, 205))
    far = np.linspace(left * 0.8, left * 1.2, image.shape[0], dtype=np.float32)[:, None, None]
    return levels(air + (image - air) * far + grain(random, 0.8, image.shape))


def tint(image: Image, random: Chance, amount: float) -> Image:
    """White balance off by so many levels of chroma on a middle grey, towards blue, yellow, green, cyan or red."""
    angles = np.deg2rad([0, 180, 225, 250, 120])  # of (Cb, Cr); pink, 45°, is left to the IR-cut filter
    angle = float(angles[random.integers(len(angles))])
    return white_balance(image, amount * np.cos(angle), amount * np.sin(angle))


def white_balance(image: Image, blue: float, red: float) -> Image:
    """Off by so many levels of Cb and Cr on a middle grey."""
    gain = 1 + np.array([1.772 * blue, -0.344 * blue - 0.714 * red, 1.402 * red], np.float32) / 128
    return levels(image * np.clip(gain, 0.05, None))


def leak_infrared(image: Image, random: Chance, share: float) -> Image:
    """The filter stuck open by day: infrared, which leaves reflect most, adds to all colours, to red and blue more."""
    blue, green, red = (image[..., at].astype(np.float32) for at in range(3))
    leaves = np.clip(2 * green - red - blue, 0, None)
    infrared = 0.75 * luma(image) + 1.6 * leaves + 20
    gain = np.array([0.75, 0.35, 1.15], np.float32)
    return levels(image * (1 - 0.45 * share) + infrared[..., None] * gain * share)


def without_colour(image: Image, random: Chance, infrared: float) -> Image:
    """Night mode by day: no colour, and this much infrared in the luma."""
    green = np.clip(2.0 * image[..., 1] - image[..., 0] - image[..., 2], 0, None)
    grey = luma(image) * (1 - 0.25 * infrared) + infrared * green
    return levels(np.repeat(grey[..., None], 3, axis=2))


def colour_by_night(image: Image, random: Chance, light: float) -> Image:
    """The filter stuck closed at night: this share of the light, warm lamps, noise in colours."""
    grey = luma(image).astype(np.float32)
    warm = np.array([0.72, 0.95, 1.25], np.float32)
    return levels((grey * light)[..., None] * warm + grain(random, 4, image.shape))


def droplets(image: Image, random: Chance, share: float) -> Image:
    """Drops on the lens over this share of the picture: each shows a smeared scene, brighter at its middle."""
    height, width = image.shape[:2]
    mask = np.zeros((height, width), np.float32)
    for _ in range(400):
        radius = float(random.uniform(0.015, 0.05)) * width
        at = (int(random.integers(width)), int(random.integers(height)))
        axes = (round(radius), round(radius * random.uniform(0.8, 1.5)))
        cv2.ellipse(mask, at, axes, float(random.uniform(-20, 20)), 0, 360, 1.0, -1)
        if mask.mean() >= share:
            break
    soft = cv2.GaussianBlur(mask, (0, 0), 0.006 * width)
    inside = defocus(image, 0.028 * width)
    inside = inside * 0.85 + 0.15 * float(image.mean()) + 22
    return blend(image, inside, 0.92 * soft)


def dirt(image: Image, random: Chance, share: float) -> Image:
    """Mud and dust over this share, dark or pale, so near that it has no edge."""
    heights = clouds(random, image.shape[:2], image.shape[1] / 9)
    mask = (heights > np.quantile(heights, 1 - share)).astype(np.float32)
    soft = cv2.GaussianBlur(mask, (0, 0), 0.012 * image.shape[1])
    colour = np.array([38, 50, 62], np.float32) * float(random.uniform(0.6, 1.8))
    return blend(image, np.broadcast_to(colour, image.shape), 0.85 * soft)


def cobweb(image: Image, random: Chance, opacity: float) -> Image:
    """Threads close before the lens, lit: bright, broad, blurred, from one corner."""
    height, width = image.shape[:2]
    threads = np.zeros((height, width), np.float32)
    centre = (int(random.choice([0.2, 0.8]) * width), int(random.choice([0.25, 0.75]) * height))
    spokes = np.sort(random.uniform(0, 2 * np.pi, 14))
    thick = max(2, round(0.007 * width))
    for angle in spokes:
        end = (int(centre[0] + np.cos(angle) * width), int(centre[1] + np.sin(angle) * width))
        cv2.line(threads, centre, end, 1.0, thick)
    for radius in np.arange(0.06, 0.7, 0.06) * width:
        points = [(int(centre[0] + np.cos(a) * radius), int(centre[1] + np.sin(a) * radius)) for a in spokes]
        cv2.polylines(threads, [np.array(points, np.int32)], True, 1.0, thick)
    soft = cv2.GaussianBlur(threads, (0, 0), 0.004 * width)
    return blend(image, np.full(image.shape, 205.0, np.float32), opacity * np.clip(soft, 0, 1))
