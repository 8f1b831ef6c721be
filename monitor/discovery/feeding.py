"""Which UPS feeds which device, by what its load did whenever the device had no power?

A coincidence proves nothing alone, nor do a few prove the cabling: it stays a guess until a person confirms it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from monitor.core.outage import Outage, feeding
from monitor.core.plan import Device
from monitor.discovery.wiring import Evidence, Proposal, Standing


def infer_power(devices: Mapping[str, Device], outages: Iterable[Outage]) -> tuple[Proposal, ...]:
    """One proposal for each device of which several outages, and none against them, show what feeds it."""
    by_device: dict[str, list[Outage]] = {}
    for outage in outages:
        by_device.setdefault(outage.device, []).append(outage)
    found = []
    for name, seen in sorted(by_device.items()):
        shown = feeding(seen)
        if name not in devices or shown is None:
            continue
        ups, proofs = shown
        if ups in devices and ups != name:
            evidence = tuple(_evidence(ups, outage) for outage in proofs)
            found.append(Proposal(name, ups, "", _standing(devices[name], ups), evidence, link="power"))
    return tuple(found)


def _standing(device: Device, ups: str) -> Standing:
    return "new" if device.power is None else "agrees" if device.power == ups else "differs"


def _evidence(ups: str, outage: Outage) -> Evidence:
    step = next(one for one in outage.steps if one.ups == ups)
    return Evidence("load", ups, "", outage.seen_by, outage.dark_at, outage.back_at, step.fell_watts, step.rose_watts)
