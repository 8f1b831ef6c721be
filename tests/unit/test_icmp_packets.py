from __future__ import annotations

import socket
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.icmp_packets import (
    Reply,
    Unreachable,
    build_request,
    checksum,
    parse,
    parse_queued_error,
    strip_ip_header,
)

TOKEN = b"\x01\x02\x03\x04\x05\x06\x07\x08"


def ipv4(payload: bytes, destination: str, protocol: int = 1) -> bytes:
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0, 64, protocol, 0, bytes(4), bytes(4))
    return head[:16] + socket.inet_aton(destination) + payload


def ipv6(payload: bytes, destination: str) -> bytes:
    head = struct.pack("!IHBB16s", 6 << 28, len(payload), socket.IPPROTO_ICMPV6, 64, bytes(16))
    return head + socket.inet_pton(socket.AF_INET6, destination) + payload


def test_checksum_of_rfc_1071() -> None:
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == ~0xDDF2 & 0xFFFF


def test_a_request_is_ping_sized_and_sums_to_zero() -> None:
    packet = build_request(4, 0x1234, 0x5678, TOKEN)
    assert (packet[0], len(packet), checksum(packet)) == (8, 64, 0)
    assert packet[4:16] == b"\x12\x34\x56\x78" + TOKEN
    assert build_request(6, 0x1234, 0x5678, TOKEN)[:8] == b"\x80\0\0\0\x12\x34\x56\x78"


@pytest.mark.parametrize(("version", "kind"), [(4, 0), (6, 129)])
def test_a_reply_brings_the_token_back(version: int, kind: int) -> None:
    request = build_request(version, 7, 9, TOKEN)
    assert parse(version, bytes([kind]) + request[1:]) == Reply(7, 9, TOKEN)
    assert parse(version, request) is None


@pytest.mark.parametrize(
    ("kind", "code", "reason"),
    [
        (3, 1, "host unreachable"),
        (3, 13, "prohibited by a firewall"),
        (3, 99, "unreachable (ICMP type 3, code 99)"),
        (11, 0, "time to live exceeded, perhaps a routing loop"),
    ],
)
def test_an_error_names_the_request_it_is_about(kind: int, code: int, reason: str) -> None:
    quoted = ipv4(build_request(4, 7, 9, TOKEN), "127.0.0.9")[:28]
    assert parse(4, bytes([kind, code]) + bytes(6) + quoted) == Unreachable(7, 9, "127.0.0.9", reason)


def test_an_error_of_ipv6() -> None:
    quoted = ipv6(build_request(6, 7, 9, TOKEN), "::9")
    assert parse(6, bytes([1, 3]) + bytes(6) + quoted) == Unreachable(7, 9, "::9", "host unreachable")


def test_errors_about_other_traffic_say_nothing() -> None:
    request = build_request(4, 7, 9, TOKEN)
    error = bytes([3, 1]) + bytes(6)
    assert parse(4, error + ipv4(request, "127.0.0.9", protocol=17)) is None
    assert parse(4, error + ipv4(b"\0" + request[1:], "127.0.0.9")) is None  # it quotes a reply
    assert parse(4, error + ipv4(request, "127.0.0.9")[:27]) is None


def test_an_error_from_the_queue() -> None:
    request = build_request(4, 7, 9, TOKEN)
    extended = struct.pack("=IBBBBII", 113, 2, 3, 1, 0, 0, 0)
    assert parse_queued_error(extended, request, "127.0.0.9") == Unreachable(7, 9, "127.0.0.9", "host unreachable")
    local = struct.pack("=IBBBBII", 90, 1, 0, 0, 0, 0, 0)
    assert parse_queued_error(local, request, "127.0.0.9") is None


def test_ip_options_are_skipped() -> None:
    assert strip_ip_header(b"\x46" + bytes(23) + b"icmp") == b"icmp"
    assert strip_ip_header(b"\x60" + bytes(60)) == b""


@settings(max_examples=1500, derandomize=True)
@given(st.sampled_from([4, 6]), st.binary(max_size=120), st.binary(max_size=120))
def test_any_bytes_are_read_without_trouble(version: int, start: bytes, rest: bytes) -> None:
    for data in (start + rest, bytes([3, 1]) + start, bytes([1, 3]) + rest):
        found = parse(version, strip_ip_header(data) if version == 4 else data)
        assert found is None or 0 <= found.sequence < 65_536
    queued = parse_queued_error(start, rest, "")
    assert queued is None or queued.reason
