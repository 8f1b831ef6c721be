"""What does a camera see that was turned, if we have a wider picture of the same scene?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import cv2
import numpy as np

from tests.benchmarks.frames.image import Chance, Image

VIEW: Final = 0.7  # of the sides of the wide picture; the rest enters when the camera turns


@dataclass(frozen=True, slots=True)
class Turn:
    """`right`, `down`: what the camera looks at lies so many shares of the view's width farther. `zoom` above 1: in."""

    right: float = 0.0
    down: float = 0.0
    degrees: float = 0.0
    zoom: float = 1.0


SHIFTS: Final = (0.06, 0.11, 0.17)
TURNS: Final = (4.0, 7.0, 12.0)
ZOOMS: Final = (1.12, 1.22, 1.38)
MOST_DOWN: Final = 0.2 * 9 / 16 * 0.98  # of the width; the wide picture ends there
ANY_SHIFT: Final = (0.025, 0.2)
ANY_TURN: Final = (2.5, 14.0)
ANY_ZOOM: Final = (1.08, 1.45)


def random_turn(random: Chance, strength: int) -> Turn:
    """A pan or tilt, a roll, or a change of zoom, of this strength (0 to 2)."""
    kind = int(random.integers(4))
    if kind < 2:
        angle = float(random.choice([0, math.pi, math.pi / 2, -math.pi / 2]) + random.uniform(-0.5, 0.5))
        return _shifted(SHIFTS[strength], angle)
    sign = float(random.choice([-1, 1]))
    if kind == 2:
        return Turn(degrees=sign * TURNS[strength])
    return Turn(zoom=ZOOMS[strength] ** sign)


def any_turn(random: Chance, strength: float) -> Turn:
    """The same of any amount, in any direction. `strength`: from 0, less than mild, to 1, more than strong."""
    kind = int(random.integers(3))
    sign = float(random.choice([-1, 1]))
    low, high = (ANY_SHIFT, ANY_TURN, ANY_ZOOM)[kind]
    amount = low + (high - low) * strength
    if kind == 0:
        return _shifted(amount, float(random.uniform(0, 2 * math.pi)))
    return Turn(degrees=sign * amount) if kind == 1 else Turn(zoom=amount**sign)


def _shifted(share: float, angle: float) -> Turn:
    """By so much of the width, in that direction, but down or up only as far as the wide picture goes."""
    down = share * math.sin(angle)
    return Turn(share * math.cos(angle), max(-MOST_DOWN, min(MOST_DOWN, down)))


def look_through(wide: Image, turn: Turn = Turn()) -> Image:
    """The view of a camera, uint8[0.7 h, 0.7 w, 3]; every pixel of it is of the wide picture."""
    height, width = wide.shape[:2]
    out = (round(width * VIEW) // 2 * 2, round(height * VIEW) // 2 * 2)
    angle, zoom = math.radians(turn.degrees), turn.zoom
    cosine, sine = math.cos(angle) / zoom, math.sin(angle) / zoom
    middle = (width / 2 + turn.right * out[0], height / 2 + turn.down * out[0])
    offset = (
        middle[0] - cosine * out[0] / 2 + sine * out[1] / 2,
        middle[1] - sine * out[0] / 2 - cosine * out[1] / 2,
    )
    matrix = np.array([[cosine, -sine, offset[0]], [sine, cosine, offset[1]]], np.float32)
    plain = turn == Turn()
    seen = cv2.warpAffine(
        wide, matrix, out, flags=(cv2.INTER_NEAREST if plain else cv2.INTER_CUBIC) | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT,
    )  # fmt: skip
    return np.asarray(seen, np.uint8)


def write_text(image: Image, at: float) -> Image:
    """The picture with a clock and a name, as cameras draw them."""
    out = image.copy()
    height = image.shape[0]
    scale = height / 500
    for text, place in (
        (f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}", (8, round(0.07 * height))),
        ("CAM 07 GATE", (round(0.62 * image.shape[1]), round(0.96 * height))),
    ):
        for colour, thick in (((0, 0, 0), 3), ((255, 255, 255), 1)):
            cv2.putText(out, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, colour, thick, cv2.LINE_AA)
    return out
