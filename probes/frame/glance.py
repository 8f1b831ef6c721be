"""What of one look does the next one want? Enough to see that nothing has changed in between."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from probes.frame.picture import Picture, Plane
from probes.frame.ranks import median
from probes.frame.reference import Reference
from probes.frame.sketch import HEIGHT, WIDTH, Sketch, means
from probes.frame.text import BANDS, Text, cell_changes

STILL_LEVELS: Final = 2.0  # a standing picture that is encoded again changes by less
LEAST_LEVELS: Final = 0.1
CHANGE_LOOKS: Final = 60  # after so many it is known how much the picture always changes
SIGMAS: Final = 2.0
MOVED_LEVELS: Final = 4.0  # of a block: no standing picture does (footage by day and by night: 99 of 100 looks do)
TICK: Final = 12.0  # levels; a digit that changes makes a pixel of it change by more, noise does not
SOONEST_SECONDS: Final = 61.0  # a clock that shows minutes has moved on by then

_HEAD: Final = struct.Struct("!4sd")
_LENGTH: Final = _HEAD.size + BANDS[0] * BANDS[1] + HEIGHT * WIDTH


@dataclass(frozen=True, slots=True)
class Glance:
    """`bands`: uint8[48, 320], the lines where text stands; `luma`: uint8[90, 160]; when (seconds since the epoch)."""

    bands: NDArray[np.uint8]
    luma: Plane
    at: float

    def pack(self) -> bytes:
        """As bytes; 30 kB."""
        return _HEAD.pack(b"SWGL", self.at) + self.bands.tobytes() + self.luma.tobytes()


def take_glance(sketch: Sketch, picture: Picture, at: float) -> Glance:
    """The glance of a picture."""
    return Glance(sketch.bands, _small(picture), at)


def read_glance(data: bytes) -> Glance | None:
    """The glance again; None where there is none. What stands behind it is for others."""
    if len(data) < _LENGTH:
        return None
    magic, at = _HEAD.unpack_from(data)
    if magic != b"SWGL":
        return None
    bands = np.frombuffer(data, np.uint8, BANDS[0] * BANDS[1], _HEAD.size).reshape(BANDS)
    luma = np.frombuffer(data, np.uint8, HEIGHT * WIDTH, _HEAD.size + bands.size).reshape(HEIGHT, WIDTH)
    return Glance(bands, luma, at)


def change_of(before: Glance, now: Glance) -> float:
    """log2 of how much the block changed that did most, in levels, beside what the whole picture did.

    A standing picture that is encoded again changes by 1.7 at most.
    """
    difference = means(now.luma.astype(np.float32) - before.luma)
    return math.log2(float(np.abs(difference - median(difference)).max()) + LEAST_LEVELS)


def has_moved(data: bytes, picture: Picture, at: float) -> bool:
    """Is this not the picture that the look before gave as `data`? False where there is none, or it is too fresh."""
    before = read_glance(data)
    if before is None or at - before.at < SOONEST_SECONDS:
        return False
    return change_of(before, replace(before, luma=_small(picture))) > math.log2(MOVED_LEVELS)


def stands_still(before: Glance, now: Glance, change: float, reference: Reference, *, mono: bool) -> float | None:
    """Does the picture stand, although time went by? 1 at the threshold; None where that cannot be told.

    Where nothing moves and the light is steady, only a clock in the picture can tell; where something always did
    change, that nothing does. In less light less of it is seen.
    """
    if now.at - before.at < SOONEST_SECONDS:
        return None
    clock = None if reference.text is None else _clock_stands(before, now, reference.text)
    if clock is not None:
        return clock
    looks, usual, variance = (float(each) for each in reference.changes[int(mono)])
    least = usual - SIGMAS * math.sqrt(variance) + min(0.0, _brighter(now, reference))
    if looks < CHANGE_LOOKS or least < math.log2(STILL_LEVELS):
        return None
    return min(2.0, STILL_LEVELS / 2**change)


def _brighter(now: Glance, reference: Reference) -> float:
    """log2 of how many times as much light there is as in the pictures that were learned of."""
    looks, levels = reference.hours[:, :2].sum(axis=1), reference.hours[:, 2]
    usual = float((looks * levels).sum()) / max(1.0, float(looks.sum()))
    return math.log2((float(now.luma.mean()) + LEAST_LEVELS) / (usual + LEAST_LEVELS))


def _small(picture: Picture) -> Plane:
    return np.asarray(cv2.resize(picture.luma, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)


def _clock_stands(before: Glance, now: Glance, text: Text) -> float | None:
    """The same by the camera's own clock; None where it has none."""
    written = text.written
    if written is None:
        return None
    ticking = text.clock(written)
    if not ticking.any():
        return None
    moved = cv2.mean(cv2.absdiff(now.luma, before.luma))[0]
    largest = float(cell_changes(before.bands, now.bands)[ticking].max())
    return min(2.0, TICK / max(largest, 1.0), STILL_LEVELS / max(moved, 0.5))
