"""What does a device say of itself by WS-Discovery, without any login?

WS-Discovery 2005/04 over UDP port 3702; ONVIF Core Specification, section 7.3 (types and scopes).
"""

from __future__ import annotations

import asyncio
import select
import socket
import struct
import uuid
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from probes.discovery.found import MAX_TEXT
from probes.errors import Garbled, Refused
from probes.onvif.addresses import parse_address
from probes.onvif.xml import Node, parse
from probes.tools import Tools

GROUP: Final = "239.255.255.250"
PORT: Final = 3702
MAX_ANSWERS: Final = 4_096  # to one multicast probe
MAX_SCOPES: Final = 64
MAX_ADDRESSES: Final = 4

_MAX_DATAGRAM: Final = 65_535
_AT_A_TIME: Final = 64  # datagrams read before the loop may do something else
_AGAIN_SECONDS: Final = 0.4
_RECEIVE_ERRORS: Final = (socket.IPPROTO_IP, 11)  # IP_RECVERR
_SOAP: Final = "http://www.w3.org/2003/05/soap-envelope"
_ADDRESSING: Final = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
_DISCOVERY: Final = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
_TYPES: Final = (
    ("http://www.onvif.org/ver10/network/wsdl", "NetworkVideoTransmitter"),
    ("http://www.onvif.org/ver10/device/wsdl", "Device"),  # recorders that are no transmitter
)


@dataclass(frozen=True, slots=True)
class Service:
    """Where the device service is; the host is the one that answered, whatever the device writes."""

    port: int
    path: str
    tls: bool


@dataclass(frozen=True, slots=True)
class Match:
    """A device's answer. `scopes` without `onvif://www.onvif.org/`, percent-decoded: `name/Gate`."""

    services: tuple[Service, ...]
    scopes: tuple[str, ...]
    types: str

    def scope(self, name: str) -> str:
        """The first scope of that name, empty if there is none."""
        return next((one[len(name) + 1 :] for one in self.scopes if one.startswith(name + "/")), "")


def write_probe(kind: int = 0) -> bytes:
    """A Probe with a number of its own; `kind` 0 looks for transmitters, 1 for any ONVIF device."""
    namespace, name = _TYPES[kind]
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{_SOAP}" xmlns:a="{_ADDRESSING}"><s:Header>'
        f"<a:Action>{_DISCOVERY}/Probe</a:Action><a:MessageID>urn:uuid:{uuid.uuid4()}</a:MessageID>"
        f"<a:ReplyTo><a:Address>{_ADDRESSING}/role/anonymous</a:Address></a:ReplyTo>"
        "<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></s:Header><s:Body>"
        f'<d:Probe xmlns:d="{_DISCOVERY}" xmlns:n="{namespace}"><d:Types>n:{name}</d:Types></d:Probe>'
        "</s:Body></s:Envelope>"
    ).encode()


def read_match(datagram: bytes) -> Match:
    """The first match in an answer. Raises Garbled."""
    matches = parse(datagram).find("Body", "ProbeMatches")
    match = matches.find("ProbeMatch") if matches else None
    if match is None:
        raise Garbled("not an answer to a WS-Discovery probe")
    found = [_service(address) for address in _words(match, "XAddrs")[:MAX_ADDRESSES]]
    scopes = [read_scope(one) for one in _words(match, "Scopes")[:MAX_SCOPES]]
    return Match(
        tuple(dict.fromkeys(one for one in found if one)),
        tuple(dict.fromkeys(one for one in scopes if one)),
        match.read("Types")[:MAX_TEXT],
    )


def _words(node: Node, name: str) -> list[str]:
    child = node.find(name)
    return child.text[:8_192].split() if child else []


def _service(address: str) -> Service | None:
    parts = parse_address(address, frozenset({"http", "https"}))
    if parts is None or not parts.path.startswith("/") or len(parts.path) > 200:
        return None
    tls = parts.scheme == "https"
    return Service(parts.port or (443 if tls else 80), parts.path, tls)


def read_scope(uri: str) -> str:
    """Firmware writes the blank in a name as %20, as + or not at all."""
    try:
        parts = urlsplit(uri[:512])
    except ValueError:
        return ""
    text = unquote(parts.path.lstrip("/"), errors="replace")[:MAX_TEXT]
    return text if parts.scheme == "onvif" and text.isprintable() else ""


class Matcher:
    """Asks hosts by unicast, and once the networks of this machine by multicast; `Shared`, one socket for all."""

    def __init__(self, tools: Tools) -> None:
        self._sock: socket.socket | None = None
        self._epoll: select.epoll | None = None
        self._waiting: dict[str, asyncio.Future[Match]] = {}
        self._gathered: dict[str, Match] | None = None

    async def close(self) -> None:
        """Close the socket."""
        if self._sock and self._epoll:
            asyncio.get_running_loop().remove_reader(self._epoll.fileno())
            self._epoll.close()
            self._sock.close()
            self._sock = self._epoll = None

    async def ask(self, host: str, port: int) -> Match:
        """Ask one host until it answers; the caller owns the timeout. One question a host at a time.

        Raises Refused where the host says that nothing listens at that port.
        """
        sock = self._sock or self._open()
        answer: asyncio.Future[Match] = asyncio.get_running_loop().create_future()
        self._waiting[host] = answer
        try:
            for kind in range(len(_TYPES)):
                self._send(sock, write_probe(kind), (host, port))
                with suppress(TimeoutError):
                    async with asyncio.timeout(_AGAIN_SECONDS):
                        return await asyncio.shield(answer)
            return await answer
        finally:
            del self._waiting[host]
            answer.cancel()

    async def ask_all(self, seconds: float) -> dict[str, Match]:
        """Ask every network that this machine is in, and gather what comes within `seconds`: address -> match."""
        sock = self._sock or self._open()
        gathered = self._gathered = {}
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
        try:
            for kind in range(len(_TYPES)):
                for index, _ in socket.if_nameindex():
                    with suppress(OSError):  # an interface that is down, or has no address
                        sock.setsockopt(
                            socket.IPPROTO_IP, socket.IP_MULTICAST_IF, struct.pack("=4s4si", b"", b"", index)
                        )
                        sock.sendto(write_probe(kind), (GROUP, PORT))
                await asyncio.sleep(seconds / len(_TYPES))
        finally:
            self._gathered = None
        return gathered

    def _open(self) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1_048_576)
        sock.setsockopt(*_RECEIVE_ERRORS, 1)
        epoll = select.epoll()  # a queued error is POLLERR, at which libuv would cease to watch the socket itself
        epoll.register(sock, select.EPOLLIN)
        asyncio.get_running_loop().add_reader(epoll.fileno(), self._read, sock)
        self._sock, self._epoll = sock, epoll
        return sock

    def _send(self, sock: socket.socket, probe: bytes, where: tuple[str, int]) -> None:
        for _ in range(8):  # an error may be the one that another host's probe met
            try:
                sock.sendto(probe, where)
            except BlockingIOError:
                return
            except OSError:
                self._read_errors(sock)
            else:
                return

    def _read_errors(self, sock: socket.socket) -> None:
        for _ in range(_AT_A_TIME):
            try:
                *_, sent_to = sock.recvmsg(0, 512, socket.MSG_ERRQUEUE)
            except OSError:
                return
            waiting = self._waiting.get(sent_to[0]) if sent_to else None
            if waiting is not None and not waiting.done():
                waiting.set_exception(Refused("nothing listens for WS-Discovery"))

    def _read(self, sock: socket.socket) -> None:
        for _ in range(_AT_A_TIME):
            try:
                datagram, sender = sock.recvfrom(_MAX_DATAGRAM)
            except BlockingIOError:
                break
            except OSError:
                continue  # an error of the queue that is read below
            waiting, gathered = self._waiting.get(sender[0]), self._gathered
            room = gathered is not None and sender[0] not in gathered and len(gathered) < MAX_ANSWERS
            if not room and (waiting is None or waiting.done()):
                continue
            try:
                match = read_match(datagram)
            except Garbled:
                continue
            if waiting is not None and not waiting.done():
                waiting.set_result(match)
            if room and gathered is not None:
                gathered[sender[0]] = match
        self._read_errors(sock)
