"""What was shown, promised and delivered while the daemon was killed again and again, and does it still hold?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from monitor.storage.outbox import Backlog
from ticketing.policies import TOLD
from ticketing.ticket import OVER, EventKind, Ticket, TicketEvent

EventId = tuple[str, int]  # name of the ticket, number of the event


@dataclass(frozen=True, slots=True)
class Promise:
    """A command that the API said yes to: an event of that kind, with that text, is in the ticket's history."""

    ticket: int
    kind: EventKind
    text: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request at the webhook, whatever it was answered."""

    key: str
    attempt: int
    possible_repeat: bool
    events: frozenset[EventId]


@dataclass(frozen=True, slots=True)
class Kept:
    """What the database holds in the end."""

    tickets: Sequence[Ticket]
    events: Sequence[TicketEvent]
    backlog: dict[str, Backlog]


@dataclass(slots=True)
class Ledger:
    """Grows while the daemon is watched from outside."""

    tickets: dict[int, tuple[str, str, str, float]] = field(default_factory=dict)  # fingerprint and opening, as shown
    events: dict[tuple[int, int], tuple[str, float, str, str]] = field(default_factory=dict)  # kind, at, by, text
    promises: list[Promise] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    contradictions: list[str] = field(default_factory=list)  # what was shown differently at another time

    def show_ticket(self, ticket: dict[str, Any]) -> None:
        """The API has shown a ticket."""
        said = ticket["device"], ticket["component"], ticket["fault"], ticket["opened_at"]
        if self.tickets.setdefault(ticket["id"], said) != said:
            self.contradictions.append(f"ticket {ticket['id']} was {self.tickets[ticket['id']]}, later {said}")

    def show_event(self, event: dict[str, Any]) -> None:
        """The API has shown an event."""
        said = event["kind"], event["at"], event["by"], event["text"]
        key = event["ticket"], event["number"]
        if self.events.setdefault(key, said) != said:
            self.contradictions.append(f"event {key} was {self.events[key]}, later {said}")

    def deliver(self, key: str, attempt: int, body: dict[str, Any]) -> None:
        """A notification has arrived."""
        self.arrivals.append(Arrival(key, attempt, bool(body["possible_repeat"]), frozenset(_told_of(body))))

    @property
    def repeats(self) -> int:
        """How many arrivals came under a key that had arrived before."""
        return len(self.arrivals) - len({arrival.key for arrival in self.arrivals})


def _told_of(body: dict[str, Any]) -> Iterator[EventId]:
    """Of which events does a notification speak? It may be a digest."""
    if body["kind"] == "digest":
        yield from ((each["ticket"], each["event"]["number"]) for each in body["events"])
    else:
        yield body["ticket"]["id"], body["event"]["number"]


def judge(ledger: Ledger, kept: Kept) -> list[str]:
    """Every way in which the daemon broke its word; empty if it kept it."""
    return [
        *ledger.contradictions,
        *_lost(ledger, kept),
        *_broken_promises(ledger, kept),
        *_double(kept),
        *_notifications(ledger, kept),
    ]


def _lost(ledger: Ledger, kept: Kept) -> Iterator[str]:
    marks = {ticket.id: ticket.fingerprint for ticket in kept.tickets}
    opened = {ticket.id: ticket.opened_at for ticket in kept.tickets}
    for number, (device, component, fault, at) in ledger.tickets.items():
        mark = marks.get(number)
        if mark is None:
            yield f"ticket {number} ({device} {fault}) was shown and is lost"
        elif (mark.device, mark.component, mark.fault, opened[number]) != (device, component, fault, at):
            yield f"ticket {number} was shown as {device} {component} {fault} and is {mark}"
    events = {(event.ticket, event.number): event for event in kept.events}
    for key, said in ledger.events.items():
        event = events.get(key)
        if event is None:
            yield f"event {key} ({said[0]}) was shown and is lost"
        elif (event.kind.value, event.at, event.by, event.text) != said:
            yield f"event {key} was shown as {said} and is {event}"


def _broken_promises(ledger: Ledger, kept: Kept) -> Iterator[str]:
    done = Counter(Promise(event.ticket, event.kind, event.text) for event in kept.events)
    for promise, wanted in Counter(ledger.promises).items():
        if done[promise] < wanted:
            yield f"{promise} was acknowledged {wanted}× and is there {done[promise]}×"
        if promise.text and done[promise] > wanted:
            yield f"{promise} was done {done[promise]}×"


def _double(kept: Kept) -> Iterator[str]:
    open_now = Counter(ticket.fingerprint for ticket in kept.tickets if ticket.state not in OVER)
    yield from (f"{count} open tickets of {mark}" for mark, count in open_now.items() if count > 1)
    yield from (
        f"{count} tickets of number {number}"
        for number, count in Counter(t.id for t in kept.tickets).items()
        if count > 1
    )
    numbers: dict[int, list[int]] = {ticket.id: [] for ticket in kept.tickets}
    for event in kept.events:
        numbers.setdefault(event.ticket, []).append(event.number)
    for ticket in kept.tickets:
        if sorted(numbers[ticket.id]) != list(range(1, ticket.events + 1)):
            yield f"{ticket.name} should have {ticket.events} events and has the numbers {sorted(numbers[ticket.id])}"
    yield from (f"events of ticket {number}, which is not there" for number in numbers.keys() - {*_ids(kept)})


def _ids(kept: Kept) -> Iterator[int]:
    return (ticket.id for ticket in kept.tickets)


def _notifications(ledger: Ledger, kept: Kept) -> Iterator[str]:
    names = {ticket.id: ticket.name for ticket in kept.tickets}
    wanted = {
        (names[event.ticket], event.number) for event in kept.events if event.kind in TOLD and event.ticket in names
    }
    effects = {arrival.key: arrival.events for arrival in ledger.arrivals}
    times = Counter(event for events in effects.values() for event in events)
    yield from (f"the notification of {event} is lost" for event in sorted(wanted - times.keys()))
    yield from (f"told of {event}, which never was" for event in sorted(times.keys() - wanted))
    yield from (f"{event} was told under {count} keys" for event, count in times.items() if count > 1)
    seen: dict[str, Arrival] = {}
    for arrival in ledger.arrivals:
        first = seen.setdefault(arrival.key, arrival)
        if arrival.events != first.events:
            yield f"{arrival.key} told of {sorted(first.events)} and later of {sorted(arrival.events)}"
        if arrival is not first and not (arrival.possible_repeat and arrival.attempt > first.attempt):
            yield f"{arrival.key} came again and did not say so (attempt {arrival.attempt})"
    for channel, backlog in kept.backlog.items():
        if backlog.waiting or backlog.dead:
            yield f"channel {channel}: {backlog.waiting} notifications wait, {backlog.dead} were given up"
