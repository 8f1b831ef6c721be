"""Which pictures came right after a key frame, and what do they look like, small?

While a look waits for its second key frame, the packets in between come by themselves: keeping eight pictures of them
costs nothing but some memory. They are decoded only where somebody wants to know.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Final

import av
import av.error
import cv2
import numpy as np

from probes.frame.burst import Instant
from probes.frame.picture import LUMA_SIZE, MAX_PIXELS, Plane
from probes.frame.units import Unit

PICTURES: Final = 8
SECONDS: Final = 2.0  # from the first to the last; a camera that sends fewer than four a second cannot be judged
MAX_BYTES: Final = 8 * 1024 * 1024
CPU_SECONDS: Final = 1.5  # to decode them

_LUMA_FIRST: Final = frozenset(
    {"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv440p", "yuvj440p", "yuv444p", "yuvj444p", "nv12", "gray"}
)
_FULL_RANGE: Final = 2  # AVCOL_RANGE_JPEG
_OPTIONS: Final = {
    "max_pixels": str(MAX_PIXELS),
    "skip_loop_filter": "all",  # it smooths the edges of blocks, which are far below what is measured
}


@dataclass(frozen=True, slots=True)
class _Piece:
    """One picture as it came. `seconds`: on the stream's clock, None if it does not say."""

    data: bytes
    seconds: float | None
    damaged: bool


@dataclass(slots=True)
class Reel:
    """The first pictures of a stream from a key frame on, compressed. `extradata`: the stream's parameter sets."""

    codec: str
    extradata: bytes
    _begun: float = 0.0
    _bytes: int = 0
    _full: bool = False
    _pieces: list[_Piece] = field(default_factory=list)

    @property
    def full(self) -> bool:
        """Does it want no more?"""
        return self._full

    def take(self, unit: Unit, now: float) -> None:
        """Keep the next picture if there is room. `now`: monotonic seconds at its arrival."""
        if self._full:
            return
        self._begun = self._begun or now
        self._bytes += sum(packet.size for packet in unit.packets)
        if now - self._begun > SECONDS or self._bytes > MAX_BYTES:
            self._full = True
            return
        self._pieces.append(_Piece(bytes(unit.join()), unit.seconds, unit.damaged))
        self._full = len(self._pieces) >= PICTURES

    def develop(self) -> tuple[Instant, ...]:
        """The pictures, decoded, up to the first that is damaged."""
        began = time.thread_time()
        found: list[Instant] = []
        try:
            decoder: Any = av.CodecContext.create(self.codec, "r")
            if self.extradata:
                decoder.extradata = self.extradata
            decoder.thread_count = 1
            decoder.options = _OPTIONS
            for packet in (*self._packets(), None):
                for frame in decoder.decode(packet):
                    if frame.is_corrupt:
                        return tuple(found)
                    found.append(Instant(self._seconds(frame, len(found)), small_luma(frame)))
                if time.thread_time() - began > CPU_SECONDS:
                    break
        except (av.error.FFmpegError, ValueError):
            pass
        return tuple(found)

    def _packets(self) -> list[Any]:
        packets = []
        for number, piece in enumerate(self._pieces):
            if piece.damaged:
                break
            packet = av.Packet(piece.data)
            packet.pts = packet.dts = number
            packets.append(packet)
        return packets

    def _seconds(self, frame: Any, number: int) -> float:
        at = frame.pts if frame.pts is not None and 0 <= frame.pts < len(self._pieces) else number
        seconds = self._pieces[min(at, len(self._pieces) - 1)].seconds
        return float(number) if seconds is None else seconds


Film = Reel | tuple[Instant, ...] | None  # None: no burst was asked for


def developed(film: Reel | tuple[Instant, ...]) -> tuple[Instant, ...]:
    """The pictures of a burst, whether they still have to be decoded or not."""
    return film.develop() if isinstance(film, Reel) else film


def small_luma(frame: Any) -> Plane:
    """uint8[180, 320], full range, of a decoded frame of any pixel format; the frame may be freed afterwards."""
    if frame.format.name not in _LUMA_FIRST:
        frame = frame.reformat(format="yuv420p")
    plane = frame.planes[0]
    lines = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]
    luma = np.asarray(cv2.resize(lines, LUMA_SIZE, interpolation=cv2.INTER_AREA), np.uint8)
    if frame.color_range == _FULL_RANGE or frame.format.name.startswith(("yuvj", "gray")):
        return luma
    return np.asarray(np.clip((luma.astype(np.float32) - 16) * (255 / 219), 0, 255).round(), np.uint8)
