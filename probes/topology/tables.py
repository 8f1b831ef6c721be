"""What has a switch or router learned of its neighbours?

LLDP-MIB (IEEE 802.1AB), BRIDGE-MIB (RFC 4188), Q-BRIDGE-MIB (RFC 4363), IF-MIB (RFC 2863), POWER-ETHERNET-MIB
(RFC 3621), ipNetToMediaTable of IP-MIB (RFC 4293).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from probes.bounds import line
from probes.discovery.neighbours import tidy_mac
from probes.errors import Unsupported
from probes.snmp.ber import INTEGER, OCTETS, oid, to_int
from probes.snmp.conversion import to_text
from probes.snmp.message import Bind
from probes.snmp.question import Row, get, walk
from probes.snmp.session import Asked

MAX_MACS: Final = 20_000  # looked for in one bridge table
MAX_TEXT: Final = 120

_LLDP: Final = "1.0.8802.1.1.2.1"
_REMOTE: Final = {name: oid(f"{_LLDP}.4.1.1.{column}") for name, column in (("kind", 4), ("chassis", 5), ("name", 9))}
_MANAGEMENT: Final = oid(f"{_LLDP}.4.2.1.3")  # lldpRemManAddrIfSubtype; the address stands in the index
_LOCAL_PORT: Final = oid(f"{_LLDP}.3.7.1.3")
_BRIDGE_ADDRESS: Final = oid("1.3.6.1.2.1.17.1.1.0")
_PORT_INDEX: Final = oid("1.3.6.1.2.1.17.1.4.1.2")
_FORWARDING: Final = "1.3.6.1.2.1.17.4.3.1.2"
_BY_VLAN: Final = oid("1.3.6.1.2.1.17.7.1.2.2.1.2")
_NAME: Final = oid("1.3.6.1.2.1.31.1.1.1.1")
_POE: Final = oid("1.3.6.1.2.1.105.1.1.1.6")
_ARP: Final = oid("1.3.6.1.2.1.4.22.1.2")

_CHASSIS_IS_MAC: Final = 4  # LldpChassisIdSubtype
_IPV4: Final = 1  # AddressFamilyNumbers


@dataclass(frozen=True, slots=True)
class Neighbour:
    """What LLDP says of the other end of a port; empty: not told. `port` is LLDP's own number of the port."""

    port: int
    mac: str = ""
    name: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Tables:
    """One switch. Ports are bridge ports in `learned` (MAC -> port) and `index` (port -> ifIndex)."""

    mac: str = ""
    learned: Mapping[str, int] = field(default_factory=dict)
    index: Mapping[int, int] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)  # ifIndex -> ifName
    neighbours: tuple[Neighbour, ...] = ()
    lldp_ports: Mapping[int, str] = field(default_factory=dict)  # LLDP's number -> the port's id
    poe: frozenset[str] = frozenset()  # rows of its PoE table, "1.7"


async def read_tables(session: Asked, macs: Iterable[str]) -> Tables:
    """Read them; tables that it has not are empty. `macs`: those looked for in its bridge table.

    Raises what the first question raises; hold the session's lock.
    """
    own = await read_own_mac(session)
    neighbours, ports = await _read_lldp(session)
    index = {row[0]: _int(cells[_PORT_INDEX]) for row, cells in (await _rows(session, _PORT_INDEX)).items()}
    names = {row[0]: _text(cells[_NAME]) for row, cells in (await _rows(session, _NAME)).items()}
    poe = frozenset(f"{row[0]}.{row[1]}" for row in await _rows(session, _POE) if len(row) == 2)
    learned = await _read_learned(session, list(dict.fromkeys(macs))[:MAX_MACS])
    return Tables(own, learned, index, names, neighbours, ports, poe)


async def read_own_mac(session: Asked) -> str:
    """The bridge's own MAC; empty if it has none."""
    base = (await get(session, (_BRIDGE_ADDRESS,))).get(_BRIDGE_ADDRESS)
    return tidy_mac(base[2].hex()) if base and base[1] == OCTETS else ""


async def read_arp(session: Asked) -> dict[str, str]:
    """IPv4 address -> MAC, as a router or switch has it. The index is ifIndex and the address."""
    found: dict[str, str] = {}
    for row, cells in (await _rows(session, _ARP)).items():
        mac = tidy_mac(cells[_ARP][2].hex())
        if len(row) == 5 and max(row[1:]) < 256 and mac:
            found[".".join(map(str, row[1:]))] = mac
    return found


async def _read_lldp(session: Asked) -> tuple[tuple[Neighbour, ...], dict[int, str]]:
    """Neighbours are indexed by a time mark, the local port and a number."""
    rows = await _walk(session, tuple(_REMOTE.values()))
    addresses: dict[tuple[int, ...], str] = {}
    for row in await _rows(session, _MANAGEMENT):
        if len(row) == 9 and row[3:5] == (_IPV4, 4) and max(row[5:]) < 256:
            addresses.setdefault(row[:3], ".".join(map(str, row[5:])))
    neighbours = []
    for row, cells in rows.items():
        if len(row) != 3:
            continue
        kind, chassis, name = (cells.get(_REMOTE[column]) for column in ("kind", "chassis", "name"))
        is_mac = kind is not None and kind[1] == INTEGER and to_int(kind[2]) == _CHASSIS_IS_MAC
        mac = tidy_mac(chassis[2].hex()) if chassis is not None and is_mac else ""
        neighbours.append(Neighbour(row[1], mac, _text(name) if name else "", addresses.get(row, "")))
    ports = {row[0]: _text(cells[_LOCAL_PORT]) for row, cells in (await _rows(session, _LOCAL_PORT)).items()}
    return tuple(neighbours), ports


async def _read_learned(session: Asked, macs: list[str]) -> dict[str, int]:
    """Ask for the rows of the wanted MACs alone: a core switch knows thousands of others."""
    wanted = {oid(".".join((_FORWARDING, *(str(int(one, 16)) for one in mac.split(":"))))): mac for mac in macs}
    cells = await get(session, tuple(wanted))
    found = {wanted[name]: _int(cell) for name, cell in cells.items()}
    if not found:  # switches with VLANs may keep only the table by VLAN: its index is the VLAN and the MAC
        known = set(macs)
        for row, at in (await _rows(session, _BY_VLAN)).items():
            mac = ":".join(f"{octet:02x}" for octet in row[-6:])
            if len(row) == 7 and mac in known:
                found[mac] = _int(at[_BY_VLAN])
    return {mac: port for mac, port in found.items() if port > 0}


async def _rows(session: Asked, column: bytes) -> dict[tuple[int, ...], Row]:
    return await _walk(session, (column,))


async def _walk(session: Asked, columns: tuple[bytes, ...]) -> dict[tuple[int, ...], Row]:
    try:
        return {row: cells for row, cells in (await walk(session, columns)).items() if row}
    except Unsupported:
        return {}


def _int(cell: Bind) -> int:
    return to_int(cell[2]) if cell[1] == INTEGER else 0


def _text(cell: Bind) -> str:
    return line(to_text(cell[1], cell[2]) or "", MAX_TEXT)
