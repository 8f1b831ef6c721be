"""A recorder's page in a real browser, on a phone, in both languages: the calendar is drawn, nothing sticks out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from probes.nvr.days import footage_row, hours_covered
from probes.nvr.facts import Channel, Disk, Footage
from probes.nvr.retention import judge
from probes.observation import Observation, Outcome
from tests.integration.test_console_looks import enter, violations
from tests.servers.browser import SCREENSHOTS, Chromium
from tests.servers.console import RunningConsole

DAYS = 30
NAMES = {"1": "Gate 1", "2": "装卸区二号平台 Loading dock two, the long name of it", "3": "Stairs", "4": "Car park"}
TELLS = {
    "en-GB": (
        "2 of 4 channels are kept too short, least of all channel 4 (Car park)",
        "hours missing",
        "on 1 of them hours",
    ),
    "zh-CN": ("4 个通道中有 2 个保存不足，最短的是通道 4 (Car park)", "缺失若干小时", "其中 1 天缺失若干小时"),
}


def look(at: float) -> Observation:
    """Four channels: whole, with a gap of two days, with a gap of hours, and one that was added three days ago."""
    now = datetime(2026, 3, 31, 12)  # noqa: DTZ001 - a recorder names no zone
    begin = now - timedelta(days=40)
    gaps = {
        "1": [(begin, now)],
        "2": [(begin, now - timedelta(days=12)), (now - timedelta(days=9), now)],
        "3": [(now - timedelta(days=20, hours=12), now - timedelta(days=5, hours=4)), (now - timedelta(days=5), now)],
        "4": [(now - timedelta(days=3, hours=12), now)],
    }
    footage = {}
    for number, spans in gaps.items():
        hours = hours_covered(spans, now.date(), DAYS)
        footage[number] = Footage(now, spans[0][0], frozenset(hours), hours)
    channels = {number: Channel(name, "192.0.2.7", "online", recording=True) for number, name in NAMES.items()}
    channels["2"] = Channel(NAMES["2"], "192.0.2.8", "offline")
    disks = {"1": Disk("hdd1", "normal", 8 * 10**12, 10**11), "2": Disk("hdd2", "smart_failed", 8 * 10**12, 0)}
    return Observation(
        "nvr-1", "recorder", at, 0.4, Outcome.OK,
        {"language": "dahua", "channels": 4, **judge(footage, channels, DAYS, done=True)},
        {
            "channel": {number: one.row() for number, one in channels.items()},
            "disk": {key: one.row() for key, one in disks.items()},
            "footage": {number: footage_row(one, DAYS) for number, one in footage.items()},
        },
    )  # fmt: skip


@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
async def test_the_recordings_on_a_phone(console: RunningConsole, chromium: Chromium, language: str) -> None:
    plan = console.live.plan
    asked = replace(plan.checks["nvr-1", "snmp"], name="recorder", probe="recorder")
    console.live.plan = replace(plan, checks={**plan.checks, ("nvr-1", "recorder"): asked})
    console.live.world.saw(look(console.site.now()))
    page = await chromium.open(360, 800, language=language)
    page.set_default_timeout(8_000)
    await enter(page, console)
    await page.goto(console.url + "/devices/nvr-1")
    section = page.locator("#recorder")
    SCREENSHOTS.mkdir(exist_ok=True)
    await section.screenshot(path=SCREENSHOTS / f"recorder-360-{language[:2]}.png")
    text = await section.inner_text()
    assert [words for words in TELLS[language] if words not in text] == []
    drawn = await page.evaluate(
        """() => [...document.querySelectorAll("#recorder svg.days")].map((one) => [...one.querySelectorAll("rect")]
        .filter((rect) => rect.getBoundingClientRect().width > 0).map((rect) => rect.getAttribute("class")))"""
    )
    assert [[kind.removeprefix("day-") for kind in one] for one in drawn] == [
        ["recorded"],
        ["recorded", "partly", "missing", "partly", "recorded"],
        ["before", "recorded", "partly", "recorded"],
        ["before", "recorded"],
    ]
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    assert await violations(page) == []
