"""How do bytes go to a device and come back, over TCP or TLS?

On plain sockets and memory buffers rather than asyncio's transports: that costs half the CPU, counts what comes in, and
leaves nothing behind when a look is cancelled.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import ssl
from functools import cache
from typing import Protocol

from probes.errors import Garbled, NoAnswer, Refused
from probes.resolve import Address, literal, resolve
from probes.tools import Tools, trace

CHUNK = 65_536  # bytes taken at once
MAX_HANDSHAKE = 262_144  # bytes a device may send before TLS is agreed; OpenSSL itself ends a chain above 100 kB

_UNREACHABLE = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN})


class Stream(Protocol):
    """A connection to a device."""

    @property
    def sock(self) -> socket.socket:
        """The socket below, for its addresses."""
        ...

    async def send(self, data: bytes) -> None:
        """Send all of it. Raises Refused if the connection breaks."""
        ...

    async def receive(self) -> bytes:
        """At most CHUNK bytes; empty when the device has closed. Raises Refused, Garbled."""
        ...

    def send_now(self, data: bytes) -> None:
        """Send what fits without waiting, whatever happens: for goodbyes."""
        ...

    def close(self) -> None:
        """Close at once."""
        ...


async def connect(host: str, port: int, tools: Tools) -> TcpStream:
    """A TCP connection. Raises Unresolved, Refused, NoAnswer; OSError for troubles of this machine."""
    address = literal(host) or await resolve(host, tools)
    sock = socket.socket(address.family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        await asyncio.get_running_loop().sock_connect(sock, address.at(port))
    except OSError as error:
        sock.close()
        raise _trouble(error, address, port) from None
    except BaseException:
        sock.close()
        raise
    trace("connected to %s port %d", address.ip, port)
    return TcpStream(sock)


def _trouble(error: OSError, address: Address, port: int) -> Exception:
    where = f"{address.ip} port {port}"
    if isinstance(error, ConnectionRefusedError):
        return Refused(f"host answers, port {port} is closed")
    if isinstance(error, ConnectionError):
        return Refused(f"{where} broke the connection off")
    if error.errno in _UNREACHABLE:
        return Refused(f"{address.ip} is unreachable ({error.strerror})")
    if error.errno == errno.ETIMEDOUT:
        return NoAnswer(f"{where} does not answer")
    return error


class TcpStream:
    """A plain TCP connection."""

    __slots__ = ("_loop", "sock")

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._loop = asyncio.get_running_loop()

    async def send(self, data: bytes) -> None:
        """Send all of it. Raises Refused if the connection breaks."""
        try:
            await self._loop.sock_sendall(self.sock, data)
        except ConnectionError as error:
            raise Refused(f"the device broke the connection off ({error.strerror})") from None

    async def receive(self) -> bytes:
        """At most CHUNK bytes; empty when the device has closed. Raises Refused."""
        try:
            return await self._loop.sock_recv(self.sock, CHUNK)
        except ConnectionError as error:
            raise Refused(f"the device broke the connection off ({error.strerror})") from None

    def send_now(self, data: bytes) -> None:
        """Send what fits without waiting, whatever happens."""
        with contextlib.suppress(OSError):
            self.sock.send(data)

    def close(self) -> None:
        """Close at once."""
        self.sock.close()


class TlsStream:
    """TLS over a TCP connection; made by `start_tls`."""

    __slots__ = ("_incoming", "_outgoing", "_tcp", "tls")

    def __init__(self, tcp: TcpStream, context: ssl.SSLContext, name: str | None) -> None:
        self._tcp = tcp
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)

    @property
    def sock(self) -> socket.socket:
        """The TCP socket below."""
        return self._tcp.sock

    async def handshake(self) -> None:
        """Agree on TLS. Raises ssl.SSLError, Refused, Garbled."""
        received = 0
        while True:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                agreed = False
            except ssl.SSLError:
                self._tcp.send_now(self._outgoing.read())  # the alert that tells the device why
                raise
            else:
                agreed = True
            await self._flush()
            if agreed:
                return
            received += await self._fill()
            if received > MAX_HANDSHAKE:
                raise Garbled(f"TLS handshake of more than {MAX_HANDSHAKE} bytes")
            if self._incoming.eof:
                raise Refused("the device closed the connection during the TLS handshake")

    async def send(self, data: bytes) -> None:
        """Send all of it. Raises Refused, Garbled."""
        try:
            self.tls.write(data)
        except ssl.SSLError as error:
            raise Garbled(f"malformed TLS ({error.reason or 'unknown reason'})") from None
        await self._flush()

    async def receive(self) -> bytes:
        """At most CHUNK bytes; empty when the device has closed. Raises Refused, Garbled."""
        while True:
            try:
                return self.tls.read(CHUNK)
            except ssl.SSLWantReadError:
                await self._flush()  # answers to a renewal of keys
                await self._fill()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""
            except ssl.SSLError as error:
                raise Garbled(f"malformed TLS ({error.reason or 'unknown reason'})") from None

    def send_now(self, data: bytes) -> None:
        """Send what fits without waiting, whatever happens."""
        with contextlib.suppress(OSError):
            self.tls.write(data)
            self._tcp.send_now(self._outgoing.read())

    def close(self) -> None:
        """Close at once, without TLS's goodbye."""
        self._tcp.close()

    async def _flush(self) -> None:
        if self._outgoing.pending:
            await self._tcp.send(self._outgoing.read())

    async def _fill(self) -> int:
        data = await self._tcp.receive()
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()
        return len(data)


async def start_tls(tcp: TcpStream, context: ssl.SSLContext, name: str | None) -> TlsStream:
    """Go over to TLS; `name` is sent as SNI and, if `context` verifies, checked. Closes `tcp` when it fails.

    Raises Refused (also for an alert), Garbled (also if it does not speak TLS), ssl.SSLCertVerificationError.
    """
    stream = TlsStream(tcp, context, name)
    try:
        await stream.handshake()
    except BaseException as error:
        tcp.close()
        if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLCertVerificationError):
            reason = (error.reason or "unknown reason").lower().replace("_", " ")
            kind = Refused if "alert" in reason else Garbled
            raise kind(f"TLS handshake failed: {reason}") from None
        raise
    trace("agreed on %s, %s", stream.tls.version(), (stream.tls.cipher() or ("?",))[0])
    return stream


@cache
def lenient_context() -> ssl.SSLContext:
    """TLS as devices speak it: any version, old ciphers, certificates that nobody signed. It verifies nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.options |= getattr(ssl, "OP_LEGACY_SERVER_CONNECT", 0x4)  # named since Python 3.12
    return context
