"""What is known of one ticket, and what can this reader do with it?"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from monitor.core.lessons import ASKED, fault_of
from monitor.core.plan import Device, Plan
from monitor.core.world import World
from monitor.locale import Formats, translate
from monitor.notify.surroundings import around
from monitor.notify.wording import Description, describe
from monitor.settings.vocabulary import VOCABULARY
from monitor.storage.reading import Evidence
from monitor.web.actions import ACTIONS
from monitor.web.users import User
from monitor.web.views import labels, wording
from monitor.web.views.directory import Directory
from monitor.web.views.numbers import Figure, figure
from monitor.web.views.states import Glance, glance
from monitor.web.views.tickets import ClockView, all_clocks
from ticketing.commands import Command
from ticketing.ticket import Ticket, TicketEvent, TicketState

Allowed = Callable[[Ticket], frozenset[type[Command]]]

MAX_CHILDREN: Final = 200
_AMOUNTS: Final[Mapping[str, tuple[str, ...]]] = {  # of a picture's fault: by how much
    "moved": ("moved_right_share", "moved_down_share", "moved_degrees", "preset"),
    "covered": ("covered_share",),
    "partly_covered": ("covered_share",),
    "obscured": ("covered_share",),
    "flicker": ("flicker_percent",),
    "jitter": ("shake_percent",),
}
_QUOTED: Final = re.compile(r"\{(\w+)")


@dataclass(frozen=True, slots=True)
class Child:
    """A device that is held back behind the fault."""

    id: str
    name: str
    glance: Glance | None


@dataclass(frozen=True, slots=True)
class EventView:
    """One line of the history."""

    event: TicketEvent
    details: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TicketView:
    """Everything on a ticket's page."""

    ticket: Ticket
    told: Description
    component: str
    device: Device | None
    clocks: tuple[ClockView, ...]
    facts: tuple[Figure, ...]  # those by which the fault is judged and told
    other_facts: tuple[Figure, ...]  # what the look told besides
    around: tuple[str, ...]  # sentences
    children: tuple[Child, ...]
    children_left_out: int
    evidence: tuple[Evidence, ...]
    events: tuple[EventView, ...]
    actions: tuple[str, ...]
    meant: bool  # this reader is asked whether what is seen is meant to be so
    starts: tuple[str, ...]  # how work may begin from here: "remote", "on_site"


def view(
    ticket: Ticket,
    world: World,
    directory: Directory,
    formats: Formats,
    now: float,
    *,
    events: Sequence[TicketEvent],
    evidence: Sequence[Evidence],
    actions: tuple[str, ...],
) -> TicketView:
    """The ticket as this reader sees it."""
    plan, say = directory.plan, translate(formats.language)
    told = describe(ticket, plan, formats.language, now)
    device = plan.devices.get(ticket.fingerprint.device)
    told_facts = {name: value for name, value in ticket.facts.items() if name not in ("rule", ASKED) and value != ""}
    matters = what_matters(ticket, plan)
    return TicketView(
        ticket,
        told,
        wording.component(ticket.fingerprint.component, formats),
        device,
        all_clocks(ticket, now),
        tuple(figure(name, told_facts[name], say, formats) for name in told_facts if name in matters),
        tuple(figure(name, told_facts[name], say, formats) for name in told_facts if name not in matters),
        around(ticket, plan, formats),
        tuple(_child(one, world, directory) for one in ticket.children[:MAX_CHILDREN]),
        max(0, len(ticket.children) - MAX_CHILDREN),
        tuple(evidence),
        tuple(_event(event, formats) for event in events),
        actions,
        bool(actions) and ASKED in ticket.facts,
        ways_to_start(ticket) if "start" in actions else (),
    )


def actions_for(ticket: Ticket, user: User | None, allowed: Allowed) -> tuple[str, ...]:
    """What this user may do in the ticket's state, in the order of the buttons."""
    if user is None:
        return ()
    kinds = allowed(ticket)
    return tuple(name for name, kind in ACTIONS.items() if kind in kinds and user.may(kind))


def what_matters(ticket: Ticket, plan: Plan) -> frozenset[str]:
    """Names of the facts that the ticket's rule reads, its row has, or its text quotes; all of them without a rule."""
    rule = plan.rule(ticket.fingerprint.device, str(ticket.facts.get("rule")))
    fault = plan.faults.get(ticket.fingerprint.fault)
    if rule is None or fault is None:
        return frozenset(ticket.facts)
    words = VOCABULARY.get(rule.check)
    row = words.tables.get(rule.each, frozenset()) if words and rule.each else frozenset()
    texts = (fault.text, *(cause.text for cause in fault.causes))
    quoted = {name for text in texts for name in _QUOTED.findall(text.en)}
    limits = {name for name, value in rule.params.items() if not isinstance(value, str)}
    amounts = _AMOUNTS.get(fault_of(ticket) or "", ())
    return frozenset({*rule.when.names, *row, *quoted, *limits, *amounts, "detail"}) - {"profile"}


def ways_to_start(ticket: Ticket) -> tuple[str, ...]:
    """Who works already may still arrive, and who is on site has begun."""
    if ticket.state is not TicketState.IN_PROGRESS:
        return ("remote", "on_site")
    return ("on_site",) if ticket.arrival.met_at is None else ()


def _child(device: str, world: World, directory: Directory) -> Child:
    known = directory.plan.devices.get(device)
    return Child(device, known.name, glance(known, world, directory)) if known else Child(device, device, None)


def _event(event: TicketEvent, formats: Formats) -> EventView:
    say = translate(formats.language)
    details = []
    for name, value in list(event.facts.items())[:12]:
        match name:
            case "on_site":
                details.append(say(labels.ON_SITE) if value else say(labels.REMOTE))
            case "reason" if value in labels.REASONS:
                details.append(say(labels.REASONS[str(value)]))
            case "before" | "after" if value in labels.SEVERITIES:
                details.append(("→ " if name == "after" else "") + say(labels.SEVERITIES[str(value)]))
            case "cause" | "assignee":
                details.append(str(value))
            case _:
                shown = figure(name, value, say, formats)
                details.append(f"{shown.label}: {shown.text}")
    return EventView(event, tuple(details))
