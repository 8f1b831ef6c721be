"""In which other ways do the same faults look? For trees that must not learn how the bench draws them.

A way takes the amount of the fault, as the injectors of the bench do; some of those are ways, too, at any amount.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.frames import electric, optical, ways_lens
from tests.benchmarks.frames.faults import Change, Fault
from tests.benchmarks.frames.image import Chance, Image, grain, levels, luma

CAPTIONED: Final = 0.6  # of the screens without a picture
DESIGNS: Final = 3  # of `electric.no_signal`
PINK: Final = (10.0, 80.0)  # degrees of (Cb, Cr) that are left to the IR-cut filter
BARS: Final = (
    (235, 235, 235), (16, 235, 235), (235, 235, 16), (16, 235, 16), (235, 16, 235), (16, 16, 235), (235, 16, 16),
    (16, 16, 16),
)  # fmt: skip


def change(fault: Fault, image: Image, random: Chance, strength: float) -> Image:
    """The picture with the fault, in one of its ways. `strength`: 0 is the bench's mild, 1 its strong."""
    ways = WAYS[fault.name]
    return ways[int(random.integers(len(ways)))](image, random, amount(fault, strength))


def amount(fault: Fault, strength: float) -> float:
    """What is in between, by the ratio; by the difference where one of them is 0."""
    mild, _, strong = fault.amounts
    if mild > 0 and strong > 0:
        return float(mild * (strong / mild) ** strength)
    return mild + (strong - mild) * strength


def _captioned(draw: Callable[[Image, Chance], Image]) -> Change:
    """A recorder's own screen; most say in words that there is no picture."""

    def screen(image: Image, random: Chance, _: float) -> Image:
        drawn = draw(image, random)
        if random.random() < CAPTIONED:
            electric.caption(drawn, random)
        return drawn

    return screen


def _plain(image: Image, random: Chance) -> Image:
    return np.full_like(image, random.integers(20, 200))


def _shaded(image: Image, random: Chance) -> Image:
    """From left to right."""
    shades = np.linspace(random.uniform(0, 255), random.uniform(0, 255), image.shape[1], dtype=np.float32)
    return levels(np.broadcast_to(shades[None, :, None], image.shape))


def _bars(image: Image, random: Chance) -> Image:
    """Of colour, some above a black and white foot."""
    height, width = image.shape[:2]
    count = int(random.integers(5, len(BARS) + 1))
    screen = np.empty_like(image)
    for at in range(count):
        screen[:, at * width // count : (at + 1) * width // count] = BARS[at]
    if random.random() < 0.5:
        screen[3 * height // 4 :] = 16
        screen[3 * height // 4 :, : width // 3] = 235
    return screen


def _logo(image: Image, random: Chance) -> Image:
    height, width = image.shape[:2]
    screen = np.full_like(image, random.integers(0, 60))
    screen[height // 3 : 2 * height // 3, width // 3 : 2 * width // 3] = random.integers(90, 255)
    return screen


def _chequered(image: Image, random: Chance) -> Image:
    side = max(8, image.shape[1] // int(random.integers(8, 40)))
    rows, columns = np.indices(image.shape[:2]) // side
    odd = (rows + columns) % 2 == 1
    return np.where(odd[..., None], random.integers(10, 120, 3), random.integers(60, 200, 3)).astype(np.uint8)


def _any_screen(image: Image, random: Chance, _: float) -> Image:
    return electric.no_signal(image, random, float(random.integers(DESIGNS)))


def _nearly_black(image: Image, random: Chance, _: float) -> Image:
    """Lifted by a few levels, with more noise or less."""
    return levels(np.abs(grain(random, float(random.uniform(0, 2.5)), image.shape)) + random.uniform(0, 6))


def _dim(image: Image, random: Chance, gain: float) -> Image:
    """Another tone curve, and more noise or less."""
    seen = image * np.float32(gain ** (1 / random.uniform(1.2, 2.2)))
    return levels(seen + grain(random, float(random.uniform(0.3, 2.5)), image.shape))


def _wash_out(image: Image, random: Chance, gain: float) -> Image:
    """The sun in the lens: the shadows are lifted, too."""
    return levels(image * np.float32(gain**0.25) + 24 * gain**0.5)


def _coloured_noise(image: Image, random: Chance, sigma: float) -> Image:
    """As strong in each colour."""
    return levels(image + grain(random, sigma, image.shape))


def _coarse_noise(image: Image, random: Chance, sigma: float) -> Image:
    """In blotches of about two pixels."""
    coarse = cv2.GaussianBlur(grain(random, 1.0, image.shape), (0, 0), 0.6)
    return levels(image + coarse * (sigma / float(coarse.std())))


def _salt(image: Image, random: Chance, share: float) -> Image:
    """Single pixels, black and white."""
    hit = random.random(image.shape[:2]) < share
    out = image.copy()
    out[hit] = random.choice(np.array([0, 255], np.uint8), int(hit.sum()))[:, None]
    return out


def _square(phase: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.sign(np.sin(2 * np.pi * phase))


def _triangle(phase: NDArray[np.floating]) -> NDArray[np.floating]:
    return 2 * np.abs(2 * (phase % 1) - 1) - 1


def _bands(
    wave: Callable[[NDArray[np.floating]], NDArray[np.floating]], image: Image, random: Chance, amplitude: float
) -> Image:
    """Bars of another shape, at any angle."""
    rows, columns = np.indices(image.shape[:2]).astype(np.float32)
    angle = np.deg2rad(float(random.choice([0, 0, 90, 45, random.uniform(-60, 60)])))
    phase = (rows * np.cos(angle) + columns * np.sin(angle)) / random.uniform(6, 48)
    return levels(image + amplitude * wave(phase)[..., None])


def _hue(random: Chance) -> tuple[float, float]:
    """Any direction of (Cb, Cr) but pink."""
    low, high = PINK
    angle = np.deg2rad(random.uniform(high, 360 + low))
    return float(np.cos(angle)), float(np.sin(angle))


def _tint(image: Image, random: Chance, size: float) -> Image:
    blue, red = (size * part for part in _hue(random))
    return optical.white_balance(image, blue, red)


def _shift_chroma(image: Image, random: Chance, size: float) -> Image:
    """As much in the shadows as in the lights: a fault of the cable rather than of the white balance."""
    blue, red = (size * part for part in _hue(random))
    parts = cv2.cvtColor(image, cv2.COLOR_BGR2YCrCb) + np.array([0, red, blue], np.float32)
    return np.asarray(cv2.cvtColor(levels(parts), cv2.COLOR_YCrCb2BGR), np.uint8)


def _magenta(image: Image, random: Chance, share: float) -> Image:
    """Infrared on all things alike, not on leaves alone: paler, and pink."""
    hue = np.array([random.uniform(0.95, 1.15), random.uniform(0.6, 0.85), random.uniform(1.1, 1.3)], np.float32)
    pale = image * (1 - 0.5 * share) + 0.5 * share * luma(image)[..., None]
    return levels(pale * (1 + (hue - 1) * (0.3 + 0.9 * share)) + 18 * share)


WAYS: Final[Mapping[str, tuple[Change, ...]]] = {
    "no signal": (_any_screen, *(_captioned(draw) for draw in (_plain, _shaded, _bars, _logo, _chequered))),
    "black": (_nearly_black,),
    "blue": (electric.blue,),
    "dark": (optical.expose, _dim),
    "over-exposed": (optical.expose, _wash_out),
    "defocus": (optical.blur, ways_lens.soften, ways_lens.enlarge),
    "motion blur": (optical.smear,),
    "covered": (ways_lens.cover, ways_lens.cover, ways_lens.cover, ways_lens.bag),
    "partly covered": tuple(
        partial(ways_lens.cover_part, mask) for mask in (optical.shade, ways_lens.board, ways_lens.patch)
    ),
    "noise": (electric.noise, _coloured_noise, _coarse_noise),
    "snow": (electric.snow, _salt),
    "stripes": (electric.stripes, partial(_bands, _square), partial(_bands, _triangle)),
    "colour cast": (_tint, _shift_chroma),
    "IR-cut pink by day": (optical.leak_infrared, _magenta),
    "IR-cut mono by day": (optical.without_colour,),
    "IR-cut colour by night": (optical.colour_by_night,),
    "fog": (optical.fog, ways_lens.haze, ways_lens.flatten),
    "droplets": (optical.droplets, ways_lens.round_drops),
    "dirt": (optical.dirt, ways_lens.smudges),
    "cobweb": (optical.cobweb, ways_lens.strands),
}
