"""The wall clock jumps: do hold-downs run on, are messages delivered, and is it said once?"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from monitor.engine import selfwatch
from tests.integration.trouble import AT_ONCE, Site, watched

pytestmark = pytest.mark.timeout(180)
HOUR = 3_600.0


class Wall:
    """A clock on the wall that a test can set."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


def hang_up(wall: Wall, site: Site) -> None:
    """The daemon looks at this one from now on."""
    assert site.daemon is not None
    site.daemon.engine.clock._wall = wall  # the real one cannot be set by a test


@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["forth", "back"])
async def test_a_hold_down_is_as_long_as_ever(jump: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selfwatch, "RECENT_SECONDS", 2.0)
    wall = Wall()
    rules: dict[str, Any] = {"device-silent": AT_ONCE | {"for": "4s", "looks": 2}}
    async with watched(tmp_path / "site", monkeypatch, rules=rules) as site:
        hang_up(wall, site)
        await site.door.shut()
        died = time.monotonic()

        async def is_pending() -> bool:
            return any(one["state"] == "pending" for one in (await site.api("/devices/door"))["conditions"])

        await site.until(is_pending, "the first bad look")
        wall.ahead += jump
        assert f"jumped by {jump:.0f}" in await site.until_trouble("clock")
        assert await site.metric("sitewarden_ready") == 0
        await site.until(lambda: site.told_of("device.silent", "opened"), "the ticket")
        assert 4.0 <= time.monotonic() - died <= 20.0
        ticket = (await site.tickets())["device.silent"][0]
        assert wall() - 30.0 < ticket["since"] <= ticket["opened_at"] <= wall() + 1.0
        await site.goes_on()

        wall.ahead -= jump
        await site.door.open()
        await site.until(lambda: site.told_of("device.silent", "recovered"), "the recovery")
        await site.until_trouble("clock", gone=True)
        await site.until(lambda: site.told_of("monitor.clock", "recovered"), "its own recovery")
        tickets = await site.tickets()
        assert {fault: len(of_fault) for fault, of_fault in tickets.items()} == {"device.silent": 1, "monitor.clock": 1}
        assert site.told_of("monitor.clock", "opened") == 1
        assert await site.ready()


async def test_what_waits_for_delivery_does_not_wait_for_the_hour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message is put off while the clock is an hour ahead; set right, it is delivered soon, not in an hour."""
    wall = Wall()
    async with watched(tmp_path / "site", monkeypatch) as site:
        hang_up(wall, site)
        site.refuses = True
        wall.ahead += HOUR
        await site.until_trouble("clock")
        await site.door.shut()
        await site.until_trouble("outbox")
        wall.ahead -= HOUR
        site.refuses = False
        await site.until(lambda: site.told_of("device.silent", "opened"), "the message")
