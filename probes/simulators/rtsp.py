"""How does a simulated camera answer over RTSP? As real ones do: Digest, SDP, TCP-interleaved and UDP (RFC 2326)."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from urllib.parse import urlsplit

from probes.simulators.camera import MODEL, Camera
from probes.simulators.clip import FRAMES_A_SECOND
from probes.simulators.gate import Verdict
from probes.simulators.rtp import Sink, Unusable, open_interleaved, open_udp, stream

PATHS = ("/Streaming/Channels/101", "/Streaming/Channels/102")  # main and sub stream

_METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER"
_OPEN = frozenset({"OPTIONS"})  # answered without a login
_MAX_LINE, _MAX_LINES, _MAX_BODY = 4_096, 64, 4_096
_IDLE_SECONDS = 60.0
_REASONS = {
    200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 454: "Session Not Found",
    455: "Method Not Valid in This State", 461: "Unsupported Transport", 501: "Not Implemented",
    503: "Service Unavailable",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Request:
    """One RTSP request; names of headers in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]


class Malformed(ValueError):
    """The client does not speak RTSP, or sends too much."""


class Conversation:
    """One RTSP connection to one camera; it ends with TEARDOWN, or when nobody speaks for a minute."""

    def __init__(self, camera: Camera, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._camera, self._reader, self._writer = camera, reader, writer
        self._session = secrets.token_hex(4)
        self._sink: Sink | None = None
        self._streaming: asyncio.Task[None] | None = None

    async def hold(self) -> None:
        """Answer until it ends. Never raises for what the client does."""
        try:
            with contextlib.suppress(Malformed, ConnectionError, TimeoutError, asyncio.IncompleteReadError):
                while (request := await self._next()) is not None:
                    await asyncio.sleep(self._camera.delay_seconds)
                    self._answer(request)
                    await self._writer.drain()
                    if request.method == "TEARDOWN":
                        break
        finally:
            await self._stop()
            self._writer.close()

    async def _next(self) -> Request | None:
        """The next request; RTCP that comes interleaved is dropped. None at the end of the connection."""
        while True:
            async with asyncio.timeout(None if self._streaming else _IDLE_SECONDS):
                first = await self._reader.read(1)
                if first != b"$":
                    return await self._read_request(first) if first else None
                header = await self._reader.readexactly(3)
                await self._reader.readexactly(int.from_bytes(header[1:], "big"))

    async def _read_request(self, first: bytes) -> Request | None:
        lines: list[str] = []
        while True:
            try:
                line = first + await self._reader.readuntil(b"\n")
            except asyncio.LimitOverrunError as error:
                raise Malformed("a line without end") from error
            first = b""
            stripped = line.strip().decode("latin-1")
            if not stripped and lines:
                break
            if stripped:
                lines.append(stripped)
            if len(line) > _MAX_LINE or len(lines) > _MAX_LINES:
                raise Malformed("too long")
        request = parse_request(lines)
        await self._reader.readexactly(_body_length(request.headers))
        return request

    def _answer(self, request: Request) -> None:
        camera, method = self._camera, request.method
        if "rtsp_down" in camera.faults:
            return self._send(request, 503)
        if method not in _METHODS.split(", "):
            return self._send(request, 501)
        if method not in _OPEN and not self._welcome(request):
            return None
        if method in _OPEN:
            return self._send(request, 200, {"Public": _METHODS})
        if not urlsplit(request.url).path.startswith(PATHS):
            return self._send(request, 404)
        match method:
            case "DESCRIBE":
                self._describe(request)
            case "SETUP":
                self._setup(request)
            case "PLAY":
                self._play(request)
            case _:
                self._send(request, 200, {"Session": self._session})
        return None

    def _welcome(self, request: Request) -> bool:
        gate = self._camera.gate
        verdict = gate.check_digest(request.headers.get("authorization"), request.method, request.url, "rtsp")
        if verdict is not Verdict.WELCOME:
            challenges = gate.challenges(stale=verdict is Verdict.STALE)
            self._send(request, 401, challenges=challenges)
        return verdict is Verdict.WELCOME

    def _describe(self, request: Request) -> None:
        base = request.url.rstrip("/") + "/"
        body = describe(self._camera)
        self._send(request, 200, {"Content-Base": base, "Content-Type": "application/sdp"}, body)

    def _setup(self, request: Request) -> None:
        if self._streaming:
            return self._send(request, 455)
        wanted = request.headers.get("transport", "")
        client = str(self._writer.get_extra_info("peername")[0])
        try:
            if "interleaved" in wanted or "/TCP" in wanted.upper():
                sink = open_interleaved(self._writer, wanted)
            else:
                sink = open_udp(self._camera.blueprint.address, client, wanted)
        except Unusable:
            return self._send(request, 461)
        if self._sink:
            self._sink.close()
        self._sink = sink
        return self._send(request, 200, {"Session": f"{self._session};timeout=60", "Transport": sink.transport})

    def _play(self, request: Request) -> None:
        if self._sink is None:
            return self._send(request, 455)
        if request.headers.get("session", "").partition(";")[0].strip() != self._session:
            return self._send(request, 454)
        track = request.url.rstrip("/") + "/trackID=1"
        start = secrets.randbelow(1 << 16)
        info = f"url={track};seq={start};rtptime=0"
        self._send(request, 200, {"Session": self._session, "Range": "npt=0.000-", "RTP-Info": info})
        if self._streaming is None:
            self._streaming = asyncio.create_task(stream(self._camera, self._sink, start))
        return None

    def _send(
        self,
        request: Request,
        status: int,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        challenges: Sequence[str] = (),
    ) -> None:
        lines = [f"RTSP/1.0 {status} {_REASONS[status]}", f"CSeq: {request.headers.get('cseq', '0')}"]
        lines += [f"Date: {formatdate(self._camera.clock(), usegmt=True)}", f"Server: {MODEL} {self._camera.firmware}"]
        lines += [f"WWW-Authenticate: {challenge}" for challenge in challenges]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        lines.append(f"Content-Length: {len(body)}")
        self._writer.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    async def _stop(self) -> None:
        if self._streaming:
            self._streaming.cancel()
            await asyncio.gather(self._streaming, return_exceptions=True)
        if self._sink:
            self._sink.close()


def parse_request(lines: list[str]) -> Request:
    """A request from its lines; raises Malformed."""
    words = lines[0].split(" ")
    if len(words) != 3 or not words[2].startswith("RTSP/"):
        raise Malformed("not a request line")
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon:
            raise Malformed("a header without a colon")
        headers.setdefault(name.strip().lower(), value.strip())
    return Request(words[0], words[1], headers)


def describe(camera: Camera) -> bytes:
    """The session description: one H.264 track with its parameter sets (RFC 4566, RFC 6184 section 8.2)."""
    clip = camera.clip()
    sets = ",".join(base64.b64encode(nal).decode() for nal in (clip.sps, clip.pps))
    return "\r\n".join(
        (
            "v=0", f"o=- {camera.blueprint.number} 1 IN IP4 {camera.blueprint.address}", f"s={MODEL}", "t=0 0",
            "a=control:*", "a=range:npt=now-", "m=video 0 RTP/AVP 96", "c=IN IP4 0.0.0.0", "a=rtpmap:96 H264/90000",
            f"a=fmtp:96 packetization-mode=1;profile-level-id={clip.sps[1:4].hex()};sprop-parameter-sets={sets}",
            f"a=framerate:{FRAMES_A_SECOND}", "a=control:trackID=1", "",
        )
    ).encode()  # fmt: skip


def _body_length(headers: Mapping[str, str]) -> int:
    length = headers.get("content-length", "0")
    if not length.isascii() or not length.isdigit() or int(length[:9]) > _MAX_BODY:
        raise Malformed("a body that is too long")
    return int(length)
