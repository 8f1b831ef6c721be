"""Which changes still wait for the database, said as briefly as possible?

Committing what is left gives the same database as committing every change in order. What remains is bounded by the
number of conditions, tickets and devices, however long the database is away; only history and messages grow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from monitor.core.change import (
    AddEvent,
    AddEvidence,
    Change,
    CopyEvidence,
    DropCondition,
    DropItems,
    DropTuning,
    Enqueue,
    EvidenceRole,
    KeepPicture,
    KeepReference,
    PictureRole,
    PutCondition,
    PutItem,
    PutOutages,
    PutTicket,
    PutTuning,
)
from monitor.core.condition import Key


class Pending:
    """Changes in the order of their coming, the later replacing the earlier where only the last one counts."""

    __slots__ = (
        "conditions",
        "events",
        "evidence",
        "forgotten",
        "items",
        "messages",
        "outages",
        "pictures",
        "references",
        "tickets",
        "tunings",
    )

    def __init__(self, changes: Iterable[Change] = ()) -> None:
        self.tickets: dict[int, PutTicket] = {}
        self.events: dict[tuple[int, int], AddEvent] = {}
        self.evidence: dict[tuple[int, EvidenceRole], list[AddEvidence | CopyEvidence]] = {}
        self.pictures: dict[tuple[str, PictureRole], KeepPicture] = {}
        self.references: dict[str, KeepReference] = {}
        self.tunings: dict[tuple[str, str], PutTuning | DropTuning] = {}
        self.conditions: dict[Key, PutCondition | DropCondition] = {}
        self.forgotten: dict[str, DropItems] = {}  # before the items: what is known anew stays
        self.items: dict[tuple[str, str], PutItem] = {}
        self.outages: dict[str, PutOutages] = {}
        self.messages: dict[str, Enqueue] = {}
        self.add(changes)

    def add(self, changes: Iterable[Change]) -> None:
        """Take more changes."""
        for change in changes:
            match change:
                case PutTicket(ticket):
                    self.tickets[ticket.id] = change
                case AddEvent(event):
                    self.events.setdefault((event.ticket, event.number), change)
                case AddEvidence() | CopyEvidence():
                    self._add_evidence(change)
                case KeepPicture(device, role):
                    self.pictures[device, role] = change
                case KeepReference(device):
                    self.references[device] = change
                case PutTuning(tuning):
                    self.tunings[tuning.device, tuning.fault] = change
                case DropTuning(device, fault):
                    self.tunings[device, fault] = change
                case PutCondition(condition):
                    self.conditions[condition.key] = change
                case DropCondition(key):
                    self.conditions[key] = change
                case PutItem(item):
                    self.items[item.device, item.name] = change
                case PutOutages(device):
                    self.outages[device] = change
                case DropItems(device):
                    self.forgotten[device] = change
                    self.outages.pop(device, None)
                    for place in [place for place in self.items if place[0] == device]:
                        del self.items[place]
                case Enqueue(message):
                    self.messages.setdefault(message.key, change)
                case _:
                    assert_never(change)

    def _add_evidence(self, change: AddEvidence | CopyEvidence) -> None:
        place = change.ticket, change.role
        if isinstance(change, CopyEvidence):
            kept = self.pictures.get((change.device, change.kept))
            if kept is None:  # a copy of what the database holds, which may be nothing: what was there before stays
                copies = self.evidence.setdefault(place, [])
                if change in copies:
                    copies.remove(change)
                copies.append(change)
                return
            change = AddEvidence(change.ticket, change.role, kept.at, kept.picture)
        self.evidence[place] = [change]

    def __iter__(self) -> Iterator[Change]:
        """One ordered batch: copies of kept pictures come before the pictures that replace them."""
        yield from self.tickets.values()
        yield from self.events.values()
        for changes in self.evidence.values():
            yield from changes
        yield from self.pictures.values()
        yield from self.references.values()
        yield from self.tunings.values()
        yield from self.conditions.values()
        yield from self.forgotten.values()
        yield from self.items.values()
        yield from self.outages.values()
        yield from self.messages.values()

    def __len__(self) -> int:
        return (
            len(self.tickets)
            + len(self.events)
            + sum(map(len, self.evidence.values()))
            + len(self.pictures)
            + len(self.references)
            + len(self.tunings)
            + len(self.conditions)
            + len(self.forgotten)
            + len(self.items)
            + len(self.outages)
            + len(self.messages)
        )

    def clear(self) -> None:
        """They are committed."""
        for part in (
            self.tickets, self.events, self.evidence, self.pictures, self.conditions, self.items, self.messages,
        ):  # fmt: skip
            part.clear()
        self.references.clear()
        self.forgotten.clear()
        self.outages.clear()
        self.tunings.clear()
