"""The clock, the deadlines, the daemon's own health, and what systemd is told."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest

from monitor.engine import selfwatch as selfwatch_module
from monitor.engine import systemd
from monitor.engine.clock import SteadyClock
from monitor.engine.deadlines import Deadlines
from monitor.engine.live import Health, Stats
from monitor.engine.selfwatch import SelfWatch
from probes.observation import Observation
from ticketing.desk import open_ticket
from ticketing.policies import ServiceTargets
from ticketing.ticket import Fingerprint, Severity


class Hands:
    def __init__(self) -> None:
        self.wall, self.monotonic = 1_000.0, 5.0

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.monotonic += seconds


def test_the_clock_runs_on_when_somebody_sets_it() -> None:
    hands = Hands()
    clock = SteadyClock(lambda: hands.wall, lambda: hands.monotonic)
    hands.pass_by(10.0)
    assert clock() == pytest.approx(1_010.0)
    assert clock.jumped() == 0.0
    hands.wall += 3_600.0
    assert clock() == pytest.approx(1_010.0)  # until the jump is noticed, in one place
    assert clock.jumped() == pytest.approx(3_600.0)
    assert clock() == pytest.approx(4_610.0)
    hands.wall -= 7_200.0
    assert clock.jumped() == pytest.approx(-7_200.0)
    hands.wall += 0.5  # slewed
    assert clock.jumped() == 0.0
    assert clock() == pytest.approx(hands.wall)


async def test_a_deadline_passes_once_and_a_met_one_never() -> None:
    now = monotonic()
    passed: list[int] = []
    deadlines = Deadlines(monotonic, passed.append, lambda: 60.0)

    def ticket(number: int, seconds: float):  # type: ignore[no-untyped-def]
        targets = ServiceTargets(seconds, None, None)
        fingerprint = Fingerprint("s", f"cam-{number}", "", "f")
        return open_ticket(number, fingerprint, Severity.URGENT, targets, now, since=now, facts={}).ticket

    running = asyncio.create_task(deadlines.run())
    await asyncio.sleep(0)
    deadlines.note_all([ticket(1, 0.2), ticket(2, 0.2), ticket(3, 60.0)])
    two = ticket(2, 0.2)
    deadlines.note(replace(two, response=replace(two.response, met_at=now)))
    await asyncio.sleep(0.5)
    running.cancel()
    assert passed == [1]


def test_its_own_health_is_an_observation() -> None:
    stats, health = Stats(), Health()
    since: list[float | None] = [None]
    watch = SelfWatch(
        stats,
        health,
        now=lambda: 1_000.0,
        jumped=lambda: 0.0,
        database_trouble_since=lambda: since[0],
        sink=lambda look: None,
        on_jump=lambda seconds: None,
    )
    values = watch.look().values
    assert values["database_writable"] is True
    assert values["local_trouble_ratio"] == 0.0
    stats.looks["icmp", "ok"] += 30
    stats.looks["icmp", "local"] += 10
    stats.looks["frame", "bug"] += 2
    stats.decode_deaths += 3
    since[0] = 940.0
    values = watch.look(jump_seconds=-90.0).values
    assert values["database_writable"] is False
    assert values["database_trouble_seconds"] == 60.0
    assert values["local_trouble_ratio"] == pytest.approx(10 / 42)
    assert values["probe_bugs"] == 2
    assert values["decode_deaths"] == 3
    assert values["clock_jump_seconds"] == -90.0
    assert not health.ready


async def test_it_looks_at_itself_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selfwatch_module, "EVERY_SECONDS", 0.02)
    seen: list[Observation] = []
    jumps: list[float] = []
    watch = SelfWatch(
        Stats(),
        Health(),
        now=lambda: 1_000.0,
        jumped=lambda: 5.0,
        database_trouble_since=lambda: None,
        sink=seen.append,
        on_jump=jumps.append,
    )
    task = asyncio.create_task(watch.run())
    await asyncio.sleep(0.2)
    task.cancel()
    assert len(seen) >= 2
    assert jumps[0] == 5.0


async def test_systemd_hears_of_progress_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "60000")
        systemd.notify("READY=1", "STATUS=watching")
        assert manager.recv(1_000) == b"READY=1\nSTATUS=watching"
        systemd.reloading()
        assert manager.recv(1_000).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
        last = [monotonic()]
        task = asyncio.create_task(systemd.feed_watchdog(lambda: last[0]))
        await asyncio.sleep(0.1)
        assert manager.recv(1_000) == b"WATCHDOG=1"
        last[0] -= 60.0
        await asyncio.sleep(0.1)
        while True:
            try:
                manager.recv(1_000)
            except BlockingIOError:
                break
        await asyncio.sleep(0.1)
        with pytest.raises(BlockingIOError):
            manager.recv(1_000)
        task.cancel()


def test_without_a_service_manager_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    systemd.notify("READY=1")
