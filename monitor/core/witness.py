"""Does a look judge what a device has told by itself? Then what was heard only makes us look at once: one truth."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from monitor.core.case import cases, variables
from monitor.core.condition import Condition, State
from monitor.core.plan import Plan, Rule
from monitor.core.topology import LOGIN, Blame, Free, Held, Wait, conditions_of
from monitor.core.world import World
from probes.observation import MONITOR_OUTCOMES, Outcome
from ticketing.ticket import Fact, Fingerprint, Ticket

PATIENCE_SECONDS = 300.0  # a check that is not put for so long (the device is dark) judges nothing
SNMP_LOGIN = "snmp_login"
_NUMBER = re.compile(r"[1-9]\d*")
MAX_HEARD = 3  # reports that a ticket quotes


def judges(plan: Plan, device: str, rule: Rule) -> tuple[Rule, ...]:
    """The rules by which a look at this device finds what `rule` goes by hearsay."""
    faults = {*rule.judged_by, *rule.found_by}
    if not faults:
        return ()
    return tuple(one for one in plan.rules_of(device) if one.fault in faults and _asked(plan, device, one.check))


def checks_of(plan: Plan, device: str, rule: Rule) -> tuple[str, ...]:
    """The checks to put at once when this may be wrong."""
    return tuple(dict.fromkeys((*rule.asks, *(one.check for one in judges(plan, device, rule)))))


def blame(plan: Plan, world: World, condition: Condition, rule: Rule, now: float) -> Blame:
    """Does a look speak of it, or deny it? Held by that check then; Wait until it has looked."""
    device = condition.key.device
    waits: list[tuple[str, str]] = []
    for other in judges(plan, device, rule):
        check = other.check
        if any(one.key.rule == other.id for one in world.standing(device)):
            return Held(f"check:{check}")  # it finds the same, or is about to
        look = world.looks.get((device, check))
        if look is None:
            if not _refused(plan, world, device, check):
                waits.append((device, check))  # the daemon has just begun
        elif look.at < condition.since and now < (condition.fired_at or now) + PATIENCE_SECONDS:
            waits.append((device, check))
        elif other.fault in rule.judged_by and _judges(plan, world, device, other):
            return Held(f"check:{check}")
    return Wait(tuple(dict.fromkeys(waits))) if waits else Free()


def heard(plan: Plan, world: World, device: str, rule: Rule) -> Iterator[Mapping[str, Fact]]:
    """What the device has told by itself of the fault that `rule` finds: evidence for its ticket."""
    number = 0
    for condition, other in conditions_of(plan, world, device):
        check = plan.checks.get((device, other.check))
        if check is None or not check.heard or rule.fault not in (*other.judged_by, *other.found_by):
            continue
        look = world.looks.get((device, other.check))
        row = look.rows.get(other.each or "", {}).get(condition.key.component.partition("/")[2], {}) if look else {}
        yield {"what": "heard", "fault": other.fault, "text": str(row.get("text", ""))}
        number += 1
        if number == MAX_HEARD:
            return


def told(plan: Plan, world: World, found: Condition, rule: Rule) -> Ticket | None:
    """The ticket by which the device has told already what a look finds now, because no look could judge it then.

    That of the same row where there is one, else any: what is told and what is read often count differently.
    """
    device, row = found.key.device, found.key.component.partition("/")[2]
    tickets: list[tuple[bool, Ticket]] = []
    for condition, other in conditions_of(plan, world, device):
        if rule.fault in (*other.judged_by, *other.found_by) and condition.told and condition.firing:
            ticket = world.ticket_for(Fingerprint(plan.site.id, device, condition.key.component, other.fault))
            if ticket is not None:
                tickets.append((_item(world, device, condition, other) == row, ticket))
    return next((one for same, one in sorted(tickets, key=lambda each: (not each[0], each[1].id))), None)


def _item(world: World, device: str, condition: Condition, rule: Rule) -> str:
    """Which disk or channel the device spoke of, as a number; empty if it did not say."""
    look = world.looks.get((device, rule.check))
    row = look.rows.get(rule.each or "", {}).get(condition.key.component.partition("/")[2], {}) if look else {}
    number = _NUMBER.search(str(row.get("item", "")))
    return number[0] if number else ""


def _asked(plan: Plan, device: str, check: str) -> bool:
    found = plan.checks.get((device, check))
    return found is not None and not found.heard


def _refused(plan: Plan, world: World, device: str, check: str) -> bool:
    """Is it put no more, because its password was refused?"""
    found = plan.checks[device, check]
    logins = [LOGIN] * found.uses_login + [SNMP_LOGIN] * found.uses_snmp
    return any(one.firing for login in logins for one, _ in conditions_of(plan, world, device, login))


def _judges(plan: Plan, world: World, device: str, rule: Rule) -> bool:
    """Did the latest look know what the rule asks? One that failed leaves it open until the check counts as silent."""
    look = world.looks[device, rule.check]
    if look.outcome is Outcome.OK:
        return any(case.verdict is not None for case in cases(rule, look, variables(look)))
    if look.outcome in MONITOR_OUTCOMES:
        return look.outcome is not Outcome.WITHHELD
    states = {one.state for one, other in conditions_of(plan, world, device, rule.check) if other.each is None}
    return State.PENDING in states
