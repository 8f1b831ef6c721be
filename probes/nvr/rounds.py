"""What of a recorder is asked seldom, and what of it is due now?"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterable
from typing import Final

from probes.errors import Denied, Trouble, Unsupported
from probes.nvr.facts import Channels, Disks
from probes.nvr.memory import Known, Round
from probes.tools import trace

RETRY_SECONDS: Final = 900.0  # until a round with gaps, or one that learned of no footage, is begun anew
STEP_SECONDS: Final = 10.0  # for one channel or disk
RECENT_EVERY_SECONDS: Final = 600.0
RECENT_AGAIN_SECONDS: Final = 120.0  # while a channel is not being recorded
_GIVE_UP: Final = 3  # channels in a row of whose footage nothing is told: the others will not tell either


async def take_rounds(
    known: Known, channels: Channels, disks: Disks, *, days: int, every_seconds: float, now: float, patience: float
) -> None:
    """Ask on from where the last look stopped; after `patience` seconds nothing more is begun. Raises Denied.

    What cannot be had is left out until the next round.
    """
    watched = [number for number, one in channels.items() if one.state != "disabled"]
    ends = time.monotonic() + patience
    doubtful = [number for number in watched if channels[number].recording is None]
    steps = [("recent", number) for number in doubtful if channels[number].state == "online"]
    await _take(known, known.often, steps, now=now, days=days, ends=ends)
    seldom = [("footage", number) for number in watched]
    seldom += [("overwrite", ""), *(("health", disk) for disk, one in disks.items() if one.state != "empty")]
    await _take(known, known.seldom, seldom, now=now, days=days, ends=ends)
    often, round_ = known.often, known.seldom
    if often.todo is not None and not often.todo:
        missing = any(not known.recent.get(number, True) and channels[number].always for number in watched)
        _end(often, now + (RECENT_AGAIN_SECONDS if missing else RECENT_EVERY_SECONDS))
    if round_.todo is not None and not round_.todo:
        _end(
            round_,
            now + (min(every_seconds, RETRY_SECONDS) if round_.trouble or known.footage_untold else every_seconds),
        )
        for gone in known.footage.keys() - channels.keys():
            del known.footage[gone]


def _end(round_: Round, due_at: float) -> None:
    round_.todo, round_.due_at, round_.done = None, due_at, True


async def _take(
    known: Known, round_: Round, steps: Iterable[tuple[str, str]], *, now: float, days: int, ends: float
) -> None:
    if round_.todo is None:
        if now < round_.due_at:
            return
        round_.todo, round_.trouble = deque(steps), ""
    untold = 0
    while round_.todo and time.monotonic() < ends:
        step, what = round_.todo.popleft()
        try:
            async with asyncio.timeout(STEP_SECONDS):
                await _step(known, step, what, days)
        except asyncio.CancelledError:  # the time of the whole look is over
            round_.todo.append((step, what))
            raise
        except Denied:
            round_.todo, round_.due_at = None, 0.0
            raise
        except Unsupported as trouble:  # it will not learn to within the hour
            trace("%s %s: %s", step, what, trouble)
            untold = _forget(known, step, what, str(trouble), untold)
        except (Trouble, OSError) as trouble:
            trace("%s %s: %s", step, what, trouble)
            round_.trouble = f"{step} {what}: {trouble}"[:120]
        if untold >= _GIVE_UP and not known.footage:
            round_.todo = deque(one for one in round_.todo if one[0] != "footage")


async def _step(known: Known, step: str, what: str, days: int) -> None:
    language = known.language
    assert language is not None
    match step:
        case "recent":
            known.recent[what] = await language.is_recent(what)
        case "footage":
            known.footage[what] = await language.read_footage(what, days)
            known.footage_untold = ""
        case "overwrite":
            known.overwrite = await language.read_overwrite()
        case _:
            known.health[what] = await language.read_health(what)


def _forget(known: Known, step: str, what: str, why: str, untold: int) -> int:
    """What was known is no longer told. Gives how many channels in a row have not told their footage."""
    match step:
        case "recent":
            known.recent.pop(what, None)
        case "overwrite":
            known.overwrite = None
        case "health":
            known.health.pop(what, None)
        case _:
            known.footage.pop(what, None)
            if not known.footage:
                known.footage_untold = why[:120]
            return untold + 1
    return untold
