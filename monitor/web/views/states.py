"""How is a device, at one glance?"""

from __future__ import annotations

from enum import StrEnum

from monitor.core.condition import Condition, State
from monitor.core.plan import Device
from monitor.core.world import World
from monitor.web.views.directory import Directory
from probes.observation import MONITOR_OUTCOMES
from ticketing.ticket import Severity


class Glance(StrEnum):
    """From worst to best."""

    FAULT = "fault"  # something urgent or high is confirmed
    WARNING = "warning"  # something normal or low is confirmed
    HELD = "held"  # it fails because of what it hangs on
    SUSPECT = "suspect"  # something looks wrong, the hold-down runs
    UNKNOWN = "unknown"  # the monitor has not seen it, or cannot look
    SILENCED = "silenced"
    OK = "ok"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return _RANK[self]


_RANK = {glance: rank for rank, glance in enumerate(Glance)}


def glance(device: Device, world: World, directory: Directory) -> Glance:
    """The worst that is known of the device."""
    if device.silenced:
        return Glance.SILENCED
    worst = Glance.OK
    if device.id in world.conditions:  # few are; ten thousand devices are drawn at once
        standing = (_of_condition(condition, directory) for condition in world.standing(device.id))
        worst = min(standing, key=_RANK.__getitem__, default=Glance.OK)
    if worst is Glance.OK and not _seen(device.id, world, directory):
        return Glance.UNKNOWN
    return worst


def _of_condition(condition: Condition, directory: Directory) -> Glance:
    if condition.state is State.PENDING:
        return Glance.SUSPECT
    if not condition.firing:
        return Glance.OK
    if condition.held_by is not None and not condition.told:
        return Glance.HELD
    rule = directory.plan.rule(condition.key.device, condition.key.rule)
    bad = rule is None or rule.severity.rank <= Severity.HIGH.rank
    return Glance.FAULT if bad else Glance.WARNING


def _seen(device: str, world: World, directory: Directory) -> bool:
    for key in directory.keys.get(device, ()):
        look = world.looks.get(key)
        if look is not None and look.outcome not in MONITOR_OUTCOMES:
            return True
    return False


def last_look(device: str, world: World, directory: Directory) -> float | None:
    """When the device was last asked anything; seconds since the epoch."""
    latest: float | None = None
    for key in directory.keys.get(device, ()):
        look = world.looks.get(key)
        if look is not None and (latest is None or look.at > latest):
            latest = look.at
    return latest
