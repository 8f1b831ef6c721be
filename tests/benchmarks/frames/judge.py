"""What is a judge of pictures, and how does the present one with thresholds for every camera judge?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from probes.frame.measure import compare, measure
from probes.frame.picture import Picture, from_bgr, from_frame
from probes.frame.reel import Film
from probes.frame.verdict import Verdict
from probes.frame.verdict import judge as by_thresholds
from tests.benchmarks.frames.codec import Shown
from tests.benchmarks.frames.image import Image


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a camera.

    `shown`: the pictures of one session, `gap_seconds` apart; nearly always one. `at`: seconds since the epoch.
    `before`: what the look before this showed, and when. `burst`: the pictures that follow at once, None of stills.
    """

    at: float
    shown: tuple[Shown, ...]
    gap_seconds: float = 0.0
    before: tuple[float, Image] | None = None
    burst: Film = None

    @property
    def corrupt(self) -> bool:
        return any(each.corrupt for each in self.shown)

    @property
    def last(self) -> Image | None:
        return self.shown[-1].image


@dataclass(frozen=True, slots=True)
class Opinion:
    """`fault`: what a ticket would say, "" if nothing is wrong. `scores`: fault → 1 at its threshold.

    `unjudged`: why something could not be judged. `area`: share of the picture that is covered, if known.
    """

    fault: str = ""
    scores: Mapping[str, float] = field(default_factory=dict)
    unjudged: tuple[str, ...] = ()
    area: float | None = None


class Judge(Protocol):
    """Judges one camera; made anew for each."""

    def learn(self, look: Look) -> None:
        """The camera ran, and showed this; what of it is learned, if anything, is the judge's own business."""

    def judge(self, look: Look) -> Opinion:
        """What is wrong? Changes nothing in the judge."""


Make = Callable[[], Judge]


def pictures(look: Look) -> list[Picture]:
    """The pictures of a look as production measures them."""
    found = []
    for each in look.shown:
        if each.frame is not None:
            found.append(from_frame(each.frame))
        elif each.image is not None:
            height, width = each.image.shape[:2]
            found.append(from_bgr(width, height, each.image))
    return found


class Thresholds:
    """`probes.frame.verdict` alone."""

    def learn(self, look: Look) -> None:
        """Nothing."""

    def judge(self, look: Look) -> Opinion:
        found = pictures(look)
        change = compare(found[0], found[1], look.gap_seconds) if len(found) > 1 else None
        verdict = by_thresholds(measure(found[-1]) if found else None, change, corrupt=look.corrupt)
        return Opinion("" if verdict is Verdict.OK else verdict.value)
