"""What does a trap or inform say, whatever its version? RFC 1157, RFC 3416, RFC 3584."""

from __future__ import annotations

from dataclasses import dataclass

from probes.errors import Garbled
from probes.snmp.ber import INTEGER, IP_ADDRESS, OCTETS, OID, SEQUENCE, TICKS, expect, oid, read, sub_id, to_int, to_oid
from probes.snmp.message import V1, V2C, V3, Bind, Kind, Pdu, decode_binds, decode_pdu

MAX_BINDS = 64  # of one trap
NOTICES = frozenset({Kind.TRAP, Kind.INFORM})

_UPTIME = oid("1.3.6.1.2.1.1.3.0")
_TRAP_OID = oid("1.3.6.1.6.3.1.1.4.1.0")
_TRAP_ADDRESS = oid("1.3.6.1.6.3.18.1.3.0")  # who it was, when a proxy passes it on
_GENERIC = oid("1.3.6.1.6.3.1.1.5")
_ENTERPRISE_SPECIFIC = 6


@dataclass(frozen=True, slots=True)
class Notice:
    """A trap, or an inform, which is to be acknowledged. `trap` is the OID's content octets."""

    trap: bytes
    binds: tuple[Bind, ...]
    sender: str = ""  # whom it names as its source, when that is not who sent the datagram
    request: Pdu | None = None  # of an inform


def version_of(data: bytes) -> int:
    """V1, V2C or V3; Garbled if it is neither."""
    at, end = expect(data, 0, len(data), SEQUENCE)
    start, stop = expect(data, at, end, INTEGER)
    version = to_int(data[start:stop])
    if version not in (V1, V2C, V3):
        raise Garbled(f"version {version} of SNMP")
    return version


def read_community(data: bytes) -> tuple[bytes, Notice]:
    """The community of a message of version 1 or 2c, and what it says. Garbled if it is no trap."""
    at, end = expect(data, 0, len(data), SEQUENCE)
    start, at = expect(data, at, end, INTEGER)
    version = to_int(data[start:at])
    start, at = expect(data, at, end, OCTETS)
    community = data[start:at]
    if version == V1:
        return community, _read_v1(data, at, end)
    return community, of_pdu(decode_pdu(data, at, end, NOTICES))


def of_pdu(pdu: Pdu) -> Notice:
    """What a trap or inform of version 2c or 3 says."""
    if len(pdu.binds) > MAX_BINDS:
        raise Garbled(f"trap with more than {MAX_BINDS} variables")
    trap, sender = b"", ""
    rest: list[Bind] = []
    for bind in pdu.binds:
        if bind[0] == _TRAP_OID and bind[1] == OID:
            trap = bind[2]
        elif bind[0] == _TRAP_ADDRESS and bind[1] == IP_ADDRESS and len(bind[2]) == 4:
            sender = ".".join(map(str, bind[2]))
        elif bind[0] != _UPTIME:
            rest.append(bind)
    if not trap:
        raise Garbled("trap without its OID")
    to_oid(trap)  # Garbled if it is none
    return Notice(trap, tuple(rest), sender, pdu if pdu.kind == Kind.INFORM else None)


def _read_v1(data: bytes, at: int, end: int) -> Notice:
    at, end = expect(data, at, end, Kind.TRAP_V1)
    start, at = expect(data, at, end, OID)
    enterprise = data[start:at]
    to_oid(enterprise)  # Garbled if it is none
    tag, start, at = read(data, at, end)
    if tag != IP_ADDRESS or at - start != 4:
        raise Garbled("trap with a malformed address")
    sender = ".".join(map(str, data[start:at]))
    start, at = expect(data, at, end, INTEGER)
    generic = to_int(data[start:at])
    start, at = expect(data, at, end, INTEGER)
    specific = to_int(data[start:at])
    _, at = expect(data, at, end, TICKS)
    binds = decode_binds(data, at, end)
    if len(binds) > MAX_BINDS or not 0 <= generic <= _ENTERPRISE_SPECIFIC or not 0 <= specific < 2**31:
        raise Garbled("malformed trap")
    if generic != _ENTERPRISE_SPECIFIC:
        return Notice(_GENERIC + sub_id(generic + 1), binds, sender)
    return Notice(enterprise + b"\x00" + sub_id(specific), binds, sender)
