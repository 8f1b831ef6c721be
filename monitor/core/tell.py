"""Whom does this event concern? The history lines to store, and a message for every route that carries them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from monitor.core.change import AddEvent, Change, Enqueue, Message
from monitor.core.plan import Plan
from ticketing.policies import LocalTime, Route, carries, seconds_until_open
from ticketing.ticket import Severity, Ticket, TicketEvent


def tell(plan: Plan, ticket: Ticket, events: tuple[TicketEvent, ...], now: float) -> list[Change]:
    """The events, each followed by its messages. A message's key is the same whenever the same event is told."""
    changes: list[Change] = []
    for event in events:
        changes.append(AddEvent(event))
        device = plan.devices.get(ticket.fingerprint.device)
        kind = device.kind if device else ""
        carrying = [route for route in plan.routes if carries(route, ticket, kind, event.kind)]
        changes += [Enqueue(_message(plan, ticket, event, route, now)) for route in carrying]
    return changes


def _message(plan: Plan, ticket: Ticket, event: TicketEvent, route: Route, now: float) -> Message:
    wait = 0.0
    if not (route.even_when_urgent_outside_hours and ticket.severity is Severity.URGENT):
        local = datetime.fromtimestamp(now, ZoneInfo(plan.site.timezone))
        wait = seconds_until_open(route, LocalTime(local.isoweekday(), local.hour * 60 + local.minute))
    return Message(
        key=f"{plan.site.id}/{ticket.name}/{event.number}/{route.name}",
        route=route.name,
        channel=route.channel,
        language=route.language,
        ticket=ticket.id,
        event=event.number,
        severity=ticket.severity,
        created_at=now,
        not_before=now + wait,
    )
