"""What does this video show, at an interval?

It is decoded in this process: read what is not trusted in a process that may die.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Self

import av
import av.error

from probes.errors import Garbled
from probes.frame.burst import Instant
from probes.frame.picture import MAX_PIXELS, MAX_SIDE, Picture, from_frame
from probes.frame.reel import PICTURES as PICTURES_IN_A_ROW
from probes.frame.reel import SECONDS as ROW_SECONDS
from probes.frame.reel import small_luma

MAX_FRAMES: Final = 10_000_000
MAX_ERRORS: Final = 200  # damaged packets
GAP_SECONDS: Final = 2.0  # between the two pictures that show whether a video stands still
USUAL_RATE: Final = 25.0  # frames a second, where a stream has no clock

_OPTIONS: Final = {  # a playlist that calls itself a video would have FFmpeg open whatever it names
    "protocol_whitelist": "file",
    "format_whitelist": (
        "avi,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,mpeg,mpegvideo,flv,h264,hevc,mjpeg,m4v,asf,ogg,dav,dhav,ivf"
    ),
}
SOONEST_SECONDS: Final = 0.2  # between looks
SKIP_SECONDS: Final = 15.0  # before a picture is wanted all frames are decoded; before that, key frames alone

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded frame. `seconds`: from the first. `corrupt`: the decoder found damage in it."""

    seconds: float
    image: av.VideoFrame
    corrupt: bool


@dataclass(frozen=True, slots=True)
class View:
    """What a look at a stream would have had: a picture, the one `gap_seconds` before it, and those leading up to it.

    `before` None: there is none. `burst` None: at the beginning.
    """

    seconds: float
    codec: str
    picture: Picture
    corrupt: bool
    before: Picture | None
    gap_seconds: float
    burst: tuple[Instant, ...] | None


class Video:
    """`with Video(path) as video:`; raises Garbled, which says why, if it cannot be opened."""

    def __init__(self, path: Path) -> None:
        try:
            self._container: Any = av.open(str(path), options=_OPTIONS)
        except (av.error.FFmpegError, ValueError) as error:
            why = getattr(error, "strerror", None) or type(error).__name__
            raise Garbled(f"a video that cannot be read ({why}); convert it to MP4") from None
        streams = self._container.streams.video
        if not streams or streams[0].codec_context is None:
            self._container.close()
            raise Garbled("a video codec that is not decoded here" if streams else "no video in it")
        self._stream = streams[0]
        self._decoder = streams[0].codec_context
        self._decoder.thread_count = 1
        self._decoder.options = {"max_pixels": str(MAX_PIXELS)}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._container.close()

    @property
    def codec(self) -> str:
        """As FFmpeg calls it."""
        return str(self._decoder.name)

    @property
    def length_seconds(self) -> float:
        """As the file says; 0 if it does not."""
        return max(0.0, (self._container.duration or 0) / av.time_base)

    @property
    def created_at(self) -> float | None:
        """When the file says that it was recorded, seconds since the epoch; None if it does not."""
        try:
            at = datetime.fromisoformat(self._container.metadata.get("creation_time", "")).timestamp()
        except (ValueError, OverflowError, OSError):
            return None
        return at if at > 0 else None

    def skip(self, skipping: bool) -> None:
        """Decode key frames alone from now on, or all."""
        self._decoder.skip_frame = "NONKEY" if skipping else "DEFAULT"

    def frames(self, tell: Tell) -> Iterator[Frame]:
        """Every frame that can be decoded; damaged packets are skipped, and told once."""
        count = errors = 0
        first: float | None = None
        packets = self._container.demux(self._stream)
        while True:
            try:
                for frame in next(packets).decode():
                    if not _is_bounded(frame):
                        continue
                    seconds = frame.time if frame.time is not None else count / USUAL_RATE
                    first = seconds if first is None else first
                    count += 1
                    yield Frame(seconds - first, frame, bool(frame.is_corrupt))
            except (StopIteration, EOFError):
                return
            except (av.error.FFmpegError, ValueError) as error:
                errors += 1
                if errors == 1:
                    tell(f"damaged ({getattr(error, 'strerror', None) or type(error).__name__}); the rest is read")
            if count >= MAX_FRAMES or errors >= MAX_ERRORS:
                tell("not read to its end")
                return


def views(
    video: Video, interval_seconds: float, tell: Tell, soon: Callable[[], float] = lambda: float("inf")
) -> Iterator[View]:
    """One picture an interval, with what a look at a stream has besides.

    `soon`: from which second on another one is wanted although the interval is not over yet; it is asked after each.
    """
    following = 0.0
    recent: list[tuple[float, Picture]] = []
    row = deque[Instant](maxlen=PICTURES_IN_A_ROW)
    skipping, waiting = False, False  # waiting: for a key frame, as what was skipped is missing until then
    for frame in video.frames(tell):
        seconds = frame.seconds
        if seconds < following - 2 * interval_seconds - 1:  # the clock of the stream went back
            following = seconds
            recent.clear()
            row.clear()
        if skipping and following - seconds <= SKIP_SECONDS:
            skipping, waiting = False, seconds < following
            video.skip(skipping=False)
        elif waiting:
            waiting = not frame.image.key_frame
        if skipping or waiting:
            continue
        wanted = seconds >= following
        if frame.corrupt:
            row.clear()
        elif seconds >= following - ROW_SECONDS:
            row.append(Instant(seconds, small_luma(frame.image)))
        near = seconds >= following - GAP_SECONDS and (not recent or seconds - recent[-1][0] >= 0.5)
        if not wanted and not near:
            continue
        picture = from_frame(frame.image)
        if wanted:
            older = next(((at, one) for at, one in reversed(recent) if seconds - at >= GAP_SECONDS - 0.6), None)
            yield View(
                seconds,
                video.codec,
                picture,
                frame.corrupt,
                before=older[1] if older else None,
                gap_seconds=seconds - older[0] if older else 0.0,
                burst=tuple(one for one in row if seconds - one.seconds <= ROW_SECONDS) if seconds else None,
            )
            following = min(seconds + interval_seconds, max(soon(), seconds + SOONEST_SECONDS))
            if following - seconds > SKIP_SECONDS:
                skipping = True
                video.skip(skipping=True)
                recent.clear()
                row.clear()
                continue
        recent = [*recent[-5:], (seconds, picture)]


def _is_bounded(frame: av.VideoFrame) -> bool:
    return frame.width * frame.height <= MAX_PIXELS and max(frame.width, frame.height) <= MAX_SIDE
