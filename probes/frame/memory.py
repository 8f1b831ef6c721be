"""What does the daemon remember of a camera's pictures from look to look?"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from probes.frame.job import NO_TUNING, Known, Tuning
from probes.frame.reference import MAX_BYTES
from probes.tools import Tools, trace

MAX_DEVICES: Final = 20_000  # glances of 30 kB


@dataclass(frozen=True, slots=True)
class Word:
    """A person's word on a view, and when (seconds since the epoch): it is right, or not after all."""

    right: bool
    at: float

    def on(self, known: Known) -> Known:
        """What is known, with this word."""
        if self.right:
            return replace(known, confirmed_at=max(known.confirmed_at, self.at))
        return replace(known, taken_back_at=max(known.taken_back_at, self.at))


@dataclass(frozen=True, slots=True)
class Learned:
    """What is kept for good: the reference, and what people said of its verdicts (see `Known`).

    `views`: what they said of a view, by the place where the camera stood (`str` of its position), empty for one that
    stands still. `available`: False while whoever keeps it cannot say; then nothing is learned either.
    """

    reference: bytes = b""
    tuning: Tuning = field(default_factory=lambda: NO_TUNING)
    views: Mapping[str, Word] = field(default_factory=dict)
    available: bool = True


async def _nothing(device: str) -> Learned:
    return Learned()


class Memory:
    """`tools.get(Memory)`. `load` is set by whoever keeps references; without it nothing is known.

    Glances live here alone: after a restart the first look has nothing to compare with, and says so.
    """

    def __init__(self, tools: Tools) -> None:
        self.load: Callable[[str], Awaitable[Learned]] = _nothing
        self._now = tools.now
        self._glances: OrderedDict[str, bytes] = OrderedDict()

    async def recall(
        self, device: str, *, presets: bool, begin: Path | None = None
    ) -> tuple[Known, Mapping[str, Word]]:
        """What is known of the device's pictures now; the file `begin` serves until something was learned.

        And what people said of its views at single places.
        """
        learned = await self.load(device)
        known = Known(
            reference=learned.reference or await self._read(begin),
            glance=self._glances.get(device, b""),
            at=self._now() if learned.available else 0.0,
            tuning=learned.tuning,
            presets=presets,
        )
        anywhere = learned.views.get("")
        return (known if anywhere is None else anywhere.on(known)), learned.views

    def note(self, device: str, glance: bytes) -> None:
        """Keep the glance of a look."""
        if not glance:
            return
        self._glances[device] = glance
        self._glances.move_to_end(device)
        if len(self._glances) > MAX_DEVICES:
            self._glances.popitem(last=False)

    async def _read(self, begin: Path | None) -> bytes:
        """The file's bytes; none if it cannot be read, which is traced."""
        if begin is None:
            return b""
        try:
            return await asyncio.to_thread(_read, begin)
        except OSError as error:
            trace("no reference to begin with: %s", error.strerror)
            return b""

    async def close(self) -> None:
        """Nothing to close."""


def _read(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(2 * MAX_BYTES)
