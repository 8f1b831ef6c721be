"""How does a datagram reach an agent and its answer find the way back, with one socket for every device?"""

from __future__ import annotations

import asyncio
import errno
import os
import select
import socket
import struct

from probes.errors import Garbled, NoAnswer, Refused, Trouble
from probes.snmp.message import identify
from probes.tools import Tools, trace

RESEND_SECONDS = 1.5  # a datagram may get lost: the same one is sent once more, so that either answer counts
GIVE_UP_SECONDS = 4.0

SocketAddress = tuple[str, int] | tuple[str, int, int, int]

_MAX_DATAGRAM = 65_535
_AT_A_TIME = 64  # datagrams read before the loop may do something else
_BUFFER = 4 * 1024 * 1024  # asked of the kernel, which grants what it allows

_RECVERR = {  # Linux (ip(7), ipv6(7)): ICMP errors are queued with the address that they are about
    socket.AF_INET: (socket.IPPROTO_IP, 11),
    socket.AF_INET6: (socket.IPPROTO_IPV6, 25),
}
_ICMP_ERRNOS = frozenset({errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENOPROTOOPT})


class Wire:
    """Sends requests and hands out answers; `Shared` of the process.

    An answer must come from the very address and port that were asked, and carry the number that was sent. Datagrams
    that are not SNMP are remembered: when nothing better follows, the trouble is Garbled.
    """

    def __init__(self, tools: Tools) -> None:
        self._sockets: dict[int, socket.socket] = {}
        self._epolls: list[select.epoll] = []
        self._waiting: dict[tuple[str, int], dict[int, _Question]] = {}

    async def close(self) -> None:
        """Close the sockets; who still waits is told that nothing came."""
        loop = asyncio.get_running_loop()
        for epoll in self._epolls:
            loop.remove_reader(epoll.fileno())
            epoll.close()
        for sock in self._sockets.values():
            sock.close()
        self._epolls.clear()
        self._sockets.clear()
        for questions in list(self._waiting.values()):
            for question in list(questions.values()):
                question.fail(NoAnswer("the monitor is stopping"))

    async def exchange(self, address: SocketAddress, number: int, message: bytes) -> bytes:
        """Send `message` and give the answer that carries `number`, undecoded.

        Raises NoAnswer after GIVE_UP_SECONDS, Garbled if by then only malformed datagrams came, Refused when ICMP says
        that nobody is there, OSError when the kernel will not send.
        """
        if len(address) == 2:
            family, peer = socket.AF_INET, address
        else:  # an answer's sender is written in one way only, a configured address in many
            packed = socket.inet_pton(socket.AF_INET6, address[0])
            family, peer = socket.AF_INET6, (socket.inet_ntop(socket.AF_INET6, packed), address[1])
        sock = self._sockets.get(family) or self._open(family)
        question = _Question(self, sock, address, message)
        self._waiting.setdefault(peer, {})[number] = question
        try:
            self.send(sock, message, address)
            return await question.answer
        finally:
            question.timer.cancel()
            questions = self._waiting[peer]
            del questions[number]
            if not questions:
                del self._waiting[peer]

    def send(self, sock: socket.socket, message: bytes, address: SocketAddress) -> None:
        """Send once. A full buffer counts as a lost datagram; an error that is about another device is not ours."""
        for _ in range(8):
            try:
                sock.sendto(message, address)
                return
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno not in _ICMP_ERRNOS or not self._read_errors(sock):
                    raise

    def _open(self, family: int) -> socket.socket:
        sock = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            sock.setsockopt(*_RECVERR[socket.AddressFamily(family)], 1)
            # A queued ICMP error shows as POLLERR, at which libuv ceases to watch a socket: every agent would be silent
            # from then on. Behind an epoll of its own it looks like any other event.
            epoll = select.epoll()
            epoll.register(sock, select.EPOLLIN)
            asyncio.get_running_loop().add_reader(epoll.fileno(), self._ready, sock)
        except BaseException:
            sock.close()
            raise
        self._epolls.append(epoll)
        self._sockets[family] = sock
        return sock

    def _ready(self, sock: socket.socket) -> None:
        for _ in range(_AT_A_TIME):
            try:
                data, sender = sock.recvfrom(_MAX_DATAGRAM)
            except BlockingIOError:
                break
            except OSError:
                self._read_errors(sock)
                continue
            self._take(data, sender)
        self._read_errors(sock)

    def _take(self, data: bytes, sender: SocketAddress) -> None:
        questions = self._waiting.get((sender[0], sender[1]))
        if questions is None:
            return
        try:
            number = identify(data)
        except Garbled as trouble:
            for question in questions.values():
                question.garbled = str(trouble)
            return
        if (found := questions.get(number)) is not None:
            found.take(data)

    def _read_errors(self, sock: socket.socket) -> bool:
        """Hand every queued ICMP error to the question that it is about; was there any?"""
        found = False
        while True:
            try:
                _, ancillary, _, address = sock.recvmsg(0, 512, socket.MSG_ERRQUEUE)
            except OSError:
                return found
            found = True
            for level, kind, data in ancillary:
                if (level, kind) in _RECVERR.values() and len(data) >= 4:
                    (number,) = struct.unpack_from("=I", data)  # struct sock_extended_err begins with ee_errno
                    if number in _ICMP_ERRNOS:
                        for question in self._waiting.get((address[0], address[1]), {}).values():
                            question.fail(Refused(f"{os.strerror(number)} (ICMP): no SNMP agent at that port"))


class _Question:
    """One request under way."""

    __slots__ = ("_address", "_message", "_sock", "_wire", "answer", "garbled", "timer")

    def __init__(self, wire: Wire, sock: socket.socket, address: SocketAddress, message: bytes) -> None:
        loop = asyncio.get_running_loop()
        self._wire, self._sock, self._address, self._message = wire, sock, address, message
        self.garbled = ""
        self.answer: asyncio.Future[bytes] = loop.create_future()
        self.timer = loop.call_later(RESEND_SECONDS, self._resend)

    def take(self, data: bytes) -> None:
        if not self.answer.done():
            self.answer.set_result(data)

    def fail(self, trouble: Trouble | OSError) -> None:
        if not self.answer.done():
            self.answer.set_exception(trouble)

    def _resend(self) -> None:
        trace("nothing within %.1f s, sending again", RESEND_SECONDS)
        self.timer = asyncio.get_running_loop().call_later(GIVE_UP_SECONDS - RESEND_SECONDS, self._give_up)
        try:
            self._wire.send(self._sock, self._message, self._address)
        except OSError as error:
            self.fail(error)

    def _give_up(self) -> None:
        if self.garbled:
            self.fail(Garbled(self.garbled))
        else:
            self.fail(NoAnswer(f"no answer to SNMP within {GIVE_UP_SECONDS:g} s"))
