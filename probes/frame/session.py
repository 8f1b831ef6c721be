"""Which pictures does a camera send over one RTSP connection?

The shortest way for what nearly all cameras send: H.264 or H.265 in one TCP connection (RFC 2326, 10.12). FFmpeg's
client reads each packet by several system calls and looks into the first pictures before it gives any, which costs
more than decoding both key frames. Whatever is sent otherwise is `Unfit` for it, and FFmpeg's to read.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import re
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Final, Self
from urllib.parse import urlsplit

from probes.errors import Garbled, NoAnswer, Unsupported
from probes.frame.packets import Codec, Coded, Packets, Unfit
from probes.rtsp.asking import Asking
from probes.rtsp.client import check
from probes.rtsp.framing import Frame, Splitter
from probes.rtsp.messages import HEAD_END, MAX_HEAD, Response, parse_head, parse_transport
from probes.rtsp.sdp import base_url, control_url, parse_sdp
from probes.target import Login

PORT: Final = 554
OPEN_SECONDS: Final = 6.0
READ_BYTES: Final = 262_144
PACE_SECONDS: Final = 0.08  # what comes meanwhile is read at once: a wake for each packet costs more than the packet
MAX_STRAYS: Final = 64  # messages before an answer
MAX_EARLY_BYTES: Final = 4_194_304  # of packets before an answer

_CODECS: Final[Mapping[str, Codec]] = {"h264": "h264", "h265": "hevc"}
_FORMAT: Final = re.compile(r"^a=fmtp:(\d{1,3})[ \t]+(.*)$", re.MULTILINE)
_SETS: Final = ("sprop-vps", "sprop-sps", "sprop-pps", "sprop-parameter-sets")
_MAX_SETS: Final = 16
_PLAIN: Final = frozenset({401, 403, 404, 410, 453, 503})  # what any client would be told


class Session:
    """`with Session(…) as session:` plays; then `pictures()`.

    Raises Unfit, Denied, Unsupported, Refused, NoAnswer, Garbled, OSError; never with the URL in the text.
    """

    def __init__(self, url: str, login: Login | None, deadline: float, cancelled: threading.Event) -> None:
        parts = urlsplit(url)
        if parts.scheme.lower() != "rtsp" or not parts.hostname:
            raise Unfit(parts.scheme)
        self._url = url
        self._where = parts.hostname, parts.port or PORT
        self._asking = Asking(login, "the credentials were refused (RTSP 401)")
        self._end = deadline
        self._deadline = min(deadline, time.monotonic() + OPEN_SECONDS)
        self._cancelled = cancelled
        self._splitter = Splitter()
        self._early: list[Frame] = []
        self._session: str | None = None
        self._session_url = url
        self._channel = 0

    def __enter__(self) -> Self:
        self._socket = socket.create_connection(self._where, timeout=self._left())
        try:
            self._play()
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._leave()

    @property
    def codec(self) -> Codec:
        """As FFmpeg calls it."""
        return self._codec

    def pictures(self, most_bytes: int, read_seconds: float) -> Iterator[Coded]:
        """Every picture until the device ends the stream, or time is up; those that nobody wants without their data.

        `read_seconds`: for which it may send nothing.
        """
        for frame in self._early:
            if frame.channel == self._channel:
                yield from self._fed(frame.packet)
        rest, taken = self._splitter.drain(), 0
        while True:
            at = 0
            while True:
                at = self.packets.run(rest, at, self._channel)
                found = _next(rest, at)
                if found is None:
                    break
                begin, at, channel = found
                if channel == self._channel:
                    yield from self._fed(rest[begin:at])
            rest = rest[at:]
            time.sleep(PACE_SECONDS)
            if self._cancelled.is_set():
                raise NoAnswer("cancelled")
            left = self._deadline - time.monotonic()
            if left <= 0:
                return
            self._socket.settimeout(min(read_seconds, left))
            data = self._socket.recv(READ_BYTES)
            taken += len(data)
            if taken > most_bytes:
                raise Garbled(f"more than {most_bytes >> 20} MB without two key frames")
            if not data:
                break
            rest += data
        last = self.packets.flush()
        if last is not None:
            yield last

    def _fed(self, packet: bytes) -> Iterator[Coded]:
        done = self.packets.feed(packet)
        if done is not None:
            yield done
            self.packets.go_on()

    def _play(self) -> None:
        described = self._request("DESCRIBE", self._url, {"Accept": "application/sdp"})
        head = described.head
        description = parse_sdp(described.body)
        video = description.video
        if video is None:
            raise Garbled("the stream has no video")
        if video.codec not in _CODECS:
            raise Unfit(video.codec)
        self._codec = _CODECS[video.codec]
        formats = _formats(described.body, video.payload_types[:1])
        if formats.get("packetization-mode") == "2" or formats.get("sprop-max-don-diff", "0") != "0":
            raise Unfit("interleaved units")
        self.packets = Packets(self._codec, video.payload_types[:1], _parameters(formats))
        base = base_url(self._url, head.get("content-base"), head.get("content-location"))
        self._session_url = control_url(base, description.control)
        video_url = control_url(self._session_url if "://" in description.control else base, video.control)
        wish = {"Transport": "RTP/AVP/TCP;unicast;interleaved=0-1"}
        agreed = self._request("SETUP", video_url, wish).head
        self._session = agreed.session
        transport = parse_transport(agreed.get("transport"))
        if not transport.interleaved:
            raise Unfit("not over the RTSP connection")
        self._channel = transport.channel or 0
        self._request("PLAY", self._session_url, {"Range": "npt=0.000-"})
        self._deadline = self._end

    def _request(self, method: str, url: str, headers: Mapping[str, str]) -> Response:
        """Ask, with the login where it is asked for. Raises Unfit for what FFmpeg may get by asking otherwise."""
        self._asking.renewed = False  # each request may find its nonce stale
        response = self._exchange(method, url, headers)
        while self._asking.wants_login(response):
            response = self._exchange(method, url, headers)
        if response.head.status >= 300 and response.head.status not in _PLAIN:
            raise Unfit(f"{response.head.status} to {method}")
        check(response.head, method)
        return response

    def _exchange(self, method: str, url: str, headers: Mapping[str, str]) -> Response:
        self._send(method, url, headers)
        early = strays = 0
        while True:
            message = self._splitter.take()
            if message is None:
                self._socket.settimeout(self._left())
                data = self._socket.recv(READ_BYTES)
                if not data:
                    raise Unfit(f"the device ended the connection at {method}")
                self._splitter.feed(data)
            elif isinstance(message, Frame):
                self._early.append(message)
                early += len(message.packet)
            elif self._asking.is_answer(message):
                return message
            else:
                strays += 1
            if early > MAX_EARLY_BYTES or strays > MAX_STRAYS:
                raise Garbled(f"something else comes instead of the answer to {method}")

    def _send(self, method: str, url: str, headers: Mapping[str, str]) -> None:
        if self._session:
            headers = {**headers, "Session": self._session}
        self._socket.sendall(self._asking.write(method, url, headers))

    def _leave(self) -> None:
        """End the session without waiting for anything."""
        with contextlib.suppress(OSError, Garbled, Unsupported):
            if self._session is not None:
                self._socket.settimeout(0.1)
                self._send("TEARDOWN", self._session_url, {})
        self._socket.close()

    def _left(self) -> float:
        """Seconds that it may still wait. Raises NoAnswer."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise NoAnswer("no RTSP answer in time")
        if self._cancelled.is_set():
            raise NoAnswer("cancelled")
        return left


def _next(data: bytes, at: int) -> tuple[int, int, int] | None:
    """Where the next interleaved packet begins and ends, and its channel, -1 for a message; None if it is not whole."""
    size = len(data)
    if size - at < 4:
        return None
    if data[at] == 0x24:
        end = at + 4 + (data[at + 2] << 8 | data[at + 3])
        return None if end > size else (at + 4, end, data[at + 1])
    found = HEAD_END.search(data, at)
    if (found.end() if found else size) - at > MAX_HEAD:
        raise Garbled("something between the packets that is no message")
    if not found:
        return None
    head = data[at : found.start()].strip(b"\r\n")
    end = found.end() + (parse_head(head).content_length if head else 0)
    return None if end > size else (at, end, -1)


def _formats(body: bytes, types: tuple[int, ...]) -> dict[str, str]:
    """The parameters of the format that is sent, names in lower case."""
    for number, written in _FORMAT.findall(body.decode("utf-8", "replace")):
        if not types or int(number) == types[0]:
            pairs = [part.partition("=") for part in written.split(";")]
            return {name.strip().lower(): value.strip() for name, _, value in pairs}
    return {}


def _parameters(formats: Mapping[str, str]) -> tuple[bytes, ...]:
    """The parameter sets that the description holds; those that cannot be read are left, the stream repeats them."""
    found = []
    for name in _SETS:
        for each in formats.get(name, "").split(",")[:_MAX_SETS]:
            with contextlib.suppress(binascii.Error, ValueError):
                found.append(base64.b64decode(each, validate=True))
    return tuple(each for each in found if each)
