"""What just happened, in words: one event of one ticket, or many events at once? Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from monitor.core.plan import Plan
from monitor.locale.formats import Formats
from monitor.notify import strings
from monitor.notify.quoting import printable
from monitor.notify.wording import Description, describe, fill, joined, whole
from ticketing.ticket import EventKind, Language, Severity, Ticket, TicketEvent

DIGEST_LINES = 50

_ENDED = frozenset({EventKind.RECOVERED, EventKind.CLOSED, EventKind.CANCELLED})

Happened = tuple[Ticket, TicketEvent]


@dataclass(frozen=True, slots=True)
class Notice:
    """One event of a ticket in words."""

    subject: str
    text: str  # everything in one paragraph
    lead: str  # what just happened; "" for a new ticket, where the description says it
    ended: bool  # nobody has to do anything any more
    description: Description


@dataclass(frozen=True, slots=True)
class Digest:
    """Many events at once, worst first, one line a ticket."""

    subject: str
    lines: tuple[str, ...]


def announce(ticket: Ticket, event: TicketEvent, plan: Plan, language: Language, now: float) -> Notice:
    """The event, and the ticket as it stands now."""
    told = describe(ticket, plan, language, now)
    ended = event.kind in _ENDED
    lead = _lead(ticket, event, Formats(language, plan.site.timezone), now)
    paragraph = (whole(told.headline, language), lead) if ended else (lead, told.sentence)
    return Notice(_subject(told, event, language), joined(paragraph, language), lead, ended, told)


def _subject(told: Description, event: TicketEvent, language: Language) -> str:
    parts = [] if event.kind in _ENDED else [told.severity]
    if event.kind in strings.EVENT:
        parts.append(strings.EVENT[event.kind].get(language))
    return " · ".join((*parts, told.headline, told.ticket))


def _lead(ticket: Ticket, event: TicketEvent, formats: Formats, now: float) -> str:
    language = formats.language
    text = strings.LEAD.get(event.kind)
    if text is None:
        return ""

    def time(at: float | None) -> str:
        return strings.NOT_KNOWN.get(language) if at is None else formats.short(at, now)

    until = ticket.recovered_at if ticket.recovered_at is not None else event.at
    sentences = [
        fill(
            text,
            language,
            severity=strings.SEVERITY[ticket.severity].get(language).lower(),
            recovered=time(until),
            lasted=formats.duration(max(0.0, until - ticket.since)),
            response=time(ticket.response.due_at),
            arrival=time(ticket.arrival.due_at),
            fix=time(ticket.fix.due_at),
        )
    ]
    if event.kind is EventKind.CLOSED:
        closing = ((strings.CAUSE, ticket.cause), (strings.WORK, ticket.work), (strings.WAIVED, ticket.waiver))
        sentences += [fill(words, language, text=_cut(said)) for words, said in closing if said]
    elif event.text:
        said = _cut(event.text)
        sentences.append(
            whole(fill(strings.SAID, language, by=_cut(event.by), text=said) if event.by else said, language)
        )
    return joined(sentences, language)


def _cut(text: str) -> str:
    plain = printable(text)
    return (plain if len(plain) <= 500 else plain[:499] + "…").rstrip(strings.STOPS) or plain


def summarize(happened: Sequence[Happened], plan: Plan, language: Language, now: float) -> Digest:
    """One line for each ticket, of its latest event here; at most 50 lines."""
    latest: dict[int, Happened] = {}
    for ticket, event in happened:
        known = latest.get(ticket.id)
        if known is None or event.number >= known[1].number:
            latest[ticket.id] = ticket, event
    chosen = sorted(latest.values(), key=lambda one: (one[1].kind in _ENDED, one[0].severity.rank, one[0].id))
    lines = [_line(ticket, event, plan, language, now) for ticket, event in chosen[:DIGEST_LINES]]
    if len(chosen) > DIGEST_LINES:
        lines.append(fill(strings.DIGEST_MORE, language, count=str(len(chosen) - DIGEST_LINES)))
    count = str(len(happened))
    if len(chosen) == 1:
        headline = describe(chosen[0][0], plan, language, now).headline
        return Digest(fill(strings.DIGEST_ONE, language, count=count, headline=headline), tuple(lines))
    severities = Counter(ticket.severity for ticket, _ in chosen)
    parts = [
        fill(
            strings.DIGEST_PART,
            language,
            count=str(severities[severity]),
            severity=strings.SEVERITY[severity].get(language).lower(),
        )
        for severity in Severity
        if severities[severity]
    ]
    subject = fill(
        strings.DIGEST,
        language,
        count=count,
        tickets=str(len(chosen)),
        severities=strings.COMMA.get(language).join(parts),
    )
    return Digest(subject, tuple(lines))


def _line(ticket: Ticket, event: TicketEvent, plan: Plan, language: Language, now: float) -> str:
    told = describe(ticket, plan, language, now)
    return f"{told.since} · {_subject(told, event, language)}"
