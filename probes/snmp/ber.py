"""How is the BER of SNMP read and written?

X.690, as far as RFC 3416 section 3 uses it. Nothing recurses, and every length is checked against what is there.
"""

from __future__ import annotations

import struct
from functools import lru_cache

from probes.errors import Garbled

INTEGER, OCTETS, NULL, OID, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
IP_ADDRESS, COUNTER, GAUGE, TICKS, OPAQUE, COUNTER64 = 0x40, 0x41, 0x42, 0x43, 0x44, 0x46
NO_OBJECT, NO_INSTANCE, END_OF_VIEW = 0x80, 0x81, 0x82
MISSING = frozenset({NULL, NO_OBJECT, NO_INSTANCE, END_OF_VIEW})
UNSIGNED = frozenset({COUNTER, GAUGE, TICKS, COUNTER64})

MAX_SUB_IDS = 128  # RFC 3416 section 4.1
MAX_SUB_ID = 2**32 - 1
_MAX_INTEGER_OCTETS = 9  # a Counter64 with its leading zero

_OPAQUE_FLOAT = b"\x9f\x78\x04"  # net-snmp wraps a float into Opaque with a tag of its own
_OPAQUE_DOUBLE = b"\x9f\x79\x08"


def read(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Tag, start and stop of the element at `at`; Garbled if it does not end at or before `end`."""
    start = at + 2
    if start > end:
        raise Garbled("SNMP answer is cut off")
    length = data[at + 1]
    if length > 0x7F:
        octets = length & 0x7F
        start += octets
        if not 0 < octets <= 4 or start > end:
            raise Garbled("SNMP answer has a malformed length")
        length = int.from_bytes(data[start - octets : start], "big")
    stop = start + length
    if stop > end:
        raise Garbled("SNMP answer is cut off")
    return data[at], start, stop


def expect(data: bytes, at: int, end: int, tag: int) -> tuple[int, int]:
    """Start and stop of the element at `at`, which must carry that tag."""
    start = at + 2
    if start <= end and data[at] == tag:
        stop = start + data[at + 1]
        if data[at + 1] < 0x80 and stop <= end:  # the usual, and what most of the time goes into
            return start, stop
    found, start, stop = read(data, at, end)
    if found != tag:
        raise Garbled(f"SNMP answer has tag 0x{found:02x} where 0x{tag:02x} belongs")
    return start, stop


def to_int(raw: bytes, tag: int = INTEGER) -> int:
    """Content octets of an integer type. Counters and gauges are read as unsigned, whatever their first bit."""
    if not 0 < len(raw) <= _MAX_INTEGER_OCTETS:
        raise Garbled(f"SNMP answer has an integer of {len(raw)} octets")
    return int.from_bytes(raw, "big", signed=tag not in UNSIGNED)


def to_float(raw: bytes) -> float | None:
    """The float or double that net-snmp wraps into an Opaque; None for any other Opaque."""
    if raw.startswith(_OPAQUE_FLOAT) and len(raw) == 7:
        return float(struct.unpack(">f", raw[3:])[0])
    if raw.startswith(_OPAQUE_DOUBLE) and len(raw) == 11:
        return float(struct.unpack(">d", raw[3:])[0])
    return None


def to_sub_ids(raw: bytes) -> tuple[int, ...]:
    """Sub-identifiers in `raw`, which is a piece of an OID's content that begins at a border (X.690 8.19)."""
    ids: list[int] = []
    value = 0
    for octet in raw:
        value = value << 7 | octet & 0x7F
        if value > MAX_SUB_ID:
            raise Garbled("SNMP answer has an OID with a number beyond 32 bits")
        if octet < 0x80:
            ids.append(value)
            value = 0
    if (raw and raw[-1] > 0x7F) or len(ids) > MAX_SUB_IDS:
        raise Garbled("SNMP answer has a malformed OID")
    return tuple(ids)


def to_oid(raw: bytes) -> str:
    """Content octets of an OID as dotted numbers."""
    ids = to_sub_ids(raw)
    if not ids:
        raise Garbled("SNMP answer has an empty OID")
    first = min(ids[0] // 40, 2)
    return ".".join(map(str, (first, ids[0] - 40 * first, *ids[1:])))


@lru_cache(maxsize=4096)
def oid(text: str) -> bytes:
    """Content octets of `1.3.6.1…`; ValueError if it is not an OID."""
    try:
        ids = tuple(int(part) for part in text.split("."))
    except ValueError:
        raise ValueError(f"{text!r} is not an OID") from None
    if (
        not 2 <= len(ids) <= MAX_SUB_IDS
        or ids[0] > 2
        or (ids[0] < 2 and ids[1] > 39)
        or not all(0 <= number <= MAX_SUB_ID for number in ids)
    ):
        raise ValueError(f"{text!r} is not an OID")
    return b"".join(map(sub_id, (40 * ids[0] + ids[1], *ids[2:])))


def sub_id(number: int) -> bytes:
    """One sub-identifier in base 128."""
    octets = [number & 0x7F]
    while number := number >> 7:
        octets.append(number & 0x7F | 0x80)
    return bytes(reversed(octets))


def element(tag: int, content: bytes) -> bytes:
    """Tag, length, content."""
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    octets = length.to_bytes(4, "big").lstrip(b"\0")
    return bytes((tag, 0x80 | len(octets))) + octets + content


def integer(number: int) -> bytes:
    """An INTEGER element."""
    return element(INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))
