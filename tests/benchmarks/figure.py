"""What was measured, what is the goal, and how do others do?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Rival:
    """Another way to do the same. `known` figures are from literature or elsewhere, the others of this very run."""

    name: str
    value: float
    known: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of ours. `note` says under which load it was measured."""

    name: str
    value: float
    unit: str
    goal: float | None = None
    rivals: tuple[Rival, ...] = ()
    note: str = ""
    more_is_better: bool = False

    @property
    def met(self) -> bool | None:
        """Is the goal met? None without one."""
        if self.goal is None:
            return None
        return self.value >= self.goal if self.more_is_better else self.value <= self.goal

    def ratio(self, rival: Rival) -> float:
        """How many times as good as the rival is ours: above 1 we are better."""
        ours, theirs = max(self.value, 1e-12), max(rival.value, 1e-12)
        return ours / theirs if self.more_is_better else theirs / ours

    def as_json(self) -> dict[str, Any]:
        """Everything, with the ratios."""
        rivals = [asdict(rival) | {"ratio": round(self.ratio(rival), 3)} for rival in self.rivals]
        return asdict(self) | {"met": self.met, "rivals": rivals}


def table(figures: Sequence[Figure]) -> str:
    """The figures for people; each rival on a line of its own."""
    lines = []
    for figure in figures:
        goal = "" if figure.goal is None else f"{'≥' if figure.more_is_better else '≤'} {_short(figure.goal)}"
        verdict = {True: "met", False: "MISSED", None: ""}[figure.met]
        lines.append(
            f"{figure.name:52} {_short(figure.value):>9} {figure.unit:14} {goal:>10}  {verdict:6} {figure.note}"
        )
        for rival in figure.rivals:
            source = "known" if rival.known else "here"
            lines.append(f"    {rival.name:48} {_short(rival.value):>9} {source:>14} {figure.ratio(rival):>9.1f}×")
    return "\n".join(lines)


def _short(value: float) -> str:
    if value >= 1_000:
        return f"{value:,.0f}"
    return f"{value:.3g}"
