"""How does a condition, a ticket or an event become a row, and a row again the same thing?

Exact for every value; JSON is written as ASCII, so that no NUL or half a surrogate pair can stop the database.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, cast

from sqlalchemy import RowMapping

from monitor.core.change import AddEvidence, KeepPicture, KeepReference, Message, PutOutages, Tuning
from monitor.core.condition import Condition, Key, State
from monitor.core.inventory import Item
from monitor.core.outage import Outage, Step
from probes.observation import Picture
from ticketing.ticket import (
    Clock,
    EventKind,
    Fact,
    Fingerprint,
    Language,
    PendingReason,
    Severity,
    Ticket,
    TicketEvent,
    TicketState,
)

Row = RowMapping
Values = dict[str, Any]

_EMPTY_OBJECT = "{}"


def _facts(facts: Mapping[str, Fact]) -> str:
    return json.dumps(dict(facts)) if facts else _EMPTY_OBJECT


def _facts_from(text: str) -> Mapping[str, Fact]:
    return cast("dict[str, Fact]", json.loads(text)) if text != _EMPTY_OBJECT else {}


def condition_row(condition: Condition) -> Values:
    """The row of a condition."""
    key = condition.key
    return {
        "device": key.device,
        "rule": key.rule,
        "component": key.component,
        "state": condition.state.value,
        "since": condition.since,
        "hits": condition.hits,
        "fired_at": condition.fired_at,
        "told": condition.told,
        "held_by": condition.held_by,
        "good_since": condition.good_since,
        "goods": condition.goods,
        "firings": json.dumps(condition.firings),
    }


def condition_from(row: Row) -> Condition:
    """The condition of a row."""
    return Condition(
        key=Key(row["device"], row["rule"], row["component"]),
        state=State(row["state"]),
        since=row["since"],
        hits=row["hits"],
        fired_at=row["fired_at"],
        told=row["told"],
        held_by=row["held_by"],
        good_since=row["good_since"],
        goods=row["goods"],
        firings=tuple(json.loads(row["firings"])),
    )


def _clock(name: str, clock: Clock) -> Values:
    return {f"{name}_due_at": clock.due_at, f"{name}_met_at": clock.met_at, f"{name}_breached": clock.breached}


def _clock_from(name: str, row: Row) -> Clock:
    return Clock(row[f"{name}_due_at"], row[f"{name}_met_at"], row[f"{name}_breached"])


def ticket_row(ticket: Ticket) -> Values:
    """The row of a ticket."""
    mark = ticket.fingerprint
    return {
        "id": ticket.id,
        "site": mark.site,
        "device": mark.device,
        "component": mark.component,
        "fault": mark.fault,
        "severity": ticket.severity.value,
        "state": ticket.state.value,
        "opened_at": ticket.opened_at,
        "since": ticket.since,
        "facts": _facts(ticket.facts),
        "surroundings": json.dumps([dict(facts) for facts in ticket.surroundings]),
        "children": json.dumps(ticket.children),
        **_clock("response", ticket.response),
        **_clock("arrival", ticket.arrival),
        **_clock("fix", ticket.fix),
        "assignee": ticket.assignee,
        "pending": None if ticket.pending is None else ticket.pending.value,
        "pending_since": ticket.pending_since,
        "resolved_at": ticket.resolved_at,
        "recovered_at": ticket.recovered_at,
        "verify_after": ticket.verify_after,
        "closed_at": ticket.closed_at,
        "occurrences": ticket.occurrences,
        "reopened": ticket.reopened,
        "previous": ticket.previous,
        "waiver": ticket.waiver,
        "cause": ticket.cause,
        "work": ticket.work,
        "events": ticket.events,
        "changed_at": ticket.changed_at,
    }


def ticket_from(row: Row) -> Ticket:
    """The ticket of a row."""
    return Ticket(
        id=row["id"],
        fingerprint=fingerprint_from(row),
        severity=Severity(row["severity"]),
        state=TicketState(row["state"]),
        opened_at=row["opened_at"],
        since=row["since"],
        facts=_facts_from(row["facts"]),
        surroundings=tuple(json.loads(row["surroundings"])),
        children=tuple(json.loads(row["children"])),
        response=_clock_from("response", row),
        arrival=_clock_from("arrival", row),
        fix=_clock_from("fix", row),
        assignee=row["assignee"],
        pending=None if row["pending"] is None else PendingReason(row["pending"]),
        pending_since=row["pending_since"],
        resolved_at=row["resolved_at"],
        recovered_at=row["recovered_at"],
        verify_after=row["verify_after"],
        closed_at=row["closed_at"],
        occurrences=row["occurrences"],
        reopened=row["reopened"],
        previous=row["previous"],
        waiver=row["waiver"],
        cause=row["cause"],
        work=row["work"],
        events=row["events"],
        changed_at=row["changed_at"],
    )


def fingerprint_from(row: Row) -> Fingerprint:
    """The fingerprint in a ticket's row."""
    return Fingerprint(row["site"], row["device"], row["component"], row["fault"])


def event_row(event: TicketEvent) -> Values:
    """The row of one line of a ticket's history."""
    return {
        "ticket": event.ticket,
        "number": event.number,
        "at": event.at,
        "kind": event.kind.value,
        "by": event.by,
        "text": event.text,
        "facts": _facts(event.facts),
    }


def event_from(row: Row) -> TicketEvent:
    """The event of a row."""
    return TicketEvent(
        row["ticket"],
        row["number"],
        row["at"],
        EventKind(row["kind"]),
        row["by"],
        row["text"],
        _facts_from(row["facts"]),
    )


def item_row(item: Item) -> Values:
    """The row of something known of a device."""
    return {
        "device": item.device,
        "name": item.name,
        "value": item.value,
        "first_seen": item.first_seen,
        "last_seen": item.last_seen,
        "found": item.found,
        "found_since": item.found_since,
        "previous": item.previous,
        "accepted_by": item.accepted_by,
        "accepted_at": item.accepted_at,
    }


def item_from(row: Row) -> Item:
    """The item of a row."""
    return Item(**row)


def _picture(at: float, picture: Picture) -> Values:
    return {"at": at, "width": picture.width, "height": picture.height, "jpeg": picture.jpeg}


def kept_row(kept: KeepPicture) -> Values:
    """The row of a device's picture."""
    return {"device": kept.device, "role": kept.role, **_picture(kept.at, kept.picture)}


def reference_row(kept: KeepReference) -> Values:
    """The row of what is known of a device's pictures."""
    return {"device": kept.device, "at": kept.at, "data": kept.data}


def tuning_row(tuning: Tuning) -> Values:
    """The row of what a person taught."""
    return asdict(tuning)


def tuning_from(row: Row) -> Tuning:
    """What a person taught."""
    return Tuning(row["device"], row["fault"], row["factor"], row["at"], row["by"], row["ticket"])


def outages_row(change: PutOutages) -> Values:
    """The row of a device's outages."""
    return {"device": change.device, "outages": json.dumps([asdict(outage) for outage in change.outages])}


def outages_from(row: Row) -> tuple[Outage, ...]:
    """The outages of a row."""
    return tuple(
        Outage(**{**said, "steps": tuple(Step(**step) for step in said["steps"])})
        for said in json.loads(row["outages"])
    )


def evidence_row(evidence: AddEvidence) -> Values:
    """The row of a ticket's picture."""
    return {"ticket": evidence.ticket, "role": evidence.role, **_picture(evidence.at, evidence.picture)}


def picture_from(row: Row) -> Picture:
    """The picture of either row."""
    return Picture(bytes(row["jpeg"]), row["width"], row["height"])


def message_row(message: Message) -> Values:
    """The row of a message that has just been said and not been sent."""
    return {
        "key": message.key,
        "route": message.route,
        "channel": message.channel,
        "language": message.language,
        "ticket": message.ticket,
        "event": message.event,
        "severity": message.severity.value,
        "created_at": message.created_at,
        "not_before": message.not_before,
        "state": "waiting",
        "due_at": message.not_before,
        "attempts": 0,
        "possible_repeat": False,
        "reason": "",
    }


def message_from(row: Row) -> Message:
    """The message of a row."""
    return Message(
        key=row["key"],
        route=row["route"],
        channel=row["channel"],
        language=cast("Language", row["language"]),
        ticket=row["ticket"],
        event=row["event"],
        severity=Severity(row["severity"]),
        created_at=row["created_at"],
        not_before=row["not_before"],
    )
