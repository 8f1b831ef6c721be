"""Rows that come and go: what a device makes up must not grow in the daemon, nor hold it up."""

from __future__ import annotations

import time

from monitor.core import decide
from monitor.core.condition import Key
from monitor.core.decide import MAX_CONDITIONS
from monitor.core.world import World
from probes.observation import Observation, Outcome
from tests.acceptance.plans import plan_of

PLAN = plan_of({"nvr": {"kind": "recorder", "checks": ["reach", "snmp"]}})
NOW = 1_795_000_000.0


def look(at: float, *bad: str, good: tuple[str, ...] = ()) -> Observation:
    rows = {**{key: {"state": "abnormal"} for key in bad}, **{key: {"state": "normal"} for key in good}}
    return Observation("nvr", "snmp", NOW + at, 0.1, Outcome.OK, rows={"disk": rows})


def test_a_suspicion_ends_with_its_row() -> None:
    world = World()
    for turn in range(50):
        decide.observe(PLAN, world, look(turn * 60.0, *(f"{turn}.{row}" for row in range(100))))
    assert sum(map(len, world.conditions.values())) == 100
    decide.observe(PLAN, world, look(3_000.0, good=("1",)))
    assert world.conditions == {}


def test_a_fault_that_was_told_outlives_its_row() -> None:
    """A disk that was pulled out is not a disk that is well."""
    world = World()
    for turn in range(3):
        decide.observe(PLAN, world, look(turn * 60.0, "2", good=("1",)))
        decide.observe(PLAN, world, Observation("nvr", "reach", NOW + turn * 60.0 + 1.0, 0.1, Outcome.OK))
    decide.observe(PLAN, world, look(300.0, good=("1",)))
    assert world.condition(Key("nvr", "disk", "disk/2")).firing
    assert len(world.tickets) == 1


def test_rows_that_are_made_up_are_bounded_and_hide_nothing_of_the_device_itself() -> None:
    world = World()
    longest = 0.0
    for turn in range(24):
        began = time.thread_time()
        decide.observe(PLAN, world, look(turn * 60.0, *(f"{turn // 6}.{row}" for row in range(2_000))))
        longest = max(longest, time.thread_time() - began)
    assert len(world.conditions["nvr"]) == MAX_CONDITIONS
    assert len(world.tickets) <= MAX_CONDITIONS
    assert longest < 20.0  # seconds of processor time, traced by coverage; it was minutes
    for turn in range(3):
        silent = Observation("nvr", "reach", NOW + 2_000 + turn * 60.0, 5.0, Outcome.NO_ANSWER)
        decide.observe(PLAN, world, silent)
    assert world.condition(Key("nvr", "silent")).firing
