"""By which client does a stream come? Our own where it will do, FFmpeg's for everything else."""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final
from urllib.parse import quote, urlsplit, urlunsplit

import av
import av.error

from probes.errors import Denied, Garbled, LocalTrouble, NoAnswer, Refused, Trouble, Unsupported
from probes.frame.job import StreamJob
from probes.frame.packets import CLOCK, Coded
from probes.frame.picture import MAX_PIXELS
from probes.frame.session import OPEN_SECONDS, Session
from probes.frame.units import Unit, units
from probes.target import Login

READ_SECONDS: Final = 5.0  # for one packet, however slowly its bytes drip
MAX_BYTES: Final = 64 * 1024 * 1024
CODECS: Final = "h264,hevc,mjpeg,mpeg4,libdav1d,av1,vp8,vp9"

# A probe of 32 bytes takes the codec from the SDP and opens in 76 ms instead of 1.1 s; where the first try gave no
# picture, the second lets FFmpeg look longer.
PROBING: Final = (
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
class Stream:
    """What comes. `decoder`: for its pictures. `units`: each of them as it comes; None where nobody wants one.

    `want(everything)`: from now on all pictures, or key frames alone.
    """

    decoder: Any
    units: Iterator[Unit | None]
    want: Callable[[bool], None]


@contextmanager
def by_own_client(job: StreamJob, deadline: float, cancelled: threading.Event) -> Iterator[Stream]:
    """Raises Unfit where FFmpeg is needed, and every Trouble."""
    with _troubles(), Session(job.url, job.login, deadline, cancelled) as session:
        decoder = av.CodecContext.create(session.codec, "r")
        _bound(decoder)
        pictures = session.pictures(MAX_BYTES, READ_SECONDS)

        def want(everything: bool) -> None:
            session.packets.everything = everything

        yield Stream(decoder, (_unit(each) for each in pictures), want)


@contextmanager
def by_ffmpeg(job: StreamJob, probing: dict[str, str], deadline: float, cancelled: threading.Event) -> Iterator[Stream]:
    """One RTSP session of FFmpeg's. Raises every Trouble."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise NoAnswer(f"no whole key frame within {job.seconds:g} s")
    options = _OPTIONS | probing | {"rtsp_transport": job.transport}
    timeout = (min(OPEN_SECONDS, left), min(READ_SECONDS, left))
    with _troubles(), closing(_open(_with_login(job.url, job.login), options, timeout)) as container:
        if not container.streams.video:
            raise Garbled("the stream has no video")
        stream = container.streams.video[0]
        decoder = stream.codec_context
        if decoder is None:
            raise Unsupported("a video codec that is not decoded here")
        _bound(decoder)
        yield Stream(decoder, units(decoder.name, _packets(container, stream, cancelled)), lambda _: None)


def _bound(decoder: Any) -> None:
    decoder.thread_count = 1
    decoder.skip_frame = "NONKEY"
    decoder.options = {"max_pixels": str(MAX_PIXELS)}


def _unit(coded: Coded) -> Unit | None:
    """As FFmpeg would have given it."""
    if not coded.data:
        return None
    packet = av.Packet(coded.data)
    packet.pts = packet.dts = round(coded.seconds * CLOCK)
    packet.time_base = Fraction(1, CLOCK)
    packet.is_keyframe = coded.key
    packet.is_corrupt = coded.damaged
    return Unit([packet])


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


@contextmanager
def _troubles() -> Iterator[None]:
    """Name FFmpeg's and the system's errors in our words. FFmpeg's texts hold the URL, and that holds the password."""
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
    except (av.error.ExitError, TimeoutError):  # EXIT: our own timeout interrupted it
        raise NoAnswer("the stream gave nothing in time") from None
    except (ConnectionRefusedError, ConnectionResetError, BrokenPipeError):
        raise Refused("the device refused or reset the connection") from None
    except (av.error.MemoryError, MemoryError):
        raise LocalTrouble("the decoder worker has no memory left for this stream") from None
    except av.error.EOFError:
        raise Refused("the device ended the stream before it sent a picture") from None
    except (av.error.DecoderNotFoundError, av.error.ProtocolNotFoundError, av.error.PatchWelcomeError):
        raise Unsupported("a codec or transport that is not decoded here") from None
    except (av.error.FFmpegError, OSError) as error:
        if isinstance(error, av.error.FFmpegError) and not isinstance(error, av.error.OSError):
            raise Garbled(f"not a stream that can be read: {error.strerror}") from None
        if error.errno in {errno.EHOSTUNREACH, errno.ENETUNREACH}:
            raise Refused("the device cannot be reached") from None
        if error.errno in {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}:
            raise LocalTrouble("the decoder worker has no sockets left") from None
        raise NoAnswer(f"the stream failed: {error.strerror}") from None


def _with_login(url: str, login: Login | None) -> str:
    """The URL as FFmpeg wants it; the only place where the password is written into one."""
    if login is None:
        return url
    parts = urlsplit(url)
    user, password = quote(login.username, safe=""), quote(login.password.reveal(), safe="")
    return urlunsplit(parts._replace(netloc=f"{user}:{password}@{parts.netloc.rpartition('@')[2]}"))
