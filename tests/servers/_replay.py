"""How does a test send exactly these packets as an RTSP stream, also nonsense?"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

CLOCK_HERTZ = 90_000
_MTU = 1_400


@dataclass(frozen=True, slots=True)
class Replay:
    """`units` are sent one after the other, again and again; each is the slices of one picture in Annex B form.

    `silent_after`: after so many units nothing more comes. `closes`: the connection ends there instead.
    """

    units: Sequence[bytes]
    codec: str = "H264"
    seconds: float = 0.1  # from one unit to the next
    silent_after: int = 1_000_000
    closes: bool = False


class ReplayServer:
    """A running one: `url`, and how many sessions came to PLAY."""

    def __init__(self, replay: Replay) -> None:
        self.replay = replay
        self.sessions = 0
        self.port = 0
        self._sessions: dict[asyncio.StreamWriter, asyncio.Task[None]] = {}

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/replay"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._sessions[writer] = task
        playing: asyncio.Task[None] | None = None
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                writer.write(self._answer(request))
                await writer.drain()
                if request.startswith("PLAY"):
                    self.sessions += 1
                    playing = asyncio.create_task(self._play(writer))
        if playing is not None:
            playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        del self._sessions[writer]

    async def close(self) -> None:
        sessions = dict(self._sessions)
        for writer in sessions:
            writer.close()
        await asyncio.gather(*sessions.values(), return_exceptions=True)

    def _answer(self, request: str) -> bytes:
        number = next(line for line in request.split("\r\n") if line.lower().startswith("cseq"))
        body, extra = "", "Session: 7\r\nPublic: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
        if request.startswith("DESCRIBE"):
            body = (
                "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
                f"m=video 0 RTP/AVP 96\r\na=rtpmap:96 {self.replay.codec}/{CLOCK_HERTZ}\r\na=control:track0\r\n"
            )
            extra = f"Content-Base: {self.url}/\r\nContent-Type: application/sdp\r\n"
        elif request.startswith("SETUP"):
            extra = "Session: 7\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
        return f"RTSP/1.0 200 OK\r\n{number}\r\n{extra}Content-Length: {len(body)}\r\n\r\n{body}".encode()

    async def _play(self, writer: asyncio.StreamWriter) -> None:
        sequence = 0
        for number in range(self.replay.silent_after):
            nals = _nals(self.replay.units[number % len(self.replay.units)])
            when = int(number * self.replay.seconds * CLOCK_HERTZ)
            payloads = [payload for nal in nals for payload in _payloads(nal, self.replay.codec)]
            for index, payload in enumerate(payloads):
                last = index == len(payloads) - 1
                head = struct.pack(">BBHII", 0x80, 96 | last << 7, sequence & 0xFFFF, when & 0xFFFFFFFF, 7)
                sequence += 1
                writer.write(struct.pack(">cBH", b"$", 0, len(head) + len(payload)) + head + payload)
            if writer.is_closing():
                return
            await writer.drain()
            await asyncio.sleep(self.replay.seconds)
        if self.replay.closes:
            writer.close()


@contextlib.asynccontextmanager
async def replaying(replay: Replay) -> AsyncIterator[ReplayServer]:
    """The server, on a free port, while the context is open."""
    server = ReplayServer(replay)
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        await server.close()


def _nals(unit: bytes) -> list[bytes]:
    found = [piece.rstrip(b"\0") for piece in unit.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")]
    return [nal for nal in found if nal]


def _payloads(nal: bytes, codec: str) -> list[bytes]:
    """RFC 6184, 5.6 and 5.8; RFC 7798, 4.4.1 and 4.4.3."""
    if len(nal) <= _MTU:
        return [nal]
    if codec == "H264":
        head, kind, body = bytes([nal[0] & 0xE0 | 28]), nal[0] & 0x1F, nal[1:]
    else:
        head, kind, body = bytes([nal[0] & 0x81 | 49 << 1, nal[1]]), nal[0] >> 1 & 0x3F, nal[2:]
    pieces = [body[at : at + _MTU] for at in range(0, len(body), _MTU)]
    flags = [(0x80 if at == 0 else 0) | (0x40 if at == len(pieces) - 1 else 0) for at in range(len(pieces))]
    return [head + bytes([flag | kind]) + piece for flag, piece in zip(flags, pieces, strict=True)]
