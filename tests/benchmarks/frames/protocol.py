"""How does each judge do on one camera: on its clean pictures in order, and on faults put into some of them?"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import av
import cv2
import numpy as np

from probes.errors import Garbled
from probes.frame.footage import NoFootage
from probes.frame.reel import Film
from tests.benchmarks.frames import cameras
from tests.benchmarks.frames.cameras import Camera, Moment, Part
from tests.benchmarks.frames.codec import Shown
from tests.benchmarks.frames.faults import FAULTS, STRENGTHS, Fault
from tests.benchmarks.frames.image import Image
from tests.benchmarks.frames.inject import GAP_SECONDS, applies, inject, sound, standing_row, view
from tests.benchmarks.frames.judge import Judge, Look, Make, Opinion
from tests.benchmarks.frames.rows import instants
from tests.benchmarks.frames.sheet import Tile, tile

BURST_LEARNS: Final = 6  # every so manieth moment has a burst, as in production
VIEW_LEARNS: Final = 3  # every so manieth moment teaches the judges of the view
MOST_TILES: Final = 400
TELL_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What is run. `samples`: moments of a camera of days and of a clip into which faults are put."""

    judges: Mapping[str, str]  # name → "module:attribute"
    seed: int = 1
    samples: tuple[int, int] = (16, 5)
    thin: int = 1
    faults: tuple[str, ...] = ()
    until_tuned: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """One judge's opinion of one fault. `fault` "" for a clean picture of the footage."""

    camera: str
    part: str
    fault: str
    strength: str
    judge: str
    name: str
    at: float
    night: bool
    said: str
    scores: Mapping[str, float]
    unjudged: tuple[str, ...]
    area: float | None
    real: str = ""

    def right(self, names: Sequence[str]) -> bool:
        return self.said in names


@dataclass(slots=True)
class Result:
    """What was found on one camera."""

    camera: str
    tuned_on: bool
    counts: dict[str, int]
    days: dict[str, float]
    trials: list[Trial] = field(default_factory=list)
    cpu_seconds: dict[str, float] = field(default_factory=dict)
    cpu_looks: dict[str, int] = field(default_factory=dict)
    size: tuple[int, int] = (0, 0)
    tiles: list[Tile] = field(default_factory=list)


class Bench:
    """Every judge on one camera, and again on a part of its view that can be turned."""

    def __init__(self, plan: Plan, camera: Camera, makes: Mapping[str, Make]) -> None:
        self._plan, self._camera = plan, camera
        self._judges: dict[str, Judge] = {name: make() for name, make in makes.items()}
        self._viewers: dict[str, Judge] = {name: make() for name, make in makes.items()}
        self._faults = [fault for fault in FAULTS if not plan.faults or fault.name in plan.faults]
        self._turns = any(fault.name == "moved" for fault in self._faults)
        self._told = time.monotonic()
        parts = {part: camera.of(part) for part in Part}
        self.result = Result(
            camera.name,
            camera.tuned_on,
            {part.value: len(moments) for part, moments in parts.items()},
            {
                part.value: (moments[-1].at - moments[0].at) / 86_400.0 if len(moments) > 1 else 0.0
                for part, moments in parts.items()
            },
        )

    def run(self) -> Result:
        """All moments in order: judged, then learned of; faults are judged in between and never learned of."""
        sampled = self._sampled()
        before: tuple[float, Image] | None = None
        moments = [each for each in self._camera.moments if not (self._plan.until_tuned and each.part is Part.SAME)]
        for number, moment in enumerate(moments):
            self._tell(number, len(moments))
            shown = moment.load()
            image = shown[-1].image
            if image is None:
                continue
            gap_seconds = self._camera.gap_seconds if len(shown) > 1 else 0.0
            look = Look(moment.at, shown, gap_seconds, before, self._burst(number, moment, image))
            self.result.size = (image.shape[1], image.shape[0])
            if moment.part is not Part.LEARNING:
                self._clean(moment, look)
                if moment.name in sampled:
                    self._faulty(moment, shown, before)
            for judge in self._judges.values():
                judge.learn(look)
            if self._turns and (number % VIEW_LEARNS == 0 or moment.name in sampled):
                for judge in self._viewers.values():
                    judge.learn(view(moment, image))
            before = (moment.at, image)
        return self.result

    def _burst(self, number: int, moment: Moment, image: Image) -> Film:
        """The pictures that follow: of a clip its own; of a camera of stills, in the time of learning, made of them."""
        if moment.part is Part.LEARNING and number % BURST_LEARNS:
            return None
        if moment.follow is not None:
            return instants(moment.follow())
        return standing_row(moment, image, self._plan.seed) if moment.part is Part.LEARNING else None

    def _sampled(self) -> set[str]:
        """The moments into which faults are put, evenly spread over each part."""
        most = self._plan.samples[1 if self._camera.gap_seconds else 0]
        parts = [Part.TUNING, Part.SAME, Part.UNSEEN]
        chosen: set[str] = set()
        for part in parts:
            usable = [moment.name for moment in self._camera.of(part) if not moment.real]
            if usable:
                chosen |= {usable[int(at)] for at in np.linspace(0, len(usable) - 1, min(most, len(usable)))}
        return chosen

    def _clean(self, moment: Moment, look: Look) -> None:
        opinions = {}
        for name, judge in self._judges.items():
            used = time.process_time()
            opinions[name] = judge.judge(look)
            used = time.process_time() - used
            self.result.cpu_seconds[name] = self.result.cpu_seconds.get(name, 0.0) + used
            self.result.cpu_looks[name] = self.result.cpu_looks.get(name, 0) + 1
        night = cameras.light(look.shown[-1]).night
        for name, opinion in opinions.items():
            self._note(moment, "", "", name, opinion, night=night)
        first = next(iter(opinions))
        if opinions[first].fault and len(self.result.tiles) < MOST_TILES and look.last is not None:
            self.result.tiles.append(tile(look.last, moment.name, opinions[first], moment.real))

    def _faulty(self, moment: Moment, shown: tuple[Shown, ...], before: tuple[float, Image] | None) -> None:
        image = shown[-1].image
        assert image is not None
        light = cameras.light(shown[-1])
        for way, look in sound(self._camera, moment, image, before, self._plan.seed).items():
            self._ask(moment, way, "", look, self._judges, night=light.night)
        for fault in self._faults:
            if not applies(fault, self._camera, light):
                continue
            if fault.name == "moved":
                self._ask(moment, "nothing (view)", "", view(moment, image), self._viewers, night=light.night)
            self._strengths(fault, moment, image, before, night=light.night)

    def _strengths(
        self, fault: Fault, moment: Moment, image: Image, before: tuple[float, Image] | None, *, night: bool
    ) -> None:
        judges = self._viewers if fault.name == "moved" else self._judges
        for strength, label in enumerate(STRENGTHS):
            look = inject(fault, strength, self._camera, moment, image, before, self._plan.seed)
            if look is not None:
                self._ask(moment, fault.name, label, look, judges, night=night)

    def _ask(
        self, moment: Moment, fault: str, strength: str, look: Look, judges: Mapping[str, Judge], *, night: bool
    ) -> None:
        for name, judge in judges.items():
            self._note(moment, fault, strength, name, judge.judge(look), night=night)

    def _note(self, moment: Moment, fault: str, strength: str, judge: str, opinion: Opinion, *, night: bool) -> None:
        self.result.trials.append(
            Trial(
                self._camera.name, moment.part.value, fault, strength, judge, moment.name, moment.at, night,
                opinion.fault, {name: round(score, 2) for name, score in opinion.scores.items()}, opinion.unjudged,
                opinion.area, moment.real,
            )
        )  # fmt: skip

    def _tell(self, number: int, of: int) -> None:
        if time.monotonic() - self._told > TELL_SECONDS:
            self._told = time.monotonic()
            sys.stderr.write(f"  {self._camera.name}: {number} of {of}\n")


def measure(path: Path, plan: Plan) -> Result | str:
    """Run the plan on one camera, in a process of its own; a text says why it could not be."""
    from tests.benchmarks.frames.judges import make

    cv2.setNumThreads(1)
    try:
        camera = cameras.load(path, plan.thin)
    except (OSError, ValueError, Garbled, NoFootage) as error:
        return f"{path.name}: {error}"
    bench = Bench(plan, camera, {name: make(where) for name, where in plan.judges.items()})
    try:
        return bench.run()
    except (OSError, av.FFmpegError) as error:  # damaged, as it turns out; the other cameras' results are not lost
        return f"{path.name}: {error}"


def cpu_ms(path: Path, plan: Plan, looks: int = 5) -> dict[str, float]:
    """Milliseconds of processor time of one look at 1920×1080 after decoding, each judge; the median."""
    from tests.benchmarks.frames.codec import through
    from tests.benchmarks.frames.image import chance
    from tests.benchmarks.frames.judges import make

    cv2.setNumThreads(1)
    camera = cameras.load(path, plan.thin)
    judges = {name: make(where)() for name, where in plan.judges.items()}
    taken: dict[str, list[float]] = {name: [] for name in judges}
    few = camera.moments[:: max(1, len(camera.moments) // 30)][: 25 + looks]
    for number, moment in enumerate(few):
        image = moment.load()[-1].image
        if image is None:
            continue
        large = np.asarray(cv2.resize(image, (1920, 1080), interpolation=cv2.INTER_CUBIC), np.uint8)
        look = Look(moment.at, through("h264", [large], chance(number)), GAP_SECONDS)
        for name, judge in judges.items():
            if number >= len(few) - looks:
                used = time.process_time()
                judge.judge(look)
                taken[name].append((time.process_time() - used) * 1000)
            judge.learn(look)
    return {name: float(np.median(each)) for name, each in taken.items() if each}
