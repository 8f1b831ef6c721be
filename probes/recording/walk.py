"""What does an SNMP agent hold, without what tells of its network or of other people?"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Final

from probes.errors import Garbled
from probes.recording.folder import MAX_VARIABLES, Variable
from probes.snmp.ber import INTEGER, IP_ADDRESS, MISSING, OCTETS, OID, UNSIGNED, oid, to_int, to_oid, to_sub_ids
from probes.snmp.message import Kind, Status, encode_names
from probes.snmp.session import Asked

SECONDS: Final = 120.0
REPETITIONS: Final = 20

LEFT_OUT: Final = {
    "1.3.6.1.2.1.3": "ARP",
    "1.3.6.1.2.1.4": "IP addresses, routes, ARP",
    "1.3.6.1.2.1.5": "ICMP counters",
    "1.3.6.1.2.1.6": "TCP connections",
    "1.3.6.1.2.1.7": "UDP ports",
    "1.3.6.1.2.1.11": "SNMP counters",
    "1.3.6.1.2.1.17.7.1.3": "static MAC addresses",
    "1.3.6.1.2.1.17.7.1.4": "names of VLANs",
    "1.3.6.1.2.1.25.4": "running programs",
    "1.3.6.1.2.1.25.5": "their use of the processor",
    "1.3.6.1.2.1.25.6": "installed programs",
    "1.3.6.1.2.1.55": "IPv6 addresses",
    "1.3.6.1.4.1.2021.2": "watched programs",
    "1.3.6.1.4.1.2021.8": "commands",
    "1.3.6.1.4.1.8072": "net-snmp's own",
    "1.3.6.1.6": "users, communities, access",
}
"""Subtree -> what stands there; communities and users are SNMP-COMMUNITY-MIB and SNMP-USER-BASED-SM-MIB."""

MAX_LEARNED: Final = 3_000  # variables of a table of learned MACs: a core switch knows the whole house
LEARNED: Final = ("1.3.6.1.2.1.17.4.3", "1.3.6.1.2.1.17.7.1.2.2")  # by MAC; by VLAN and MAC
LLDP: Final = "1.0.8802.1.1.2"

_ROOTS: Final = (oid("1.3.6.1"), oid(LLDP))  # LLDP stands beside the tree of the Internet
_LEARNED: Final = tuple((oid(prefix), prefix) for prefix in LEARNED)
_SKIPPED: Final = tuple(sorted((oid(prefix), prefix) for prefix in LEFT_OUT))


async def walk_agent(session: Asked) -> tuple[Variable, ...]:
    """Every variable below 1.3.6.1 but those of LEFT_OUT, and LLDP's, at most MAX_VARIABLES, in SECONDS at most.

    What came in time is given; raises what the first question raises.
    """
    found: list[Variable] = []
    try:
        async with asyncio.timeout(SECONDS):
            for root in _ROOTS:
                await _walk(session, root, found)
    except TimeoutError:
        if not found:
            raise
    return tuple(found)


async def _walk(session: Asked, root: bytes, found: list[Variable]) -> None:
    cursor = root
    learned: Counter[str] = Counter()
    while len(found) < MAX_VARIABLES:
        kind = Kind.BULK if session.has_bulk else Kind.NEXT
        pdu = await session.request(kind, encode_names((cursor,)), 0, REPETITIONS if session.has_bulk else 0)
        if pdu.status != Status.OK or not pdu.binds:
            return
        for name, tag, raw in pdu.binds:
            if tag in MISSING or not name.startswith(root):
                return
            if to_sub_ids(name) <= to_sub_ids(cursor):
                raise Garbled("SNMP agent does not move on in a walk")
            skipped = next((prefix for octets, prefix in _SKIPPED if name.startswith(octets)), None)
            table = next((prefix for octets, prefix in _LEARNED if name.startswith(octets)), None)
            if table is not None:
                learned[table] += 1
                skipped = table if learned[table] > MAX_LEARNED else skipped
            if skipped is not None:
                cursor = oid(_behind(skipped))
                break
            cursor = name
            if (variable := _variable(name, tag, raw)) is not None:
                found.append(variable)


def _behind(prefix: str) -> str:
    head, _, last = prefix.rpartition(".")
    return f"{head}.{int(last) + 1}"


def _variable(name: bytes, tag: int, raw: bytes) -> Variable | None:
    """As snmprec writes it; None for types that it does not know."""
    dotted = to_oid(name)
    if tag == INTEGER or tag in UNSIGNED:
        return Variable(dotted, str(tag), str(to_int(raw, tag)))
    if tag == OCTETS:
        plain = raw.isascii() and raw.decode("ascii").isprintable() and b"|" not in raw
        return Variable(dotted, "4", raw.decode("ascii")) if plain else Variable(dotted, "4x", raw.hex())
    if tag == OID:
        return Variable(dotted, "6", to_oid(raw))
    if tag == IP_ADDRESS and len(raw) == 4:
        return Variable(dotted, "64", ".".join(map(str, raw)))
    return None
