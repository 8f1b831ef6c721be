"""What of a reference is kept where there is room for little?"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from probes.frame.reference import Reference, pack

TEXT_ROOM: Final = 90_000  # bytes; with less, a second state of the light is worth more than the text


def pack_within(reference: Reference, room_bytes: int) -> bytes:
    """The reference as bytes, without the text and the least used slots if it would be larger.

    What was seen last stays, and one slot always does.
    """
    data = pack(reference)
    if len(data) > room_bytes and room_bytes < TEXT_ROOM:
        reference = replace(reference, text=None)
        data = pack(reference)
    while len(data) > room_bytes and len(reference.slots) > 1:
        latest = max(slot.last_at for slot in reference.slots)
        least = min(
            range(len(reference.slots)),
            key=lambda each: (reference.slots[each].last_at == latest, reference.slots[each].looks),
        )
        reference = replace(reference, slots=reference.slots[:least] + reference.slots[least + 1 :])
        data = pack(reference)
    return data
