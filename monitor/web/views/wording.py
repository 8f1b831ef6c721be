"""What is a fault called, in the reader's language?"""

from __future__ import annotations

from collections.abc import Mapping

from monitor.core.plan import Plan
from monitor.locale import Formats, translate
from monitor.notify.quoting import Quotes, printable
from monitor.web.views import labels
from ticketing.ticket import Fact, Fingerprint, Severity, Ticket, TicketState


def title(plan: Plan, ticket: Ticket, formats: Formats, now: float) -> str:
    """What the ticket's fault is called; its code if the plan does not know it (any more)."""
    fault = plan.faults.get(ticket.fingerprint.fault)
    return Quotes(ticket, plan, formats, now).fill(fault.title) if fault else printable(ticket.fingerprint.fault)


def title_before(
    plan: Plan, fingerprint: Fingerprint, facts: Mapping[str, Fact], formats: Formats, *, since: float, now: float
) -> str:
    """What a fault will be called of which no ticket speaks yet."""
    sketch = Ticket(0, fingerprint, Severity.LOW, TicketState.NEW, now, since, facts)
    return title(plan, sketch, formats, now)


def component(text: str, formats: Formats) -> str:
    """What people call disk/2; empty for the whole device."""
    table, _, row = text.partition("/")
    if not table:
        return ""
    say = translate(formats.language)
    name = say(labels.COMPONENTS[table]) if table in labels.COMPONENTS else table
    return f"{name} {row}".strip()
