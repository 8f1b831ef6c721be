"""What does the daemon remember of a camera's pictures from look to look?"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from probes.frame.job import NO_TUNING, Known, Tuning
from probes.frame.reference import MAX_BYTES
from probes.tools import Tools, trace

MAX_DEVICES: Final = 20_000  # glances of 30 kB


@dataclass(frozen=True, slots=True)
class Learned:
    """What is kept for good: the reference, and what people said of its verdicts (see `Known`).

    `available`: False while whoever keeps it cannot say; then nothing is learned either.
    """

    reference: bytes = b""
    tuning: Tuning = field(default_factory=lambda: NO_TUNING)
    confirmed_at: float = 0.0
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

    async def recall(self, device: str, *, presets: bool, begin: Path | None = None) -> Known:
        """What is known of the device's pictures now; the file `begin` serves until something was learned."""
        learned = await self.load(device)
        return Known(
            reference=learned.reference or await self._read(begin),
            glance=self._glances.get(device, b""),
            at=self._now() if learned.available else 0.0,
            tuning=learned.tuning,
            confirmed_at=learned.confirmed_at,
            presets=presets,
        )

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
