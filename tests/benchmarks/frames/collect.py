"""`python -m tests.benchmarks.frames.collect FOLDER --out FOLDER`: what do pictures with known faults look like?

Each camera is lived through in order, as the bench does; beside its clean pictures, the traits of pictures with faults
and with harmless changes are noted. A person is simulated who confirms a new view. The rules alone decide what is
learned, so that the notes do not depend on the trees that were grown before.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Final
from unittest import mock

import cv2
import numpy as np
from numpy.typing import NDArray

from probes.errors import Garbled
from probes.frame import assess
from probes.frame.faults import Verdict
from probes.frame.footage import NoFootage
from probes.frame.job import Attached, Seen
from probes.frame.opinion import vectors
from probes.frame.traits import NAMES
from tests.benchmarks.frames import cameras, harmless, ways
from tests.benchmarks.frames.cameras import Camera, Moment, Part
from tests.benchmarks.frames.codec import through
from tests.benchmarks.frames.faults import FAULTS, STRENGTHS, Fault, Layer
from tests.benchmarks.frames.footage import Light
from tests.benchmarks.frames.image import Image, chance
from tests.benchmarks.frames.inject import CODECS, applies, inject, sound, view
from tests.benchmarks.frames.judge import Look
from tests.benchmarks.frames.notes import Kind, Note, write
from tests.benchmarks.frames.osd import paste
from tests.benchmarks.frames.ours import Learned
from tests.benchmarks.frames.pool import each_camera, say
from tests.benchmarks.frames.protocol import VIEW_LEARNS
from tests.benchmarks.frames.view import any_turn, look_through, write_text

MOST_CLEAN: Final = 1500  # pictures of a camera that are noted
LEARNING_NOTED: Final = 4  # every so manieth of the time of learning
CONFIRMED: Final = 6  # looks in a row, after which a person says that the new view is right
HARMLESS: Final = 6  # changes of a chosen moment
MOVED: Final = 3  # times a view is turned at a chosen moment, and as many times changed harmlessly
UNDER_TEXT: Final = 0.5  # of the pictures: there the camera's text is drawn over the fault
LASTING: Final = frozenset(
    {
        Verdict.MOVED, Verdict.COVERED, Verdict.PARTLY_COVERED, Verdict.OBSCURED, Verdict.DARK, Verdict.OVER_EXPOSED,
        Verdict.COLOUR_CAST,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """Into how many moments faults and harmless changes are put, of a camera of days and of a clip.

    `bench`: as the bench draws them, at three strengths; `other`: in other ways; `early`: while little is known.
    """

    seed: int = 1
    bench: tuple[int, int] = (5, 3)
    other: tuple[int, int] = (30, 16)
    early: tuple[int, int] = (4, 2)


class Witness(Learned):
    """The rules without a second opinion, and the traits for which one would have been asked."""

    def __init__(self) -> None:
        super().__init__()
        self._vectors: list[NDArray[np.float32]] = []
        self._seen: Seen | None = None

    def note(self, look: Look, camera: str, kind: Kind, fault: str = "", strength: float = 0.0) -> Note:
        """Judge it."""
        self.judge(look)
        assert self._seen is not None
        found = np.array(self._vectors, np.float32).reshape(-1, len(NAMES))
        judged = self._seen.judged
        match = 0.0 if judged.shift is None else judged.shift.match
        return Note(camera, kind, fault, strength, found, judged.verdict, judged.unjudged, match)

    def _examine(self, look: Look) -> tuple[Seen, Attached]:
        self._vectors = []
        with mock.patch.object(assess, "ask", self._keep):
            self._seen, attached = super()._examine(look)
        return self._seen, attached

    def _keep(self, *of: object) -> None:
        self._vectors = list(vectors(*of))  # type: ignore[arg-type]


class Life:
    """One camera, from its first picture to its last."""

    def __init__(self, camera: Camera, plan: Plan) -> None:
        self._camera, self._plan = camera, plan
        self._rules, self._viewer = Witness(), Witness()  # the latter sees a part of the picture, which can be turned
        self._notes: list[Note] = []
        self._doubted: list[list[Note]] = []
        late = [each for each in camera.moments if each.part is not Part.LEARNING]
        learning = [each for each in camera.moments if each.part is Part.LEARNING]
        self._bench = self._some(late, plan.bench)
        self._other = self._some(late, plan.other) | self._some(learning[len(learning) // 7 :], plan.early)
        every = max(1, -(-len(late) // MOST_CLEAN))
        self._clean = {each.name for each in (*learning[::LEARNING_NOTED], *late[::every])} | self._bench | self._other
        self._faults = [fault for fault in FAULTS if fault.name in ways.WAYS or fault.layer is Layer.VIEW]

    def run(self) -> list[Note]:
        """What is noted of it, in order."""
        before: tuple[float, Image] | None = None
        for number, moment in enumerate(self._camera.moments):
            shown = moment.load()
            image = shown[-1].image
            if image is None:
                continue
            look = Look(moment.at, shown[-1:], before=before)
            noted = [self._rules.note(look, self._camera.name, Kind.CLEAN)]
            said = noted[0].said
            if moment.name not in self._clean or moment.real:
                noted = []
            sampled = moment.name in self._bench | self._other
            if sampled:
                noted += self._faulty(moment, image, before, cameras.light(shown[-1]))
            self._rules.learn(look)
            if sampled or number % VIEW_LEARNS == 0:
                self._viewer.learn(view(moment, image))
            self._live(moment, said, noted)
            before = (moment.at, image)
        return [*self._notes, *chain.from_iterable(self._doubted)]

    def _some(self, moments: Sequence[Moment], most: tuple[int, int]) -> set[str]:
        usable = [each.name for each in moments if not each.real]
        count = min(most[1 if self._camera.gap_seconds else 0], len(usable))
        return {usable[int(at)] for at in np.linspace(0, len(usable) - 1, count)} if count else set()

    def _live(self, moment: Moment, said: Verdict, noted: list[Note]) -> None:
        """What lasts is no fault: a person confirms the new view. It is not noted as clean, nor as faulty."""
        self._doubted.append(noted)
        if said not in LASTING:
            self._notes += chain.from_iterable(self._doubted)
            self._doubted = []
        elif len(self._doubted) >= CONFIRMED:
            self._doubted = []
            self._rules.confirmed_at = self._viewer.confirmed_at = moment.at

    def _faulty(self, moment: Moment, image: Image, before: tuple[float, Image] | None, light: Light) -> list[Note]:
        name, seed = self._camera.name, self._plan.seed
        noted = [self._viewer.note(view(moment, image), name, Kind.ANEW)]
        if moment.part is not Part.LEARNING:
            anew = sound(self._camera, moment, image, before, seed).values()
            noted += [self._rules.note(look, name, Kind.ANEW) for look in anew if look.burst is None]
        noted += self._harmless(moment, image, before)
        for fault in self._faults:
            if not applies(fault, self._camera, light):
                continue
            judge = self._viewer if fault.layer is Layer.VIEW else self._rules
            for strength in range(len(STRENGTHS)) if moment.name in self._bench else ():
                look = inject(fault, strength, self._camera, moment, image, before, seed)
                if look is not None:
                    noted.append(judge.note(look, name, Kind.BENCH, fault.name, strength / 2))
            for number in range(MOVED if fault.layer is Layer.VIEW else 1):
                look, strength = self._otherwise(fault, number, moment, image, before)
                noted.append(judge.note(look, name, Kind.WAY, fault.name, strength))
        return noted

    def _harmless(self, moment: Moment, image: Image, before: tuple[float, Image] | None) -> Iterator[Note]:
        """Of the picture, and of the part of it that can be turned: who knows moved views must know these, too."""
        name = self._camera.name
        for number in range(HARMLESS + MOVED):
            random = chance(self._plan.seed, "harmless", name, moment.name, number)
            codec = CODECS[number % len(CODECS)]
            if number < HARMLESS:
                changed = harmless.change(image, random)
                look = Look(moment.at, through(codec, [changed], random), before=before)
                yield self._rules.note(look, name, Kind.ANEW)
            else:
                seen = write_text(harmless.change(look_through(image), random), moment.at)
                yield self._viewer.note(Look(moment.at, through(codec, [seen], random)), name, Kind.ANEW)

    def _otherwise(
        self, fault: Fault, number: int, moment: Moment, image: Image, before: tuple[float, Image] | None
    ) -> tuple[Look, float]:
        """In another way, at any strength."""
        random = chance(self._plan.seed, "way", self._camera.name, moment.name, fault.name, number)
        codec = CODECS[int(random.integers(len(CODECS)))]
        strength = float(random.random())
        if fault.layer is Layer.VIEW:
            seen = write_text(look_through(image, any_turn(random, strength)), moment.at)
            return Look(moment.at, through(codec, [seen], random)), strength
        changed = ways.change(fault, image, random, strength)
        if fault.layer is Layer.BEFORE and random.random() < UNDER_TEXT:
            changed = paste(changed, self._camera.text, image)
        return Look(moment.at, through(codec, [changed], random), before=before), strength


def collect(path: Path, out: Path, plan: Plan) -> str:
    """Write the notes of one camera into `out`, in a process of its own; says what came out."""
    cv2.setNumThreads(1)
    try:
        camera = cameras.load(path)
    except (OSError, ValueError, Garbled, NoFootage) as error:
        return f"not read: {path.name}: {error}"
    notes = Life(camera, plan).run()
    write(out / f"{camera.name}.npz", notes)
    return f"{camera.name}: {len(notes)} rows"


def main() -> int:
    """0: there are rows now; 2: there is no footage."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.frames.collect", description=__doc__)
    parser.add_argument(
        "folder",
        type=Path,
        nargs="*",
        default=[cameras.SHARED],
        help="each folder of dated pictures, or video, is a camera",
    )
    parser.add_argument("--out", type=Path, required=True, help="where the rows go, a file for each camera")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    options = parser.parse_args()
    paths = [path for folder in options.folder if folder.exists() for path in cameras.find(folder)]
    if not paths:
        say(f"NO FOOTAGE: {', '.join(map(str, options.folder))} is not there, or empty.")
        return 2
    options.out.mkdir(parents=True, exist_ok=True)
    for told in each_camera(paths, partial(collect, out=options.out, plan=Plan(options.seed)), options.workers):
        say(told)
    return 0


if __name__ == "__main__":
    sys.exit(main())
