"""By when must somebody have answered, be there, and have it fixed? Three clocks a ticket, running around the clock.

A pause moves the deadline by its length, which is right on a 24×7 calendar; working calendars come with the service
contract. A paused clock cannot be breached. Source: D3, D11 and rules 4–8 of the service-level cases.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from ticketing.policies import ServiceTargets
from ticketing.ticket import OVER, Clock, EventKind, PendingReason, Ticket, TicketState

Name = Literal["response", "arrival", "fix"]

BREACHES: dict[Name, EventKind] = {
    "response": EventKind.RESPONSE_BREACHED,
    "arrival": EventKind.ARRIVAL_BREACHED,
    "fix": EventKind.FIX_BREACHED,
}
_STOPS_ARRIVAL = frozenset({PendingReason.ACCESS, PendingReason.CUSTOMER})
_STOPPED = OVER | {TicketState.RECOVERED, TicketState.RESOLVED, TicketState.VERIFIED, TicketState.SIGNED}


def get(ticket: Ticket, name: Name) -> Clock:
    """That clock of the ticket."""
    match name:
        case "response":
            return ticket.response
        case "arrival":
            return ticket.arrival
        case "fix":
            return ticket.fix


def put(ticket: Ticket, name: Name, clock: Clock) -> Ticket:
    """The ticket with that clock replaced."""
    match name:
        case "response":
            return replace(ticket, response=clock)
        case "arrival":
            return replace(ticket, arrival=clock)
        case "fix":
            return replace(ticket, fix=clock)


def start(ticket: Ticket, targets: ServiceTargets | None, now: float) -> Ticket:
    """All three clocks from now."""
    if targets is None:
        return replace(ticket, response=Clock(), arrival=Clock(), fix=Clock())
    return replace(
        ticket,
        response=_clock(targets.response_seconds, now),
        arrival=_clock(targets.arrival_seconds, now),
        fix=_clock(targets.fix_seconds, now),
    )


def restart_for(ticket: Ticket, targets: ServiceTargets | None, now: float) -> Ticket:
    """After a change of severity: response and arrival anew, the fix clock counts from the opening."""
    fresh = start(ticket, targets, now)
    fix_seconds = targets.fix_seconds if targets else None
    return replace(fresh, fix=replace(_clock(fix_seconds, ticket.opened_at), met_at=ticket.fix.met_at))


def running(ticket: Ticket, name: Name) -> Clock | None:
    """The clock while it runs; None when it is met, paused, without a target, or the ticket no longer waits for it."""
    clock = get(ticket, name)
    if clock.due_at is None or clock.met_at is not None or ticket.state in _STOPPED:
        return None
    return None if paused(ticket, name) else clock


def paused(ticket: Ticket, name: Name) -> bool:
    """Does the ticket's waiting stop this clock? Response never waits; arrival waits for access and customer only."""
    if ticket.pending is None or name == "response":
        return False
    return name == "fix" or ticket.pending in _STOPS_ARRIVAL


def meet(ticket: Ticket, now: float, name: Name) -> Ticket:
    """The clock is stopped now, once. Exactly on the deadline counts as met."""
    clock = get(ticket, name)
    if clock.met_at is not None:
        return ticket
    late = clock.due_at is not None and now > clock.due_at
    return put(ticket, name, replace(clock, met_at=now, breached=clock.breached or late))


def skip_pause(ticket: Ticket, now: float) -> Ticket:
    """The clocks that were paused until now go on where they stood; one that was met has its deadline for good."""
    for name in BREACHES:
        clock = get(ticket, name)
        if ticket.pending_since is None or clock.due_at is None or clock.met_at is not None:
            continue
        if paused(ticket, name):
            ticket = put(ticket, name, replace(clock, due_at=clock.due_at + now - ticket.pending_since))
    return ticket


def unmeet_fix(ticket: Ticket, now: float) -> Ticket:
    """The repair did not hold: the fix clock goes on, without the time during which it was thought fixed."""
    clock = ticket.fix
    if clock.met_at is None:
        return ticket
    due_at = None if clock.due_at is None else clock.due_at + now - clock.met_at
    return replace(ticket, fix=replace(clock, met_at=None, due_at=due_at))


def _clock(seconds: float | None, now: float) -> Clock:
    return Clock(None if seconds is None else now + seconds)
