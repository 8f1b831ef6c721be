"""Which devices are there, in which order, and how are they found? Computed once for each plan."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, get_args

from monitor.core.plan import MONITOR, Check, Device, DeviceKind, Plan

KIND_ORDER: Final[tuple[str, ...]] = get_args(DeviceKind)

_DIGITS: Final = re.compile(r"(\d+)")


def natural(text: str) -> tuple[tuple[int, int | str], ...]:
    """A key that puts camera-9 before camera-10."""
    parts = _DIGITS.split(text.casefold())
    return tuple((0, int(part[:18])) if part.isdigit() and part.isascii() else (1, part) for part in parts if part)


class Directory:
    """The devices of one plan, sorted by their names, with what a search looks through."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.devices: tuple[Device, ...] = tuple(
            sorted((d for d in plan.devices.values() if d.id != MONITOR), key=lambda d: (natural(d.name), d.id))
        )
        self.checks: Mapping[str, tuple[Check, ...]] = _by_device(plan)
        self.keys = {device: tuple((device, check.name) for check in checks) for device, checks in self.checks.items()}
        self.kinds: tuple[str, ...] = tuple(sorted({d.kind for d in self.devices}, key=KIND_ORDER.index))
        self._haystacks = {d.id: _haystack(d) for d in self.devices}

    def matches(self, device: str, words: tuple[str, ...]) -> bool:
        """Does every word (casefolded) occur in what is known of the device?"""
        haystack = self._haystacks[device]
        return all(word in haystack for word in words)


def _by_device(plan: Plan) -> Mapping[str, tuple[Check, ...]]:
    found: dict[str, list[Check]] = {}
    for check in plan.checks.values():
        found.setdefault(check.device, []).append(check)
    return {device: tuple(checks) for device, checks in found.items()}


def _haystack(device: Device) -> str:
    known = (device.id, device.name, device.place, device.model, device.vendor, device.target.host, device.port)
    return "\n".join((*known, *device.tags.values())).casefold()
