"""What does the daemon know now? What is not well, tickets that are not over, each check's latest look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
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
    KeepPicture,
    KeepReference,
    PutCondition,
    PutItem,
    PutOutages,
    PutTicket,
    PutTuning,
    Tuning,
)
from monitor.core.condition import Condition, Key, State
from monitor.core.feeding import Feeding
from monitor.core.inventory import Item
from monitor.core.outage import Outage
from monitor.core.suspects import Suspects
from probes.observation import Observation, Picture
from ticketing.ticket import OVER, Fingerprint, Ticket


@dataclass(frozen=True, slots=True)
class Saved:
    """What the store gives back at start."""

    conditions: tuple[Condition, ...] = ()
    tickets: tuple[Ticket, ...] = ()  # those that are not over
    last_ticket: int = 0  # highest id ever given
    closed: tuple[tuple[Fingerprint, int], ...] = ()  # the newest ticket that is over, by fingerprint
    pictures: tuple[tuple[str, str, float], ...] = ()  # device, role, at
    items: tuple[Item, ...] = ()  # of the inventory
    tunings: tuple[Tuning, ...] = ()
    outages: tuple[Outage, ...] = ()


@dataclass(slots=True)
class World:
    """In memory. Only `apply` and `saw` change it, and only with what `decide` said."""

    conditions: dict[str, dict[Key, Condition]] = field(
        default_factory=dict
    )  # by device; ok ones are absent, but for those that fired lately
    tickets: dict[int, Ticket] = field(default_factory=dict)
    by_fingerprint: dict[Fingerprint, int] = field(default_factory=dict)  # of tickets that are not over
    ticketed: Counter[str] = field(default_factory=Counter)  # device -> how many of those it has
    closed: dict[Fingerprint, int] = field(default_factory=dict)
    last_ticket: int = 0
    looks: dict[tuple[str, str], Observation] = field(default_factory=dict)  # latest, without its picture
    pictures: dict[tuple[str, str], float] = field(default_factory=dict)  # (device, role) -> when it was kept
    inventory: dict[str, dict[str, Item]] = field(default_factory=dict)  # device -> name -> what is known
    tunings: dict[str, dict[str, Tuning]] = field(default_factory=dict)  # device -> fault -> what a person taught
    outages: dict[str, tuple[Outage, ...]] = field(default_factory=dict)  # device -> when it had no power
    feeding: Feeding = field(default_factory=Feeding)
    suspects: Suspects = field(default_factory=Suspects)
    untold: set[Key] = field(default_factory=set)  # firing, but no ticket speaks of them: held back, or waiting

    @classmethod
    def restore(cls, saved: Saved) -> World:
        """The world as it was when the daemon last committed."""
        world = cls(last_ticket=saved.last_ticket, closed=dict(saved.closed))
        world.apply(PutCondition(condition) for condition in saved.conditions)
        world.apply(PutTicket(ticket) for ticket in saved.tickets)
        world.apply(PutItem(item) for item in saved.items)
        world.apply(PutTuning(tuning) for tuning in saved.tunings)
        for outage in saved.outages:
            world.outages[outage.device] = (*world.outages.get(outage.device, ()), outage)
        world.pictures = {(device, role): at for device, role, at in saved.pictures}
        return world

    def is_quiet(self, device: str) -> bool:
        """Is there nothing that a good look at this device could change?"""
        return device not in self.conditions and device not in self.ticketed

    def condition(self, key: Key) -> Condition:
        """That condition; one that is not kept is ok."""
        return self.conditions.get(key.device, {}).get(key) or Condition(key)

    def standing(self, device: str) -> list[Condition]:
        """The conditions of a device that are not ok."""
        return [one for one in self.conditions.get(device, {}).values() if one.state is not State.OK]

    def ticket_for(self, fingerprint: Fingerprint) -> Ticket | None:
        """The ticket of that fingerprint that is not over."""
        found = self.by_fingerprint.get(fingerprint)
        return None if found is None else self.tickets[found]

    def saw(self, observation: Observation, picture: Picture | None = None) -> None:
        """Remember the look; `picture`: what shows best what is wrong, where it has any."""
        self.looks[observation.device, observation.check] = observation
        if picture is not None:
            self.suspects.note(observation, picture)

    def apply(self, changes: Iterable[Change]) -> None:
        """Make it so."""
        for change in changes:
            match change:
                case PutCondition(condition):
                    self.conditions.setdefault(condition.key.device, {})[condition.key] = condition
                    if condition.wants_telling:
                        self.untold.add(condition.key)
                    else:
                        self.untold.discard(condition.key)
                case DropCondition(key):
                    self.untold.discard(key)
                    of_device = self.conditions.get(key.device)
                    if of_device is not None:
                        of_device.pop(key, None)
                        if not of_device:
                            del self.conditions[key.device]
                case PutTicket(ticket):
                    self._put_ticket(ticket)
                case KeepPicture(device, role, at, _):
                    self.pictures[device, role] = at
                case PutItem(item):
                    self.inventory.setdefault(item.device, {})[item.name] = item
                case DropItems(device):
                    self.inventory.pop(device, None)
                    self.outages.pop(device, None)
                case PutOutages(device, outages):
                    self.outages[device] = outages
                case PutTuning(tuning):
                    self.tunings.setdefault(tuning.device, {})[tuning.fault] = tuning
                case DropTuning(device, fault):
                    self.tunings.get(device, {}).pop(fault, None)
                case AddEvent() | AddEvidence() | CopyEvidence() | Enqueue() | KeepReference():
                    pass
                case _:
                    assert_never(change)

    def _put_ticket(self, ticket: Ticket) -> None:
        self.last_ticket = max(self.last_ticket, ticket.id)
        before = self.tickets.get(ticket.id)
        if before is not None and before.fingerprint != ticket.fingerprint:  # a look has confirmed what was heard
            self.by_fingerprint.pop(before.fingerprint, None)
        device = ticket.fingerprint.device
        if ticket.state in OVER:
            if self.tickets.pop(ticket.id, None) is not None:
                self.ticketed[device] -= 1
                if not self.ticketed[device]:
                    del self.ticketed[device]
            if self.by_fingerprint.get(ticket.fingerprint) == ticket.id:
                del self.by_fingerprint[ticket.fingerprint]
            self.closed[ticket.fingerprint] = ticket.id
        else:
            if ticket.id not in self.tickets:
                self.ticketed[device] += 1
            self.tickets[ticket.id] = ticket
            self.by_fingerprint[ticket.fingerprint] = ticket.id
