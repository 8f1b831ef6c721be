"""Which key frames does this stream give, and are they whole?"""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit, urlunsplit

import av
import av.error

from probes.errors import Denied, Garbled, LocalTrouble, NoAnswer, Refused, Trouble, Unsupported
from probes.frame.job import StreamJob
from probes.frame.picture import MAX_PIXELS, MAX_SIDE, Picture, from_frame
from probes.frame.reel import SECONDS as BURST_SECONDS
from probes.frame.reel import Film, Reel
from probes.frame.units import Unit, units
from probes.target import Login

OPEN_SECONDS: Final = 6.0
READ_SECONDS: Final = 5.0  # for one packet, however slowly its bytes drip
SECOND_PATIENCE_SECONDS: Final = 6.0  # beyond the gap: "smart" codecs have key frames 10 s and more apart
GAP_TOLERANCE_SECONDS: Final = 0.1
MAX_BYTES: Final = 64 * 1024 * 1024
CODECS: Final = "h264,hevc,mjpeg,mpeg4,libdav1d,av1,vp8,vp9"

# A probe of 32 bytes takes the codec from the SDP and opens in 76 ms instead of 1.1 s; where the first try gave no
# picture, the second lets FFmpeg look longer.
_PROBING: Final = (
    {"probesize": "32", "analyzeduration": "0"},
    {"probesize": "2000000", "analyzeduration": "1500000"},
)
_OPTIONS: Final = {
    "allowed_media_types": "video",
    "protocol_whitelist": "rtsp,rtsps,rtp,srtp,tcp,udp,tls",
    "codec_whitelist": CODECS,
    "tls_verify": "0",  # devices sign their own certificates; the `tls` check watches those
    "user_agent": "Sitewarden",
}


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
    url = _with_login(job.url, job.login)
    for probing in _PROBING:
        with _troubles():
            found = _session(url, job, probing, deadline, cancelled)
        if not found.corrupt:
            return found
    return found


def _session(url: str, job: StreamJob, probing: dict[str, str], deadline: float, cancelled: threading.Event) -> Grab:
    """One RTSP session."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise NoAnswer(f"no whole key frame within {job.seconds:g} s")
    options = _OPTIONS | probing | {"rtsp_transport": job.transport}
    timeout = (min(OPEN_SECONDS, left), min(READ_SECONDS, left))
    with closing(_open(url, options, timeout)) as container:
        if not container.streams.video:
            raise Garbled("the stream has no video")
        stream = container.streams.video[0]
        decoder = stream.codec_context
        if decoder is None:
            raise Unsupported("a video codec that is not decoded here")
        decoder.thread_count = 1
        decoder.skip_frame = "NONKEY"
        decoder.options = {"max_pixels": str(MAX_PIXELS)}
        first: Picture | None = None
        first_at = 0.0
        first_seconds: float | None = None
        reel: Reel | None = None
        give_up = deadline
        try:
            for unit in units(decoder.name, _packets(container, stream, cancelled)):
                now = time.monotonic()
                if reel is not None:
                    reel.take(unit, now)
                    if reel.full and not job.gap_seconds:
                        break
                if now > give_up:
                    break
                if not unit.key or (first is not None and not job.gap_seconds):
                    continue
                gap = _gap(now - first_at, unit.seconds, first_seconds)
                if first is not None and gap < job.gap_seconds - GAP_TOLERANCE_SECONDS:
                    continue
                picture, corrupt = _decode(decoder, unit)
                if corrupt or picture is None:
                    return Grab(decoder.name, picture or first, None, 0.0, corrupt=True)
                if first is not None:
                    return Grab(decoder.name, first, picture, gap, corrupt=False, film=reel)
                if not job.gap_seconds and not job.burst:
                    return Grab(decoder.name, picture, None, 0.0, corrupt=False)
                first, first_at, first_seconds = picture, now, unit.seconds
                patience = job.gap_seconds + SECOND_PATIENCE_SECONDS if job.gap_seconds else BURST_SECONDS
                give_up = min(deadline, now + patience)
                if job.burst:
                    reel = Reel(decoder.name, bytes(decoder.extradata or b""))
                    reel.take(unit, now)
        except av.error.FFmpegError:
            if first is None or job.gap_seconds:
                raise  # else it has what it came for, and too few pictures in a row
        if first is None:
            raise NoAnswer(f"no key frame within {job.seconds:g} s")
        return Grab(decoder.name, first, None, 0.0, corrupt=False, film=reel)


def _open(url: str, options: dict[str, str], timeout: tuple[float, float]) -> Any:
    """The container; `timeout`: seconds to open it, and for each packet."""
    began = time.monotonic()
    try:
        return av.open(url, format="rtsp", options=options, timeout=timeout)
    except av.error.InvalidDataError:
        # FFmpeg calls it invalid data, too, when our timeout interrupts it while it waits for an RTSP answer.
        if time.monotonic() - began < timeout[0] * 0.95:
            raise
        raise NoAnswer(f"no RTSP answer within {timeout[0]:.0f} s") from None


def _gap(arrival: float, seconds: float | None, first_seconds: float | None) -> float:
    """Seconds between two pictures: by arrival or by the stream's clock, whichever says less.

    Some devices send a burst of old pictures first, the clocks of others run wrong.
    """
    if seconds is None or first_seconds is None:
        return arrival
    return min(arrival, seconds - first_seconds)


def _packets(container: Any, stream: Any, cancelled: threading.Event) -> Iterator[Any]:
    """The packets of the stream, until it ends, within bounds; an end is no trouble once something came."""
    taken = 0
    for packet in container.demux(stream):
        if cancelled.is_set():
            raise NoAnswer("cancelled")
        taken += packet.size
        if taken > MAX_BYTES:
            raise Garbled(f"more than {MAX_BYTES >> 20} MB without two key frames")
        if packet.size:
            yield packet
    if not taken:
        raise Refused("the device ended the stream before it sent a picture")


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


@contextmanager
def _troubles() -> Iterator[None]:
    """Name FFmpeg's errors in our words. Its own texts hold the URL, and that holds the password."""
    try:
        yield
    except Trouble:
        raise
    except av.error.HTTPUnauthorizedError:  # FFmpeg has answered one challenge by then, and was refused
        raise Denied("the credentials were refused (RTSP 401)") from None
    except av.error.HTTPForbiddenError:
        raise Denied("the device forbids this stream (RTSP 403)") from None
    except av.error.HTTPNotFoundError:
        raise Unsupported("the device has no stream at this path (RTSP 404)") from None
    except av.error.HTTPClientError:
        raise Unsupported("the device refused the stream (RTSP 4xx)") from None
    except av.error.HTTPServerError:
        raise Refused("the device failed to serve the stream (RTSP 5xx)") from None
    except (av.error.ExitError, av.error.TimeoutError):  # EXIT: our own timeout interrupted it
        raise NoAnswer("the stream gave nothing in time") from None
    except (av.error.ConnectionRefusedError, av.error.ConnectionResetError, av.error.BrokenPipeError):
        raise Refused("the device refused or reset the connection") from None
    except (av.error.MemoryError, MemoryError):
        raise LocalTrouble("the decoder worker has no memory left for this stream") from None
    except av.error.EOFError:
        raise Refused("the device ended the stream before it sent a picture") from None
    except (av.error.DecoderNotFoundError, av.error.ProtocolNotFoundError, av.error.PatchWelcomeError):
        raise Unsupported("a codec or transport that is not decoded here") from None
    except av.error.OSError as error:
        if error.errno in {errno.EHOSTUNREACH, errno.ENETUNREACH}:
            raise Refused("the device cannot be reached") from None
        if error.errno in {errno.EMFILE, errno.ENFILE, errno.ENOBUFS}:
            raise LocalTrouble("the decoder worker has no sockets left") from None
        raise NoAnswer(f"the stream failed: {error.strerror}") from None
    except av.error.FFmpegError as error:
        raise Garbled(f"not a stream that can be read: {error.strerror}") from None


def _with_login(url: str, login: Login | None) -> str:
    """The URL as FFmpeg wants it; the only place where the password is written into one."""
    if login is None:
        return url
    parts = urlsplit(url)
    user, password = quote(login.username, safe=""), quote(login.password.reveal(), safe="")
    return urlunsplit(parts._replace(netloc=f"{user}:{password}@{parts.netloc.rpartition('@')[2]}"))
