"""What is known of a camera's pictures when it is looked at? The reference of the database, and what people taught."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.core.lessons import is_view, place_of
from monitor.core.world import World
from monitor.storage.errors import StoreUnavailable
from monitor.storage.store import Store
from probes.frame.memory import Learned, Word


@dataclass(frozen=True, slots=True)
class Pictures:
    """Answers for the frame probe."""

    store: Store
    world: World

    async def learned(self, device: str) -> Learned:
        """What is known of that device. While the database is away fixed thresholds judge, and nothing is learned."""
        try:
            reference = await self.store.device_reference(device)
        except StoreUnavailable:
            return Learned(available=False)
        tunings = self.world.tunings.get(device, {})
        views = {place_of(fault): tuning for fault, tuning in tunings.items() if is_view(fault)}
        return Learned(
            reference,
            {fault: tuning.factor for fault, tuning in tunings.items() if not is_view(fault)},
            {place: Word(tuning.factor > 0, tuning.at) for place, tuning in views.items()},
        )
