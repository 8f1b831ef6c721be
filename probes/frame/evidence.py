"""Which small JPEG shows a person what was seen?"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Final

import cv2
import numpy as np

from probes.frame.job import Evidence, Rectangle
from probes.frame.people import Hidden, conceal
from probes.frame.picture import Picture, shape_of

SQUARE: Final = 40  # pixels of 640: no face and no number plate is larger
MAX_BYTES: Final = 60_000
_QUALITIES: Final = (80, 65, 50, 35, 20)


def draw(picture: Picture, masks: Iterable[Rectangle] = (), people: Hidden | None = None) -> tuple[Evidence, bytes]:
    """The picture with at most 640 pixels at its longer side, as JPEG of at most 60 kB.

    `masks`: what nobody shall recognise, left, top, width and height in shares of the picture; shown as coarse squares.
    `people`: the same, as `people.hidden` says.
    """
    width, height = shape_of(picture.width, picture.height)
    planes = [
        plane if plane.shape == (height, width) else cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR)
        for plane in (picture.detail, picture.red, picture.blue)
    ]
    image = cv2.cvtColor(cv2.merge(planes), cv2.COLOR_YCrCb2BGR)
    for mask in masks:
        _coarsen(image, mask)
    if people is not None:
        conceal(image, people)
    jpeg = b""
    for quality in _QUALITIES:
        _, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        jpeg = np.asarray(encoded).tobytes()
        if len(jpeg) <= MAX_BYTES:
            return Evidence(width, height), jpeg
    image = cv2.resize(image, (max(2, width // 2), max(2, height // 2)), interpolation=cv2.INTER_AREA)
    _, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITIES[-1]])
    return Evidence(image.shape[1], image.shape[0]), np.asarray(encoded).tobytes()


def _coarsen(image: Any, mask: Rectangle) -> None:
    """Make squares of that part of uint8[h, w, 3], in place."""
    height, width = image.shape[:2]
    left, top = int(mask[0] * width), int(mask[1] * height)
    right, bottom = math.ceil((mask[0] + mask[2]) * width), math.ceil((mask[1] + mask[3]) * height)
    part = image[top:bottom, left:right]
    if part.size:
        small = cv2.resize(
            part, (max(1, part.shape[1] // SQUARE), max(1, part.shape[0] // SQUARE)), interpolation=cv2.INTER_AREA
        )
        part[:] = cv2.resize(small, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_NEAREST)
