"""Is the daemon called late only while it is late?"""

from __future__ import annotations

import pytest

from monitor.engine import selfwatch
from monitor.engine.live import Health, Stats
from monitor.engine.selfwatch import SelfWatch


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(selfwatch, "monotonic", clock)
    return clock


def watch(stats: Stats) -> SelfWatch:
    return SelfWatch(
        stats,
        Health(),
        now=lambda: 0.0,
        jumped=lambda: 0.0,
        database_trouble_since=lambda: None,
        sink=lambda _: None,
        on_jump=lambda _: None,
    )


def start(stats: Stats, count: int, late_seconds: float) -> None:
    for _ in range(count):
        stats.lateness_seconds[stats.lateness_count % len(stats.lateness_seconds)] = late_seconds
        stats.lateness_count += 1


def lateness(clock: Clock, daemon: SelfWatch, seconds: float) -> float:
    clock.now += seconds
    found = daemon.look().values["lateness_p99_seconds"]
    assert isinstance(found, float)
    return found


def test_a_slow_start_is_forgotten_after_a_minute(clock: Clock) -> None:
    stats = Stats()
    daemon = watch(stats)
    assert lateness(clock, daemon, 5) == 0.0
    start(stats, 10, late_seconds=8.0)
    assert lateness(clock, daemon, 5) == 8.0
    for _ in range(20):
        start(stats, 2, late_seconds=0.01)  # a small site: the ring still holds the start
        last = lateness(clock, daemon, 5)
    assert last == 0.01


def test_a_daemon_that_stays_late_stays_so_called(clock: Clock) -> None:
    stats = Stats()
    daemon = watch(stats)
    for _ in range(50):
        start(stats, 700, late_seconds=6.0)  # a large site: more than the ring holds
        assert lateness(clock, daemon, 5) == 6.0


def test_one_late_check_of_a_thousand_is_not_lateness(clock: Clock) -> None:
    stats = Stats()
    daemon = watch(stats)
    start(stats, 1, late_seconds=30.0)
    start(stats, 999, late_seconds=0.0)
    assert lateness(clock, daemon, 5) == 0.0
