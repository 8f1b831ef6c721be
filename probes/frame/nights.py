"""At which hours is a place without light? A picture that is black then tells nothing of its camera.

Nobody can tell a lamp that was switched off from a lens that was closed, but by what follows: in the morning the view
is there again. After two such nights the hours that were dark in both are known, and are not judged; what is still
black later in the day is. An hour at which there is light again is forgotten within days.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from probes.frame.faults import Verdict
from probes.frame.reference import Reference

UNLIT: Final = frozenset({Verdict.BLACK, Verdict.DARK})
ENOUGH: Final = 2.0  # nights
MOST: Final = 4.0
FORGOTTEN: Final = 0.1  # of a night, with each lit picture of that hour that is learned
LONGEST: Final = 20 * 3600.0  # seconds of a night; what lasts longer is a fault that somebody mended

_NIGHT: Final = struct.Struct("!4sdd")
_MAGIC: Final = b"SWDK"


def is_night(reference: Reference, at: float) -> bool:
    """Was it dark at this hour, or the one before or after, in enough of the last nights?"""
    hour = int(at // 3600)
    return bool(max(reference.nights[(hour + off) % 24] for off in (-1, 0, 1)) >= ENOUGH)


@dataclass(frozen=True, slots=True)
class Night:
    """The first and the last picture without light of a row of them, seconds since the epoch."""

    since: float
    until: float

    def pack(self) -> bytes:
        """As bytes, to be put behind a glance."""
        return _NIGHT.pack(_MAGIC, self.since, self.until)


def read_night(glance: bytes) -> Night | None:
    """The night that a look left behind its glance; None where there is none."""
    packed = glance[-_NIGHT.size :]
    if len(packed) < _NIGHT.size or not packed.startswith(_MAGIC):
        return None
    _, since, until = _NIGHT.unpack(packed)
    return Night(since, until)


def lighten(reference: Reference, at: float, night: Night | None) -> Reference:
    """The reference after a picture with light: the night that ended counts, and this hour is not dark."""
    nights = reference.nights.copy()
    hour = int(at // 3600) % 24
    nights[hour] = max(0.0, nights[hour] - FORGOTTEN)
    if night is not None and 0 <= night.until - night.since <= LONGEST:
        dark = np.unique(np.arange(int(night.since // 3600), int(night.until // 3600) + 1) % 24)
        nights[dark] = np.minimum(nights[dark] + 1, MOST)
    return replace(reference, nights=nights)
