"""Which key frames does this stream give, and are they whole?"""

from __future__ import annotations

import threading
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final

import av.error

from probes.errors import Garbled, NoAnswer, Refused
from probes.frame.glance import has_moved
from probes.frame.job import StreamJob
from probes.frame.packets import Unfit
from probes.frame.picture import MAX_PIXELS, MAX_SIDE, Picture, from_frame
from probes.frame.reel import SECONDS as BURST_SECONDS
from probes.frame.reel import Film, Reel
from probes.frame.streams import PROBING, Stream, by_ffmpeg, by_own_client
from probes.frame.units import Unit

SECOND_PATIENCE_SECONDS: Final = 6.0  # beyond the gap: "smart" codecs have key frames 10 s and more apart
GAP_TOLERANCE_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Grab:
    """One or two key frames of one session, and the seconds between them. `corrupt`: the decoder found damage.

    `film`: the pictures that followed the first one at once; None where none were asked for.
    """

    codec: str
    first: Picture | None
    second: Picture | None
    gap_seconds: float
    corrupt: bool
    film: Film = None


def grab(job: StreamJob, cancelled: threading.Event) -> Grab:
    """Take the key frames; a damaged one is taken anew in a second session, as a single lost packet damages it too.

    Raises NoAnswer, Refused, Denied, Unsupported, Garbled, LocalTrouble; never with the URL in the text.
    """
    deadline = time.monotonic() + job.seconds
    probings: tuple[dict[str, str], ...] = PROBING
    if job.transport == "tcp":
        try:
            found = _watch(job, by_own_client(job, deadline, cancelled), deadline)
            if not found.corrupt:
                return found
            probings = PROBING[1:]
        except Unfit:
            pass
        except Garbled:
            if time.monotonic() >= deadline:
                raise
    for probing in probings:
        found = _watch(job, by_ffmpeg(job, probing, deadline, cancelled), deadline)
        if not found.corrupt:
            break
    return found


def _watch(job: StreamJob, opening: AbstractContextManager[Stream], deadline: float) -> Grab:
    """One RTSP session."""
    with opening as stream:
        decoder = stream.decoder
        first: Picture | None = None
        first_at = 0.0
        first_seconds: float | None = None
        reel: Reel | None = None
        give_up = deadline
        try:
            for unit in stream.units:
                now = time.monotonic()
                if reel is not None and unit is not None:
                    reel.take(unit, now)
                    if reel.full:
                        stream.want(False)
                        if not job.gap_seconds:
                            break
                if now > give_up:
                    break
                if unit is None or not unit.key or (first is not None and not job.gap_seconds):
                    continue
                gap = _gap(now - first_at, unit.seconds, first_seconds)
                if first is not None and gap < job.gap_seconds - GAP_TOLERANCE_SECONDS:
                    continue
                picture, corrupt = _decode(decoder, unit)
                if corrupt or picture is None:
                    return Grab(decoder.name, picture or first, None, 0.0, corrupt=True)
                if first is not None:
                    return Grab(decoder.name, first, picture, gap, corrupt=False, film=reel)
                if _is_enough(job, picture):
                    return Grab(decoder.name, picture, None, 0.0, corrupt=False)
                first, first_at, first_seconds = picture, now, unit.seconds
                patience = job.gap_seconds + SECOND_PATIENCE_SECONDS if job.gap_seconds else BURST_SECONDS
                give_up = min(deadline, now + patience)
                if job.burst:
                    reel = Reel(decoder.name, bytes(decoder.extradata or b""))
                    reel.take(unit, now)
                    stream.want(True)
        except (av.error.FFmpegError, OSError, NoAnswer, Refused):
            if first is None or job.gap_seconds:
                raise  # else it has what it came for, and too few pictures in a row
        if first is None:
            raise NoAnswer(f"no key frame within {job.seconds:g} s")
        return Grab(decoder.name, first, None, 0.0, corrupt=False, film=reel)


def _is_enough(job: StreamJob, first: Picture) -> bool:
    """Need no other be waited for? One that is not as the last look's was does not stand still."""
    if not job.gap_seconds:
        return not job.burst
    return not job.known.burst and not job.known.hide_people and has_moved(job.known.glance, first, job.known.at)


def _gap(arrival: float, seconds: float | None, first_seconds: float | None) -> float:
    """Seconds between two pictures: by arrival or by the stream's clock, whichever says less.

    Some devices send a burst of old pictures first, the clocks of others run wrong.
    """
    if seconds is None or first_seconds is None:
        return arrival
    return min(arrival, seconds - first_seconds)


def _decode(decoder: Any, unit: Unit) -> tuple[Picture | None, bool]:
    """The picture of one key frame, and whether the decoder found it damaged."""
    try:
        # Drained at once: a decoder that reorders would hold the frame back until later frames came.
        frames = [*decoder.decode(unit.join()), *decoder.decode(None)]
        decoder.flush_buffers()
    except (av.error.InvalidDataError, av.error.UndefinedError, av.error.PatchWelcomeError):
        return None, True
    if not frames:
        return None, True
    frame = frames[0]
    if frame.width > MAX_SIDE or frame.height > MAX_SIDE or frame.width * frame.height > MAX_PIXELS:
        raise Garbled(f"a picture of {frame.width}×{frame.height} pixels")
    return from_frame(frame), unit.damaged or any(frame.is_corrupt for frame in frames)
