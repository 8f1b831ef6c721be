"""Where does a simulated dome look now, and what does it see there? A wide place of which it shows a part."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from probes.simulators import film, scenes
from probes.simulators.clip import FRAMES_A_SECOND, Clip
from probes.simulators.scenes import HEIGHT, WIDTH, Picture

PANORAMA = (2_880, 540)  # pixels that it can turn over
PAN_SPEED, ZOOM_SPEED = 0.5, 0.5  # of its range in a second
LOOP_SECONDS = 4  # of the clip of a place; not the 2 s that looks compare over
_MAX_CLIPS = 16


@dataclass(frozen=True, slots=True)
class Aim:
    """Pan and tilt from -1 to 1, zoom from 0 to 1."""

    pan: float
    tilt: float
    zoom: float

    def toward(self, other: Aim, seconds: float) -> Aim:
        """Where it is on its way there after so many seconds."""
        return Aim(
            _approach(self.pan, other.pan, PAN_SPEED * seconds),
            _approach(self.tilt, other.tilt, PAN_SPEED * seconds),
            _approach(self.zoom, other.zoom, ZOOM_SPEED * seconds),
        )


PRESETS = {
    "1": ("Gate", Aim(-0.8, -0.5, 0.0)),
    "2": ("停车场", Aim(0.0, 0.4, 0.2)),
    "3": ("Fence", Aim(0.75, -0.2, 0.5)),
}
"""Token -> name and place."""


class Turret:
    """One dome; it stands at its first preset until it is told to go elsewhere. `clock`: seconds since the epoch."""

    def __init__(self, number: int, clock: Callable[[], float]) -> None:
        self._number, self._clock = number, clock
        self._from = self._to = PRESETS["1"][1]
        self._left_at = 0.0
        self._tour: tuple[float, float] | None = None  # since when, seconds at each preset
        self._shift = 0.0
        self._clips: OrderedDict[tuple[Aim, float], Clip] = OrderedDict()

    def go(self, aim: Aim) -> None:
        """Begin to turn there."""
        self._from, self._to, self._left_at = self.aim(), aim, self._clock()

    def tour(self, seconds: float | None) -> None:
        """Stay so many seconds at each preset, one after the other; None: end the tour where it is."""
        if seconds is None:
            if self._tour is not None:
                self._from = self._to = self.aim()
            self._tour = None
        elif self._tour is None:
            self._tour = self._clock(), max(1.0, seconds)

    def knock(self, share: float) -> None:
        """Its mount is turned by that share of the picture's width, of which its motors know nothing."""
        self._shift = share

    def aim(self, later: float = 0.0) -> Aim:
        """Where it looks, by its motors, so many seconds from now."""
        start, goal, left_at = self._leg(self._clock() + later)
        return start.toward(goal, max(0.0, self._clock() + later - left_at))

    @property
    def moving(self) -> bool:
        """Does it turn now?"""
        return self.aim() != self._leg(self._clock())[1]

    def clip(self, second: int) -> Clip:
        """What it sends in this second; where it stands, the clip of that place, which has a group for each."""
        here = self.aim()
        if any(self.aim(frame / FRAMES_A_SECOND) != here for frame in range(FRAMES_A_SECOND)):
            times = [second % LOOP_SECONDS + frame / FRAMES_A_SECOND for frame in range(FRAMES_A_SECOND)]
            aims = [self.aim(frame / FRAMES_A_SECOND) for frame in range(FRAMES_A_SECOND)]
            return film.shoot(self._see(aim, at) for aim, at in zip(aims, times, strict=True))
        key = (here, self._shift)
        if key not in self._clips:
            frames = range(LOOP_SECONDS * FRAMES_A_SECOND)
            self._clips[key] = film.shoot(self._see(here, frame / FRAMES_A_SECOND) for frame in frames)
            if len(self._clips) > _MAX_CLIPS:
                self._clips.popitem(last=False)
        return self._clips[key]

    def _leg(self, now: float) -> tuple[Aim, Aim, float]:
        """From where it turns, whereto, and since when."""
        if self._tour is None:
            return self._from, self._to, self._left_at
        since, seconds = self._tour
        number = int(max(0.0, now - since) // seconds)
        places = [aim for _, aim in PRESETS.values()]
        start = places[number % len(places)] if number else self._from.toward(self._to, now - self._left_at)
        return start, places[(number + 1) % len(places)], since + number * seconds

    def _see(self, aim: Aim, seconds: float) -> Picture:
        """The part of the panorama in its view, with someone who walks there, its name and its clock."""
        wide = _panorama(self._number)
        width, height = WIDTH / (1 + aim.zoom), HEIGHT / (1 + aim.zoom)
        left = (aim.pan + 1) / 2 * (PANORAMA[0] - width) + self._shift * width
        top = (1 - aim.tilt) / 2 * (PANORAMA[1] - height)
        view = np.array([[width / WIDTH, 0, left], [0, height / HEIGHT, top]], np.float32)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        picture = cv2.warpAffine(wide, view, (WIDTH, HEIGHT), flags=flags, borderMode=cv2.BORDER_REFLECT)
        return scenes.draw_moment(np.asarray(picture, np.uint8), self._number, seconds)


@cache
def _panorama(number: int) -> Picture:
    """Three places side by side, enlarged."""
    places = [scenes.draw_place(number + 300 * part) for part in range(3)]
    return np.asarray(cv2.resize(np.hstack(places), PANORAMA, interpolation=cv2.INTER_CUBIC), np.uint8)


def _approach(value: float, goal: float, step: float) -> float:
    return min(goal, value + step) if goal >= value else max(goal, value - step)
