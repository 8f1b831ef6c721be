"""What follows from one input? `decide` functions are pure: the world is only read, what changes is the answer.

    observation ─▶ condition.step ─▶ topology.blame ─▶ desk.step ─▶ changes

A recovery walks the same line.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import assert_never

from monitor.core import circumstances, feeding, guesses, inventory, lessons, topology, witness
from monitor.core import condition as conditions
from monitor.core.case import Case, cases, facts_of, values_of, variables
from monitor.core.change import (
    AddEvidence,
    CopyEvidence,
    DropCondition,
    DropItems,
    KeepPicture,
    KeepReference,
    PictureRole,
    PutCondition,
    PutItem,
)
from monitor.core.condition import Condition, Holds, Key, State
from monitor.core.holding import release, tell_children, tell_holder
from monitor.core.lessons import Lesson
from monitor.core.plan import Plan, Rule
from monitor.core.turn import AskAgain, Decision, Turn
from monitor.core.world import World
from probes.observation import MONITOR_OUTCOMES, Observation, Outcome, Picture, Value
from ticketing import desk
from ticketing.commands import Cancel, Command, NotAllowed, Note, Resolve
from ticketing.ticket import Fact, Fingerprint, Ticket, TicketState

__all__ = [
    "AskAgain",
    "Decision",
    "accept",
    "clock_jumped",
    "command",
    "deadline",
    "guess",
    "observe",
    "reload",
    "teach",
]

MAX_CONDITIONS = 256  # of one device: more rows do not fail at once, unless somebody makes them up
VERIFY_EVERY_SECONDS = 15.0  # how soon a resolved ticket's fault is looked at again


def observe(plan: Plan, world: World, look: Observation) -> Decision:
    """A look has ended. `world` takes the decision in (its `apply` is the only thing that is called)."""
    turn = Turn(plan, world, look.ended_at)
    look = circumstances.add(plan, world, look)
    turn.put(*feeding.watch(plan, world, look))
    shown = look.marked or look.picture
    world.saw(look if shown is None else replace(look, picture=None, marked=None, learned=b""), shown)
    if look.outcome in MONITOR_OUTCOMES:
        return turn.decision  # the monitor could not look: nothing is known, nothing moves
    rules = plan.rules.get((look.device, look.check), ())
    _judge_look(turn, rules, look)
    if look.check == guesses.CHECK:
        turn.put(*(PutItem(item) for item in guesses.finish(world.inventory.get(look.device, {}), look)))
    if look.check in inventory.SOURCES:
        _remember(turn, look)
    if look.picture is not None:
        _keep_pictures(turn, rules, look, look.picture)
    if world.untold:
        _reconsider(turn, look.device)
    return turn.decision


def accept(plan: Plan, world: World, device: str, *, by: str, note: str, now: float) -> Decision:
    """A person says that what was found at a device is right. `note` goes to the tickets that speak of it.

    LookupError: nothing else than the known was found.
    """
    turn = Turn(plan, world, now)
    items = inventory.accept(world.inventory.get(device, {}), by, now)
    if not items:
        raise LookupError(device)
    turn.put(*(PutItem(item) for item in items))
    told = [rule for rule in plan.rules.get((device, "recorder"), ()) if "lost" in rule.when.names]
    for rule in (*plan.rules.get((device, inventory.CHECK), ()), *told):
        ticket = world.ticket_for(Fingerprint(plan.site.id, device, "", rule.fault))
        if ticket is not None:
            with suppress(NotAllowed):
                turn.take(desk.command(ticket, Note(note), by, now))
    _judge_inventory(turn, device, now, 0.0)
    if told:
        turn.ask(device, "recorder")
    return turn.decision


def guess(plan: Plan, world: World, device: str, now: float) -> Decision:
    """A login of the list will be tried at this device. LookupError: no such device."""
    if (device, guesses.CHECK) not in plan.rules:
        raise LookupError(device)
    turn = Turn(plan, world, now)
    turn.put(PutItem(guesses.begin(device, world.inventory.get(device, {}), now)))
    return turn.decision


def command(plan: Plan, world: World, ticket_id: int, what: Command, *, by: str, now: float) -> Decision:
    """A person acts on a ticket. LookupError: no such ticket that is not over; ticketing.commands.NotAllowed.

    A condition whose ticket was waived or cancelled stays told: it opens a new one only after it was well in between.
    """
    turn = Turn(plan, world, now)
    ticket = world.tickets[ticket_id]
    turn.take(desk.command(ticket, what, by, now))
    if isinstance(what, Resolve):
        for check in {rule.check for rule in _rules_for(plan, ticket.fingerprint)}:
            turn.ask(ticket.fingerprint.device, check)
    if isinstance(what, Cancel):
        lessons.take(turn, ticket, what, by)
    return turn.decision


def teach(plan: Plan, world: World, lesson: Lesson, *, by: str, now: float) -> Decision:
    """A person says that a verdict on a device's picture was wrong, or takes that back. LookupError: no such device."""
    if lesson.device not in plan.devices:
        raise LookupError(lesson.device)
    turn = Turn(plan, world, now)
    lessons.learn(turn, lesson, by)
    return turn.decision


def deadline(plan: Plan, world: World, ticket_id: int, now: float) -> Decision:
    """A ticket's clock has run out. A ticket that is over by now needs nothing."""
    turn = Turn(plan, world, now)
    ticket = world.tickets.get(ticket_id)
    if ticket is not None:
        turn.take(desk.due(ticket, now, plan.reopen_within_seconds))
    return turn.decision


def reload(plan: Plan, world: World, now: float) -> Decision:
    """A new plan holds: what it no longer watches is dropped, everything else keeps its state."""
    turn = Turn(plan, world, now)
    for device, of_device in list(world.conditions.items()):
        turn.put(*(DropCondition(key) for key in list(of_device) if plan.rule(device, key.rule) is None))
    for ticket in list(world.tickets.values()):
        if not _rules_for(plan, ticket.fingerprint):
            turn.take(desk.drop(ticket, "no longer watched", now))
    feeding.forget(plan, world.feeding)
    for device in [device for device in {**world.inventory, **world.outages} if device not in plan.devices]:
        known = world.inventory.get(device, {})
        if inventory.is_stale(known, now):  # who takes one out by mistake has its history back
            turn.put(DropItems(device))
    for key in [key for key in world.looks if key not in plan.checks and key not in plan.rules]:
        del world.looks[key]
    return turn.decision


def clock_jumped(world: World, seconds: float) -> Decision:
    """The wall clock jumped by that much: whatever was being timed goes on where it stood."""
    decision = Decision()
    for of_device in world.conditions.values():
        decision.changes += [PutCondition(conditions.shifted(each, seconds)) for each in of_device.values()]
    world.apply(decision.changes)
    world.feeding = feeding.Feeding()
    return decision


def _judge_look(turn: Turn, rules: tuple[Rule, ...], look: Observation) -> None:
    """What do these rules say of it?"""
    seen, world = variables(look), turn.world
    for rule in rules:
        for case in cases(rule, look, seen):
            if case.verdict is True or not world.is_quiet(look.device):
                _step(turn, rule, case, look)
        if rule.each is not None and rule.each in look.rows and look.device in world.conditions:
            _forget_rows(turn, rule, look.device, look.rows[rule.each])


def _remember(turn: Turn, look: Observation) -> None:
    """What the look tells of the device is remembered, and compared with what was known."""
    seen = inventory.read(look)
    if not seen:
        return
    known = turn.world.inventory.get(look.device, {})
    turn.put(*(PutItem(item) for item in inventory.compare(look.device, known, seen, look.ended_at)))
    _judge_inventory(turn, look.device, look.at, look.duration_seconds)


def _judge_inventory(turn: Turn, device: str, at: float, duration_seconds: float) -> None:
    """The inventory as it stands now is a look of its own."""
    rules = turn.plan.rules.get((device, inventory.CHECK), ())
    if rules:
        values = inventory.summarize(turn.world.inventory.get(device, {}))
        look = Observation(device, inventory.CHECK, at, duration_seconds, Outcome.OK, values)
        turn.world.saw(look)
        _judge_look(turn, rules, look)


def _step(turn: Turn, rule: Rule, case: Case, look: Observation) -> None:
    component, values, verdict = case.component, case.values, case.verdict
    of_device = turn.world.conditions.get(look.device)
    key = Key(look.device, rule.id, component)
    before = of_device.get(key) if of_device else None
    if before is None:
        if verdict is not True:
            if verdict is False:
                _prove(turn, rule, component, look, well=True)
            return
        if component and of_device is not None and len(of_device) >= MAX_CONDITIONS:
            return
        before = Condition(key)
    if verdict is False and before.firing and rule.clear_when is not None and not rule.clear_when.verdict(values):
        verdict = None  # better, but not yet well
    holds = Holds(rule.for_seconds, rule.looks, rule.clear_for_seconds, rule.clear_looks)
    after = conditions.step(before, verdict, look.at, look.ended_at, holds)
    if before.state is State.OK and after.state is State.OK:
        if conditions.forgotten(after, turn.now):
            turn.put(DropCondition(key))
    elif after.state is State.OK:
        _now_well(turn, before, after, rule, look)
    elif after is not before:
        turn.put(PutCondition(after))
        if before.state is State.OK:
            for check in witness.checks_of(turn.plan, look.device, rule):  # they are to say whether it is so
                turn.ask(look.device, check)
        again = conditions.next_look(after, holds, look.duration_seconds)
        if again is not None:
            turn.ask(look.device, look.check, max(again, turn.now))
    if after.wants_telling:
        _judge(turn, after, rule, values, look)
    elif after.told and verdict is True:
        lessons.wonder(turn, after, rule, look)
    if verdict is not None:
        _prove(turn, rule, component, look, well=None if after.state is State.CLEARING else not verdict)


def _forget_rows(turn: Turn, rule: Rule, device: str, rows: Mapping[str, object]) -> None:
    """A row that was only suspected and is there no more: nothing will ever be learned of it."""
    known = turn.world.conditions[device].values()
    of_rows = [one.key for one in known if one.key.rule == rule.id and one.key.component and not one.firing]
    turn.put(*(DropCondition(key) for key in of_rows if key.component.partition("/")[2] not in rows))


def _judge(turn: Turn, condition: Condition, rule: Rule, values: Mapping[str, Value], look: Observation | None) -> None:
    """It fires, and no ticket speaks of it yet: is something else to blame, or must it be told?"""
    blame = topology.blame(turn.plan, turn.world, condition, rule, turn.now)
    if isinstance(blame, topology.Free):
        blame = witness.blame(turn.plan, turn.world, condition, rule, turn.now)
    match blame:
        case topology.Free():
            _open(turn, condition, rule, values, look)
        case topology.Held(by):
            if condition.held_by != by:
                turn.put(PutCondition(replace(condition, held_by=by)))
            tell_holder(turn, condition.key.device, by)
        case topology.Wait(asks):
            for device, check in asks:
                turn.ask(device, check)
        case _:
            assert_never(blame)


def _open(turn: Turn, condition: Condition, rule: Rule, values: Mapping[str, Value], look: Observation | None) -> None:
    plan, world, now = turn.plan, turn.world, turn.now
    fingerprint = turn.fingerprint(condition, rule)
    beside = turn.spoken_of(fingerprint)  # another rule sees the same fault, perhaps less badly
    turn.put(PutCondition(replace(condition, told=True, held_by=None)))
    facts = facts_of(rule, values, look)
    targets = plan.targets.get(rule.severity)
    known = world.ticket_for(fingerprint)
    heard = witness.told(plan, world, condition, rule) if known is None else None
    if heard is not None:
        known = _confirm(turn, heard, rule, fingerprint, facts)
    if known is not None and (beside or heard is not None):
        step = desk.raise_severity(known, rule.severity, targets, now)
    elif known is not None:
        step = desk.recur(known, targets, now, facts)
    else:
        step = desk.open_ticket(
            world.last_ticket + 1,
            fingerprint,
            rule.severity,
            targets,
            now,
            since=condition.since,
            facts=facts,
            surroundings=(
                *topology.surroundings(plan, world, condition.key.device, rule),
                *witness.heard(plan, world, condition.key.device, rule),
            ),
            previous=world.closed.get(fingerprint),
        )
    turn.take(step)
    ticket = step.ticket.id
    if look is not None and look.picture is not None:
        turn.put(AddEvidence(ticket, "now", look.at, look.picture))
        if look.marked is not None:
            turn.put(AddEvidence(ticket, "marked", look.at, look.marked))
    elif world.pictures.get((condition.key.device, "latest"), 0.0) >= condition.since:
        turn.put(CopyEvidence(ticket, "now", condition.key.device, "latest"))
    if known is None:
        turn.put(CopyEvidence(ticket, "before", condition.key.device, "good"))
    if rule.holds_children:
        tell_children(turn, condition.key.device)


def _confirm(turn: Turn, heard: Ticket, rule: Rule, fingerprint: Fingerprint, facts: Mapping[str, Fact]) -> Ticket:
    """A look finds what the device had told while nobody could look: one fault, one ticket, now the look's."""
    for one in turn.spoken_of(heard.fingerprint):
        turn.put(PutCondition(replace(one, told=False, held_by=f"check:{rule.check}")))
    step = desk.confirm(heard, fingerprint, turn.now, facts)
    turn.take(step)
    return step.ticket


def _now_well(turn: Turn, before: Condition, after: Condition, rule: Rule, look: Observation) -> None:
    """The condition is ok again: its ticket learns it, and what was held back behind it must show itself anew."""
    turn.put(PutCondition(after) if after.firings else DropCondition(before.key))
    if before.told:
        fingerprint = turn.fingerprint(before, rule)
        ticket = turn.world.ticket_for(fingerprint)
        if ticket is not None and not turn.spoken_of(fingerprint):
            turn.take(desk.clear(ticket, turn.now))
    release(turn, before, rule)


def _prove(turn: Turn, rule: Rule, component: str, look: Observation, *, well: bool | None) -> None:
    """A resolved ticket wants proof from looks that began after the repair; `well` None: on the way, not yet proof."""
    fingerprint = Fingerprint(turn.plan.site.id, look.device, component, rule.fault)
    ticket = turn.world.ticket_for(fingerprint)
    if ticket is None or ticket.state is not TicketState.RESOLVED:
        return
    if well and turn.spoken_of(fingerprint):
        return  # another rule still sees the same fault
    step = desk.Step(ticket) if well is None else desk.prove(ticket, well, look.at, turn.now)
    if not step.events:
        turn.ask(look.device, look.check, turn.now + VERIFY_EVERY_SECONDS)
        return
    turn.take(step)
    if well and look.picture is not None:
        turn.put(AddEvidence(ticket.id, "after", look.at, look.picture))


def _reconsider(turn: Turn, device: str) -> None:
    """Something was learned about this device: who waited for it, on it or below it?"""
    plan, world = turn.plan, turn.world
    waiting = [key for key in world.conditions.get(device, ()) if key in world.untold]
    if device in plan.children:
        waiting += [key for key in sorted(world.untold) if device in topology.ancestors(plan, key.device)]
    for key in waiting:
        condition, rule = world.condition(key), plan.rule(key.device, key.rule)
        if rule is not None and condition.wants_telling:
            look = world.looks.get((key.device, rule.check))
            _judge(turn, condition, rule, values_of(rule, key.component, look), look)


def _keep_pictures(turn: Turn, rules: tuple[Rule, ...], look: Observation, picture: Picture) -> None:
    """The latest picture now and then.

    As a good one, and as a lesson for the reference, only if no rule of this check has anything against it.
    """
    suspect = any(True for _ in topology.conditions_of(turn.plan, turn.world, look.device, look.check))
    if look.learned and not suspect:
        turn.put(KeepReference(look.device, look.at, look.learned))
    roles: tuple[PictureRole, ...] = ("latest",) if suspect or not rules else ("latest", "good")
    kept = [turn.world.pictures.get((look.device, role)) for role in roles]
    if suspect or any(at is None or look.at - at >= turn.plan.picture_every_seconds for at in kept):
        turn.put(*(KeepPicture(look.device, role, look.at, picture) for role in roles))


def _rules_for(plan: Plan, fingerprint: Fingerprint) -> list[Rule]:
    return [rule for rule in plan.rules_of(fingerprint.device) if rule.fault == fingerprint.fault]
