"""Does the stream really flow? SETUP, PLAY, the first RTP packet, TEARDOWN."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from probes.errors import Garbled, LocalTrouble, NoAnswer, Unsupported
from probes.rtsp.client import Client
from probes.rtsp.framing import Frame
from probes.rtsp.messages import Transport, parse_transport
from probes.rtsp.rtp import is_rtp
from probes.rtsp.sdp import Medium
from probes.tools import trace

PATIENCE_SECONDS = 5.0  # from PLAY to the first packet
MAX_STRAYS = 512  # packets that are not the stream's before the first that is
MAX_DATAGRAM = 65_535


@dataclass(frozen=True, slots=True)
class Route:
    """Which stream to play, by the URLs of its own SETUP and of the session that PLAY and TEARDOWN speak of."""

    video: Medium
    video_url: str
    session_url: str


async def await_packet(client: Client, route: Route, transport: Literal["tcp", "udp"]) -> float:
    """Seconds from PLAY to the first RTP packet. The session is always ended.

    Over UDP only packets from the device's own address count, and nothing is sent to anybody. Raises NoAnswer if no
    packet comes, Unsupported for a transport that the device does not offer, and what `Client.request` raises.
    """
    try:
        if transport == "tcp":
            seconds = await _play_interleaved(client, route)
        else:
            with _port_pair(client.stream.sock) as sock:
                seconds = await _play_udp(client, route, sock)
    except BaseException:
        client.abandon(route.session_url)
        raise
    await client.leave(route.session_url)
    return seconds


async def _play_interleaved(client: Client, route: Route) -> float:
    agreed = await _set_up(client, route, "RTP/AVP/TCP;unicast;interleaved=0-1")
    if not agreed.interleaved:
        raise Unsupported("the device does not send over the RTSP connection, though asked to")
    channel, types = agreed.channel or 0, route.video.payload_types

    async def packet() -> None:
        for _ in range(MAX_STRAYS):
            frame = client.early.popleft() if client.early else await client.receive()
            if isinstance(frame, Frame) and frame.channel == channel and is_rtp(frame.packet, types):
                return
        raise Garbled(f"none of {MAX_STRAYS} packets is the stream's")

    return await _play(client, route, packet)


async def _play_udp(client: Client, route: Route, sock: socket.socket) -> float:
    port = sock.getsockname()[1]
    agreed = await _set_up(client, route, f"RTP/AVP;unicast;client_port={port}-{port + 1}")
    if agreed.interleaved:
        raise Unsupported("the device does not send over UDP, though asked to")
    device = client.stream.sock.getpeername()[0]

    async def packet() -> None:
        for _ in range(MAX_STRAYS):
            datagram, source = await _receive_from(sock)
            if source == device and is_rtp(datagram, route.video.payload_types):
                return
        raise Garbled(f"none of {MAX_STRAYS} packets is the stream's")

    return await _play(client, route, packet)


async def _receive_from(sock: socket.socket) -> tuple[bytes, str]:
    """The next datagram and the IP address it came from; uvloop has no `sock_recvfrom`."""
    loop = asyncio.get_running_loop()
    while True:
        with contextlib.suppress(BlockingIOError):
            datagram, source = sock.recvfrom(MAX_DATAGRAM)
            return datagram, source[0]
        came = asyncio.Event()
        loop.add_reader(sock, came.set)
        try:
            await came.wait()
        finally:
            loop.remove_reader(sock)


async def _set_up(client: Client, route: Route, transport: str) -> Transport:
    answer = await client.request("SETUP", route.video_url, {"Transport": transport})
    client.session = answer.head.session
    return parse_transport(answer.head.get("transport"))


async def _play(client: Client, route: Route, packet: Callable[[], Awaitable[None]]) -> float:
    started = time.perf_counter()
    await client.request("PLAY", route.session_url, {**client.in_session(), "Range": "npt=0.000-"})
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await packet()
    except TimeoutError:
        raise NoAnswer(f"agreed to PLAY, but sent no RTP packet within {PATIENCE_SECONDS:g} s") from None
    seconds = time.perf_counter() - started
    trace("first RTP packet after %.3f s", seconds)
    return seconds


@contextlib.contextmanager
def _port_pair(beside: socket.socket) -> Iterator[socket.socket]:
    """The socket of an even port whose next port is ours too (RFC 3550 section 11), on the address of `beside`."""
    where: Sequence[object] = beside.getsockname()
    for _ in range(64):
        with (
            socket.socket(beside.family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as rtp,
            socket.socket(beside.family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as rtcp,
        ):
            rtp.bind((where[0], 0, *where[2:]))
            port: int = rtp.getsockname()[1]
            if port % 2:
                continue
            with contextlib.suppress(OSError):
                rtcp.bind((where[0], port + 1, *where[2:]))
                yield rtp
                return
    raise LocalTrouble("no pair of free UDP ports")
