"""What does a simulated camera see? Drawn places with something that moves, and what can go wrong with a view."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import pi, sin
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]  # [HEIGHT, WIDTH, 3] BGR
Colour = tuple[int, int, int]

WIDTH, HEIGHT = 640, 360
LOOP_SECONDS = 12

_HORIZON = 130


@cache
def draw_place(number: int) -> Picture:
    """The still part of the view of camera `number` (from 1): a place of its own, with texture everywhere."""
    rng = np.random.default_rng(number)
    picture = _draw_yard(rng) if _outdoors(number) else _draw_store(rng)
    grain = rng.normal(0, 2.5, (HEIGHT, WIDTH, 1))
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


def draw_moment(place: Picture, number: int, seconds: float) -> Picture:
    """The view of camera `number` at that moment of the loop: who walks, what drives, and the overlay's clock."""
    picture = place.copy()
    phase = 2 * pi * seconds / LOOP_SECONDS
    x = int(WIDTH * (seconds / LOOP_SECONDS + number * 0.13) % WIDTH)
    if _outdoors(number):
        _draw_car(picture, x, 270, _colour(number))
    else:
        _draw_walker(picture, x, 300, step=sin(seconds * 3 * pi))
    walker = int(WIDTH / 2 + 200 * sin(phase + number))
    _draw_walker(picture, walker, 215, step=sin(seconds * 2 * pi))
    _write(picture, f"CAM {number:02d}", (16, 344), 0.6)
    _write(picture, f"00:00:{seconds:04.1f}", (470, 30), 0.6)
    return picture


def draw_covered(seconds: float) -> Picture:
    """A hand over the lens: brownish, without an edge, lighter towards the side where some light comes in."""
    across = np.linspace(0, 1, WIDTH)[None, :, None]
    down = np.linspace(0, 1, HEIGHT)[:, None, None]
    picture = np.array((30, 42, 66)) * (0.7 + 1.4 * across * across + 0.4 * down) + sin(seconds) * 1.5
    return _noisy(picture, int(seconds * 10), 1.0)


def draw_dark(seconds: float) -> Picture:
    """Night without a lamp: the first place at a seventh of its light, with the sensor's noise."""
    return _noisy(draw_place(1) * 0.14 + 3, int(seconds * 10), 1.5)


def draw_over_exposed(seconds: float) -> Picture:
    """An iris that sticks open: the first place at six times its light, nearly all of it white."""
    return _noisy(draw_moment(draw_place(1), 1, seconds) * 6.0 + 90.0, int(seconds * 10), 1.0)


def draw_black(seconds: float) -> Picture:  # all views are drawn alike
    """An encoder without a sensor: nothing but black."""
    return np.zeros((HEIGHT, WIDTH, 3), np.uint8)


def draw_blue(seconds: float) -> Picture:
    """What many encoders send for a lost input: nothing but blue."""
    return np.full((HEIGHT, WIDTH, 3), (190, 20, 10), np.uint8)


def draw_no_signal(seconds: float) -> Picture:
    """What others send for a lost input: words on grey."""
    picture = np.full((HEIGHT, WIDTH, 3), (96, 96, 96), np.uint8)
    _write(picture, "NO SIGNAL", (220, 190), 1.2)
    return picture


LOST_VIEWS: dict[str, Callable[[float], Picture]] = {
    "covered": draw_covered,
    "dark": draw_dark,
    "over_exposed": draw_over_exposed,
    "black": draw_black,
    "blue": draw_blue,
    "no_signal": draw_no_signal,
}


def _outdoors(number: int) -> bool:
    return number % 3 != 0


def _draw_yard(rng: np.random.Generator) -> NDArray[Any]:
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    sky = np.linspace(0, 1, _HORIZON)[:, None, None]
    picture[:_HORIZON] = (np.array((225, 190, 150)) * (1 - sky) + np.array((235, 225, 215)) * sky).astype(np.uint8)
    picture[_HORIZON:] = (88, 96, 100)
    _speckle(picture[_HORIZON:], rng, 900)
    _draw_building(picture, rng, left=int(rng.integers(20, 300)), storeys=int(rng.integers(2, 5)))
    for left in rng.integers(0, WIDTH, 7):
        _draw_tree(picture, rng, int(left))
    for left in range(0, WIDTH, 18):  # a fence
        cv2.line(picture, (left, 168), (left, 206), (70, 78, 80), 2)
    cv2.line(picture, (0, 176), (WIDTH, 176), (70, 78, 80), 2)
    for left in range(int(rng.integers(0, 60)), WIDTH, 90):  # the lane's marks
        cv2.rectangle(picture, (left, 312), (left + 46, 317), (215, 220, 220), -1)
    return picture


def _draw_store(rng: np.random.Generator) -> NDArray[Any]:
    wall = tuple(int(part) for part in rng.integers(135, 185, 3))
    picture = np.full((HEIGHT, WIDTH, 3), wall, np.uint8)
    picture[220:] = (72, 84, 98)
    for left in range(-400, WIDTH + 400, 64):  # tiles that run to a vanishing point
        cv2.line(picture, (left, HEIGHT), (WIDTH // 2 + (left - WIDTH // 2) // 4, 220), (52, 60, 70), 1)
    for top in (226, 238, 258, 288, 330):
        cv2.line(picture, (0, top), (WIDTH, top), (52, 60, 70), 1)
    for shelf in range(3):
        left = 30 + shelf * 205 + int(rng.integers(0, 30))
        cv2.rectangle(picture, (left, 60), (left + 150, 225), (60, 70, 84), 3)
        for row in range(3):
            for box in range(4):
                colour = tuple(int(part) for part in rng.integers(40, 220, 3))
                at = (left + 6 + box * 36, 70 + row * 52)
                cv2.rectangle(picture, at, (at[0] + 30, at[1] + 40), colour, -1)
                cv2.line(picture, (at[0], at[1] + 20), (at[0] + 30, at[1] + 20), (30, 30, 30), 1)
    return picture


def _draw_building(picture: Picture, rng: np.random.Generator, *, left: int, storeys: int) -> None:
    top = 190 - storeys * 38
    wall = tuple(int(part) for part in rng.integers(90, 190, 3))
    cv2.rectangle(picture, (left, top), (left + 260, 195), wall, -1)
    for row in range(storeys):
        for column in range(8):
            at = (left + 12 + column * 31, top + 8 + row * 38)
            glass = (70, 58, 48) if rng.random() < 0.7 else (150, 205, 225)
            cv2.rectangle(picture, at, (at[0] + 18, at[1] + 22), glass, -1)


def _draw_tree(picture: Picture, rng: np.random.Generator, left: int) -> None:
    cv2.line(picture, (left, 205), (left, 160), (38, 52, 66), 5)
    for dx, dy, size in rng.integers((-22, -30, 5), (22, 20, 13), (26, 3)):
        shade = int(rng.integers(50, 125))
        cv2.circle(picture, (left + int(dx), 150 + int(dy)), int(size), (35, shade, 40), -1)


def _draw_car(picture: Picture, x: int, y: int, colour: Colour) -> None:
    for left in (x, x - WIDTH):  # it leaves at the right and comes back at the left
        cv2.rectangle(picture, (left, y), (left + 96, y + 28), colour, -1)
        cv2.rectangle(picture, (left + 18, y - 18), (left + 76, y), colour, -1)
        cv2.rectangle(picture, (left + 24, y - 14), (left + 70, y - 2), (90, 70, 55), -1)
        for wheel in (left + 22, left + 76):
            cv2.circle(picture, (wheel, y + 28), 10, (25, 25, 25), -1)


def _draw_walker(picture: Picture, x: int, y: int, *, step: float) -> None:
    cv2.circle(picture, (x, y - 34), 8, (120, 150, 200), -1)
    cv2.rectangle(picture, (x - 8, y - 26), (x + 8, y + 6), (60, 45, 130), -1)
    for side in (-1, 1):
        cv2.line(picture, (x, y + 6), (x + int(side * 10 * step), y + 34), (50, 45, 45), 5)


def _speckle(ground: NDArray[Any], rng: np.random.Generator, count: int) -> None:
    for x, y, shade in rng.integers((0, 0, 60), (ground.shape[1], ground.shape[0], 140), (count, 3)):
        cv2.circle(ground, (int(x), int(y)), 1, (int(shade),) * 3, -1)


def _colour(number: int) -> Colour:
    palette = ((40, 40, 190), (180, 90, 30), (210, 210, 215), (35, 35, 40), (60, 160, 210))
    return palette[number % len(palette)]


def _write(picture: Picture, words: str, at: tuple[int, int], size: float) -> None:
    (width, height), below = cv2.getTextSize(words, cv2.FONT_HERSHEY_SIMPLEX, size, 1)
    picture[at[1] - height - 4 : at[1] + below, at[0] - 4 : at[0] + width + 4] //= 3  # so that it reads on any ground
    cv2.putText(picture, words, at, cv2.FONT_HERSHEY_SIMPLEX, size, (255, 255, 255), 1, cv2.LINE_AA)


def _noisy(picture: NDArray[Any], seed: int, deviation: float) -> Picture:
    grain = np.random.default_rng(seed).normal(0, deviation, (HEIGHT, WIDTH, 1))
    return np.clip(picture + grain, 0, 255).astype(np.uint8)
