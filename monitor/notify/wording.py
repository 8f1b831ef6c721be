"""What does a person need to read about this ticket, in their language and on the site's clock? Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from monitor.core.plan import Fault, Plan, Text
from monitor.locale.formats import Formats
from monitor.notify import strings
from monitor.notify.quoting import Quotes, cut, named, printable
from monitor.notify.surroundings import around, cabling, port_state
from ticketing.ticket import QUIET, Clock, Language, Ticket

CHILDREN_NAMED = 5
_PLAIN_WORD = re.compile(r"[A-Z]?[a-z']+(?=[ ,;:.]|$)")
LISTED = 3  # causes and things to bring that the sentence names; the lists have all of them

ClockName = Literal["response", "arrival", "fix"]


@dataclass(frozen=True, slots=True)
class Deadline:
    """One clock of the ticket that has a target."""

    clock: ClockName
    label: str  # "Answer by"
    at: float
    text: str  # "09:46"
    met: bool
    late: bool  # past its time, and not met


@dataclass(frozen=True, slots=True)
class Description:
    """A ticket in words. `sentence` says what matters in one paragraph; the rest says all of it in parts."""

    ticket: str  # T-000123
    headline: str  # "Gate 3: No picture"
    sentence: str
    severity: str
    state: str
    device: str
    place: str
    cabling: str  # "UPS 1 › SW-B, port 1.7 › Gate 3": from where it is fed and reached
    fault: str
    opening: str  # "Urgent · Gate 3: No picture since 09:41."
    what: str  # the fault's own text with its facts
    since: str
    around: tuple[str, ...]
    causes: tuple[str, ...]
    remedies: tuple[str, ...]
    bring: tuple[str, ...]
    remote: bool  # it is put right from a desk: nothing is to be brought
    deadlines: tuple[Deadline, ...]


_UNKNOWN_FAULT = Fault("", Text("", ""), Text("", ""))


def describe(ticket: Ticket, plan: Plan, language: Language, now: float) -> Description:
    """The ticket as it stands. Never raises, whatever facts are missing and whatever the plan no longer knows."""
    formats = Formats(language, plan.site.timezone)
    quotes = Quotes(ticket, plan, formats, now)
    fault = plan.faults.get(ticket.fingerprint.fault, _UNKNOWN_FAULT)
    title = quotes.fill(fault.title) or printable(ticket.fingerprint.fault)
    name = named(plan, ticket.fingerprint.device)
    device = plan.devices.get(ticket.fingerprint.device)
    description = Description(
        ticket=ticket.name,
        headline=_headline(name, title, ticket, language),
        sentence="",
        severity=strings.SEVERITY[ticket.severity].get(language),
        state=strings.STATE[ticket.state].get(language),
        device=name,
        place=printable(device.place) if device else "",
        cabling=cabling(plan, ticket.fingerprint.device, language),
        fault=title,
        opening="",
        what=whole(quotes.fill(fault.text), language),
        since=formats.short(ticket.since, now),
        around=(*around(ticket, plan, formats), *_children(ticket, plan, language)),
        causes=_causes(ticket, fault, quotes),
        remedies=tuple(map(quotes.fill, fault.remedies)),
        bring=tuple(map(quotes.fill, fault.bring)),
        remote=fault.remote,
        deadlines=_deadlines(ticket, formats, now),
    )
    opening = fill(
        strings.SINCE,
        language,
        severity=description.severity,
        headline=description.headline,
        since=description.since,
    )
    described = replace(description, opening=opening)
    return replace(described, sentence=_sentence(ticket, described, formats, now))


def _causes(ticket: Ticket, fault: Fault, quotes: Quotes) -> tuple[str, ...]:
    """The cause that a fact names; else those that fit what the port above shows."""
    named_by_fact = [one.text for one in fault.causes if quotes.quotes_facts(one.text)]
    known = [text for text in named_by_fact if quotes.knows(text)]
    if known:
        return tuple(map(quotes.fill, known))
    port = port_state(ticket.surroundings)
    fitting = [
        one.text
        for one in fault.causes
        if one.text not in named_by_fact and (not port or not one.port or port in one.port)
    ]
    return tuple(map(quotes.fill, fitting))


def _headline(device: str, title: str, ticket: Ticket, language: Language) -> str:
    headline = device + strings.COLON.get(language) + title
    part = _part(ticket)
    return headline + fill(strings.PART, language, part=part) if part and part not in title else headline


def _part(ticket: Ticket) -> str:
    """Which disk, channel or zone: its name, else what the device calls it; an alarm's own key says nothing more."""
    table, _, key = ticket.fingerprint.component.partition("/")
    if not table:
        return ""
    return cut(str(ticket.facts.get("name") or ticket.facts.get("item") or ("" if table == "alarm" else key or table)))


def _sentence(ticket: Ticket, told: Description, formats: Formats, now: float) -> str:
    language = formats.language
    sentences = [told.opening, told.what]
    if told.place:
        sentences.append(fill(strings.PLACE, language, place=told.place))
    sentences += told.around
    if ticket.occurrences > 1:
        sentences.append(fill(strings.OFTEN, language, count=str(ticket.occurrences)))
    if ticket.recovered_at is not None:
        sentences.append(fill(strings.WELL, language, recovered=formats.short(ticket.recovered_at, now)))
    if ticket.state not in QUIET:
        listed = ((strings.PROBABLY, [_brief(cause) for cause in told.causes]), (strings.BRING, told.bring))
        sentences += [_listed(text, items[:LISTED], language) for text, items in listed if items]
        if told.remote:
            sentences.append(strings.REMOTE.get(language))
        if ticket.pending is not None:
            sentences.append(fill(strings.WAITS, language, reason=strings.REASON[ticket.pending].get(language)))
        sentences.append(_demand(told.deadlines, language))
    return joined(sentences, language)


def _brief(cause: str) -> str:
    """Say "Cable or plug: corroded, crimped badly, cut" as "Cable or plug"."""
    return re.split("[:：]", cause, maxsplit=1)[0]


def _listed(text: Text, items: Sequence[str], language: Language) -> str:
    listed = (_within(item).rstrip(strings.STOPS) for item in items)
    return fill(text, language, items=strings.JOIN.get(language).join(listed))


def _within(item: str) -> str:
    """As it stands within a sentence: "Cable or plug" is "cable or plug", "PoE tester" and "RJ45 plugs" stay."""
    return item[:1].lower() + item[1:] if _PLAIN_WORD.match(item) else item


def _demand(deadlines: Sequence[Deadline], language: Language) -> str:
    """By when must what be done? Only what still can be: "Answer by 09:46, be there by 11:41."."""
    wanted = [
        fill(strings.DEADLINE[deadline.clock], language, at=deadline.text) for deadline in deadlines if not deadline.met
    ]
    listed = strings.COMMA.get(language).join(wanted)
    return whole(listed[:1].upper() + listed[1:], language)


def _children(ticket: Ticket, plan: Plan, language: Language) -> tuple[str, ...]:
    count = len(ticket.children)
    if not count:
        return ()
    names = strings.COMMA.get(language).join(named(plan, child) for child in ticket.children[:CHILDREN_NAMED])
    if count > CHILDREN_NAMED:
        names += fill(strings.MORE, language, count=str(count - CHILDREN_NAMED))
    text = strings.CHILD if count == 1 else strings.CHILDREN
    return (fill(text, language, count=str(count), names=names),)


def _deadlines(ticket: Ticket, formats: Formats, now: float) -> tuple[Deadline, ...]:
    clocks: tuple[tuple[ClockName, Clock], ...] = (
        ("response", ticket.response),
        ("arrival", ticket.arrival),
        ("fix", ticket.fix),
    )
    return tuple(
        Deadline(
            clock=name,
            label=strings.CLOCK[name].get(formats.language),
            at=clock.due_at,
            text=formats.short(clock.due_at, now),
            met=clock.met_at is not None,
            late=clock.met_at is None and now >= clock.due_at,
        )
        for name, clock in clocks
        if clock.due_at is not None
    )


def fill(text: Text, language: Language, /, **words: str) -> str:
    """One of our own texts with its words put in."""
    return text.get(language).format_map(words)


def whole(text: str, language: Language) -> str:
    """The text as a sentence that ends; an empty one stays empty."""
    if not text or text[-1] in strings.STOPS:
        return text
    return text + strings.STOP.get(language)


def joined(sentences: Sequence[str], language: Language) -> str:
    """One paragraph of the sentences that are not empty."""
    return strings.GAP.get(language).join(sentence for sentence in sentences if sentence)
