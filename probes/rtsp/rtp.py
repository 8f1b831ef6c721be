"""Is this an RTP packet of the stream? RFC 3550 section 5.1."""

from __future__ import annotations

from collections.abc import Sequence

FIXED_HEADER = 12  # bytes


def is_rtp(packet: bytes, payload_types: Sequence[int]) -> bool:
    """Does it carry media in one of these payload types? Any type will do if none is known, except RTCP's."""
    if len(packet) <= FIXED_HEADER or packet[0] >> 6 != 2:
        return False
    payload_type = packet[1] & 0x7F
    if not payload_types:
        return not 64 <= payload_type <= 95  # RFC 5761 section 4: those collide with RTCP
    return payload_type in payload_types
