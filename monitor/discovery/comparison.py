"""What does a sweep find that the site's file does not say, and the other way round?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from monitor.core.inventory import Identity
from monitor.core.plan import MONITOR, Device
from probes.discovery import Found, Ranges


class Change(StrEnum):
    """How what was found and what is configured go together."""

    NEW = "new"
    MOVED = "moved"  # the same serial number or MAC at another address
    SWAPPED = "swapped"  # another serial number or MAC at the same address
    GONE = "gone"  # nothing of it in the ranges
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Compared:
    """One device, found or configured or both. `reason` quotes what decided it, as it stands on labels."""

    change: Change
    found: Found | None
    device: Device | None
    reason: str = ""
    serial: str = ""  # of what was found, unless another host shows the same
    mac: str = ""


def compare(
    found: Iterable[Found],
    devices: Mapping[str, Device],
    addresses: Mapping[str, str],
    ranges: Ranges,
    known: Mapping[str, Identity] = MappingProxyType({}),
) -> tuple[Compared, ...]:
    """Each host found with the device that it is, then those that are gone.

    `known`: device -> what the daemon knows of it, for devices whose serial number or MAC the file does not say.

    `addresses`: device -> its IP address, where it is known. A serial number or MAC that several hosts show (clones,
    firmware that shows the same for all) identifies none of them.
    """
    hosts = tuple(found)
    configured = {name: _known(device, known.get(name)) for name, device in devices.items() if name != MONITOR}
    at: dict[str, Device] = {}
    for name, device in configured.items():
        if name in addresses:
            at.setdefault(addresses[name], device)
    serials, macs = _unique(one.serial for one in hosts), _unique(one.mac for one in hosts)
    by_serial = {device.serial: device for device in configured.values() if device.serial in serials}
    by_mac = {device.mac: device for device in configured.values() if device.mac in macs}
    lines = [
        replace(
            _judge(one, at.get(one.host), by_serial, by_mac, addresses),
            serial=one.serial if one.serial in serials else "",
            mac=one.mac if one.mac in macs else "",
        )
        for one in hosts
    ]
    lines = [replace(line, device=devices[line.device.id]) if line.device else line for line in lines]
    present = {line.device.id for line in lines if line.device}
    shared = {addresses[name] for name in present if name in addresses}
    lines += [
        Compared(Change.GONE, None, devices[name])
        for name in configured
        if name not in present and addresses.get(name) in ranges and _nobody_else(addresses[name], shared, at, name)
    ]
    return tuple(lines)


def _known(device: Device, identity: Identity | None) -> Device:
    """The file says who it is; what it leaves out, the daemon may know."""
    if identity is None:
        return device
    return replace(device, serial=device.serial or identity.serial, mac=device.mac or identity.mac)


def _nobody_else(address: str, shared: set[str], at: Mapping[str, Device], name: str) -> bool:
    """Several devices may share an address (channels of one recorder): those are there when one of them is."""
    return address not in shared or at[address].id == name


def _unique(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(text for text, count in Counter(texts).items() if text and count == 1)


def _judge(
    one: Found,
    here: Device | None,
    by_serial: Mapping[str, Device],
    by_mac: Mapping[str, Device],
    addresses: Mapping[str, str],
) -> Compared:
    known = by_serial.get(one.serial) or by_mac.get(one.mac)
    if known is not None and addresses.get(known.id) != one.host:
        reason = one.serial if known.serial == one.serial and one.serial else one.mac
        return Compared(Change.MOVED, one, known, reason)
    if known is not None:
        return Compared(Change.SAME, one, known)
    if here is None:
        return Compared(Change.NEW, one, None)
    if one.serial and here.serial:
        swapped = one.serial != here.serial
        return Compared(Change.SWAPPED if swapped else Change.SAME, one, here, one.serial if swapped else "")
    if one.mac and here.mac and one.mac != here.mac:
        return Compared(Change.SWAPPED, one, here, one.mac)
    return Compared(Change.SAME, one, here)
