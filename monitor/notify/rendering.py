"""What exactly goes out for this parcel? The tickets as they stand when it is sent, in words, and their pictures."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from monitor.core.change import EvidenceRole, Message
from monitor.core.plan import Plan
from monitor.locale.formats import Formats
from monitor.notify import strings
from monitor.notify.announcing import Notice, announce, summarize
from monitor.notify.envelope import Attachment, Envelope, Undelivered
from monitor.notify.pages import page_of_digest, page_of_notice
from monitor.notify.wording import fill
from monitor.storage.outbox import Parcel
from monitor.storage.reading import Kept, Told
from ticketing.ticket import EventKind, Fact, Language, Ticket, TicketEvent

PICTURES_BYTES = 2_000_000  # of one delivery together


class Tickets(Protocol):
    """What rendering reads of the store."""

    async def told(self, messages: Sequence[Message]) -> tuple[Told, ...]:
        """What these messages speak of, in their order."""

    async def evidence_picture(self, number: int, role: EvidenceRole) -> Kept | None:
        """That picture of a ticket."""


class Rendering:
    """Puts parcels into words. `plan` gives the plan that holds now; `address` is the console's, "" if unknown."""

    def __init__(self, tickets: Tickets, plan: Callable[[], Plan], now: Callable[[], float], address: str = "") -> None:
        self._tickets, self._plan, self._now = tickets, plan, now
        self._address = address.rstrip("/")

    async def __call__(self, parcel: Parcel) -> Envelope:
        """The parcel's envelope. Undelivered, for good, if its tickets are gone."""
        told = await self._tickets.told(parcel.messages)
        if not told:
            raise Undelivered("its ticket is not there any more", temporary=False)
        if len(parcel.messages) == 1:
            _, ticket, event = told[0]
            return await self._single(parcel, ticket, event)
        return self._digest(parcel, told)

    async def _single(self, parcel: Parcel, ticket: Ticket, event: TicketEvent) -> Envelope:
        plan, now, language = self._plan(), self._now(), parcel.language
        notice = announce(ticket, event, plan, language, now)
        link = f"{self._address}/tickets/{ticket.id}" if self._address else ""
        page = page_of_notice(notice, language, ticket.severity, link, _footer(plan, language))
        pictures = await self._pictures(ticket, event, Formats(language, plan.site.timezone), now)
        return Envelope(
            key=parcel.key,
            attempt=parcel.attempt,
            possible_repeat=parcel.possible_repeat,
            site=plan.site.id,
            said_at=event.at,
            severity=ticket.severity,
            ended=notice.ended,
            ticket=ticket.name,
            subject=notice.subject,
            text=page.text(),
            html=page.html([(picture.role, picture.caption) for picture in pictures]),
            data={
                "version": 1,
                "kind": "ticket",
                "key": parcel.key,
                "site": plan.site.id,
                "language": language,
                "subject": notice.subject,
                "text": notice.text,
                "event": _event_data(event),
                "ticket": _ticket_data(ticket, plan, notice, link),
            },
            pictures=pictures,
        )

    def _digest(self, parcel: Parcel, told: Sequence[Told]) -> Envelope:
        plan, now, language = self._plan(), self._now(), parcel.language
        digest = summarize([(ticket, event) for _, ticket, event in told], plan, language, now)
        severity = min((ticket.severity for _, ticket, _ in told), key=lambda one: one.rank)
        link = f"{self._address}/tickets" if self._address else ""
        page = page_of_digest(digest, language, severity, link, _footer(plan, language))
        return Envelope(
            key=parcel.key,
            attempt=parcel.attempt,
            possible_repeat=parcel.possible_repeat,
            site=plan.site.id,
            said_at=min(event.at for *_, event in told),
            severity=severity,
            ended=False,
            ticket="",
            subject=digest.subject,
            text=page.text(),
            html=page.html(),
            data={
                "version": 1,
                "kind": "digest",
                "key": parcel.key,
                "site": plan.site.id,
                "language": language,
                "subject": digest.subject,
                "text": "\n".join(digest.lines),
                "url": link,
                "events": [
                    {
                        "key": message.key,
                        "ticket": ticket.name,
                        "device": ticket.fingerprint.device,
                        "fault": ticket.fingerprint.fault,
                        "severity": ticket.severity.value,
                        "state": ticket.state.value,
                        "event": _event_data(event),
                    }
                    for message, ticket, event in told
                ],
            },
        )

    async def _pictures(
        self, ticket: Ticket, event: TicketEvent, formats: Formats, now: float
    ) -> tuple[Attachment, ...]:
        """At the fault: what is seen now and what was seen before. At its end: what is seen after."""
        ended = event.kind in (EventKind.CLOSED, EventKind.RECOVERED)
        roles: tuple[EvidenceRole, ...] = ("after", "now") if ended else ("now", "before")
        found: list[Attachment] = []
        room = PICTURES_BYTES
        for role in roles:
            kept = await self._tickets.evidence_picture(ticket.id, role)
            if kept is not None and len(kept.picture.jpeg) <= room:
                room -= len(kept.picture.jpeg)
                caption = f"{strings.LABEL[role].get(formats.language)} · {formats.short(kept.at, now)}"
                found.append(Attachment(role, kept.at, kept.picture.jpeg, caption))
        return tuple(found)


def _footer(plan: Plan, language: Language) -> str:
    return fill(strings.LABEL["footer"], language, site=plan.site.name or plan.site.id)


def _event_data(event: TicketEvent) -> dict[str, Any]:
    return {"kind": event.kind.value, "number": event.number, "at": event.at, "by": event.by, "note": event.text}


def _ticket_data(ticket: Ticket, plan: Plan, notice: Notice, link: str) -> dict[str, Any]:
    told = notice.description
    device = plan.devices.get(ticket.fingerprint.device)
    return {
        "id": ticket.name,
        "url": link,
        "state": ticket.state.value,
        "severity": ticket.severity.value,
        "device": {
            "id": ticket.fingerprint.device,
            "name": told.device,
            "kind": device.kind if device else "",
            "model": device.model if device else "",
            "place": told.place,
            "cabling": told.cabling,
        },
        "component": ticket.fingerprint.component,
        "fault": ticket.fingerprint.fault,
        "title": told.fault,
        "since": ticket.since,
        "opened_at": ticket.opened_at,
        "recovered_at": ticket.recovered_at,
        "closed_at": ticket.closed_at,
        "occurrences": ticket.occurrences,
        "assignee": ticket.assignee,
        "children": len(ticket.children),
        "causes": told.causes,
        "remedies": told.remedies,
        "bring": told.bring,
        "remote": told.remote,
        "deadlines": {clock.clock: {"at": clock.at, "met": clock.met, "late": clock.late} for clock in told.deadlines},
        "facts": _plain(ticket.facts),
        "surroundings": [_plain(seen) for seen in ticket.surroundings],
    }


def _plain(facts: Mapping[str, Fact]) -> dict[str, Fact | None]:
    """JSON knows no infinity; what is not a number is null."""
    return {name: None if isinstance(fact, float) and not math.isfinite(fact) else fact for name, fact in facts.items()}
