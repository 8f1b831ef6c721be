"""Which pictures follow each other at once, as they come over a stream?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any, Final

import av

from probes.frame.burst import Instant
from probes.frame.reel import PICTURES, Reel, small_luma
from probes.frame.units import Unit
from tests.benchmarks.frames.codec import H264_QUALITIES, Shown, from_h264, h264
from tests.benchmarks.frames.image import Chance, Image

FPS: Final = 25
BEFORE_SECONDS: Final = 2.0  # a video is sought to so long before

Frames = Callable[[], Sequence[Any]]


def read_row(path: Path, seconds: float) -> list[Any]:
    """Eight decoded frames of a video from `seconds` after its first one on; fewer at its end."""
    return _take(path, seconds, seek=True) or _take(path, seconds, seek=False)


def _take(path: Path, seconds: float, *, seek: bool) -> list[Any]:
    """None where it was sought and cannot be."""
    found: list[Any] = []
    with av.open(str(path), options={"protocol_whitelist": "file"}) as container:
        stream = container.streams.video[0]
        stream.thread_count = 1
        first = next(container.decode(stream))
        wanted = (first.time or 0.0) + seconds - 0.001
        frames = container.decode(stream)
        if not seek:
            frames = chain([first], frames)
        elif not _sought(container, wanted):
            return []
        for frame in frames:
            if frame.time is not None and frame.time >= wanted:
                found.append(frame)
                if len(found) == PICTURES:
                    break
    return found


def _sought(container: Any, seconds: float) -> bool:
    try:
        container.seek(int(max(0.0, seconds - BEFORE_SECONDS) * av.time_base), backward=True)
    except av.FFmpegError:  # before the first key frame of a part that was cut out
        return False
    return True


def as_images(frames: Sequence[Any]) -> list[Image]:
    """uint8[h, w, 3] BGR of each."""
    return [frame.to_ndarray(format="bgr24") for frame in frames]


def instants(frames: Sequence[Any]) -> tuple[Instant, ...]:
    """As the daemon reduces them, without encoding them anew."""
    return tuple(Instant(frame.time or 0.0, small_luma(frame)) for frame in frames)


def stream(images: Sequence[Image], random: Chance) -> tuple[Shown, Reel]:
    """The pictures as one H.264 stream: its key frame as it is decoded, and the reel that the daemon would keep."""
    packets = h264(images, int(random.integers(*H264_QUALITIES)), only_keys=False)
    reel = Reel("h264", b"")
    for number, data in enumerate(packets):
        packet = av.Packet(data)
        packet.pts, packet.time_base = number, Fraction(1, FPS)
        reel.take(Unit([packet]), 1.0 + number / FPS)
    return from_h264(packets[:1], images[0].shape)[0], reel
