"""What do all trials together say?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from tests.benchmarks.frames.cameras import Part
from tests.benchmarks.frames.events import confirm
from tests.benchmarks.frames.faults import BY_NAME, FAULTS, STRENGTHS
from tests.benchmarks.frames.protocol import Result, Trial
from tests.benchmarks.frames.wilson import interval

GOALS: Final = {"mild": 0.90, "medium": 0.97, "strong": 0.99}
CLEAN_GOAL: Final = 0.005
_IN_A_ROW: Final = frozenset({"flicker", "jitter"})
PARTS: Final = (Part.UNSEEN, Part.SAME, Part.TUNING)


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    hits: int
    of: int

    @classmethod
    def count(cls, some: Sequence[bool]) -> Share:
        return cls(sum(some), len(some))

    def __str__(self) -> str:
        if not self.of:
            return f"{'–':>20}"
        low, high = interval(self.hits, self.of)
        return f"{self.hits / self.of:6.1%} [{low:4.0%} –{high:5.0%}]"

    def short(self) -> str:
        return f"{self.hits / self.of:4.0%}" if self.of else "   –"

    def as_json(self) -> dict[str, Any]:
        low, high = interval(self.hits, self.of)
        return {"hits": self.hits, "of": self.of, "low": round(low, 4), "high": round(high, 4)}


def named(trials: Sequence[Trial]) -> Share:
    """Named right."""
    return Share.count([trial.right(BY_NAME[trial.fault].names) for trial in trials])


def detected(trials: Sequence[Trial]) -> Share:
    """Called anything but healthy."""
    return Share.count([bool(trial.said) for trial in trials])


def write(results: Sequence[Result], judges: Sequence[str], cpu: Mapping[str, float]) -> str:
    """The report for people."""
    lines = list(_splits(results))
    trials = [trial for result in results for trial in result.trials]
    for part in PARTS:
        here = [trial for trial in trials if trial.part == part]
        if here:
            lines += ["", f"━━ {part.value} ━━", *_faults(here, judges), *_clean(here, judges, results, part)]
    lines += ["", "CPU after decoding, ms a look, of the footage as it is; at 1920×1080:"]
    for judge in judges:
        used = sum(result.cpu_seconds.get(judge, 0.0) for result in results)
        looks = sum(result.cpu_looks.get(judge, 0) for result in results)
        lines.append(f"  {judge:14} {used / max(looks, 1) * 1000:7.1f} {cpu.get(judge, float('nan')):8.1f}")
    return "\n".join(lines)


def _splits(results: Sequence[Result]) -> Iterator[str]:
    yield f"{'camera':36} {'size':>10} {'learned':>8} {'tuning':>7} {'reported':>9} looks"
    for result in results:
        counts = result.counts
        reported = counts[Part.SAME] + counts[Part.UNSEEN]
        yield (
            f"{result.camera:36} {result.size[0]:>5}×{result.size[1]:<4} {counts[Part.LEARNING]:>8} "
            f"{counts[Part.TUNING]:>7} {reported:>9}  {'thresholds were set on it' if result.tuned_on else ''}"
        )


def _faults(trials: Sequence[Trial], judges: Sequence[str]) -> Iterator[str]:
    ours, others = judges[0], judges[1:]
    heads = "".join(f"{f'{strength}: named right':>22} {'found':>5}" for strength in STRENGTHS)
    yield f"{ours:24}{heads}   day/night"
    mine = [trial for trial in trials if trial.judge == ours]
    for fault in FAULTS:
        these = [trial for trial in mine if trial.fault == fault.name]
        if these:
            yield f"  {fault.name:22}{_row(these)}   {_by_light(these)}   {_confused(these)}"
    injected = [trial for trial in mine if trial.strength]
    yield f"  {'all':22}{_row(injected)}   {_by_light(injected)}"
    if others:
        yield ""
        yield f"{'named right/found, %':24}" + "".join(f"{other:>30}" for other in others)
        for fault in FAULTS:
            cells = [
                _compact([trial for trial in trials if trial.judge == other and trial.fault == fault.name])
                for other in others
            ]
            if any(cell.strip() for cell in cells):
                yield f"  {fault.name:22}" + "".join(f"{cell:>30}" for cell in cells)
    errors = [
        abs(trial.area - BY_NAME[trial.fault].amounts[STRENGTHS.index(trial.strength)])
        for trial in mine
        if trial.fault == "partly covered" and trial.area is not None and trial.right(("partly_covered",))
    ]
    if errors:
        median, most = np.quantile(errors, (0.5, 0.9))
        yield f"  area covered is off by {median:.0%} of the picture (median), {most:.0%} (9 of 10)"


def _row(trials: Sequence[Trial]) -> str:
    each = [[trial for trial in trials if trial.strength == strength] for strength in STRENGTHS]
    return "".join(f"{named(some)!s:>22} {detected(some).short():>5}" for some in each)


def _by_light(trials: Sequence[Trial]) -> str:
    day, night = ([trial for trial in trials if trial.night is dark] for dark in (False, True))
    return f"{named(day).short()}/{named(night).short()}"


def _confused(trials: Sequence[Trial]) -> str:
    """What it was called instead."""
    wrong: dict[str, int] = {}
    for trial in trials:
        if not trial.right(BY_NAME[trial.fault].names):
            said = trial.said or (f"({','.join(trial.unjudged)})" if trial.unjudged else "healthy")
            wrong[said] = wrong.get(said, 0) + 1
    return " ".join(f"{said}×{count}" for said, count in sorted(wrong.items(), key=lambda each: -each[1])[:4])


def _compact(trials: Sequence[Trial]) -> str:
    each = [[trial for trial in trials if trial.strength == strength] for strength in STRENGTHS]
    return "  ".join(f"{named(some).short().strip(' %')}/{detected(some).short().strip()}" for some in each if some)


def _clean(trials: Sequence[Trial], judges: Sequence[str], results: Sequence[Result], part: Part) -> Iterator[str]:
    yield ""
    yield f"{'clean pictures alarmed':24}{'all':>22}{'day':>22}{'night':>22}   not judged   events a camera-day"
    for judge in judges:
        mine = [trial for trial in trials if trial.judge == judge and not trial.strength and not trial.real]
        for title, some in _groups(mine, part, results):
            alarmed = detected(some)
            day = detected([trial for trial in some if not trial.night])
            night = detected([trial for trial in some if trial.night])
            open_ = Share.count([bool(trial.unjudged) and not trial.said for trial in some])
            told = _events(some, results, part) if title != "encoded anew" else ""
            said = _said(some)
            shares = f"{alarmed!s:>14}{day!s:>22}{night!s:>22}"
            yield f"  {judge:12} {title:18}{shares}   {open_.short():>8}   {told}  {said}"
    bursts = [
        trial for trial in trials if trial.judge == judges[0] and not trial.strength and _IN_A_ROW & trial.scores.keys()
    ]
    if bursts:
        wrong = Share.count([trial.said in _IN_A_ROW for trial in bursts])
        yield f"  {judges[0]:12} clean bursts called flickering or shaking: {wrong}"
    real = [trial for trial in trials if trial.real and not trial.fault]
    for judge in judges if real else ():
        found = detected([trial for trial in real if trial.judge == judge])
        yield f"  {judge:12} pictures of the footage that are really faulty, found: {found}"


def _groups(mine: Sequence[Trial], part: Part, results: Sequence[Result]) -> Iterator[tuple[str, list[Trial]]]:
    for result in results:
        some = [trial for trial in mine if not trial.fault and trial.camera == result.camera]
        if some:
            yield result.camera[:18], some
    yield "encoded anew", [trial for trial in mine if trial.fault]


def _events(trials: Sequence[Trial], results: Sequence[Result], part: Part) -> str:
    days = sum(result.days[part] for result in results if result.camera == trials[0].camera)
    events = confirm([(trial.at, trial.said) for trial in trials])
    names = " ".join(sorted({event.fault for event in events}))
    return f"{len(events) / days:.3f} ({len(events)} in {days:.1f} d{': ' + names if names else ''})" if days else ""


def _said(trials: Sequence[Trial]) -> str:
    counts: dict[str, int] = {}
    for trial in trials:
        if trial.said:
            counts[trial.said] = counts.get(trial.said, 0) + 1
    return " ".join(f"{said}×{count}" for said, count in sorted(counts.items(), key=lambda each: -each[1])[:5])


def as_json(results: Sequence[Result], judges: Sequence[str], cpu: Mapping[str, float]) -> dict[str, Any]:
    """Every share, and every trial of a judge that is not as it should be."""
    trials = [trial for result in results for trial in result.trials]
    return {
        "cameras": [
            {"camera": each.camera, "size": each.size, "looks": each.counts, "days": each.days} for each in results
        ],
        "faults": [asdict(fault) | {"change": None, "series": None} for fault in FAULTS],
        "shares": list(_shares(trials, judges)),
        "cpu_ms_1080p": dict(cpu),
        "wrong": [asdict(trial) for trial in trials if trial.judge == judges[0] and _is_wrong(trial)],
    }


def _is_wrong(trial: Trial) -> bool:
    return not trial.right(BY_NAME[trial.fault].names) if trial.strength else bool(trial.said)


def _shares(trials: Sequence[Trial], judges: Sequence[str]) -> Iterator[dict[str, Any]]:
    count: dict[tuple[str, ...], list[Trial]] = {}
    key: Callable[[Trial], tuple[str, ...]] = lambda t: (  # noqa: E731
        t.judge, t.part, t.camera, t.fault, t.strength, "night" if t.night else "day",
    )  # fmt: skip
    for trial in trials:
        if not trial.real:
            count.setdefault(key(trial), []).append(trial)
    for names, some in count.items():
        entry: dict[str, Any] = dict(zip(("judge", "part", "camera", "fault", "strength", "light"), names, strict=True))
        yield (
            entry
            | {"alarmed": detected(some).as_json()}
            | ({"named": named(some).as_json()} if some[0].strength else {})
        )
