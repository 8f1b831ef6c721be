"""What does an SNMP request of v1 or v2c look like on the wire, and what does an answer say?

RFC 1157, RFC 1901, RFC 3416.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from probes.errors import Garbled
from probes.snmp.ber import INTEGER, OCTETS, OID, SEQUENCE, element, expect, integer, read, to_int

V1, V2C, V3 = 0, 1, 3
MAX_BINDS = 2_000  # an answer with more is malformed: nothing here asks for as many

Bind = tuple[bytes, int, bytes]  # content octets of the OID, tag of the value, content octets of the value


class Kind(IntEnum):
    """Tags of the PDUs (RFC 3416 section 3)."""

    GET = 0xA0
    NEXT = 0xA1
    RESPONSE = 0xA2
    SET = 0xA3
    TRAP_V1 = 0xA4  # its content is another one (RFC 1157 section 4.1.6)
    BULK = 0xA5
    INFORM = 0xA6
    TRAP = 0xA7
    REPORT = 0xA8


ANSWERS = frozenset({Kind.RESPONSE, Kind.REPORT})


class Status(IntEnum):
    """error-status of an answer, those that are acted upon (RFC 3416 section 3)."""

    OK = 0
    TOO_BIG = 1
    NO_SUCH_NAME = 2
    BAD_VALUE = 3
    READ_ONLY = 4
    GEN_ERR = 5
    NO_ACCESS = 6
    AUTHORIZATION = 16
    NOT_WRITABLE = 17


@dataclass(frozen=True, slots=True)
class Pdu:
    """What came back. For a GETBULK the two numbers mean non-repeaters and max-repetitions."""

    kind: int
    request_id: int
    status: int
    index: int
    binds: tuple[Bind, ...]


@lru_cache(maxsize=1024)
def names(oids: tuple[bytes, ...]) -> bytes:
    """`encode_names`, remembered: thousands of devices of one model are asked the same."""
    return encode_names(oids)


def encode_names(oids: Sequence[bytes]) -> bytes:
    """Variable bindings that ask for these OIDs: each with a NULL."""
    return element(SEQUENCE, b"".join(element(SEQUENCE, element(OID, raw) + b"\x05\x00") for raw in oids))


def binding(oid: bytes, value: bytes) -> bytes:
    """Variable bindings that give one OID one value (an element)."""
    return element(SEQUENCE, element(SEQUENCE, element(OID, oid) + value))


def encode_binds(binds: Sequence[Bind]) -> bytes:
    """Variable bindings with their values, as `decode_binds` gave them."""
    return element(SEQUENCE, b"".join(binding_of(*bind) for bind in binds))


def binding_of(oid: bytes, tag: int, raw: bytes) -> bytes:
    """One variable binding."""
    return element(SEQUENCE, element(OID, oid) + element(tag, raw))


def encode_pdu(kind: Kind, request_id: int, bindings: bytes, first: int = 0, second: int = 0) -> bytes:
    """A PDU; for a GETBULK `first` is non-repeaters and `second` is max-repetitions."""
    return element(kind, integer(request_id) + integer(first) + integer(second) + bindings)


def decode_pdu(data: bytes, at: int, end: int, kinds: Container[int] = ANSWERS) -> Pdu:
    """The PDU at `at`; Garbled if it is malformed, of another kind or holds more than MAX_BINDS bindings."""
    kind, at, end = read(data, at, end)
    if kind not in kinds:
        raise Garbled(f"SNMP answer is a PDU of kind 0x{kind:02x}")
    start, stop = expect(data, at, end, INTEGER)
    request_id = to_int(data[start:stop])
    start, stop = expect(data, stop, end, INTEGER)
    status = to_int(data[start:stop])
    start, stop = expect(data, stop, end, INTEGER)
    index = to_int(data[start:stop])
    return Pdu(kind, request_id, status, index, decode_binds(data, stop, end))


def decode_binds(data: bytes, at: int, end: int) -> tuple[Bind, ...]:
    """The variable bindings at `at`; Garbled if they are malformed or more than MAX_BINDS."""
    at, end = expect(data, at, end, SEQUENCE)
    binds: list[Bind] = []
    while at < end:
        start, after = expect(data, at, end, SEQUENCE)
        start, stop = expect(data, start, after, OID)
        value = stop + 2
        if value <= after and data[stop + 1] < 0x80 and value + data[stop + 1] == after:  # the usual
            binds.append((data[start:stop], data[stop], data[value:after]))
        else:
            tag, value, value_end = read(data, stop, after)
            binds.append((data[start:stop], tag, data[value:value_end]))
        if len(binds) > MAX_BINDS:
            raise Garbled(f"SNMP answer has more than {MAX_BINDS} variables")
        at = after
    return tuple(binds)


def encode_community(version: int, community: bytes, pdu: bytes) -> bytes:
    """A message of v1 or v2c."""
    return element(SEQUENCE, integer(version) + element(OCTETS, community) + pdu)


def decode_community(data: bytes) -> Pdu:
    """The PDU inside a message of v1 or v2c."""
    at, end = expect(data, 0, len(data), SEQUENCE)
    _, at = expect(data, at, end, INTEGER)
    _, at = expect(data, at, end, OCTETS)
    return decode_pdu(data, at, end)


def identify(data: bytes) -> int:
    """The number by which an answer finds its question: request-id of v1 and v2c, msgID of v3."""
    at, end = expect(data, 0, len(data), SEQUENCE)
    start, at = expect(data, at, end, INTEGER)
    version = to_int(data[start:at])
    if version == V3:
        at, end = expect(data, at, end, SEQUENCE)
    elif version in (V1, V2C):
        _, at = expect(data, at, end, OCTETS)
        _, at, end = read(data, at, end)
    else:
        raise Garbled(f"SNMP answer is of version {version}")
    start, stop = expect(data, at, end, INTEGER)
    return to_int(data[start:stop])


def error_text(status: int) -> str:
    """The error of an answer, for people."""
    try:
        return Status(status).name.lower().replace("_", " ")
    except ValueError:
        return f"error {status}"
