"""How is what hangs on what told to a person, and what would the site's file say of it?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from monitor.core.plan import Device
from monitor.discovery.wiring import Evidence, Proposal
from monitor.locale import Formats, Translate, msg

_TOLD: Final[Mapping[str, str]] = {
    "lldp": msg("{by} has it as LLDP neighbour on {port} ({detail})"),
    "bridge": msg("{by} has learned its MAC on {port} ({detail})"),
    "channel": msg("{by} has it as channel {port} ({detail})"),
    "load": msg("{detail} dark from {dark} to {back}: the load of {by} fell by {fell} W and rose by {rose} W"),
}
_STANDING: Final[Mapping[str, str]] = {
    "new": msg("{device} hangs on {parent} {port}, because"),
    "agrees": msg("{device} hangs on {parent} {port}, as configured"),
    "differs": msg("{device} hangs on {parent} {port}, NOT where it is configured, because"),
}
_POWER: Final[Mapping[str, str]] = {
    "new": msg("{device} seems to be fed by {parent}: its load moved {count} times with it, and never against it"),
    "agrees": msg("{device} is fed by {parent}, as configured"),
    "differs": msg(
        "{device} seems to be fed by {parent}, NOT by what is configured: its load moved {count} times with it"
    ),
}


def say_proposal(one: Proposal, say: Translate) -> str:
    """One sentence: what seems to hang on what, and whether the file says so."""
    texts = _POWER if one.link == "power" else _STANDING
    told = say(texts[one.standing]).format(device=one.device, parent=one.parent, port=one.port, count=len(one.evidence))
    return " ".join(told.split())


def say_evidence(said: Evidence, say: Translate, formats: Formats) -> str:
    """Who says so; of the load of a UPS: when, and by how many watts it moved."""
    told = say(_TOLD[said.kind])
    if said.kind != "load":
        return told.format(by=said.by, port=said.port, detail=said.detail)
    return told.format(
        by=said.by,
        detail=said.detail,
        dark=formats.moment(said.dark_at or 0.0),
        back=formats.moment(said.back_at or 0.0),
        fell=formats.number(said.fell_watts or 0.0, 0),
        rose=formats.number(said.rose_watts or 0.0, 0),
    )


def changed_keys(proposals: Iterable[Proposal], devices: Mapping[str, Device]) -> dict[str, dict[str, str | None]]:
    """Device -> the keys that its entry in the site's file would get; what agrees needs none."""
    keys: dict[str, dict[str, str | None]] = {}
    for one in proposals:
        if one.standing != "agrees" and (said := keys_of(one, devices[one.device])):
            keys.setdefault(one.device, {}).update(said)
    return keys


def keys_of(one: Proposal, device: Device) -> dict[str, str | None]:
    """What the file would say; a port belongs to a parent of the file itself, not to one of its group.

    The port of another parent goes (None) where the new one's is not known.
    """
    if one.link == "power":
        return {"power": one.parent}
    keys: dict[str, str | None] = {"parent": one.parent} if device.parent != one.parent else {}
    if one.port and device.port != one.port:
        keys["port"] = one.port
    elif keys and not one.port and device.port:
        keys["port"] = None
    return keys
