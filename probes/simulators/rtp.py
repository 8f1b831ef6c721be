"""How do a camera's pictures reach one client? RTP packets in its RTSP connection or over UDP (RFC 3550, RFC 6184)."""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
import socket
import struct
import time
from collections.abc import Iterator
from typing import Protocol

from probes.simulators.camera import Camera
from probes.simulators.clip import FRAMES_A_SECOND, Frame, payloads

_PAYLOAD_TYPE, _MARKER, _VERSION = 96, 0x80, 0x80
_CLOCK_RATE = 90_000
_MOST_WAITING = 1 << 20  # bytes a client may lag behind before it is left
_REPORT_SECONDS = 5.0
_NTP_EPOCH = 2_208_988_800  # seconds from 1900 to 1970
_INTERLEAVED = re.compile(r"interleaved=(\d{1,3})-(\d{1,3})")
_CLIENT_PORTS = re.compile(r"client_port=(\d{1,5})-(\d{1,5})")
_PORT_TRIES = 20


class Unusable(ValueError):
    """A transport that this camera does not offer."""


class Sink(Protocol):
    """Where packets go. `transport` is the Transport header that describes it."""

    transport: str

    def send(self, packets: list[bytes]) -> None:
        """Send the RTP packets of one picture; ConnectionError if the client cannot follow."""

    def report(self, packet: bytes) -> None:
        """Send one RTCP packet."""

    def close(self) -> None:
        """Give back what it holds."""


class _Interleaved:
    """Packets inside the RTSP connection (RFC 2326 section 10.12)."""

    def __init__(self, writer: asyncio.StreamWriter, channels: tuple[int, int]) -> None:
        self._writer, self._channels = writer, channels
        self.transport = f"RTP/AVP/TCP;unicast;interleaved={channels[0]}-{channels[1]}"

    def send(self, packets: list[bytes]) -> None:
        if self._writer.transport.get_write_buffer_size() > _MOST_WAITING:
            self._writer.transport.abort()
            raise ConnectionError("the client does not read")
        head = self._channels[0]
        self._writer.write(b"".join(struct.pack("!BBH", 0x24, head, len(one)) + one for one in packets))

    def report(self, packet: bytes) -> None:
        self._writer.write(struct.pack("!BBH", 0x24, self._channels[1], len(packet)) + packet)

    def close(self) -> None:
        return None


class _Datagrams:
    """Packets from an even port of the camera to the client's, reports from the odd one above."""

    def __init__(self, address: str, client: str, ports: tuple[int, int]) -> None:
        self._client, self._ports = client, ports
        self._data, self._control = _port_pair(address)
        mine = self._data.getsockname()[1]
        self.transport = f"RTP/AVP;unicast;client_port={ports[0]}-{ports[1]};server_port={mine}-{mine + 1}"

    def send(self, packets: list[bytes]) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionRefusedError):  # loss, which UDP is allowed
            for packet in packets:
                self._data.sendto(packet, (self._client, self._ports[0]))

    def report(self, packet: bytes) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionRefusedError):
            self._control.sendto(packet, (self._client, self._ports[1]))

    def close(self) -> None:
        self._data.close()
        self._control.close()


def open_interleaved(writer: asyncio.StreamWriter, wanted: str) -> Sink:
    """Packets over the writer, on the channels that the Transport header wants, or 0 and 1; raises Unusable."""
    found = _INTERLEAVED.search(wanted)
    channels = (int(found[1]), int(found[2])) if found else (0, 1)
    if max(channels) > 255:
        raise Unusable("a channel beyond one byte")
    return _Interleaved(writer, channels)


def open_udp(address: str, client: str, wanted: str) -> Sink:
    """Packets from the camera's address to the ports that the Transport header names; raises Unusable."""
    found = _CLIENT_PORTS.search(wanted)
    if found is None or "multicast" in wanted:
        raise Unusable("no ports of the client")
    ports = (int(found[1]), int(found[2]))
    if not all(1_024 <= port < 65_536 for port in ports):
        raise Unusable("ports out of range")
    return _Datagrams(address, client, ports)


async def stream(camera: Camera, sink: Sink, sequence: int) -> None:
    """Send pictures in real time, beginning with a key frame, until cancelled; a camera without power sends nothing.

    `sequence` numbers the first packet. What the camera shows is asked again with each key frame, every second.
    """
    source, started = secrets.randbits(32), time.monotonic()
    sent_packets = sent_octets = 0
    next_report = 0.0
    with contextlib.suppress(ConnectionError, OSError):
        for second in _seconds():
            clip = camera.clip()
            for at, frame in enumerate(clip.group(camera.second())):
                elapsed = second + at / FRAMES_A_SECOND
                await asyncio.sleep(started + elapsed - time.monotonic())
                if camera.dark or "rtsp_down" in camera.faults:
                    return
                clock = int(elapsed * _CLOCK_RATE) & 0xFFFFFFFF
                whole = (clip.sps, clip.pps, *frame) if at == 0 else frame
                packets = list(_packets(whole, sequence + sent_packets, clock, source))
                sink.send(packets)
                sent_packets += len(packets)
                sent_octets += sum(map(len, packets)) - 12 * len(packets)
                if elapsed >= next_report:
                    sink.report(_sender_report(source, camera.clock(), clock, sent_packets, sent_octets))
                    next_report += _REPORT_SECONDS


def _seconds() -> Iterator[int]:
    second = 0
    while True:
        yield second
        second += 1


def _packets(frame: Frame, sequence: int, clock: int, source: int) -> Iterator[bytes]:
    """One picture as RTP packets; the last one carries the marker."""
    bodies = [payload for nal in frame for payload in payloads(nal)]
    for at, body in enumerate(bodies):
        kind = _PAYLOAD_TYPE | (_MARKER if at == len(bodies) - 1 else 0)
        yield struct.pack("!BBHII", _VERSION, kind, (sequence + at) & 0xFFFF, clock, source) + body


def _sender_report(source: int, now: float, clock: int, packets: int, octets: int) -> bytes:
    """An RTCP sender report without report blocks (RFC 3550 section 6.4.1)."""
    whole, part = divmod(now + _NTP_EPOCH, 1)
    return struct.pack(
        "!BBHIIIIII", _VERSION, 200, 6, source, int(whole) & 0xFFFFFFFF, int(part * (1 << 32)), clock,
        packets & 0xFFFFFFFF, octets & 0xFFFFFFFF,
    )  # fmt: skip


def _port_pair(address: str) -> tuple[socket.socket, socket.socket]:
    """Two bound sockets, an even port and the one above (RFC 3550 section 11); OSError if none is found."""
    for _ in range(_PORT_TRIES):
        first, second = _datagram_socket(), _datagram_socket()
        try:
            first.bind((address, 0))
            port = first.getsockname()[1]
            if port % 2 == 0:
                second.bind((address, port + 1))
                return first, second
        except OSError:
            pass
        first.close()
        second.close()
    raise OSError("no pair of free ports")


def _datagram_socket() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
