"""How is an echo request written, and what does an ICMP packet answer? RFC 792, RFC 4443. Does no I/O."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass

TOKEN_BYTES = 8  # random, at the beginning of the payload: nobody else can know it
_PADDING = bytes(range(0x10, 0x40))  # with it the payload has the 56 bytes that ping sends, which no firewall minds

_HEADER = struct.Struct("!BBHHH")  # type, code, checksum, identifier, sequence
_EXTENDED_ERROR = struct.Struct("=IBBBBII")  # errno, origin, type, code, padding, info, data; linux/errqueue.h
_ORIGINS = {2: 4, 3: 6}  # SO_EE_ORIGIN_ICMP, SO_EE_ORIGIN_ICMP6 -> IP version

REQUEST = {4: 8, 6: 128}
REPLY = {4: 0, 6: 129}
ERRORS = {4: {3: "unreachable", 11: "too many hops away"}, 6: {1: "unreachable", 3: "too many hops away"}}
_REASONS = {
    (4, 3, 0): "network unreachable",
    (4, 3, 1): "host unreachable",
    (4, 3, 2): "protocol unreachable",
    (4, 3, 3): "port unreachable",
    (4, 3, 9): "network prohibited by a firewall",
    (4, 3, 10): "host prohibited by a firewall",
    (4, 3, 13): "prohibited by a firewall",
    (4, 11, 0): "time to live exceeded, perhaps a routing loop",
    (6, 1, 0): "no route to host",
    (6, 1, 1): "prohibited by a firewall",
    (6, 1, 3): "host unreachable",
    (6, 1, 4): "port unreachable",
    (6, 3, 0): "hop limit exceeded, perhaps a routing loop",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """An echo reply; `token` is the beginning of its payload."""

    identifier: int
    sequence: int
    token: bytes


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Somebody on the way says that a request of ours, sent to `ip`, did not arrive."""

    identifier: int
    sequence: int
    ip: str
    reason: str


def build_request(version: int, identifier: int, sequence: int, token: bytes) -> bytes:
    """An echo request; for IPv6 the kernel fills the checksum in."""
    payload = token + _PADDING
    head = _HEADER.pack(REQUEST[version], 0, 0, identifier, sequence)
    if version == 6:
        return head + payload
    return _HEADER.pack(REQUEST[4], 0, checksum(head + payload), identifier, sequence) + payload


def checksum(data: bytes) -> int:
    """The Internet checksum of an even number of bytes, RFC 1071."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def parse(version: int, data: bytes) -> Reply | Unreachable | None:
    """What an ICMP packet, without its IP header, says about an echo request; None if nothing."""
    if len(data) < _HEADER.size:
        return None
    kind, code, _, identifier, sequence = _HEADER.unpack_from(data)
    if kind == REPLY[version]:
        return Reply(identifier, sequence, data[_HEADER.size : _HEADER.size + TOKEN_BYTES])
    if kind in ERRORS[version]:
        return _parse_error(version, kind, code, data[_HEADER.size :])
    return None


def strip_ip_header(data: bytes) -> bytes:
    """The payload of an IPv4 packet, as raw sockets deliver it; empty if it is malformed."""
    return data[4 * (data[0] & 0x0F) :] if len(data) >= 20 and data[0] >> 4 == 4 else b""


def parse_queued_error(extended: bytes, request: bytes, ip: str) -> Unreachable | None:
    """What a socket's error queue says about `request` to `ip`, which begins with its ICMP header; None if nothing."""
    if len(extended) < _EXTENDED_ERROR.size or len(request) < _HEADER.size:
        return None
    _, origin, kind, code, _, _, _ = _EXTENDED_ERROR.unpack_from(extended)
    version = _ORIGINS.get(origin)
    if version is None or kind not in ERRORS[version]:
        return None
    _, _, _, identifier, sequence = _HEADER.unpack_from(request)
    return Unreachable(identifier, sequence, ip, _reason(version, kind, code))


def _parse_error(version: int, kind: int, code: int, quoted: bytes) -> Unreachable | None:
    """`quoted` is the beginning of the packet that did not arrive, with its IP header."""
    if version == 4:
        if len(quoted) < 20 or quoted[0] >> 4 != 4 or quoted[9] != socket.IPPROTO_ICMP:
            return None
        ip, request = socket.inet_ntop(socket.AF_INET, quoted[16:20]), strip_ip_header(quoted)
    else:
        if len(quoted) < 40 or quoted[0] >> 4 != 6 or quoted[6] != socket.IPPROTO_ICMPV6:
            return None
        ip, request = socket.inet_ntop(socket.AF_INET6, quoted[24:40]), quoted[40:]
    if len(request) < _HEADER.size or request[0] != REQUEST[version]:
        return None
    _, _, _, identifier, sequence = _HEADER.unpack_from(request)
    return Unreachable(identifier, sequence, ip, _reason(version, kind, code))


def _reason(version: int, kind: int, code: int) -> str:
    return _REASONS.get((version, kind, code)) or f"{ERRORS[version][kind]} (ICMP type {kind}, code {code})"
