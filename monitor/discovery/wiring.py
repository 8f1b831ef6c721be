"""On which switch and port does each device hang, and what says so?

Pure: from what switches have learned to proposals, each with its evidence. A person confirms them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from monitor.core.plan import Device
from probes.topology import Channel, Neighbour, Tables

Standing = Literal["new", "agrees", "differs"]

_SLOT = re.compile(r"(\d{1,3})(?:/\d{1,3})*/(\d{1,4})$")  # GigabitEthernet1/0/7
_NUMBER = re.compile(r"(\d{1,4})$")

_STRENGTH = {"lldp": 3, "bridge": 2, "channel": 1}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that was seen. `detail` quotes names and MACs as the devices say.

    `load`: when `detail` (the device, or one that it feeds) went dark and was back, in seconds since the epoch, and by
    how many watts the load of the UPS fell and rose.
    """

    kind: Literal["lldp", "bridge", "channel", "load"]
    by: str  # the device that says it
    port: str  # as that device calls it
    detail: str
    dark_at: float | None = None
    back_at: float | None = None
    fell_watts: float | None = None
    rose_watts: float | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """`device` hangs on `parent`, at `port` (a PoE table's row where there is one). `standing`: against the file.

    `link` is power where `parent` is a UPS that feeds it.
    """

    device: str
    parent: str
    port: str
    standing: Standing
    evidence: tuple[Evidence, ...]
    link: Literal["network", "power"] = "network"


@dataclass(frozen=True, slots=True)
class _Seen:
    parent: str
    port: str
    crowd: int  # how many of the site's devices are behind that port
    evidence: Evidence


def infer(
    devices: Mapping[str, Device],
    macs: Mapping[str, str],
    addresses: Mapping[str, str],
    tables: Mapping[str, Tables],
    channels: Mapping[str, tuple[Channel, ...]],
) -> tuple[Proposal, ...]:
    """Where each device hangs, for those of which anything is known.

    `macs` and `addresses`: device -> MAC, IP. A MAC is seen on every switch between the device and the core: the port
    with the fewest of the site's devices behind it, and no other switch, is where it hangs. LLDP, which reaches no
    further than the cable, outweighs that. Between switches nothing is said unless a gateway tells which way is up.
    """
    switch_macs = {table.mac: name for name, table in tables.items() if table.mac}
    uplinks = {name: _uplinks(name, table, switch_macs, devices, addresses) for name, table in tables.items()}
    found: list[Proposal] = []
    for name, device in devices.items():
        if name in tables or device.kind in ("gateway", "monitor"):
            continue
        seen = _by_lldp(device, macs.get(name, ""), addresses.get(name, ""), tables)
        seen += _by_bridge(name, macs, tables, uplinks)
        listed = _by_channel(addresses.get(name, ""), channels)
        if device.parent is not None:  # a recorder lists cameras wherever they are plugged in: no word against the file
            listed = [one for one in listed if one.parent == device.parent]
        seen += listed
        if seen:
            found.append(_choose(device, seen))
    found += _between_switches(devices, macs, addresses, tables)
    return tuple(sorted(found, key=lambda one: one.device))


def _choose(device: Device, seen: list[_Seen]) -> Proposal:
    best = min(seen, key=lambda one: (-_STRENGTH[one.evidence.kind], one.crowd, one.parent, one.port))
    agreeing = [one.evidence for one in seen if one.parent == best.parent]
    return Proposal(device.id, best.parent, best.port, _standing(device, best.parent, best.port), tuple(agreeing))


def _standing(device: Device, parent: str, port: str) -> Standing:
    if device.parent is None:
        return "new"
    if device.parent == parent and (not port or device.port == port):
        return "agrees"
    return "new" if device.parent == parent and not device.port else "differs"


def _by_lldp(device: Device, mac: str, address: str, tables: Mapping[str, Tables]) -> list[_Seen]:
    found = []
    for name, table in tables.items():
        for neighbour in table.neighbours:
            if reason := _is(neighbour, device, mac, address):
                port = _lldp_port(table, neighbour.port)
                found.append(_Seen(name, _key(table, port), 1, Evidence("lldp", name, _called(table, port), reason)))
    return found


def _is(neighbour: Neighbour, device: Device, mac: str, address: str) -> str:
    """What of the neighbour is the device's; empty if nothing is."""
    if neighbour.mac and neighbour.mac == mac:
        return neighbour.mac
    if neighbour.address and neighbour.address == address:
        return neighbour.address
    named = neighbour.name.strip().lower()
    return neighbour.name if named and named in (device.id.lower(), device.name.lower()) else ""


def _by_bridge(
    name: str, macs: Mapping[str, str], tables: Mapping[str, Tables], uplinks: Mapping[str, frozenset[int]]
) -> list[_Seen]:
    mac = macs.get(name, "")
    if not mac or Counter(macs.values())[mac] > 1:  # clones: it says nothing
        return []
    found = []
    known = set(macs.values())
    for switch, table in tables.items():
        port = table.learned.get(mac)
        if port is None or port in uplinks[switch]:
            continue
        crowd = sum(1 for other, at in table.learned.items() if at == port and other in known)
        index = table.index.get(port, port)
        found.append(_Seen(switch, _key(table, index), crowd, Evidence("bridge", switch, _called(table, index), mac)))
    return found


def _by_channel(address: str, channels: Mapping[str, tuple[Channel, ...]]) -> list[_Seen]:
    return [
        _Seen(name, "", 1, Evidence("channel", name, one.number, one.address))
        for name, listed in channels.items()
        for one in listed
        if one.address == address
    ]


def _uplinks(
    name: str,
    table: Tables,
    switch_macs: Mapping[str, str],
    devices: Mapping[str, Device],
    addresses: Mapping[str, str],
) -> frozenset[int]:
    """Bridge ports behind which another switch or the gateway stands."""
    ports = {port for mac, port in table.learned.items() if switch_macs.get(mac, name) != name}
    by_index = {index: port for port, index in table.index.items()}
    others = [one for one in devices.values() if one.kind in ("switch", "gateway") and one.id != name]
    for neighbour in table.neighbours:
        far = switch_macs.get(neighbour.mac, name) != name
        if far or any(_is(neighbour, one, "", addresses.get(one.id, "")) for one in others):
            index = _lldp_port(table, neighbour.port)
            ports.add(by_index.get(index, index))
    return frozenset(ports)


def _between_switches(
    devices: Mapping[str, Device], macs: Mapping[str, str], addresses: Mapping[str, str], tables: Mapping[str, Tables]
) -> list[Proposal]:
    """A switch hangs on the neighbour through which it reaches the gateway."""
    gateways = [macs[name] for name, one in devices.items() if one.kind == "gateway" and name in macs]
    found = []
    for name, table in tables.items():
        up = {table.learned[mac] for mac in gateways if mac in table.learned}
        ways = {table.index.get(port, port) for port in up}
        for neighbour in table.neighbours:
            if _lldp_port(table, neighbour.port) not in ways or name not in devices:
                continue
            for other in devices.values():
                mac = tables[other.id].mac if other.id in tables else macs.get(other.id, "")
                reason = _is(neighbour, other, mac, addresses.get(other.id, "")) if other.id != name else ""
                if reason and other.kind in ("switch", "gateway"):
                    evidence = Evidence("lldp", name, _called(table, _lldp_port(table, neighbour.port)), reason)
                    found.append(Proposal(name, other.id, "", _standing(devices[name], other.id, ""), (evidence,)))
    return found


def _lldp_port(table: Tables, number: int) -> int:
    """The ifIndex of LLDP's port: by the name that both give it, else its number is taken for the ifIndex."""
    named = table.lldp_ports.get(number, "")
    by_name = next((index for index, name in table.names.items() if name and name == named), None)
    if by_name is not None:
        return by_name
    return number if number in table.names or number not in table.index else table.index[number]


def _called(table: Tables, index: int) -> str:
    return table.names.get(index) or str(index)


def _key(table: Tables, index: int) -> str:
    """The PoE table's row of that port, else the port's name. The standard ties the two nowhere: a person confirms."""
    name = table.names.get(index, "")
    slot, number = _SLOT.search(name), _NUMBER.search(name)
    guesses = [f"{slot[1]}.{slot[2]}"] if slot else [f"1.{number[1]}"] if number else []
    return next((guess for guess in (*guesses, f"1.{index}") if guess in table.poe), name or str(index))
