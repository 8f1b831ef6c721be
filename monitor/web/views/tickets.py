"""What do a list of tickets, and the clocks of one, look like?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from typing import Literal

from monitor.core.plan import Plan
from monitor.core.world import World
from monitor.locale import Formats
from monitor.web.views import wording
from ticketing import clocks
from ticketing.ticket import QUIET, Ticket

ClockState = Literal["running", "soon", "overdue", "paused", "met", "late", "stopped"]

SOON_SHARE = 0.75  # of the time used up


@dataclass(frozen=True, slots=True)
class ClockView:
    """One clock of a ticket. `used` is the share of its time that is gone, 0…1."""

    name: clocks.Name
    state: ClockState
    due_at: float
    met_at: float | None
    used: float


@dataclass(frozen=True, slots=True)
class Line:
    """One ticket in a list."""

    ticket: Ticket
    title: str
    component: str
    device: str
    kind: str
    place: str
    next: ClockView | None  # the clock that runs out first
    picture: str = ""  # address of a small picture


def clock_view(ticket: Ticket, name: clocks.Name, now: float) -> ClockView | None:
    """That clock; None where the contract sets no target."""
    clock = clocks.get(ticket, name)
    if clock.due_at is None:
        return None
    end = clock.met_at if clock.met_at is not None else now
    if clock.met_at is None and clocks.paused(ticket, name) and ticket.pending_since is not None:
        end = ticket.pending_since
    length = max(1.0, clock.due_at - ticket.opened_at)
    used = min(1.0, max(0.0, (end - ticket.opened_at) / length))
    return ClockView(name, _state(ticket, name, now, used), clock.due_at, clock.met_at, used)


def _state(ticket: Ticket, name: clocks.Name, now: float, used: float) -> ClockState:
    clock = clocks.get(ticket, name)
    assert clock.due_at is not None
    if clock.met_at is not None:
        return "late" if clock.met_at > clock.due_at else "met"
    if clocks.paused(ticket, name):
        return "paused"
    if clocks.running(ticket, name) is None:
        return "stopped"
    if now > clock.due_at:
        return "overdue"
    return "soon" if used >= SOON_SHARE else "running"


def all_clocks(ticket: Ticket, now: float) -> tuple[ClockView, ...]:
    """Response, arrival and repair, those that the contract knows."""
    views = (clock_view(ticket, name, now) for name in clocks.BREACHES)
    return tuple(view for view in views if view is not None)


def next_clock(ticket: Ticket, now: float) -> ClockView | None:
    """The running clock that is due first."""
    running = [view for view in all_clocks(ticket, now) if view.state in ("running", "soon", "overdue")]
    return min(running, key=lambda view: view.due_at, default=None)


def line(plan: Plan, ticket: Ticket, formats: Formats, now: float) -> Line:
    """The ticket as a line of a list."""
    device = plan.devices.get(ticket.fingerprint.device)
    return Line(
        ticket,
        wording.title(plan, ticket, formats, now),
        wording.component(ticket.fingerprint.component, formats),
        device.name if device else ticket.fingerprint.device,
        device.kind if device else "",
        device.place if device else "",
        next_clock(ticket, now),
    )


def urgency(ticket: Ticket) -> tuple[int, float, int]:
    """The most urgent first: by severity, then by the first deadline, then by age."""
    due = [clock.due_at for clock in (ticket.response, ticket.arrival, ticket.fix) if clock.met_at is None]
    return ticket.severity.rank, min((at for at in due if at is not None), default=inf), ticket.id


def waiting(world: World) -> list[Ticket]:
    """Tickets for which somebody has to do something, most urgent first."""
    return sorted((ticket for ticket in world.tickets.values() if ticket.state not in QUIET), key=urgency)


def quiet(tickets: Iterable[Ticket]) -> list[Ticket]:
    """Tickets that are not over but need nobody, newest first."""
    return sorted((ticket for ticket in tickets if ticket.state in QUIET), key=lambda ticket: -ticket.id)
