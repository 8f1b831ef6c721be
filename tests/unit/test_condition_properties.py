"""Whatever the looks: what a condition may and may not do."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.core import condition as conditions
from monitor.core.condition import FLAP_COUNT, LAPSE_SECONDS, Condition, Holds, Key, State

KEY = Key("cam", "silent")
holds = st.builds(
    Holds,
    st.sampled_from([0.0, 20.0, 60.0, 300.0]),
    st.integers(1, 5),
    st.sampled_from([0.0, 30.0, 60.0]),
    st.integers(1, 4),
)
looks = st.lists(
    st.tuples(st.sampled_from([True, False, None]), st.floats(0.1, 900.0), st.floats(0.0, 10.0)), max_size=80
)


def play(
    given_looks: list[tuple[bool | None, float, float]], hold: Holds
) -> list[tuple[bool | None, float, float, Condition]]:
    """(verdict, began, ended, condition afterwards) of every look."""
    now, condition = 1_000.0, Condition(KEY)
    found = []
    for bad, gap, duration in given_looks:
        began = now + gap
        now = began + duration
        condition = conditions.step(condition, bad, began, now, hold)
        found.append((bad, began, now, condition))
    return found


@given(looks, holds)
def test_it_fires_only_after_enough_bad_looks_over_enough_time(given_looks: list, hold: Holds) -> None:  # type: ignore[type-arg]
    bad_run: list[tuple[float, float]] = []
    before = State.OK
    for bad, began, ended, condition in play(given_looks, hold):
        if bad is False or (bad is None and condition.state is State.OK):
            bad_run = []
        elif bad:
            bad_run.append((began, ended))
        if condition.firing and before in (State.OK, State.PENDING):
            assert len(bad_run) >= hold.looks
            assert ended - bad_run[0][0] >= hold.for_seconds
            assert condition.fired_at == ended
            assert condition.since == bad_run[0][0]
        before = condition.state


@given(looks, holds)
def test_it_clears_only_after_enough_good_looks_over_enough_time(given_looks: list, hold: Holds) -> None:  # type: ignore[type-arg]
    good_run: list[float] = []
    before = Condition(KEY)
    for bad, _, ended, condition in play(given_looks, hold):
        if bad:
            good_run = []
        elif bad is False:
            good_run.append(ended)
        if before.firing and condition.state is State.OK:
            assert len(good_run) >= hold.clear_looks
            assert ended - good_run[0] >= hold.clear_for_seconds
        before = condition


@given(looks, holds)
def test_unknown_moves_nothing_and_a_state_is_always_reachable(given_looks: list, hold: Holds) -> None:  # type: ignore[type-arg]
    before = Condition(KEY)
    for bad, _, ended, condition in play(given_looks, hold):
        if bad is None and before.state is State.PENDING and ended - before.since >= hold.for_seconds + LAPSE_SECONDS:
            assert condition == Condition(KEY, firings=before.firings)
        elif bad is None:
            assert condition == before
        assert len(condition.firings) <= FLAP_COUNT
        assert (condition.state is State.PENDING) <= (condition.hits >= 1)
        assert condition.firing <= (condition.fired_at is not None)
        before = condition


@given(holds, st.floats(0.0, 10.0))
def test_looks_asked_again_fire_exactly_when_the_hold_down_ends(hold: Holds, duration: float) -> None:
    """With the looks that it asks for, and the interval as long as you like, nothing is told late."""
    condition = conditions.step(Condition(KEY), True, 1_000.0, 1_000.0 + duration, hold)
    ended = 1_000.0 + duration
    for _ in range(hold.looks + 2):
        again = conditions.next_look(condition, hold, duration)
        if condition.firing:
            break
        assert again is not None
        began = max(again, ended)
        ended = began + duration
        condition = conditions.step(condition, True, began, ended, hold)
    assert condition.firing
    assert ended - 1_000.0 <= max(hold.for_seconds, (hold.looks + 1) * duration) + duration + 1e-6


@given(looks, holds, st.floats(-1e6, 1e6))
def test_a_jump_of_the_clock_changes_nothing_but_the_times(given_looks: list, hold: Holds, jump: float) -> None:  # type: ignore[type-arg]
    played = play(given_looks, hold)
    if not played:
        return
    *_, ended, condition = played[-1]
    moved = conditions.shifted(condition, jump)
    for bad in (True, False):
        here = conditions.step(condition, bad, ended + 50.0, ended + 51.0, hold)
        there = conditions.step(moved, bad, ended + 50.0 + jump, ended + 51.0 + jump, hold)
        assert (here.state, here.hits, here.goods) == (there.state, there.hits, there.goods)
