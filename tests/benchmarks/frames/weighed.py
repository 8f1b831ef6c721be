"""What do the rules name right alone, and what together with a second opinion?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from probes.frame.faults import HEALTHY, Verdict
from probes.frame.forest import Forest
from probes.frame.opinion import form, weigh
from tests.benchmarks.frames.faults import FAULTS, STRENGTHS
from tests.benchmarks.frames.notes import Kind, Note


@dataclass(frozen=True, slots=True)
class _Trial:
    """A note, and what is told of it: `alone` by the rules, `both` with the opinion."""

    note: Note
    both: Verdict

    @property
    def alone(self) -> Verdict:
        return self.note.said


def compare(notes: Sequence[Note], forests: Mapping[str, Forest], asked: NDArray[np.intp]) -> str:
    """A report for people. `forests`: camera → one grown without it; `asked`: the traits it asks for."""
    trials = [_Trial(note, with_opinion(note, forests[note.camera], asked)) for note in notes]
    return "\n".join([*_faults(trials), "", *_clean(trials)])


def with_opinion(note: Note, forest: Forest, asked: NDArray[np.intp]) -> Verdict:
    """What production would tell."""
    opinion = form((vector[asked] for vector in note.vectors), forest, note.flat_share)
    return note.said if opinion is None else weigh(note.judged, opinion, {}, recognised=note.recognised).verdict


def _faults(trials: Sequence[_Trial]) -> Iterator[str]:
    heads = "".join(f"{strength:>26}" for strength in STRENGTHS)
    yield f"{'rules → with opinion, %':24}{heads}{'other ways':>26}"
    yield f"{'':24}" + f"{'named right (found)':>26}" * 4
    faulty = [trial for trial in trials if trial.note.fault]
    for fault in FAULTS:
        mine = [trial for trial in faulty if trial.note.fault == fault.name]
        if mine:
            yield f"  {fault.name:22}{_cells(mine)}"
    yield f"  {'all':22}{_cells(faulty)}"


def _cells(mine: Sequence[_Trial]) -> str:
    bench = [trial for trial in mine if trial.note.kind is Kind.BENCH]
    groups = [[trial for trial in bench if trial.note.strength == number / 2] for number in range(len(STRENGTHS))]
    groups.append([trial for trial in mine if trial.note.kind is Kind.WAY])
    return "".join(f"{_cell(group):>26}" for group in groups)


def _cell(group: Sequence[_Trial]) -> str:
    if not group:
        return "–"
    right = [(trial.alone in trial.note.truth, trial.both in trial.note.truth) for trial in group]
    return f"{_arrow(right)} ({_arrow(_alarmed(group))})"


def _alarmed(group: Sequence[_Trial]) -> list[tuple[bool, bool]]:
    return [(trial.alone not in HEALTHY, trial.both not in HEALTHY) for trial in group]


def _arrow(pairs: Sequence[tuple[bool, bool]], digits: int = 0) -> str:
    alone, both = np.mean(pairs, axis=0) * 100
    return f"{alone:.{digits}f} → {both:.{digits}f}"


def _clean(trials: Sequence[_Trial]) -> Iterator[str]:
    sound = [trial for trial in trials if not trial.note.fault]
    yield f"{'clean pictures alarmed, %':36}{'pictures':>10}{'rules → with opinion':>24}"
    for camera in sorted({trial.note.camera for trial in sound}):
        mine = [trial for trial in sound if trial.note.camera == camera and trial.note.kind is Kind.CLEAN]
        if mine:
            yield _line(camera, mine)
    for kind in (Kind.CLEAN, Kind.ANEW):
        mine = [trial for trial in sound if trial.note.kind is kind]
        if mine:
            yield _line("all" if kind is Kind.CLEAN else "all, harmlessly changed", mine)


def _line(title: str, mine: Sequence[_Trial]) -> str:
    told = Counter(trial.both for trial in mine if trial.both not in HEALTHY)
    what = " ".join(f"{fault}×{count}" for fault, count in told.most_common(3))
    return f"  {title[:34]:34}{len(mine):>10}{_arrow(_alarmed(mine), 1):>24}  {what}".rstrip()
