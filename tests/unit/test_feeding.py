"""What feeds a device: when may a step of a UPS's load be taken for the device's, and when not?"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core import decide
from monitor.core.feeding import MAX_DARK, MAX_READINGS
from monitor.core.outage import MAX_OUTAGES, Outage, Step, add, feeding
from monitor.core.world import World
from monitor.discovery.feeding import infer_power
from probes.observation import Observation, Outcome
from tests.acceptance.plans import plan_of

START = 1_795_000_000.0
WATTS = {"nvr": 62.0, "sw": 30.0, "far": 40.0}
UPSES = {"ups-a": ("nvr", "sw"), "ups-b": ("far",)}


@dataclass
class Site:
    """A site whose every device is asked every 30 s, and whose UPSs are read every 20 s."""

    noise_watts: float = 2.0
    grain: int = 1
    says_watts: bool = True
    devices: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    now: float = 0.0
    jump_watts: float = 0.0  # of ups-b, for reasons of its own

    def __post_init__(self) -> None:
        more = {name: {"kind": "recorder" if name == "nvr" else "switch"} for name in WATTS}
        upses = {name: {"kind": "ups", "checks": ["reach", "snmp"]} for name in UPSES}
        self.plan = plan_of({**more, **upses, **self.devices})
        self.world = World()
        self.off: set[str] = set()
        self.hidden: set[str] = set()
        self.random = random.Random(7)

    def run(self, minutes: float) -> None:
        until = self.now + minutes * 60.0
        while self.now < until:
            self.now += 10.0
            if self.now % 20.0 == 0.0:
                for ups, fed in UPSES.items():
                    self.read(ups, 400.0 + sum(WATTS[one] for one in fed if one not in self.off))
            if self.now % 30.0 == 0.0:
                for name in self.plan.devices:
                    if self.plan.devices[name].kind != "ups":
                        dark = name in self.off or name in self.hidden
                        self.look(name, "reach", Outcome.NO_ANSWER if dark else Outcome.OK)

    def read(self, ups: str, watts: float) -> None:
        watts += self.jump_watts if ups == "ups-b" else 0.0
        told = round((watts + self.random.gauss(0.0, self.noise_watts)) / self.grain) * self.grain
        self.look(ups, "snmp", Outcome.OK, **({"power_watts": told} if self.says_watts else {"load_percent": 40}))

    def look(self, name: str, check: str, outcome: Outcome, **values: Any) -> None:
        decide.observe(self.plan, self.world, Observation(name, check, START + self.now, 1.0, outcome, values))

    def outage(self, *names: str, minutes: float = 12.0) -> None:
        self.off |= set(names)
        self.run(minutes)
        self.off -= set(names)
        self.run(40.0)

    def feeds(self) -> dict[str, str]:
        outages = [one for kept in self.world.outages.values() for one in kept]
        return {one.device: one.parent for one in infer_power(self.plan.devices, outages)}


def test_three_outages_show_what_feeds_a_device() -> None:
    site = Site()
    site.run(40.0)
    for number in range(3):
        assert site.feeds() == {}, number  # fewer prove nothing
        site.outage("nvr")
    assert site.feeds() == {"nvr": "ups-a"}
    found = infer_power(site.plan.devices, site.world.outages["nvr"])[0]
    assert (found.link, found.standing, len(found.evidence)) == ("power", "new", 3)
    assert all(abs((one.fell_watts or 0.0) - WATTS["nvr"]) < 12.0 for one in found.evidence)
    assert all(720.0 - 60.0 < (one.back_at or 0.0) - (one.dark_at or 0.0) < 720.0 + 60.0 for one in found.evidence)


def test_one_outage_without_a_step_speaks_against_it() -> None:
    site = Site()
    site.run(40.0)
    for _ in range(3):
        site.outage("nvr")
    site.hidden = {"nvr"}  # its cable was pulled, and the load did not move
    site.run(12.0)
    site.hidden = set()
    site.run(40.0)
    assert site.feeds() == {}


def test_a_device_whose_agent_ran_on_was_not_without_power() -> None:
    site = Site()
    site.run(40.0)
    for _ in range(3):
        site.outage("nvr")
    site.hidden = {"nvr"}
    site.run(12.0)
    site.hidden = set()
    site.run(2.0)
    site.look("nvr", "snmp", Outcome.OK, uptime_seconds=10_000.0)
    site.run(10.0)
    assert site.feeds() == {"nvr": "ups-a"}


def test_two_that_go_dark_together_prove_nothing() -> None:
    site = Site()
    site.run(40.0)
    for _ in range(4):
        site.outage("nvr", "far")
    assert site.world.outages == {}


def test_what_is_only_hidden_behind_a_switch_does_not_disturb() -> None:
    site = Site(devices={"cam": {"parent": "sw", "port": "Gi1/0/3"}})
    site.run(40.0)
    for _ in range(3):
        site.hidden = {"cam"}
        site.off = {"sw"}
        site.run(12.0)
        site.hidden, site.off = set(), set()
        site.run(40.0)
    assert site.feeds() == {"sw": "ups-a"}


def test_a_camera_that_a_port_feeds_shows_what_feeds_its_switch() -> None:
    site = Site(devices={"cam": {"parent": "sw", "port": "1.3"}})
    rows = {"poe_port": {"1.3": {"detect": "delivering"}}}
    decide.observe(site.plan, site.world, Observation("sw", "snmp", START, 0.1, Outcome.OK, {}, rows))
    site.run(40.0)
    WATTS["cam"] = 12.0
    try:
        for _ in range(3):
            site.hidden = {"cam"}
            self_watts, WATTS["sw"] = WATTS["sw"], WATTS["sw"] - WATTS["cam"]
            site.run(12.0)
            site.hidden, WATTS["sw"] = set(), self_watts
            site.run(40.0)
    finally:
        del WATTS["cam"]
    assert site.feeds() == {"sw": "ups-a"}
    assert {one.seen_by for one in site.world.outages["sw"]} == {"cam"}


@pytest.mark.parametrize("site", [Site(noise_watts=40.0), Site(grain=100), Site(says_watts=False)], ids=str)
def test_a_load_that_is_too_restless_or_too_coarse_proves_nothing(site: Site) -> None:
    site.run(60.0)
    for _ in range(5):
        site.outage("nvr")
    assert site.feeds() == {}


def test_a_lost_ping_is_no_outage() -> None:
    site = Site()
    site.run(40.0)
    for _ in range(3):
        site.look("nvr", "reach", Outcome.NO_ANSWER)
        site.run(40.0)
    assert site.world.outages == {}
    assert not site.world.feeding.dark


def test_chance_names_no_ups() -> None:
    """A load that jumps now and then, and devices on the mains that fail now and then."""
    for seed in range(8):
        site = Site(noise_watts=5.0)
        site.random = chance = random.Random(seed)
        for _ in range(40):
            if chance.random() < 0.3:
                site.jump_watts = chance.choice((0.0, 62.0, 80.0))
            site.hidden = {"nvr"} if chance.random() < 0.3 else set()
            site.run(10.0)
        assert site.feeds() == {}


def test_memory_is_bounded_however_many_go_dark() -> None:
    many = {f"d{number}": {} for number in range(MAX_DARK + 50)}
    site = Site(devices=many)
    site.run(12.0)
    site.off = set(many)
    site.run(6.0)
    assert len(site.world.feeding.dark) <= MAX_DARK
    site.off = set()
    site.run(8.0)
    memory = site.world.feeding
    assert len(memory.dark) == 0
    assert len(memory.past) <= MAX_DARK
    assert all(len(readings) <= MAX_READINGS for readings in memory.loads.values())
    assert site.world.outages == {}


def test_what_is_no_longer_watched_is_forgotten() -> None:
    site = Site()
    site.run(40.0)
    site.outage("nvr")
    site.off = {"far"}
    site.run(2.0)
    without = plan_of({"sw": {"kind": "switch"}})
    decide.reload(without, site.world, START + site.now)
    assert (site.world.feeding.loads, site.world.feeding.dark, site.world.outages) == ({}, {}, {})


def outage(at: float, *steps: Step, by: str = "nvr") -> Outage:
    return Outage("nvr", by, at, at + 600.0, steps)


def test_two_upses_or_sizes_that_differ_are_no_answer() -> None:
    good = Step("a", 60.0, 58.0, 8.0)
    times = (0.0, 5_000.0, 10_000.0)
    assert feeding(outage(at, good) for at in times) is not None
    assert feeding(outage(at, good, Step("b", 60.0, 58.0, 8.0)) for at in times) is None
    sizes = (30.0, 60.0, 300.0)
    assert feeding(outage(at, Step("a", size, size, 8.0)) for at, size in zip(times, sizes, strict=True)) is None


@given(st.lists(st.floats(0.0, 1e6), max_size=40))
def test_only_the_newest_outages_are_kept_and_none_twice(times: Iterable[float]) -> None:
    kept: tuple[Outage, ...] = ()
    for at in times:
        kept = add(kept, outage(at))
    assert len(kept) <= MAX_OUTAGES
    assert all(later.dark_at - sooner.dark_at >= 600.0 for sooner, later in pairwise(kept))
