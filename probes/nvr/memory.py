"""What is already known of each recorder, so that a normal look asks for channels and disks only?"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Final

from probes.nvr.facts import Footage, Identity, Language
from probes.target import Target
from probes.tools import Tools

MAX_DEVICES: Final = 4_096


@dataclass(slots=True)
class Round:
    """Questions that are asked one after the other, over several looks if they take long. Times: see `Known`."""

    todo: deque[tuple[str, str]] | None = None  # what is left of this round: (step, channel or disk)
    due_at: float = 0.0  # when the next one begins
    trouble: str = ""
    done: bool = False  # one has been finished


@dataclass(slots=True)
class Known:
    """One recorder. Times are seconds since the epoch."""

    language: Language | None = None
    identity: Identity = field(default_factory=Identity)
    identified_at: float = 0.0
    footage: dict[str, Footage] = field(default_factory=dict)  # by channel
    footage_untold: str = ""  # why there is none
    overwrite: bool | None = None
    health: dict[str, str] = field(default_factory=dict)  # disk -> normal, smart_failed
    recent: dict[str, bool] = field(default_factory=dict)  # channel -> is there footage of the last half hour?
    fitted: set[str] = field(default_factory=set)  # disks that once had a size: an empty bay there is a lost disk
    seldom: Round = field(default_factory=Round)  # footage, SMART
    often: Round = field(default_factory=Round)  # recent footage
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Memory:
    """What is known, by device; the longest unused is forgotten. `tools.get(Memory)`."""

    def __init__(self, tools: Tools) -> None:
        self._known: OrderedDict[tuple[str, str, int, str], Known] = OrderedDict()

    def recall(self, target: Target, port: int, language: str) -> Known:
        """What is known of this recorder; it may be nothing yet."""
        key = (target.device, target.host, port, language)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = Known()
            if len(self._known) > MAX_DEVICES:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return known

    async def close(self) -> None:
        """Nothing to close."""
