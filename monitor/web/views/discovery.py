"""How is a sweep shown on a page?"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from monitor.discovery.comparison import Change, Compared
from monitor.discovery.site import Site, read_site
from monitor.discovery.words import CHANGES, KINDS, say_login, say_reason
from monitor.locale import Translate
from monitor.settings.mistake import BadConfiguration
from monitor.web.sweeping import Sweeping
from probes.discovery import Found

MAX_ROWS: Final = 2_000

_TONES: Final[Mapping[Change, str]] = {
    Change.NEW: "g-ok", Change.MOVED: "g-warning", Change.SWAPPED: "g-warning", Change.GONE: "g-fault",
    Change.SAME: "g-unknown",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One host: the icon of its kind, the class of its change; `tickable`: it can change the file."""

    found: Found
    change: str
    tone: str
    kind: str
    picture: str
    why: str  # it is thought to be of that kind
    device: str
    reason: str
    codecs: str
    login: str
    refused: bool
    tickable: bool
    ticked: bool


@dataclass(frozen=True, slots=True)
class Names:
    """Names of credentials that hold a login, and that hold SNMP access; `readable` False: the file is not good now."""

    logins: tuple[str, ...]
    snmp: tuple[str, ...]
    readable: bool = True


def credential_names(site: Site | None) -> Names:
    """The credentials of the site's file; None: it is not good now."""
    if site is None:
        return Names((), (), readable=False)
    accesses = site.accesses.values()
    return Names(tuple(one.name for one in accesses if one.login), tuple(one.name for one in accesses if one.snmp))


async def current_site(file: Path) -> Site | None:
    """The site's file as it is now; None if it cannot be read, or has mistakes."""
    try:
        return await asyncio.to_thread(read_site, file)
    except (BadConfiguration, OSError):
        return None


def rows(sweeping: Sweeping, say: Translate, hosts: frozenset[str] | None) -> tuple[Row, ...]:
    """What was found; ticked are `hosts`, or at first everything that can change the file."""
    found = [line for line in sweeping.lines if line.found]
    order = [Change.NEW, Change.MOVED, Change.SWAPPED, Change.SAME]
    found.sort(key=lambda line: order.index(line.change))
    return tuple(_row(line, line.found, say, hosts) for line in found[:MAX_ROWS] if line.found)


def _row(line: Compared, found: Found, say: Translate, hosts: frozenset[str] | None) -> Row:
    codecs = Counter(one.codec.upper() for one in found.streams if one.codec)
    tickable = bool(found.kind) if line.change is Change.NEW else _learns(line)
    return Row(
        found,
        say(CHANGES[line.change]),
        _TONES[line.change],
        say(KINDS[found.kind]),
        found.kind or "look",
        "; ".join(say_reason(one, say) for one in found.evidence),
        line.device.id if line.device else "",
        line.reason,
        ", ".join(f"{count}×{codec}" for codec, count in codecs.items()),
        say_login(found, say),
        bool(found.refusals),
        tickable,
        tickable and (hosts is None or found.host in hosts),
    )


def _learns(line: Compared) -> bool:
    """Would the file change for this device?"""
    if line.change is not Change.SAME or line.device is None:
        return True
    return bool((line.serial and not line.device.serial) or (line.mac and not line.device.mac))


def pieces(difference: str) -> Iterator[tuple[str, str]]:
    """Lines of a difference with the class that colours them."""
    for line in difference.splitlines():
        marked = {"+": "added", "-": "removed", "@": "place"}.get(line[:1], "")
        yield ("" if line.startswith(("+++", "---")) else marked), line
