"""Is the footage of every channel kept for as long as the contract asks?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from probes.nvr.facts import Channel, Channels, Footage
from probes.observation import Value

_DAY: Final = 86_400.0


def judge(
    footage: Mapping[str, Footage], channels: Channels, wanted_days: int | None, *, done: bool
) -> dict[str, Value]:
    """Values of an answer. `done`: every channel has been asked once.

    oldest_footage_seconds (the age of the oldest of all channels), retention (enough, short, not_told, not_asked,
    not_yet), retention_days; where it is judged: retention_basis (channels; total where a recorder tells only the
    oldest of all together), channels_judged, channels_short, and worst_channel and worst_seconds: the one that keeps
    least.
    """
    known = {number: one for number, one in footage.items() if number in channels}
    found: dict[str, Value] = {}
    ages = {number: _age_seconds(one) for number, one in known.items() if one.oldest is not None}
    if ages:
        found["oldest_footage_seconds"] = max(map(int, ages.values()))
    if wanted_days is None:
        return found | {"retention": "not_asked"}
    found["retention_days"] = wanted_days
    if not done:
        return found | {"retention": "not_yet"}
    # the oldest day is overwritten from its beginning while it is the oldest: a day's grace
    least = (wanted_days - 1) * _DAY
    told = {number: age for number, age in ages.items() if not known[number].of_all}
    told |= {number: 0.0 for number, one in known.items() if _is_empty(one) and _is_used(channels[number])}
    if not told:
        if not ages:
            return found | {"retention": "not_told"}
        enough = max(ages.values()) >= least
        return found | {"retention_basis": "total", "retention": "enough" if enough else "short"}
    short = sum(age < least for age in told.values())
    worst = min(told, key=lambda number: told[number])
    name = channels[worst].name
    return found | {
        "retention_basis": "channels",
        "retention": "short" if short else "enough",
        "channels_judged": len(told),
        "channels_short": short,
        "worst_channel": f"{worst} ({name})" if name and name != worst else worst,
        "worst_seconds": int(told[worst]),
    }


def _age_seconds(footage: Footage) -> float:
    assert footage.oldest is not None
    return max(0.0, (footage.now - footage.oldest).total_seconds())


def _is_empty(footage: Footage) -> bool:
    """Does the recorder say that it holds nothing of this channel?"""
    return footage.oldest is None and footage.days is not None


def _is_used(channel: Channel) -> bool:
    """An input to which nothing was ever connected keeps nothing, and owes nothing."""
    return channel.state == "online" or channel.recording is True
