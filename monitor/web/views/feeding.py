"""Which UPS feeds what, as far as the loads of the UPSs have shown, and what would the site's file say of it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from monitor.core.feeding import LOAD, WATTS
from monitor.core.outage import Outage
from monitor.core.plan import Plan
from monitor.core.world import World
from monitor.discovery.feeding import infer_power
from monitor.discovery.outline import NoList
from monitor.discovery.proposal import Proposal, amend
from monitor.discovery.site import Site
from monitor.discovery.telling import changed_keys, say_evidence, say_proposal
from monitor.discovery.wiring import Proposal as Wire
from monitor.locale import Formats, translate
from probes.observation import Outcome

MAX_LINES: Final = 200
_TONES: Final = {"new": "g-ok", "differs": "g-warning", "agrees": "g-unknown"}


@dataclass(frozen=True, slots=True)
class Shown:
    """One device and the UPS that seems to feed it; `evidence` only where the file does not say so already."""

    text: str
    device: str
    tone: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Loads:
    """`coarse`: UPSs that tell no watts; `change` None: the site's file is not good now, or nothing is new."""

    lines: tuple[Shown, ...]
    hidden: int
    coarse: tuple[str, ...]
    change: Proposal | None


def coarse(plan: Plan, world: World) -> tuple[str, ...]:
    """UPSs that answer, and whose load in per cent is too rough to see what they feed."""
    found = []
    for device in plan.devices.values():
        look = world.looks.get((device.id, LOAD)) if device.kind == "ups" else None
        if look is not None and look.outcome is Outcome.OK and WATTS not in look.values:
            found.append(device.name or device.id)
    return tuple(found)


def change_of(site: Site, outages: Sequence[Outage]) -> tuple[tuple[Wire, ...], Proposal | None]:
    """What is shown, and the change of the file; its parsing takes a while at a large site."""
    wires = infer_power(site.devices, outages)
    keys = changed_keys(wires, site.devices)
    try:
        return wires, amend(site.text, site.file, keys) if keys else None
    except NoList:
        return wires, None


def loads(wires: Sequence[Wire], change: Proposal | None, rough: tuple[str, ...], formats: Formats) -> Loads:
    """As the page shows it: what is new first."""
    say = translate(formats.language)
    order = ("new", "differs", "agrees")
    lines = [
        Shown(
            say_proposal(one, say),
            one.device,
            _TONES[one.standing],
            tuple(say_evidence(said, say, formats) for said in one.evidence) if one.standing != "agrees" else (),
        )
        for one in sorted(wires, key=lambda one: order.index(one.standing))
    ]
    return Loads(tuple(lines[:MAX_LINES]), max(0, len(lines) - MAX_LINES), rough, change)
