"""What does the daemon remember of a camera's pictures from look to look?"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from probes.frame.job import NO_TUNING, Known, Tuning
from probes.tools import Tools

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

    async def recall(self, device: str, *, presets: bool) -> Known:
        """What is known of the device's pictures now."""
        learned = await self.load(device)
        return Known(
            reference=learned.reference,
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

    async def close(self) -> None:
        """Nothing to close."""
