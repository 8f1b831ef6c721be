"""What do sensor, cable and recorder do to a picture?"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from tests.benchmarks.frames.image import Chance, Image, grain, levels
from tests.benchmarks.frames.osd import Text, erase


def noise(image: Image, random: Chance, sigma: float) -> Image:
    """Sensor noise of so many levels, as in too little light; its colours less than its luma."""
    return levels(image + grain(random, sigma, (*image.shape[:2], 1)) + grain(random, sigma / 3, image.shape))


def snow(image: Image, random: Chance, share: float) -> Image:
    """Analogue snow: this share of the pixels is chance, in dashes along the lines."""
    height, width = image.shape[:2]
    grey = random.integers(0, 256, (height, width // 2 + 1)).astype(np.uint8).repeat(2, axis=1)[:, :width]
    hit = (random.random((height, width // 2 + 1)) < share).repeat(2, axis=1)[:, :width]
    out = image.copy()
    out[hit] = grey[hit][:, None]
    return out


def stripes(image: Image, random: Chance, amplitude: float) -> Image:
    """A hum or a loose cable: bars of so many levels, along the lines or nearly so, every 8 to 40 pixels."""
    rows, columns = np.mgrid[0 : image.shape[0], 0 : image.shape[1]].astype(np.float32)
    period = float(random.uniform(8, 40))
    angle = np.deg2rad(float(random.choice([0, 0, 90, 10, -25])))
    wave = np.sin(2 * np.pi * (rows * np.cos(angle) + columns * np.sin(angle)) / period + random.uniform(0, 6))
    return levels(image + amplitude * wave[..., None])


def black(image: Image, random: Chance, mess: float) -> Image:
    """A dead sensor or a closed lid: black, with so much noise."""
    return levels(np.abs(grain(random, mess, image.shape)) + (2 if mess else 0))


def blue(image: Image, random: Chance, mess: float) -> Image:
    """The blue screen of a recorder; with `mess` it has a caption, and noise as of an analogue line."""
    screen = np.empty_like(image)
    screen[:] = [(255, 0, 0), (200, 20, 10), (180, 40, 0)][int(random.integers(3))]
    if mess:
        caption(screen, random)
        return levels(screen + grain(random, mess - 1, image.shape))
    return screen


def no_signal(image: Image, random: Chance, design: float) -> Image:
    """The screen of a recorder without a camera: 0 one colour, 1 with a caption, 2 shaded or colour bars."""
    height, width = image.shape[:2]
    if design >= 2 and random.random() < 0.5:
        bars = [(191, 191, 191), (0, 191, 191), (191, 191, 0), (0, 191, 0), (191, 0, 191), (0, 0, 191), (191, 0, 0)]
        screen = np.zeros_like(image)
        for at, colour in enumerate(bars):
            screen[:, at * width // 7 : (at + 1) * width // 7] = colour
        return screen
    plain = [(96, 96, 96), (60, 60, 60), (128, 128, 128), (54, 44, 34)][int(random.integers(4))]
    screen = np.empty_like(image)
    screen[:] = plain
    if design >= 2:
        screen = levels(screen * np.linspace(1.3, 0.7, height, dtype=np.float32)[:, None, None])
        cv2.circle(screen, (width // 2, height // 3), height // 8, (170, 170, 170), max(2, height // 60))
    if design >= 1:
        caption(screen, random)
    return screen


def caption(screen: Image, random: Chance) -> None:
    """Write onto it, in a recorder's words, that there is no picture."""
    text = ["NO SIGNAL", "VIDEO LOSS", "No Video", "Channel offline"][int(random.integers(4))]
    height, width = screen.shape[:2]
    scale = height / 400
    at = (int(width * random.uniform(0.1, 0.4)), int(height * random.uniform(0.45, 0.6)))
    cv2.putText(
        screen, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, (225, 225, 225), max(1, round(2 * scale)), cv2.LINE_AA
    )


def lose_text(image: Image, text: Text, share: float) -> Image:
    """The camera's text gone: this share of each line, from its left."""
    area = np.zeros(image.shape[:2], bool)
    for x, y, width, height in text.lines:
        area[y : y + height, x : x + round(width * share)] = True
    return erase(image, text, area)


def standing(image: Image, random: Chance, count: int) -> list[Image]:
    """So many pictures of one moment: a session of a camera before which nothing moves, its sensor's noise alone."""
    return [levels(image + grain(random, 1.0, image.shape)) for _ in range(count)]


def flicker(row: Sequence[Image], random: Chance, amount: float) -> list[Image]:
    """The pictures, whose brightness goes up and down by this share: lamps at mains frequency, or a bad illuminator."""
    phase = random.uniform(0, 6)
    gains = 1 + amount * np.sin(phase + 2.4 * np.arange(len(row)))
    return [levels(each * gain) for each, gain in zip(row, gains, strict=True)]


def roll(row: Sequence[Image], random: Chance, amount: float) -> list[Image]:
    """The pictures with one to three bands that are brighter and darker by this share, and roll: mains and shutter."""
    lines = np.arange(row[0].shape[0], dtype=np.float32)[:, None, None] / row[0].shape[0]
    bands, phase = random.uniform(1, 3), random.uniform(0, 6)
    step = 2 * np.pi * random.uniform(0.15, 0.5)
    return [
        levels(each * (1 + amount * np.sin(2 * np.pi * bands * lines + phase + step * number)))
        for number, each in enumerate(row)
    ]


def jitter(row: Sequence[Image], random: Chance, share: float) -> list[Image]:
    """The pictures of a mast that shakes: each off by up to this share of the width."""
    out = []
    for each in row:
        right, down = random.uniform(-share, share, 2) * each.shape[1]
        moved = cv2.warpAffine(
            each, np.array([[1, 0, right], [0, 1, down]], np.float32), each.shape[1::-1], borderMode=cv2.BORDER_REFLECT
        )
        out.append(np.asarray(moved, np.uint8))
    return out
