"""What is noted of each trial from which trees are grown, and how is it kept in a file?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from probes.frame.faults import Verdict
from probes.frame.job import Judged, Shift
from probes.frame.judge import RECOGNISED
from probes.frame.traits import NAMES, SCORED
from tests.benchmarks.frames.faults import BY_NAME

_SCORES: Final = {fault: NAMES.index(f"r:{fault}") for fault in SCORED}
_QUALITY: Final = NAMES.index("a:quality")
_FLAT_SHARE: Final = NAMES.index("m:flat_share")


class Kind(StrEnum):
    """Where a picture comes from."""

    CLEAN = "clean"
    ANEW = "anew"  # clean, but encoded anew, most of them after a harmless change
    BENCH = "bench"  # with a fault, as the bench draws it
    WAY = "way"  # … in another way


@dataclass(frozen=True, slots=True)
class Note:
    """`fault`: of `faults.FAULTS`, "" in clean pictures; `strength`: 0 mild, 0.5 medium, 1 strong.

    `vectors`: float32[slots, len(traits.NAMES)], the likeliest slot first; none while nothing was learned of the camera
    or fixed thresholds say it all. `said`, `unjudged`: what the rules made of it; `match`: how well the movement that
    they found explains the picture, 0 without one.
    """

    camera: str
    kind: Kind
    fault: str
    strength: float
    vectors: NDArray[np.float32]
    said: Verdict
    unjudged: tuple[str, ...]
    match: float = 0.0

    @property
    def truth(self) -> tuple[str, ...]:
        """What it is rightly called, the best first."""
        return BY_NAME[self.fault].names if self.fault else (Verdict.OK,)

    @property
    def judged(self) -> Judged:
        """What the rules found, as far as a second opinion asks for it."""
        first = self.vectors[0] if len(self.vectors) else np.full(len(NAMES), -1.0)
        scores = {fault: float(first[at]) for fault, at in _SCORES.items() if first[at] >= 0}
        shift = Shift(0.0, 0.0, 0.0, 1.0, self.match) if self.match else None
        return Judged(self.said, {}, scores, self.unjudged, shift=shift)

    @property
    def recognised(self) -> bool:
        """Is the view seen, however badly?"""
        return len(self.vectors) > 0 and float(self.vectors[0][_QUALITY]) >= RECOGNISED

    @property
    def flat_share(self) -> float:
        """As in `Measures`; 0 where the opinion would not be asked."""
        return float(self.vectors[0][_FLAT_SHARE]) if len(self.vectors) else 0.0


def write(path: Path, notes: Sequence[Note]) -> None:
    """An npz file."""
    np.savez_compressed(
        path,
        names=np.array(NAMES),
        camera=np.array([note.camera for note in notes]),
        kind=np.array([note.kind.value for note in notes]),
        fault=np.array([note.fault for note in notes]),
        strength=np.array([note.strength for note in notes], np.float32),
        said=np.array([note.said.value for note in notes]),
        unjudged=np.array([" ".join(note.unjudged) for note in notes]),
        match=np.array([note.match for note in notes], np.float32),
        counts=np.array([len(note.vectors) for note in notes], np.int8),
        vectors=np.concatenate([np.empty((0, len(NAMES)), np.float32), *(note.vectors for note in notes)]),
    )


def read(paths: Iterable[Path]) -> list[Note]:
    """The notes of all these files, in order. ValueError if one was written when other traits were known."""
    notes: list[Note] = []
    for path in sorted(paths):
        with np.load(path, allow_pickle=False) as file:
            if tuple(file["names"]) != NAMES:
                raise ValueError(f"{path} holds other traits than probes.frame.traits tells now; collect it anew")
            vectors = np.split(file["vectors"], np.cumsum(file["counts"])[:-1])
            columns = (
                file[name].tolist() for name in ("camera", "kind", "fault", "strength", "said", "unjudged", "match")
            )
            notes += [
                Note(camera, Kind(kind), fault, strength, each, Verdict(said), tuple(unjudged.split()), match)
                for camera, kind, fault, strength, said, unjudged, match, each in zip(*columns, vectors, strict=True)
            ]
    return notes
