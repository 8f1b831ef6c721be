"""Is every channel held to the contract, and is it said where the channels cannot be told apart?"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from probes.nvr.facts import Channel, Footage
from probes.nvr.retention import judge
from probes.observation import Value

NOW = datetime(2026, 11, 26, 12)  # noqa: DTZ001 - a recorder names no zone
CHANNELS = {"1": Channel("Gate", state="online"), "2": Channel("Hall", state="offline"), "3": Channel(state="offline")}


def kept(days: float | None, *, told: bool = True, of_all: bool = False) -> Footage:
    oldest = None if days is None else NOW - timedelta(days=days)
    return Footage(NOW, oldest, frozenset() if told else None, of_all=of_all)


@pytest.mark.parametrize(
    ("footage", "expected"),
    [
        ({"1": kept(400), "2": kept(31)}, {"retention": "enough", "channels_short": 0, "worst_channel": "2 (Hall)"}),
        ({"1": kept(400), "2": kept(3)},
         {"retention": "short", "channels_judged": 2, "channels_short": 1, "worst_channel": "2 (Hall)",
          "worst_seconds": 3 * 86_400, "oldest_footage_seconds": 400 * 86_400, "retention_basis": "channels"}),
        ({"1": kept(29), "2": kept(29)}, {"retention": "enough"}),
        ({"1": kept(None), "2": kept(90)}, {"retention": "short", "worst_channel": "1 (Gate)", "worst_seconds": 0}),
        ({"1": kept(90), "3": kept(None)}, {"retention": "enough", "channels_judged": 1}),
        ({"1": kept(90), "2": kept(None, told=False)}, {"retention": "enough", "channels_judged": 1}),
        ({"1": kept(20, told=False, of_all=True), "2": kept(20, told=False, of_all=True)},
         {"retention": "short", "retention_basis": "total", "oldest_footage_seconds": 20 * 86_400}),
        ({"1": kept(None, told=False)}, {"retention": "not_told"}),
        ({"gone": kept(3), "1": kept(90)}, {"retention": "enough", "channels_judged": 1}),
        ({}, {"retention": "not_told"}),
    ],
)  # fmt: skip
def test_judges_each_channel(footage: dict[str, Footage], expected: dict[str, Value]) -> None:
    found = judge(footage, CHANNELS, 30, done=True)
    assert {name: found.get(name) for name in expected} == expected
    if found.get("retention_basis") == "total":
        assert "channels_short" not in found


def test_what_is_not_asked_or_not_yet_known_is_not_judged() -> None:
    assert judge({"1": kept(1)}, CHANNELS, None, done=True)["retention"] == "not_asked"
    assert judge({"1": kept(1)}, CHANNELS, 30, done=False)["retention"] == "not_yet"
