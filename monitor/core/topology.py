"""Whose fault is it really? A fault is held back while what it depends on fails, or has not been asked since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.core.condition import Condition, State
from monitor.core.plan import Device, Plan, Rule
from probes.observation import Outcome
from ticketing.ticket import Fact

if TYPE_CHECKING:
    from monitor.core.world import World

MAX_DEPTH = 8  # levels of power and network above a device
STREAM = ("reach", "rtsp")  # checks of a camera; while they fail, its recorder has no stream either
LOGIN = "login"
PATIENCE_SECONDS = 300.0  # a parent that does not make up its mind holds nobody back for longer than this


@dataclass(frozen=True, slots=True)
class Free:
    """Nothing else explains it: it may be told."""


@dataclass(frozen=True, slots=True)
class Held:
    """`by` explains it: a device above, or "check:NAME" of the same device."""

    by: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Not yet known; ask these first: (device, check)."""

    asks: tuple[tuple[str, str], ...]


Blame = Free | Held | Wait


def blame(plan: Plan, world: World, condition: Condition, rule: Rule, now: float) -> Blame:
    """Does something else explain this firing condition?"""
    device = plan.devices[condition.key.device]
    if device.silenced:
        return Held("silence")
    asks: list[tuple[str, str]] = []
    waits = False
    patient = now < (condition.fired_at or now) + PATIENCE_SECONDS
    for check in rule.needs:
        if (device.id, check) not in plan.checks:
            continue
        match _state(plan, world, device.id, check, condition.since):
            case Held():
                return Held(f"check:{check}")
            case Wait(first):
                waits = True
                asks += first
    if _absent(world, device.id, rule):
        for above in ancestors(plan, device.id):
            for check in _holding_checks(plan, above, device):
                match _state(plan, world, above, check, condition.since, below=device.id):
                    case Held():
                        return Held(above)
                    case Wait(first):
                        waits = True
                        asks += first
        asks += _stale_port(plan, world, device.id, condition.since)
    camera = shown_by(plan, world, condition, rule)
    for check in STREAM if camera is not None else ():
        assert camera is not None
        if any(known.firing for known, _ in conditions_of(plan, world, camera, LOGIN)):
            return Held(camera)  # its password was changed, and the recorder does not know the new one either
        match _state(plan, world, camera, check, condition.since):
            case Held():
                return Held(camera)
            case Wait(first):
                waits = True
                asks += first
    return Wait(tuple(dict.fromkeys(asks))) if patient and (waits or asks) else Free()


def ancestors(plan: Plan, device: str) -> Iterator[str]:
    """Everything that the device hangs on by network or power, nearest first, each once."""
    seen = {device}
    level = [device]
    for _ in range(MAX_DEPTH):
        above: list[str] = []
        for each in level:
            found = plan.devices[each]
            above += [one for one in (found.parent, found.power) if one and one in plan.devices and one not in seen]
            seen.update(above)
        if not above:
            return
        level = list(dict.fromkeys(above))
        yield from level


def explains(plan: Plan, condition: Condition, rule: Rule, below: str) -> bool:
    """Would this condition of a device above make that one fall silent?

    That of a row only what hangs there: the row is its port (1.7), or the group of ports that it belongs to (1).
    """
    if not rule.holds_children:
        return False
    _, _, row = condition.key.component.partition("/")
    child = plan.devices[below]
    return not row or (child.parent == condition.key.device and f"{child.port}.".startswith(f"{row}."))


def shown_by(plan: Plan, world: World, condition: Condition, rule: Rule) -> str | None:
    """The watched camera that a recorder's channel shows: by port, address or name."""
    if rule.each != "channel":
        return None
    recorder, (_, _, channel) = condition.key.device, condition.key.component.partition("/")
    for child in plan.children.get(recorder, ()):
        if plan.devices[child].port == channel:
            return child
    look = world.looks.get((recorder, rule.check))
    row = look.rows.get("channel", {}).get(channel, {}) if look is not None else {}
    by_address = plan.cameras_by_host.get(str(row.get("address", "")).strip())
    return by_address or plan.cameras_by_name.get(str(row.get("name", "")).strip())


def holder(plan: Plan, world: World, device: str) -> str | None:
    """The topmost device above that fails in a way that explains this one."""
    found = None
    for above in ancestors(plan, device):
        standing = conditions_of(plan, world, above)
        if any(condition.firing and explains(plan, condition, rule, device) for condition, rule in standing):
            found = above
    return found


def conditions_of(plan: Plan, world: World, device: str, check: str | None = None) -> Iterator[tuple[Condition, Rule]]:
    """The conditions of a device that are not ok, with their rules."""
    for condition in world.standing(device):
        rule = plan.rule(device, condition.key.rule)
        if rule is not None and check in (None, rule.check):
            yield condition, rule


def surroundings(plan: Plan, world: World, device_id: str, rule: Rule) -> tuple[Mapping[str, Fact], ...]:
    """What the device above says of this one: does it answer, what does its port deliver, are the neighbours fine?

    Nothing where the device itself answers: what it hangs on is not to blame then.
    """
    device = plan.devices[device_id]
    if device.parent is None or device.parent not in plan.devices or not _absent(world, device_id, rule):
        return ()
    siblings = [one for one in plan.children.get(device.parent, ()) if one != device_id]
    failing = sum(any(c.firing for c, _ in conditions_of(plan, world, one)) for one in siblings)
    parent_fails = any(condition.firing for condition, _ in conditions_of(plan, world, device.parent))
    found: list[Mapping[str, Fact]] = [
        {
            "what": "parent",
            "parent": device.parent,
            "state": "fails" if parent_fails else "answers",
            "neighbours": len(siblings),
            "neighbours_failing": failing,
        }
    ]
    port = _port_row(world, device.parent, device.port)
    if port:
        found.insert(0, {"what": "poe_port", "parent": device.parent, "port": device.port, **port})
    return tuple(found)


def _port_row(world: World, parent: str, port: str) -> Mapping[str, Fact]:
    look = world.looks.get((parent, "snmp"))
    return look.rows.get("poe_port", {}).get(port, {}) if look is not None and port else {}


def _stale_port(plan: Plan, world: World, device_id: str, since: float) -> list[tuple[str, str]]:
    """The switch's port table is evidence: have it fresh before the ticket is written."""
    device = plan.devices[device_id]
    if not device.port or device.parent is None or (device.parent, "snmp") not in plan.checks:
        return []
    look = world.looks.get((device.parent, "snmp"))
    return [] if look is not None and look.at >= since else [(device.parent, "snmp")]


def _state(plan: Plan, world: World, device: str, check: str, since: float, *, below: str | None = None) -> Blame:
    states = {
        condition.state
        for condition, rule in conditions_of(plan, world, device, check)
        if below is None or explains(plan, condition, rule, below)
    }
    if states & {State.FIRING, State.FLAPPING, State.CLEARING}:
        return Held(device)
    look = world.looks.get((device, check))
    if State.PENDING in states:
        return Wait(())  # it is being asked again already
    asked = plan.checks.get((device, check))
    if look is None and asked is not None and asked.heard:
        return Free()  # it has told nothing so far, and cannot be asked
    if look is None or look.at < since:
        return Wait(((device, check),))
    return Free()


def _holding_checks(plan: Plan, above: str, below: Device) -> tuple[str, ...]:
    rows_matter = below.parent == above and bool(below.port)
    holding = [rule for rule in plan.rules_of(above) if rule.holds_children]
    return tuple(dict.fromkeys(rule.check for rule in holding if rule.each is None or rule.any_row or rows_matter))


def _absent(world: World, device: str, rule: Rule) -> bool:
    """Is the fault an absence? A device that answers cannot be excused by what it hangs on."""
    look = world.looks.get((device, rule.check))
    return look is None or look.outcome is not Outcome.OK
