"""What else is known of a device that does not tell what it should?

Of one whose ONVIF went away: was it upgraded, has it just started anew? Of a recorder: did it ever tell?
"""

from __future__ import annotations

from dataclasses import replace

from monitor.core import inventory
from monitor.core.condition import Key
from monitor.core.plan import Plan
from monitor.core.world import World
from probes.observation import MONITOR_OUTCOMES, Observation, Outcome, Value
from ticketing.ticket import Fingerprint

CHECK = "onvif"
BEFORE_SECONDS = 7_200.0  # what happened longer before it went away has nothing to do with it
ACCEPTED_SECONDS = 7 * 86_400.0  # a change of firmware that a person has found right explains it as well

_RULES = ("onvif-disabled", "onvif-silent")


def add(plan: Plan, world: World, look: Observation) -> Observation:
    """A look at ONVIF that went wrong, with `firmware_change` (empty: none known) and `disabled_by`, if that is known.

    `disabled_by` is "upgrade" or "restart". A look at a recorder with `lost`: what it told before, and not now.
    All other looks as they are.
    """
    if look.check == "recorder" and look.outcome in (Outcome.OK, Outcome.UNSUPPORTED):
        lost = ", ".join(inventory.lost(world.inventory.get(look.device, {}), look))
        return replace(look, values={**look.values, "lost": lost})
    if look.check != CHECK or look.outcome is Outcome.OK or look.outcome in MONITOR_OUTCOMES:
        return look
    known = world.conditions.get(look.device, {})
    suspected = [one.since for rule in _RULES if (one := known.get(Key(look.device, rule))) and one.since]
    began = min(suspected, default=look.at)
    change = _firmware_change(world, look.device, look.at)
    values: dict[str, Value] = {**look.values, "firmware_change": change}
    if change:
        values["disabled_by"] = "upgrade"
    elif _started_anew(plan, world, look.device, began):
        values["disabled_by"] = "restart"
    return replace(look, values=values)


def _firmware_change(world: World, device: str, at: float) -> str:
    """`V5.7.3 → V5.8.0`, of what SNMP, ONVIF before it went away, or the RTSP server call themselves."""
    for item in world.inventory.get(device, {}).values():
        word = item.name.rpartition("/")[2]
        if word == "firmware" and item.found is not None:
            return f"{item.value} → {item.found}"
        if word == "firmware" and item.accepted_at is not None and at - item.accepted_at < ACCEPTED_SECONDS:
            return f"{item.previous} → {item.value}"
        if word == "server" and item.previous is not None and at - item.first_seen < ACCEPTED_SECONDS:
            return f"{item.previous} → {item.value}"
    return ""


def _started_anew(plan: Plan, world: World, device: str, began: float) -> bool:
    """Was it dark shortly before, or does its agent say that it has not run for long?"""
    agent = world.looks.get((device, "snmp"))
    uptime = agent.values.get("uptime_seconds") if agent is not None else None
    if agent is not None and isinstance(uptime, int | float) and agent.at - uptime > began - BEFORE_SECONDS:
        return True
    for rule in plan.rules.get((device, "reach"), ()):
        ticket = world.ticket_for(Fingerprint(plan.site.id, device, "", rule.fault))
        if ticket is not None and (ticket.recovered_at or 0.0) > began - BEFORE_SECONDS:
            return True
    return False
