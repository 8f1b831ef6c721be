"""Is this really wrong, or only for a moment? Hold-down, hysteresis, clear time and flapping of one condition.

    ok ──bad──▶ pending ──held long enough──▶ firing ──good──▶ clearing ──long enough──▶ ok
                  └──good──▶ ok                  ▲──────bad──────┘

A condition that fires too often is flapping: it stays as if firing until it has been quiet for long.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

FLAP_COUNT = 5  # firings …
FLAP_WINDOW_SECONDS = 3_600.0  # … within this time make it flap
LAPSE_SECONDS = 3_600.0  # for which nobody could tell whether it is still bad
FLAP_QUIET_SECONDS = 1_800.0  # a flapping condition clears only after this long without a bad look


class State(StrEnum):
    """An OK condition is kept only as long as its last firings may still make it flap."""

    OK = "ok"
    PENDING = "pending"
    FIRING = "firing"
    CLEARING = "clearing"
    FLAPPING = "flapping"


FIRING_STATES = frozenset({State.FIRING, State.CLEARING, State.FLAPPING})


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """Which condition: a rule at a device, and the row it speaks of ("" for the device itself)."""

    device: str
    rule: str
    component: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """Where one condition stands. Times are seconds since the epoch."""

    key: Key
    state: State = State.OK
    since: float = 0.0  # start of the first bad look of this episode
    hits: int = 0  # bad looks in a row while pending
    fired_at: float | None = None
    told: bool = False  # a ticket speaks of it; False while it is held back
    held_by: str | None = None  # device (or "check:NAME" of the same device) behind which it is held back
    good_since: float | None = None  # end of the first good look of this clearing
    goods: int = 0
    firings: tuple[float, ...] = ()  # the last FLAP_COUNT

    @property
    def firing(self) -> bool:
        """Firing, clearing or flapping."""
        return self.state in FIRING_STATES

    @property
    def wants_telling(self) -> bool:
        """It is bad, and no ticket speaks of it. One that is on its way to being well is not told any more."""
        return not self.told and self.state in (State.FIRING, State.FLAPPING)


@dataclass(frozen=True, slots=True)
class Holds:
    """How long and how often it must be bad, and good again."""

    for_seconds: float
    looks: int
    clear_for_seconds: float
    clear_looks: int


def step(condition: Condition, bad: bool | None, began: float, ended: float, holds: Holds) -> Condition:
    """The condition after one look that began and ended then.

    `bad` None: it cannot be known, and nothing moves; but what could long have been confirmed and was not is dropped.
    """
    if bad is None:
        lapsed = condition.state is State.PENDING and ended - condition.since >= holds.for_seconds + LAPSE_SECONDS
        return Condition(condition.key, firings=condition.firings) if lapsed else condition
    if condition.state in (State.OK, State.PENDING):
        return _towards_firing(condition, bad, began, ended, holds)
    return _towards_ok(condition, bad, ended, holds)


def _towards_firing(condition: Condition, bad: bool, began: float, ended: float, holds: Holds) -> Condition:
    if not bad:
        if condition.state is State.OK:
            return condition
        return Condition(condition.key, firings=condition.firings)
    since = began if condition.state is State.OK else condition.since
    hits = condition.hits + 1 if condition.state is State.PENDING else 1
    pending = replace(condition, state=State.PENDING, since=since, hits=hits)
    if hits < holds.looks or ended - since < holds.for_seconds:
        return pending
    firings = (*(at for at in condition.firings if ended - at < FLAP_WINDOW_SECONDS), ended)[-FLAP_COUNT:]
    state = State.FLAPPING if len(firings) >= FLAP_COUNT else State.FIRING
    return replace(pending, state=state, fired_at=ended, firings=firings, good_since=None, goods=0)


def _towards_ok(condition: Condition, bad: bool, ended: float, holds: Holds) -> Condition:
    flapping = len(condition.firings) >= FLAP_COUNT
    if bad:
        if condition.state is State.CLEARING or condition.goods:
            state = State.FLAPPING if flapping else State.FIRING
            return replace(condition, state=state, good_since=None, goods=0)
        return condition
    good_since = ended if condition.good_since is None else condition.good_since
    goods = condition.goods + 1
    quiet = FLAP_QUIET_SECONDS if flapping else holds.clear_for_seconds
    if goods >= holds.clear_looks and ended - good_since >= quiet:
        return Condition(condition.key, firings=condition.firings)
    return replace(condition, state=State.CLEARING, good_since=good_since, goods=goods)


def next_look(condition: Condition, holds: Holds, duration_seconds: float) -> float | None:
    """When must the device be asked again so that this condition can decide in time? None: the usual interval will do.

    The looks are spread evenly over what remains; the last one *ends* when the time is up.
    """
    match condition.state:
        case State.PENDING:
            start, length, wanted, done = condition.since, holds.for_seconds, holds.looks, condition.hits
        case State.CLEARING if len(condition.firings) < FLAP_COUNT:
            assert condition.good_since is not None
            start, length, wanted, done = (
                condition.good_since,
                holds.clear_for_seconds,
                holds.clear_looks,
                condition.goods,
            )
        case _:
            return None
    gaps = max(1, wanted - 1)
    return start + length * min(1.0, max(1, done) / gaps) - duration_seconds


def forgotten(condition: Condition, now: float) -> bool:
    """Is this OK condition's past too old to matter?"""
    return not condition.firings or now - condition.firings[-1] > FLAP_WINDOW_SECONDS


def shifted(condition: Condition, seconds: float) -> Condition:
    """The same condition after the wall clock jumped by that much."""
    return replace(
        condition,
        since=condition.since + seconds,
        good_since=None if condition.good_since is None else condition.good_since + seconds,
        firings=tuple(at + seconds for at in condition.firings),
    )
