"""How do ten thousand echo requests share one socket?

An unprivileged ICMP socket if the group may have one (sysctl net.ipv4.ping_group_range, which holds for IPv6 too), else
a raw one (CAP_NET_RAW). A request that is lost is sent once more, and the answer to either counts.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import secrets
import select
import socket
import struct
import time
from dataclasses import dataclass, field

from probes.errors import LocalTrouble, NoAnswer, Refused
from probes.icmp_packets import (
    ERRORS,
    REPLY,
    TOKEN_BYTES,
    Reply,
    Unreachable,
    build_request,
    parse,
    parse_queued_error,
    strip_ip_header,
)
from probes.resolve import Address, literal
from probes.tools import Tools, trace

MAX_UNDER_WAY = 60_000  # of 65,536 sequence numbers
TRIES = 2
BUFFER_BYTES = 4_194_304  # asked for; the kernel gives up to net.core.rmem_max
BATCH = 512  # packets read before others get their turn
FULL_SECONDS = 0.01  # until a full send buffer is tried again

_PROTOCOL = {socket.AF_INET: socket.IPPROTO_ICMP, socket.AF_INET6: socket.IPPROTO_ICMPV6}
_VERSION = {socket.AF_INET: 4, socket.AF_INET6: 6}
_RECEIVE_ERRORS = {4: (socket.IPPROTO_IP, 11), 6: (socket.IPPROTO_IPV6, 25)}  # IP_RECVERR, IPV6_RECVERR
_RAW_FILTER = {4: (255, 1), 6: (socket.IPPROTO_ICMPV6, 1)}  # SOL_RAW/ICMP_FILTER, ICMP6_FILTER
_TIMESTAMP = 35  # SO_TIMESTAMPNS, as a socket option and as the message that brings it
_TIMESPEC = struct.Struct("@ll")
_NOT_ALLOWED = (
    "ICMP is not allowed here: let sysctl net.ipv4.ping_group_range include the daemon's group, "
    "or give the daemon CAP_NET_RAW"
)


@dataclass(frozen=True, slots=True)
class Echoed:
    """An answer: its round trip, and how many requests it took."""

    rtt_seconds: float
    sent: int


@dataclass(slots=True)
class _Echo:
    """A question under way, in one or two requests."""

    address: Address
    wait_seconds: float
    future: asyncio.Future[Echoed]
    sequences: list[int] = field(default_factory=list)
    timer: asyncio.TimerHandle | None = None


@dataclass(frozen=True, slots=True)
class _Request:
    """A packet under way: when it left, by the wall clock of the kernel's stamps and by the steady one."""

    echo: _Echo
    token: bytes
    left_at: float
    left_steady: float


class Pinger:
    """The ICMP sockets of this process, one for IPv4 and one for IPv6, opened at first use."""

    def __init__(self, tools: Tools) -> None:
        self._sockets: dict[socket.AddressFamily, IcmpSocket] = {}

    async def echo(self, address: Address, wait_seconds: float) -> Echoed:
        """Send a request, another one if no answer came within `wait_seconds`, and wait as long again.

        Raises NoAnswer, Refused (somebody answers that it is unreachable), LocalTrouble.
        """
        found = self._sockets.get(address.family)
        if found is None:
            found = self._sockets[address.family] = IcmpSocket(address.family)
        return await found.echo(address, wait_seconds)

    async def close(self) -> None:
        """Close the sockets."""
        while self._sockets:
            self._sockets.popitem()[1].close()


class IcmpSocket:
    """One socket of one IP version; `raw` says which kind it is."""

    def __init__(self, family: socket.AddressFamily) -> None:
        self._version = _VERSION[family]
        self._loop = asyncio.get_running_loop()
        self._requests: dict[int, _Request] = {}
        self._sequence = secrets.randbelow(65_536)
        self._sock, self.raw = _open(family)
        self._identifier = secrets.randbelow(65_536) if self.raw else self._sock.getsockname()[1]
        # An unprivileged socket shows errors as POLLERR, at which libuv ceases to watch it; behind an epoll of its own
        # they look like any other event.
        self._epoll = select.epoll()
        self._epoll.register(self._sock, select.EPOLLIN)
        self._loop.add_reader(self._epoll.fileno(), self._read)

    def close(self) -> None:
        """Close the socket; nobody may wait any more."""
        self._loop.remove_reader(self._epoll.fileno())
        self._epoll.close()
        self._sock.close()

    async def echo(self, address: Address, wait_seconds: float) -> Echoed:
        """See `Pinger.echo`."""
        echo = _Echo(address, wait_seconds, self._loop.create_future())
        try:
            self._send(echo)
            return await echo.future
        finally:
            if echo.timer:
                echo.timer.cancel()
            for sequence in echo.sequences:
                self._requests.pop(sequence, None)

    def _send(self, echo: _Echo) -> None:
        sequence = self._next_sequence()
        token = os.urandom(TOKEN_BYTES)
        packet = build_request(self._version, self._identifier, sequence, token)
        self._requests[sequence] = _Request(echo, token, time.time(), time.perf_counter())
        echo.sequences.append(sequence)
        try:
            self._send_packet(packet, echo.address)
        except BlockingIOError:
            del self._requests[echo.sequences.pop()]
            echo.timer = self._loop.call_later(FULL_SECONDS, self._send_later, echo)
            return
        echo.timer = self._loop.call_later(echo.wait_seconds, self._send_again, echo)

    def _send_packet(self, packet: bytes, address: Address) -> None:
        try:
            self._sock.sendto(packet, address.at(0))
        except BlockingIOError:
            raise
        except OSError:  # perhaps the error that another target's request met earlier
            self._read_errors()
            try:
                self._sock.sendto(packet, address.at(0))
            except OSError as error:
                if error.errno == errno.ENOBUFS:
                    raise BlockingIOError from None
                if error.errno in {errno.EHOSTUNREACH, errno.ENETUNREACH}:
                    raise Refused(f"{address.ip} is unreachable ({error.strerror})") from None
                raise

    def _send_again(self, echo: _Echo) -> None:
        if len(echo.sequences) >= TRIES:
            self._fail(echo, NoAnswer(f"no echo reply to {TRIES} requests"))
        else:
            trace("no echo reply yet, asking again")
            self._send_later(echo)

    def _send_later(self, echo: _Echo) -> None:
        try:
            self._send(echo)
        except Exception as error:
            self._fail(echo, error)

    @staticmethod
    def _fail(echo: _Echo, error: Exception) -> None:
        if not echo.future.done():
            echo.future.set_exception(error)

    def _next_sequence(self) -> int:
        if len(self._requests) >= MAX_UNDER_WAY:
            raise LocalTrouble(f"{MAX_UNDER_WAY} echo requests are under way")
        while True:
            self._sequence = (self._sequence + 1) & 0xFFFF
            if self._sequence not in self._requests:
                return self._sequence

    def _read(self) -> None:
        for _ in range(BATCH):
            try:
                data, ancillary, _, _ = self._sock.recvmsg(2048, 256)
            except BlockingIOError:
                break
            except OSError:
                continue  # an error of the queue that is read below
            if self.raw and self._version == 4:
                data = strip_ip_header(data)
            match parse(self._version, data):
                case Reply() as reply:
                    self._take_reply(reply, ancillary)
                case Unreachable() as unreachable:
                    self._take_error(unreachable)
        self._read_errors()

    def _read_errors(self) -> None:
        for _ in range(0 if self.raw else BATCH):
            try:
                request, ancillary, _, sent_to = self._sock.recvmsg(2048, 512, socket.MSG_ERRQUEUE)
            except OSError:
                return
            for level, kind, extended in ancillary:
                if (level, kind) == _RECEIVE_ERRORS[self._version]:
                    unreachable = parse_queued_error(extended, request, sent_to[0] if sent_to else "")
                    if unreachable:
                        self._take_error(unreachable)

    def _take_reply(self, reply: Reply, ancillary: list[tuple[int, int, bytes]]) -> None:
        request = self._requests.get(reply.sequence)
        if request is None or request.token != reply.token or reply.identifier != self._identifier:
            return
        steady = time.perf_counter() - request.left_steady
        stamped = _stamp(ancillary) - request.left_at
        if not request.echo.future.done():
            # The kernel's stamp leaves the loop's lateness out, but jumps with the wall clock.
            rtt_seconds = stamped if 0 < stamped < steady else steady
            request.echo.future.set_result(Echoed(rtt_seconds, len(request.echo.sequences)))

    def _take_error(self, error: Unreachable) -> None:
        request = self._requests.get(error.sequence)
        if request is None or error.identifier != self._identifier:
            return
        address = request.echo.address
        sent_to = literal(error.ip)
        if sent_to and _packed(sent_to) == _packed(address):
            self._fail(request.echo, Refused(f"{address.ip}: {error.reason}"))


def _packed(address: Address) -> bytes:
    return socket.inet_pton(address.family, address.ip)


def _stamp(ancillary: list[tuple[int, int, bytes]]) -> float:
    """When the kernel took the packet in, seconds since the epoch; 0 if it does not say."""
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == _TIMESTAMP and len(data) >= _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack_from(data)
            return float(seconds) + float(nanoseconds) * 1e-9
    return 0.0


def _open(family: socket.AddressFamily) -> tuple[socket.socket, bool]:
    """A socket, and whether it is a raw one. Raises LocalTrouble."""
    version = _VERSION[family]
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            sock = socket.socket(family, kind | socket.SOCK_NONBLOCK, _PROTOCOL[family])
        except PermissionError:
            continue
        except OSError as error:
            raise LocalTrouble(f"no ICMP socket for IPv{version}: {error.strerror}") from None
        raw = kind == socket.SOCK_RAW
        if raw:
            sock.setsockopt(*_RAW_FILTER[version], _block_others(version))
        else:
            sock.bind(("", 0))
            sock.setsockopt(*_RECEIVE_ERRORS[version], 1)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            sock.setsockopt(socket.SOL_SOCKET, option, BUFFER_BYTES)
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, _TIMESTAMP, 1)
        return sock, raw
    raise LocalTrouble(_NOT_ALLOWED)


def _block_others(version: int) -> bytes:
    """A mask for a raw socket that lets replies and errors through: a bit set blocks its ICMP type."""
    mask = [0xFFFFFFFF] * (1 if version == 4 else 8)
    for kind in (REPLY[version], *ERRORS[version]):
        mask[kind >> 5] &= ~(1 << (kind & 31))
    return struct.pack(f"={len(mask)}I", *mask)
