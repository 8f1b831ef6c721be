"""Does a look judge what a device has told by itself? Then what was heard only makes us look at once: one truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from monitor.core.case import cases, variables
from monitor.core.condition import Condition, State
from monitor.core.plan import Plan, Rule
from monitor.core.topology import LOGIN, Blame, Free, Held, Wait, conditions_of
from monitor.core.world import World
from probes.observation import MONITOR_OUTCOMES, Outcome
from ticketing.ticket import Fact

PATIENCE_SECONDS = 300.0  # a check that is not put for so long (the device is dark) judges nothing
SNMP_LOGIN = "snmp_login"
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
