"""What becomes of a ticket when the fault changes, a person acts, or a deadline passes?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from ticketing import clocks
from ticketing.commands import (
    Acknowledge,
    Assign,
    Cancel,
    Command,
    NotAllowed,
    Note,
    Pend,
    Resolve,
    Restore,
    Resume,
    Start,
    Waive,
)
from ticketing.policies import ServiceTargets
from ticketing.ticket import OVER, EventKind, Fact, Fingerprint, Severity, Ticket, TicketEvent, TicketState

VERIFY_GRACE_SECONDS = 180.0  # a repaired device may need this long to boot before a bad look disproves the repair
MAX_CHILDREN = 1_000

_S = TicketState
_ALLOWED: Mapping[type[Command], frozenset[TicketState]] = {
    Acknowledge: frozenset({_S.NEW}),
    Start: frozenset({_S.NEW, _S.ACKNOWLEDGED, _S.IN_PROGRESS, _S.RECOVERED}),
    Note: frozenset(_S),
    Pend: frozenset({_S.ACKNOWLEDGED, _S.IN_PROGRESS, _S.RESTORED}),
    Resume: frozenset({_S.PENDING}),
    Restore: frozenset({_S.IN_PROGRESS, _S.PENDING}),
    Resolve: frozenset({_S.ACKNOWLEDGED, _S.IN_PROGRESS, _S.RESTORED, _S.RECOVERED}),
    Waive: frozenset(_S) - OVER - {_S.NEW},
    Cancel: frozenset({_S.NEW, _S.ACKNOWLEDGED, _S.IN_PROGRESS, _S.PENDING, _S.RECOVERED}),
    Assign: frozenset(_S) - OVER,
}


@dataclass(frozen=True, slots=True)
class Step:
    """The ticket afterwards, and the new lines of its history, oldest first."""

    ticket: Ticket
    events: tuple[TicketEvent, ...] = ()

    def then(self, now: float, kind: EventKind, by: str = "", text: str = "", **facts: Fact) -> Step:
        """The same with one more line."""
        event = TicketEvent(self.ticket.id, self.ticket.events + 1, now, kind, by, text, facts)
        ticket = replace(self.ticket, events=event.number, changed_at=now)
        return Step(ticket, (*self.events, event))


def open_ticket(
    number: int,
    fingerprint: Fingerprint,
    severity: Severity,
    targets: ServiceTargets | None,
    now: float,
    *,
    since: float,
    facts: Mapping[str, Fact],
    surroundings: tuple[Mapping[str, Fact], ...] = (),
    children: tuple[str, ...] = (),
    previous: int | None = None,
) -> Step:
    """A new ticket; its clocks start now."""
    ticket = Ticket(
        number,
        fingerprint,
        severity,
        TicketState.NEW,
        opened_at=now,
        since=since,
        facts=dict(facts),
        surroundings=surroundings,
        children=children[:MAX_CHILDREN],
        previous=previous,
    )
    return Step(clocks.start(ticket, targets, now)).then(now, EventKind.OPENED)


def recur(ticket: Ticket, targets: ServiceTargets | None, now: float, facts: Mapping[str, Fact]) -> Step:
    """The fault fires again while the ticket is not over."""
    again = replace(ticket, facts=dict(facts), occurrences=ticket.occurrences + 1, recovered_at=None)
    match ticket.state:
        case TicketState.RECOVERED:
            again = clocks.start(replace(again, state=TicketState.NEW, reopened=ticket.reopened + 1), targets, now)
            return Step(again).then(now, EventKind.REOPENED)
        case TicketState.RESOLVED | TicketState.VERIFIED | TicketState.SIGNED:
            return Step(_back_to_work(again, now)).then(now, EventKind.REOPENED)
        case _:
            return Step(again).then(now, EventKind.RECURRED)


def clear(ticket: Ticket, now: float) -> Step:
    """The daemon no longer sees the fault."""
    well = replace(ticket, recovered_at=now)
    match ticket.state:
        case TicketState.NEW | TicketState.ACKNOWLEDGED:
            recovered = clocks.meet(replace(well, state=TicketState.RECOVERED), now, "fix")
            return Step(recovered).then(now, EventKind.RECOVERED)
        case TicketState.IN_PROGRESS | TicketState.PENDING | TicketState.RESTORED:
            return Step(well).then(now, EventKind.CLEARED)
        case _:
            return Step(well)


def prove(ticket: Ticket, well: bool, began: float, now: float) -> Step:
    """A fresh look at a resolved ticket's fault: proof closes it, disproof after the grace sends it back to work."""
    if ticket.state is not TicketState.RESOLVED or ticket.verify_after is None or began < ticket.verify_after:
        return Step(ticket)
    if well:
        verified = replace(ticket, state=TicketState.VERIFIED, recovered_at=ticket.recovered_at or now)
        return _close(Step(verified).then(now, EventKind.VERIFIED), now)
    if now < ticket.verify_after + VERIFY_GRACE_SECONDS:
        return Step(ticket)
    return Step(_back_to_work(ticket, now)).then(now, EventKind.VERIFY_FAILED)


def add_children(ticket: Ticket, devices: tuple[str, ...], now: float) -> Step:
    """More devices are held back behind this fault; the history says so once, the list grows quietly."""
    known = set(ticket.children)
    new = tuple(device for device in devices if device not in known)[: MAX_CHILDREN - len(known)]
    if not new:
        return Step(ticket)
    grown = replace(ticket, children=(*ticket.children, *new))
    return Step(grown) if known else Step(grown).then(now, EventKind.CHILDREN, count=len(new))


def raise_severity(ticket: Ticket, severity: Severity, targets: ServiceTargets | None, now: float) -> Step:
    """It is worse than thought: response and arrival start again, the fix clock keeps what it used (D3, rule 7)."""
    if severity.rank >= ticket.severity.rank:
        return Step(ticket)
    worse = clocks.restart_for(replace(ticket, severity=severity), targets, now)
    return Step(worse).then(now, EventKind.RAISED, before=ticket.severity.value, after=severity.value)


def confirm(ticket: Ticket, fingerprint: Fingerprint, now: float, facts: Mapping[str, Fact]) -> Step:
    """What the device told by itself is found by a look, too: the ticket speaks of what was found from here on."""
    found = replace(ticket, fingerprint=fingerprint, facts=dict(facts), recovered_at=None)
    return Step(found).then(now, EventKind.CONFIRMED, before=ticket.fingerprint.fault, after=fingerprint.fault)


def wonder(ticket: Ticket, fact: str, now: float) -> Step:
    """The fault lasts so long that a person is asked whether it is meant to be so; `fact` remembers that."""
    return Step(replace(ticket, facts={**ticket.facts, fact: True})).then(now, EventKind.ASKED)


def drop(ticket: Ticket, reason: str, now: float) -> Step:
    """What the ticket speaks of is no longer watched."""
    return Step(replace(ticket, state=TicketState.CANCELLED, closed_at=now)).then(now, EventKind.CANCELLED, text=reason)


def due(ticket: Ticket, now: float, close_recovered_seconds: float) -> Step:
    """What the clock alone does: breaches are told once, a recovered ticket closes after a quiet time."""
    step = Step(ticket)
    for name, kind in clocks.BREACHES.items():
        clock = clocks.running(step.ticket, name)
        if clock is not None and not clock.breached and clock.due_at is not None and now > clock.due_at:
            late = clocks.put(step.ticket, name, replace(clock, breached=True))
            step = Step(late, step.events).then(now, kind)
    quiet_until = _quiet_until(ticket, close_recovered_seconds)
    if quiet_until is not None and now >= quiet_until:
        step = _close(step, now)
    return step


def next_due(ticket: Ticket, close_recovered_seconds: float) -> float | None:
    """When does `due` next have something to say?"""
    times = [
        clock.due_at
        for name in clocks.BREACHES
        if (clock := clocks.running(ticket, name)) is not None and not clock.breached and clock.due_at is not None
    ]
    quiet_until = _quiet_until(ticket, close_recovered_seconds)
    return min((*times, quiet_until) if quiet_until is not None else times, default=None)


def allowed(ticket: Ticket) -> frozenset[type[Command]]:
    """The commands that the ticket's state allows."""
    return frozenset(kind for kind, states in _ALLOWED.items() if ticket.state in states)


def command(ticket: Ticket, what: Command, by: str, now: float) -> Step:
    """A person acts. Raises NotAllowed with what would be allowed."""
    if ticket.state not in _ALLOWED[type(what)]:
        states = ", ".join(sorted(state.value for state in _ALLOWED[type(what)]))
        raise NotAllowed(f"{ticket.name} is {ticket.state.value}; {type(what).__name__.lower()} needs one of: {states}")
    touched = ticket if isinstance(what, Note | Assign) else _responded(ticket, by, now)
    match what:
        case Acknowledge():
            return Step(replace(touched, state=TicketState.ACKNOWLEDGED)).then(now, EventKind.ACKNOWLEDGED, by)
        case Start(on_site):
            working = replace(touched, state=TicketState.IN_PROGRESS)
            if on_site:
                working = clocks.meet(working, now, "arrival")
            return Step(working).then(now, EventKind.STARTED, by, on_site=on_site)
        case Note(text):
            return Step(ticket).then(now, EventKind.NOTED, by, _said(text))
        case Pend(reason, text):
            waiting = replace(touched, state=TicketState.PENDING, pending=reason, pending_since=now)
            return Step(waiting).then(now, EventKind.PENDED, by, text, reason=reason.value)
        case Resume():
            return Step(_resumed(touched, now)).then(now, EventKind.RESUMED, by)
        case Restore(text):
            restored = replace(_resumed(touched, now), state=TicketState.RESTORED)
            return Step(restored).then(now, EventKind.RESTORED, by, _said(text))
        case Resolve(cause, work):
            resolved = replace(
                clocks.meet(touched, now, "fix"),
                state=TicketState.RESOLVED,
                resolved_at=now,
                verify_after=now,
                cause=_said(cause),
                work=_said(work),
            )
            return Step(resolved).then(now, EventKind.RESOLVED, by, work, cause=cause)
        case Waive(reason):
            waived = replace(_resumed(touched, now), waiver=_said(reason))
            return _close(Step(waived).then(now, EventKind.WAIVED, by, reason), now, by)
        case Cancel(reason, lesson):
            cancelled = replace(touched, state=TicketState.CANCELLED, closed_at=now)
            return Step(cancelled).then(
                now, EventKind.CANCELLED, by, _said(reason), **({"lesson": lesson} if lesson else {})
            )
        case Assign(assignee):
            return Step(replace(ticket, assignee=_said(assignee))).then(
                now, EventKind.NOTED, by, f"→ {assignee}", assignee=assignee
            )
        case _:
            assert_never(what)


def _quiet_until(ticket: Ticket, close_recovered_seconds: float) -> float | None:
    if ticket.state is not TicketState.RECOVERED or ticket.recovered_at is None:
        return None
    return ticket.recovered_at + close_recovered_seconds


def _said(text: str) -> str:
    if not text.strip():
        raise NotAllowed("a text is required")
    return text


def _responded(ticket: Ticket, by: str, now: float) -> Ticket:
    """Any act of a person is a response, and makes the actor the assignee if there is none."""
    return replace(clocks.meet(ticket, now, "response"), assignee=ticket.assignee or by)


def _resumed(ticket: Ticket, now: float) -> Ticket:
    if ticket.state is not TicketState.PENDING:
        return ticket
    return replace(clocks.skip_pause(ticket, now), state=TicketState.IN_PROGRESS, pending=None, pending_since=None)


def _back_to_work(ticket: Ticket, now: float) -> Ticket:
    """Reopened: the time since it was called resolved counts as paused (rule 8)."""
    return replace(
        clocks.unmeet_fix(ticket, now),
        state=TicketState.IN_PROGRESS,
        reopened=ticket.reopened + 1,
        resolved_at=None,
        verify_after=None,
        recovered_at=None,
    )


def _close(step: Step, now: float, by: str = "") -> Step:
    return Step(replace(step.ticket, state=TicketState.CLOSED, closed_at=now), step.events).then(
        now, EventKind.CLOSED, by
    )
