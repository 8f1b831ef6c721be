"""Which packets are one picture?

Many encoders cut a picture into slices, and FFmpeg's RTP reader hands each over as a packet of its own. Decoded apart,
every slice would look like a picture with the rest missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import av

_START: Final = b"\x00\x00\x01"  # Annex B of H.264 and H.265
_MAX_NALS: Final = 64
_SEARCHED: Final = 16_384  # bytes of a packet in which its first slice must begin


@dataclass(slots=True)
class Unit:
    """The packets of one picture."""

    packets: list[Any] = field(default_factory=list)

    @property
    def key(self) -> bool:
        """Can it be decoded by itself?"""
        return any(packet.is_keyframe for packet in self.packets)

    @property
    def damaged(self) -> bool:
        """Did packets get lost on the way?"""
        return any(packet.is_corrupt for packet in self.packets)

    @property
    def seconds(self) -> float | None:
        """On the stream's own clock; None if it does not say."""
        packet = self.packets[-1]
        return None if packet.pts is None else float(packet.pts * packet.time_base)

    def join(self) -> Any:
        """One packet with all slices."""
        if len(self.packets) == 1:
            return self.packets[0]
        joined = av.Packet(b"".join(bytes(packet) for packet in self.packets))
        joined.pts, joined.dts = self.packets[-1].pts, self.packets[-1].dts
        joined.time_base = self.packets[-1].time_base
        return joined


def units(codec: str, packets: Iterable[Any]) -> Iterator[Unit]:
    """The packets, put together into pictures; each is given out when the next one begins, the last at the end."""
    unit = Unit()
    for packet in packets:
        if unit.packets and not _same(codec, unit.packets[-1], packet):
            yield unit
            unit = Unit()
        unit.packets.append(packet)
    if unit.packets:
        yield unit


def _same(codec: str, before: Any, packet: Any) -> bool:
    """Do both belong to one picture? The first packets of a session have no time yet; then their slices tell."""
    if before.pts is not None:
        return bool(before.pts == packet.pts)
    return not begins_picture(codec, bytes(packet)[:_SEARCHED])


def begins_picture(codec: str, data: bytes) -> bool:
    """Does this packet begin a picture? True unless its first slice says that it goes on with one.

    H.264 7.3.3: `first_mb_in_slice` is 0, written as a single 1 bit. H.265 7.3.6.1: `first_slice_segment_in_pic_flag`.
    """
    header = {"h264": 1, "hevc": 2}.get(codec)
    if header is None:
        return True
    at = 0
    for _ in range(_MAX_NALS):
        at = data.find(_START, at) + len(_START)
        if at < len(_START) or at + header >= len(data):
            return True
        slice_begins = data[at] & 0x1F in {1, 5} if codec == "h264" else (data[at] >> 1) & 0x3F < 32
        if slice_begins:
            return data[at + header] & 0x80 != 0
    return True
