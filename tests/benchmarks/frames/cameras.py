"""Which cameras are measured, and which of their time is for learning, for tuning, and for reporting?"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

import av
import cv2
import numpy as np

from probes.frame.footage import PICTURES, VIDEOS
from probes.frame.picture import from_bgr
from tests.benchmarks.frames.codec import Shown, from_jpeg
from tests.benchmarks.frames.footage import Light, Shot, light_of, read_footage
from tests.benchmarks.frames.known import real
from tests.benchmarks.frames.osd import Text, find_text
from tests.benchmarks.frames.rows import Frames, read_row

SHARED: Final = Path(os.environ.get("SITEWARDEN_FOOTAGE", Path(__file__).parents[4] / "shared" / "data"))
TUNED_ON: Final = frozenset(
    {
        "river-camera", "building-site", "intel_car-detection", "intel_bottle-detection",
        "intel_one-by-one-person-detection", "bgs_video", "vtest",
    }
)  # fmt: skip
LEARN_SECONDS: Final = 3 * 86_400.0
LEARN_SHARE: Final = 0.4  # of the time, at most
TUNE_SHARE: Final = 0.7  # of the time of a camera that thresholds are set on; the rest of it is reported
DAYS: Final = 86_400.0  # shorter footage is a clip: its moments are spread over days
CLIP_START: Final = 1_700_000_000.0
CLIP_LEARN_STEP: Final = 1_800.0
CLIP_STEP: Final = 600.0
CLIP_GAP_SECONDS: Final = 2.0  # between the two pictures of a session
CLIP_LEARN: Final = 144
CLIP_REST: Final = 60
CLIP_SHOTS: Final = 400
MOST_PIXELS: Final = 1920 * 1080


class Part(StrEnum):
    """What a moment of footage is for."""

    LEARNING = "learning"
    TUNING = "tuning"
    SAME = "later days of cameras that thresholds were set on"
    UNSEEN = "cameras that no threshold was set on"


@dataclass(frozen=True, slots=True)
class Moment:
    """One look at a camera. `load`: its pictures, one or two of a session. `real`: a fault that is really there.

    `follow`: the frames that follow at once, of a clip.
    """

    at: float
    name: str
    part: Part
    load: Callable[[], tuple[Shown, ...]]
    real: str = ""
    follow: Frames | None = None


@dataclass(frozen=True, slots=True)
class Camera:
    """The footage of one camera, by time."""

    name: str
    moments: tuple[Moment, ...]
    text: Text
    gap_seconds: float
    tuned_on: bool

    def of(self, part: Part) -> list[Moment]:
        return [moment for moment in self.moments if moment.part is part]


def shared() -> list[Path]:
    """The cameras of the shared footage; empty where it is absent."""
    return find(SHARED) if SHARED.is_dir() else []


def find(folder: Path) -> list[Path]:
    """Folders that hold pictures, and videos, at most two levels deep; a folder or video by itself."""
    if folder.is_file() or _has_pictures(folder):
        return [folder]
    found: list[Path] = []
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.suffix.lower() in VIDEOS:
            found.append(path)
        elif path.is_dir():
            inner = [each for each in sorted(path.iterdir()) if each.suffix.lower() in VIDEOS and each.is_file()]
            found += inner or [path]
    return found


def _has_pictures(folder: Path) -> bool:
    return any(path.suffix.lower() in PICTURES for path in folder.iterdir())


def load(path: Path, thin: int = 1) -> Camera:
    """Read a camera. `thin`: every so manieth moment of what is not learned."""
    name = path.stem if path.is_file() else path.name
    tuned_on = name in TUNED_ON and SHARED in path.parents
    shots = list(read_footage(path, 0.0, _tell)) if path.is_dir() else _clip_shots(path)
    if len(shots) < 8:
        raise ValueError(f"{name}: {len(shots)} pictures are too few")
    if path.is_dir() and shots[-1].at - shots[0].at >= DAYS:
        moments = _days(name, shots, tuned_on, thin, SHARED in path.parents)
        sample = [moment.load()[0].image for moment in moments[:: max(1, len(moments) // 40)]]
        return Camera(name, tuple(moments), find_text([each for each in sample if each is not None]), 0.0, tuned_on)
    moments, gap = _clip(shots, tuned_on, thin, path if path.is_file() else None)
    return Camera(name, tuple(moments), Text(()), gap, tuned_on)


def split(at: float, first: float, last: float, *, tuned_on: bool) -> Part:
    """What a moment is for: by its time within the footage, and by its camera."""
    span = last - first
    if at - first < min(LEARN_SECONDS, LEARN_SHARE * span):
        return Part.LEARNING
    if not tuned_on:
        return Part.UNSEEN
    return Part.TUNING if at - first < TUNE_SHARE * span else Part.SAME


def light(shown: Shown) -> Light:
    """How it is lit."""
    assert shown.image is not None
    height, width = shown.image.shape[:2]
    return light_of(from_bgr(width, height, shown.image))


def _days(name: str, shots: Sequence[Shot], tuned_on: bool, thin: int, ours: bool) -> list[Moment]:
    first, last = shots[0].at, shots[-1].at
    moments = []
    for shot in shots:
        part = split(shot.at, first, last, tuned_on=tuned_on)
        moments.append(
            Moment(shot.at, shot.name, part, _loading(shot), real(name, Path(shot.name).stem) if ours else "")
        )
    rest = [moment for moment in moments if moment.part is not Part.LEARNING]
    return [moment for moment in moments if moment.part is Part.LEARNING] + rest[::thin]


def _loading(shot: Shot) -> Callable[[], tuple[Shown, ...]]:
    def load_shown() -> tuple[Shown, ...]:
        if isinstance(shot.source, bytes) and shot.source.startswith(b"\xff\xd8"):
            return (from_jpeg(shot.source),)
        return (_still(shot),)

    return load_shown


def _still(shot: Shot) -> Shown:
    if isinstance(shot.source, bytes):
        image = cv2.imdecode(np.frombuffer(shot.source, np.uint8), cv2.IMREAD_COLOR)
        return Shown(None if image is None else np.asarray(image, np.uint8), corrupt=image is None)
    image = np.asarray(shot.source.to_ndarray(format="bgr24"), np.uint8)
    scale = (MOST_PIXELS / (image.shape[0] * image.shape[1])) ** 0.5
    if scale < 1:
        image = np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    return Shown(image, corrupt=shot.corrupt)


def _clip_shots(path: Path) -> list[Shot]:
    """At most `CLIP_SHOTS` moments of a video, evenly spread."""
    with av.open(str(path)) as container:
        seconds = (container.duration or 0) / av.time_base
    return list(islice(read_footage(path, seconds / CLIP_SHOTS, _tell), 2 * CLIP_SHOTS))


def _clip(shots: Sequence[Shot], tuned_on: bool, thin: int, video: Path | None) -> tuple[list[Moment], float]:
    """The moments of a clip, spread over days: first to learn of, half an hour apart; then ten minutes apart."""
    begun, span = shots[0].at, shots[-1].at - shots[0].at
    gap = CLIP_GAP_SECONDS if span > 10 * CLIP_GAP_SECONDS else 0.0
    usable = [n for n, shot in enumerate(shots) if shot.at <= shots[-1].at - gap]
    learned = [n for n in usable if shots[n].at - begun < LEARN_SHARE * span]
    rest = usable[len(learned) :]
    moments, clock = [], CLIP_START
    for chosen, step, learning in (
        (_spread(learned, CLIP_LEARN), CLIP_LEARN_STEP, True),
        (_spread(rest, CLIP_REST)[::thin], CLIP_STEP, False),
    ):
        for n in chosen:
            shot = shots[n]
            part = Part.LEARNING if learning else split(shot.at, begun, shots[-1].at, tuned_on=tuned_on)
            pair = [shot]
            if gap and not learning:
                pair.append(next(each for each in shots[n:] if each.at >= shot.at + gap))
            follow = None if video is None else partial(read_row, video, shot.at - begun)
            moments.append(Moment(clock, shot.name, part, _session(pair), follow=follow))
            clock += step
    return moments, gap


def _session(pair: Sequence[Shot]) -> Callable[[], tuple[Shown, ...]]:
    return lambda: tuple(_still(each) for each in pair)


def _spread(numbers: Sequence[int], most: int) -> list[int]:
    if len(numbers) <= most:
        return list(numbers)
    return [numbers[int(at)] for at in np.linspace(0, len(numbers) - 1, most)]


def _tell(name: str, why: str) -> None:
    sys.stderr.write(f"not read: {name}: {why}\n")
