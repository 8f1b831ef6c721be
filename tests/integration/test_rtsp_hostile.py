"""RTSP against devices that lie, stall, flood or send too much."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from probes.ask import ask
from probes.digest import parse
from probes.observation import Observation, Outcome
from probes.registry import probe
from probes.rtsp import RtspOptions, play
from probes.target import Login, Secret, Target
from probes.tools import Tools

SDP = b"v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:trackID=1\r\n"
RTP = bytes([0x80, 0x60]) + bytes(30)
LOGIN = Login("admin", Secret("right"))
DIGEST = 'Digest realm="r", nonce="{}", algorithm={}, qop="auth"{}'


@dataclass
class Request:
    method: str
    url: str
    headers: dict[str, str]
    writer: asyncio.StreamWriter

    def answer(self, status: str = "200 OK", *headers: str, body: bytes = b"") -> None:
        lines = [f"RTSP/1.0 {status}", f"CSeq: {self.headers['cseq']}", *headers, f"Content-Length: {len(body)}"]
        self.writer.write(("\r\n".join(lines) + "\r\n\r\n").encode() + body)

    def frame(self, channel: int, packet: bytes = RTP) -> None:
        self.writer.write(b"$" + bytes([channel]) + len(packet).to_bytes(2, "big") + packet)


@dataclass
class Camera:
    """A fake camera on a loopback port; `handle` answers each request, by default as a good camera does."""

    handle: Callable[[Request], Awaitable[None]]
    port: int = 0
    requests: list[Request] = field(default_factory=list)
    serving: asyncio.Task[None] | None = None

    @property
    def methods(self) -> list[str]:
        return [request.method for request in self.requests]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.serving = asyncio.current_task()
        with contextlib.suppress(asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            while True:
                lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                method, url, _ = lines[0].split(" ")
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
                self.requests.append(Request(method, url, headers, writer))
                await self.handle(self.requests[-1])
        writer.transport.abort()


async def behave(request: Request) -> None:
    match request.method:
        case "DESCRIBE":
            request.answer("200 OK", "Content-Type: application/sdp", body=SDP)
        case "SETUP":
            request.answer("200 OK", f"Transport: {request.headers['transport']}", "Session: 42;timeout=60")
        case "PLAY":
            request.answer()
            request.frame(0)
        case _:
            request.answer()


@contextlib.asynccontextmanager
async def camera(handle: Callable[[Request], Awaitable[None]] = behave) -> AsyncIterator[Camera]:
    made = Camera(handle)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        if made.serving:
            made.serving.cancel()
            await asyncio.wait([made.serving])


async def look(port: int, login: Login | None = None, timeout_seconds: float = 10.0, **options: str) -> Observation:
    chosen = RtspOptions.model_validate({"port": port, "path": "/1", **options})
    tools, target = Tools(), Target("d", "127.0.0.1", login)
    return await ask(probe("rtsp"), target, chosen, tools, check="rtsp", timeout_seconds=timeout_seconds)


async def trickle(request: Request) -> None:
    for byte in b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n":
        request.writer.write(bytes([byte]))
        await asyncio.sleep(1)


async def endless_headers(request: Request) -> None:
    request.writer.write(b"RTSP/1.0 200 OK\r\n")
    while not request.writer.is_closing():
        request.writer.write(b"X-Padding: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n" * 50)
        await request.writer.drain()


async def endless_line(request: Request) -> None:
    while not request.writer.is_closing():
        request.writer.write(b"a" * 65_536)
        await request.writer.drain()


async def huge_description(request: Request) -> None:
    request.answer("200 OK", body=SDP + b"a=x\r\n" * 2_000_000)
    await request.writer.drain()


async def long_description(request: Request) -> None:
    request.answer("200 OK", body=SDP + b"a=x\r\n" * 5000)


async def garbage(request: Request) -> None:
    request.writer.write(bytes(range(256)) * 100 + b"\r\n\r\n")


async def http(request: Request) -> None:
    request.writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


async def half_an_answer(request: Request) -> None:
    request.writer.write(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 500\r\n\r\nv=0\r\n")
    request.writer.close()


async def endless_frames(request: Request) -> None:
    while not request.writer.is_closing():
        request.frame(0, bytes(60_000))
        await request.writer.drain()


async def other_answers(request: Request) -> None:
    while not request.writer.is_closing():
        request.writer.write(b"RTSP/1.0 200 OK\r\nCSeq: 77\r\n\r\n")
        await request.writer.drain()


@pytest.mark.parametrize(
    "handle",
    [endless_headers, endless_line, huge_description, long_description, garbage, http, half_an_answer, endless_frames,
     other_answers],
)  # fmt: skip
async def test_what_is_malformed_or_without_end_is_garbled(handle: Callable[[Request], Awaitable[None]]) -> None:
    async with camera(handle) as device:
        seen = await look(device.port)
    assert seen.outcome is Outcome.GARBLED, seen
    assert seen.duration_seconds < 8


async def test_one_byte_a_second_runs_into_the_timeout() -> None:
    async with camera(trickle) as device:
        seen = await look(device.port, timeout_seconds=0.5)
    assert seen.outcome is Outcome.NO_ANSWER


async def test_hanging_up_is_a_refusal() -> None:
    async def hang_up(request: Request) -> None:
        request.writer.close()

    async with camera(hang_up) as device:
        seen = await look(device.port)
    assert seen.outcome is Outcome.REFUSED


@pytest.mark.parametrize(
    ("status", "outcome", "said"),
    [
        ("302 Moved Temporarily", Outcome.UNSUPPORTED, "moved to rtsp://127.0.0.2/1"),
        ("400 Bad Request", Outcome.UNSUPPORTED, "does not accept DESCRIBE"),
        ("403 Forbidden", Outcome.DENIED, "403 Forbidden"),
        ("404 Stream Not Found", Outcome.UNSUPPORTED, "no stream at this path"),
        ("453 Not Enough Bandwidth", Outcome.REFUSED, "too many sessions"),
        ("500 Internal Server Error", Outcome.REFUSED, "failed at DESCRIBE"),
        ("501 Not Implemented", Outcome.UNSUPPORTED, "does not accept DESCRIBE"),
        ("503 Service Unavailable", Outcome.REFUSED, "too many sessions"),
    ],
)
async def test_what_a_status_means(status: str, outcome: Outcome, said: str) -> None:
    async def handle(request: Request) -> None:
        request.answer(status, "Location: rtsp://127.0.0.2/1")

    async with camera(handle) as device:
        seen = await look(device.port, LOGIN)
    assert seen.outcome is outcome
    assert said in seen.detail
    assert device.methods == ["DESCRIBE"]


async def test_no_video() -> None:
    async def handle(request: Request) -> None:
        request.answer(body=b"v=0\r\nm=audio 0 RTP/AVP 0\r\n")

    async with camera(handle) as device:
        seen = await look(device.port)
    assert (seen.outcome, seen.detail) == (Outcome.UNSUPPORTED, "describes no video stream, but audio")


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def is_right(request: Request, nonce: str, password: str = "right") -> bool:
    """Does the request answer a SHA-256 challenge with that nonce? RFC 7616."""
    (answer,) = parse([request.headers["authorization"]])
    given = answer.parameters
    secret, asked = sha256(f"admin:r:{password}"), sha256(f"{request.method}:{given['uri']}")
    expected = sha256(f"{secret}:{nonce}:{given['nc']}:{given['cnonce']}:auth:{asked}")
    return given["nonce"] == nonce and given["uri"] == request.url and given["response"] == expected


async def test_digest_with_sha_256_through_a_whole_session() -> None:
    counts = []

    async def handle(request: Request) -> None:
        if "authorization" not in request.headers:
            request.answer("401 Unauthorized", f"WWW-Authenticate: {DIGEST.format('n', 'SHA-256', '')}")
        elif is_right(request, "n"):
            counts.append(re.search(r"nc=(\w+)", request.headers["authorization"])[1])  # type: ignore[index]
            await behave(request)
        else:
            request.answer("403 Forbidden")

    async with camera(handle) as device:
        seen = await look(device.port, LOGIN, depth="play")
    assert seen.outcome is Outcome.OK, seen.detail
    assert counts == ["00000001", "00000002", "00000003", "00000004"]


@pytest.mark.parametrize(("lies", "outcome"), [(1, Outcome.OK), (2, Outcome.DENIED), (99, Outcome.DENIED)])
async def test_a_stale_nonce_is_renewed_once(lies: int, outcome: Outcome) -> None:
    async def handle(request: Request) -> None:
        refused = len(device.requests) - 1
        if refused <= lies:
            stale = ", stale=true" if refused else ""
            request.answer("401 Unauthorized", f"WWW-Authenticate: {DIGEST.format(refused, 'SHA-256', stale)}")
        else:
            assert is_right(request, str(refused - 1))
            await behave(request)

    async with camera(handle) as device:
        seen = await look(device.port, LOGIN)
    assert seen.outcome is outcome
    assert len(device.requests) == 3


async def test_a_wrong_password_is_sent_once() -> None:
    async def handle(request: Request) -> None:
        request.answer("401 Unauthorized", f"WWW-Authenticate: {DIGEST.format('n', 'SHA-256', '')}")

    async with camera(handle) as device:
        seen = await look(device.port, LOGIN, depth="play")
    assert seen.outcome is Outcome.DENIED
    assert ["authorization" in request.headers for request in device.requests] == [False, True]


async def test_an_unknown_kind_of_login_gets_none() -> None:
    async def handle(request: Request) -> None:
        request.answer("401 Unauthorized", "WWW-Authenticate: Negotiate")

    async with camera(handle) as device:
        seen = await look(device.port, LOGIN)
    assert seen.outcome is Outcome.UNSUPPORTED
    assert len(device.requests) == 1


async def test_packets_before_the_answer_and_on_another_channel() -> None:
    async def handle(request: Request) -> None:
        if request.method == "SETUP":
            request.answer("200 OK", "Transport: RTP/AVP/TCP;unicast;interleaved=4-5", "Session: 42")
        elif request.method == "PLAY":
            request.writer.write(b"OPTIONS rtsp://127.0.0.1/1 RTSP/1.0\r\nCSeq: 1\r\n\r\n")
            request.frame(0)
            request.frame(4)
            request.answer()
        else:
            await behave(request)

    async with camera(handle) as device:
        seen = await look(device.port, depth="play")
    assert seen.outcome is Outcome.OK, seen.detail
    assert device.methods == ["DESCRIBE", "SETUP", "PLAY", "TEARDOWN"]
    assert [request.headers.get("session") for request in device.requests] == [None, None, "42", "42"]


async def test_packets_that_are_not_the_streams() -> None:
    async def handle(request: Request) -> None:
        if request.method == "PLAY":
            request.answer()
            for _ in range(1000):
                request.frame(0, b"\x80\xc8" + bytes(30))
        else:
            await behave(request)

    async with camera(handle) as device:
        seen = await look(device.port, depth="play")
        await asyncio.sleep(0.05)
    assert seen.outcome is Outcome.GARBLED
    assert device.methods[-1] == "TEARDOWN"


@pytest.mark.parametrize("wait", [True, False])
async def test_a_session_is_ended_also_when_nothing_flows(monkeypatch: pytest.MonkeyPatch, wait: bool) -> None:
    monkeypatch.setattr(play, "PATIENCE_SECONDS", 0.2 if wait else 20.0)

    async def handle(request: Request) -> None:
        request.answer() if request.method == "PLAY" else await behave(request)

    async with camera(handle) as device:
        seen = await look(device.port, depth="play", timeout_seconds=20.0 if wait else 1.5)
        await asyncio.sleep(0.05)
    assert seen.outcome is Outcome.NO_ANSWER
    assert ("agreed to PLAY" in seen.detail) is wait
    assert device.methods == ["DESCRIBE", "SETUP", "PLAY", "TEARDOWN"]


@pytest.mark.parametrize(("source", "outcome"), [("127.0.0.1", Outcome.OK), ("127.0.0.9", Outcome.NO_ANSWER)])
async def test_udp_counts_only_from_the_device_itself(
    monkeypatch: pytest.MonkeyPatch, source: str, outcome: Outcome
) -> None:
    if outcome is Outcome.NO_ANSWER:
        monkeypatch.setattr(play, "PATIENCE_SECONDS", 0.4)
    ports: list[int] = []

    async def handle(request: Request) -> None:
        if request.method == "SETUP":
            first, second = re.search(r"client_port=(\d+)-(\d+)", request.headers["transport"]).groups()  # type: ignore[union-attr]
            assert int(first) % 2 == 0
            assert int(second) == int(first) + 1
            ports.append(int(first))
        if request.method == "PLAY":
            request.answer()
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.bind((source, 0))
                for packet in (b"", b"garbage", RTP[:12], RTP):
                    sender.sendto(packet, ("127.0.0.1", ports[0]))
        else:
            await behave(request)

    async with camera(handle) as device:
        seen = await look(device.port, depth="play", transport="udp")
    assert seen.outcome is outcome, seen.detail


@pytest.mark.parametrize(
    ("asked", "given"), [("tcp", "RTP/AVP;client_port=1-2"), ("udp", "RTP/AVP/TCP;interleaved=0-1")]
)
async def test_another_transport_than_asked_for(asked: str, given: str) -> None:
    async def handle(request: Request) -> None:
        request.answer("200 OK", f"Transport: {given}") if request.method == "SETUP" else await behave(request)

    async with camera(handle) as device:
        seen = await look(device.port, depth="play", transport=asked)
        await asyncio.sleep(0.05)
    assert seen.outcome is Outcome.UNSUPPORTED
    assert device.methods == ["DESCRIBE", "SETUP", "TEARDOWN"]
